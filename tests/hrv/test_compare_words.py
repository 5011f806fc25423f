"""The words of a comparison: verdicts, sentences and what they must never claim."""

import numpy as np
import pytest
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import CompareSettings, compare, words

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


@pytest.mark.parametrize(
    ("low", "high", "swc", "verdict"),
    [
        (0.2, 0.4, 0.1, "higher"),
        (-0.4, -0.2, 0.1, "lower"),
        (-0.05, 0.08, 0.1, "equivalent"),
        (0.02, 0.08, 0.1, "equivalent"),
        (0.05, 0.4, 0.1, "inconclusive"),
        (-0.3, 0.3, 0.1, "inconclusive"),
        (0.05, 0.4, np.nan, "higher"),
        (-0.3, 0.3, np.nan, "inconclusive"),
        (np.nan, np.nan, 0.1, "inconclusive"),
    ],
)
def test_verdict_compares_the_interval_with_the_smallest_worthwhile_change(low, high, swc, verdict):
    assert words.verdict(low, high, swc) == verdict


def answers(start_reason, *, level=0.0, **options):
    rng = np.random.default_rng(3)
    outcomes = person(ORDER, 7, Truth(effect=level, day_sd=0.1), rng)
    return compare(
        outcomes, phases_of(ORDER, 7, randomised=True), start_reason=start_reason,
        randomisation=allowed_orders(), **options,
    )  # fmt: skip


@pytest.mark.parametrize("level", [-1.0, 0.0, 0.1, 1.0])
@pytest.mark.parametrize("direction", ["higher", "lower", "none"])
def test_no_causal_word_after_a_start_at_a_symptom_peak(level, direction):
    result = answers("symptom_peak", level=level, direction=direction, scale="log", swc=0.1)
    assert any("regression to the mean" in flag for flag in result.flags)
    text = " ".join((result.sentence, *result.flags)).lower()
    said = [word for word in words.CAUSAL if word in text]
    assert not said
    if abs(level) == 1.0:  # the same data without that start may speak of an effect
        assert "effect" in answers("planned", level=level, swc=0.1).sentence


def test_a_single_change_never_speaks_of_an_effect():
    outcomes = person(("off", "on"), 28, Truth(effect=1.5, day_sd=0.1), np.random.default_rng(1))
    result = compare(outcomes, phases_of(("off", "on"), 28), swc=0.1, start_reason="planned")
    assert result.verdict == "higher"
    assert "This is an association" in result.sentence
    assert "effect" not in result.sentence


def test_better_only_in_the_direction_declared_beforehand():
    assert "declared beforehand as better" not in answers("planned", level=1.0).sentence
    good = answers("planned", level=1.0, direction="higher", swc=0.1)
    bad = answers("planned", level=1.0, direction="lower", swc=0.1)
    assert ", the direction declared beforehand as better" in good.sentence
    assert ", against the direction declared beforehand as better" in bad.sentence


def test_not_significant_is_never_no_difference():
    result = answers("planned", level=0.0, swc=0.001)
    assert result.verdict == "inconclusive"
    assert "not evidence that they are the same" in result.sentence
    assert "no difference" not in result.sentence
    assert "no effect" not in result.sentence


def test_a_probable_difference_of_unknown_worth_says_both():
    result = answers("planned", level=0.25, swc=0.25)
    assert result.low > 0
    assert result.verdict == "inconclusive"
    assert "It is probably higher, but the data cannot tell whether" in result.sentence


def test_equivalence_is_said_against_the_smallest_change():
    result = answers("planned", level=0.0, swc=0.9)
    assert result.verdict == "equivalent"
    assert "smaller than the smallest change that matters (0.90)" in result.sentence


@pytest.mark.parametrize(
    ("value", "scale", "unit", "text"),
    [
        (-2.34, "linear", "bpm", "2.3 bpm lower"),
        (0.0123, "linear", "", "0.012 higher"),
        (12.3, "linear", "ms", "12 ms higher"),
        (np.log(1.2), "log", "ms", "20 % higher"),
        (np.log(0.971), "log", "", "2.9 % lower"),
        (0.0, "linear", "bpm", "0 bpm higher"),
    ],
)
def test_sizes_keep_two_figures(value, scale, unit, text):
    assert words.magnitude(value, CompareSettings(scale=scale, unit=unit)) == text


@pytest.mark.parametrize(
    ("scale", "outcome", "start"),
    [
        ("log", "ln_rmssd", "RMSSD was "),
        ("log", "logarithm of mean heart rate", "Mean heart rate was "),
        ("linear", "ln_rmssd", "Ln_rmssd was "),
        ("linear", "residual activation", "Residual activation was "),
    ],
)
def test_percentages_are_said_of_the_quantity_not_of_its_logarithm(scale, outcome, start):
    result = answers("planned", scale=scale, outcome=outcome)
    assert result.sentence.startswith(start)


@pytest.mark.parametrize(
    ("triple", "unit", "decimals"),
    [
        ((-0.52, -1.38, 0.33), "bpm", 1),
        ((-2.1, -4.0, 0.04), "bpm", 2),  # an end that would look zero gets another digit
        ((-33.0, -51.0, -6.3), "%", 0),
        ((0.85, -2.8, 4.6), "%", 1),
        ((0.004, 0.002, 0.006), "", 4),
        ((1.0, float("nan"), float("nan")), "", 2),
    ],
)
def test_an_estimate_and_its_interval_are_told_with_the_same_decimals(triple, unit, decimals):
    assert words.digits(unit, *triple) == decimals
    settings = CompareSettings(scale="linear", unit=unit)
    told = [words.amount(v, settings, decimals=decimals) for v in triple if v == v]
    places = {len(t.split(" ")[0].partition(".")[2]) for t in told}
    assert places == {decimals}
