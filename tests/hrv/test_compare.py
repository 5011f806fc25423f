"""`hrv.compare`: what it answers, and what never changes the answer."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from compare_studies import NAMES, ORDERS, before_after, eight_by_seven
from simulate_days import FIRST_DAY, Truth, person, phases_of

from hrv.compare import CompareSettings, compare
from hrv.compare.base import Design
from hrv.compare.design import validate

# --- the answer ---------------------------------------------------------------------------


def test_finds_a_large_difference_and_says_it_in_percent():
    outcomes, phases = eight_by_seven(effect=0.6, phi=0.0)
    result = compare(
        outcomes, phases, scale="log", direction="higher", swc=0.1, outcome="ln_rmssd",
        randomisation=ORDERS,
    )  # fmt: skip
    assert result.verdict == "higher"
    assert result.low < 0.6 < result.high
    assert result.percent == pytest.approx(100 * math.expm1(result.estimate))
    assert result.percent_low == pytest.approx(100 * math.expm1(result.low))
    assert result.sentence.startswith("RMSSD was ")
    assert "the direction declared beforehand as better" in result.sentence
    assert "drawn at random" in result.sentence


def test_percent_is_that_of_a_logarithm_unless_the_scale_is_said_to_be_linear():
    outcomes, phases = eight_by_seven(effect=0.6, phi=0.0)
    open_, linear = compare(outcomes, phases), compare(outcomes, phases, scale="linear")
    assert open_.percent == pytest.approx(100 * math.expm1(open_.estimate))
    assert open_.sentence == linear.sentence
    assert "%" not in open_.sentence.replace("95 % interval", "")
    assert all(map(math.isnan, (linear.percent, linear.percent_low, linear.percent_high)))
    large = compare(outcomes.assign(value=outcomes["value"] * 1e5), phases)
    assert large.percent == math.inf
    by_order = compare(outcomes, phases, method="randomisation", randomisation=ORDERS)
    assert math.isnan(by_order.percent_low)


@pytest.mark.parametrize("name", NAMES)
def test_swapping_the_labels_flips_the_sign(name):
    outcomes, phases = eight_by_seven()
    swapped = phases.assign(condition=phases["condition"].map({"on": "off", "off": "on"}))
    one = compare(outcomes, phases, method=name, washin="2d", randomisation=ORDERS)
    other = compare(outcomes, swapped, method=name, washin="2d", randomisation=ORDERS)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-9)
    if name != "randomisation":  # its interval needs more orders than these
        assert one.low == pytest.approx(-other.high, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_and_the_zone_of_phases_do_not_matter(name):
    outcomes, phases = eight_by_seven()
    mixed = outcomes.sample(frac=1, random_state=3)
    in_utc = phases.assign(
        start=phases["start"].dt.tz_convert("UTC"), stop=phases["stop"].dt.tz_convert("UTC")
    ).sample(frac=1, random_state=4)
    one = compare(outcomes, phases, method=name, randomisation=ORDERS)
    other = compare(mixed, in_utc, method=name, randomisation=ORDERS)
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", NAMES)
def test_shifting_and_scaling_the_outcome(name):
    outcomes, phases = eight_by_seven()
    moved = outcomes.assign(value=50 + 30 * outcomes["value"])
    one = compare(outcomes, phases, method=name, randomisation=ORDERS)
    other = compare(moved, phases, method=name, randomisation=ORDERS)
    assert other.estimate == pytest.approx(30 * one.estimate, rel=1e-7)
    assert other.swc == pytest.approx(30 * one.swc, rel=1e-6)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6, nan_ok=True)


def test_a_linear_drift_does_not_pass_for_a_difference():
    outcomes, phases = before_after(trend_per_day=0.03)
    still, _ = before_after()
    with_trend, without = compare(outcomes, phases), compare(outcomes, phases, trend=False)
    assert with_trend.estimate == pytest.approx(compare(still, phases).estimate, abs=1e-6)
    assert abs(without.estimate) > 0.5


def test_measuring_at_other_hours_does_not_pass_for_a_difference():
    rng = np.random.default_rng(7)
    order = ("off", "on")
    outcomes = person(order, 28, Truth(circadian=1.0, day_sd=0.05, missing_days=0.0), rng)
    hour = outcomes["time"].dt.hour
    on = outcomes["time"] >= FIRST_DAY + pd.Timedelta(days=28)
    assert on.mean() == 0.5
    shifted = outcomes[(on & (hour >= 13)) | (~on & (hour < 13))]
    result = compare(shifted, phases_of(order, 28))
    naive = shifted["value"][on].mean() - shifted["value"][~on].mean()
    assert abs(naive) > 0.5
    assert result.low < 0 < result.high
    assert abs(result.estimate) < 0.25


def test_with_four_phases_the_estimate_without_trend_is_shown_beside():
    outcomes, phases = eight_by_seven()
    result = compare(outcomes, phases)
    bare = compare(outcomes, phases, trend=False)
    assert result.details["without_trend"]["estimate"] == pytest.approx(bare.estimate, abs=1e-6)
    assert bare.details["with_trend"]["estimate"] == pytest.approx(result.estimate, abs=1e-6)


def test_a_covariate_that_explains_the_days_sharpens_the_answer():
    outcomes, phases = eight_by_seven(seed=3)
    day = outcomes["time"].dt.dayofyear.to_numpy()
    sleep = np.random.default_rng(5).normal(size=400)[day]
    outcomes = outcomes.assign(value=outcomes["value"] + 0.5 * sleep, sleep=sleep)
    adjusted = compare(outcomes, phases)
    bare = compare(outcomes, phases, covariates=())
    assert adjusted.details["coefficients"]["sleep"] == pytest.approx(0.5, abs=0.15)
    assert adjusted.high - adjusted.low < 0.5 * (bare.high - bare.low)


def test_a_covariate_that_varies_within_days_is_learned_there():
    outcomes, phases = eight_by_seven(seed=3)
    posture = np.random.default_rng(5).integers(0, 2, len(outcomes))
    moved = outcomes.assign(value=outcomes["value"] + 0.8 * posture, posture=posture)
    adjusted = compare(moved, phases)
    assert "posture" in adjusted.details["learned_within_days"]
    # one more coefficient is estimated, so not exactly but nearly the answer without posture
    assert adjusted.estimate == pytest.approx(compare(outcomes, phases).estimate, abs=0.02)


def test_settings_and_details_are_plain_and_say_everything():
    outcomes, phases = eight_by_seven()
    for name in NAMES:
        result = compare(outcomes, phases, method=name, washin="2d", randomisation=ORDERS)
        assert result.settings["washin_days"] == 2
        assert result.settings["conditions"] == ["off", "on"]
        json.dumps([result.settings, result.details])


def test_settings_may_come_as_one_value_and_single_ones_override_it():
    outcomes, phases = eight_by_seven()
    base = CompareSettings(washin_days=2, swc=0.3, direction="higher")
    result = compare(outcomes, phases, settings=base, direction="lower")
    assert result.settings["washin_days"] == 2
    assert (result.swc, result.settings["direction"]) == (0.3, "lower")


def test_detectable_difference_explains_but_never_gates():
    outcomes, phases = before_after(days=14)
    result = compare(outcomes, phases)
    assert result.details["mde80"] > 3 * result.details["standard_error"]
    assert not result.refused


# --- which observations count ----------------------------------------------------------------


def test_every_observation_left_out_is_counted_with_its_reason():
    outcomes, phases = eight_by_seven(missing_days=0.0)
    late = outcomes["time"].max() + pd.Timedelta(days=3)
    extra = pd.DataFrame({"time": [late], "value": [1.0]})
    outcomes.loc[[0, 1, 2], "value"] = np.nan
    result = compare(pd.concat([outcomes, extra], ignore_index=True), phases, washin="2d")
    counts = result.details["counts"]
    assert counts["off"]["left_out"]["no value"] == 3
    assert counts["outside"]["left_out"] == {"outside every phase": 1}
    # the order changes into "on" before blocks 2, 5, 8 and into "off" before 4, 6
    assert counts["on"]["left_out"] == {"in the wash-in after a change": 3 * 2 * 6}
    assert counts["off"]["left_out"]["in the wash-in after a change"] == 2 * 2 * 6
    for row in counts.values():
        assert row["observations"] == row["used"] + sum(row["left_out"].values())


def test_a_day_that_holds_both_conditions_is_left_out():
    outcomes, phases = before_after(missing_days=0.0)
    noon = pd.Timedelta(hours=15)
    moved = phases.assign(start=phases["start"] + noon, stop=phases["stop"] + noon)
    result = compare(outcomes, moved)
    left_out = [row["left_out"] for row in result.details["counts"].values()]
    assert any("on a day that holds both conditions" in reasons for reasons in left_out)


def test_parts_of_one_block_interrupted_by_a_pause_stay_one_block():
    outcomes, phases = eight_by_seven()
    first = phases.iloc[[0]]
    pause = first["start"].iloc[0] + pd.Timedelta(days=3)
    parts = pd.concat(
        [first.assign(stop=pause), first.assign(start=pause + pd.Timedelta(hours=8)), phases[1:]]
    ).assign(block=[1, 1, 2, 3, 4, 5, 6, 7, 8])
    assert len(compare(outcomes, parts).details["blocks"]) == 8


def test_days_are_those_of_the_wall_clock():
    late = pd.Timestamp("2026-01-05 23:30", tz="America/New_York")
    outcomes = pd.DataFrame({"time": [late, late + pd.Timedelta(hours=1)], "value": [1.0, 2.0]})
    design = validate(outcomes, phases_of(("off", "on"), 7), settings=CompareSettings())
    assert design.outcomes["day"].diff().iloc[1] == 1
    assert design.outcomes["hour"].tolist() == [23.5, 0.5]


def test_blocks_are_counted_in_whole_days_when_clocks_change_or_phases_end_at_2359():
    order = ("off", "on") * 4
    outcomes = person(order, 7, Truth(missing_days=0.0), np.random.default_rng(1))
    shift = pd.Timedelta(days=57)  # the clocks change in the last block
    local = (outcomes["time"].dt.tz_localize(None) + shift).dt.tz_localize("Europe/Berlin")
    edges = [(FIRST_DAY.tz_localize(None) + shift + pd.Timedelta(days=7 * k)) for k in range(9)]
    edges = [edge.tz_localize("Europe/Berlin") for edge in edges]
    last = pd.Timedelta(minutes=1)
    phases = pd.DataFrame(
        {"start": edges[:-1], "stop": [e - last for e in edges[1:]], "condition": list(order)}
    )
    assert any(b - a != pd.Timedelta(days=7) for a, b in itertools.pairwise(edges))
    blocks = compare(outcomes.assign(time=local), phases, washin="2d").details["blocks"]
    assert [block["planned_days"] for block in blocks] == [7] + [5] * 7
    assert all(block["complete"] for block in blocks)


def test_a_design_is_what_every_method_gets():
    outcomes, phases = eight_by_seven()
    design = validate(outcomes, phases, settings=CompareSettings(), randomisation=ORDERS)
    assert isinstance(design, Design)
    assert design.conditions == ("off", "on")
    assert design.randomised
    assert list(design.phases["block"]) == list(range(8))
