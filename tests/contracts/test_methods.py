"""What every method of comparison keeps, tested for each row of the table."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import METHODS, compare
from hrv.errors import InputError
from hrv.regimen import Component, Regimen
from hrv.regimen.log import COLUMNS
from hrv.types import Comparison

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")
ORDERS = allowed_orders(8, longest_run=3)


@pytest.fixture(params=METHODS, ids=lambda method: method.name)
def method(request):
    return request.param


ON_PHASES = [m for m in METHODS if not m.regimen]
"""Methods that compare two named conditions."""
DOSES_MG = (0, 150, 300, 0, 300, 150, 0, 300, 150, 300, 0, 150)


def regimen_problem(effect):
    """Twelve weeks of three doses, with the half-life that carry-over needs."""
    order = ["on" if mg else "off" for mg in DOSES_MG]
    outcomes = person(order, 7, Truth(effect=effect), np.random.default_rng(8))
    phases = phases_of(order, 7)
    rows = [
        ("", "magnesium", p.start, p.stop, mg, "mg", "elemental", np.nan, True)
        for p, mg in zip(phases.itertuples(), DOSES_MG, strict=True)
        if mg
    ]
    parts = (Component("magnesium", half_life_days=2.0),)
    return outcomes, None, {"regimen": Regimen(parts, pd.DataFrame(rows, columns=COLUMNS))}


def problem(method, effect=0.3):
    """Input that the method answers."""
    if method.regimen:
        return regimen_problem(effect)
    rng = np.random.default_rng(8)
    if method.clock and method.people == "several":
        people = [person(ORDER[:4], 14, Truth(effect=effect, phi=0.3), rng) for _ in range(6)]
        outcomes = pd.concat([own.assign(subject=f"P{k}") for k, own in enumerate(people)])
        return outcomes, phases_of(ORDER[:4], 14, randomised=True), {}
    if method.clock:
        outcomes = person(ORDER, 7, Truth(effect=effect), rng)
        return outcomes, phases_of(ORDER, 7, randomised=True), {"randomisation": ORDERS}
    return sessions(method, effect, rng), None, {}


def sessions(method, effect, rng):
    """One or two rows a person, as the columns of the method ask."""
    n = 12
    value = rng.normal(size=2 * n)
    subject = [f"P{k}" for k in range(n)] * 2
    early = np.arange(2 * n) < n
    if method.columns == ("arm",):
        arm = np.array(["on", "off"] * n)
        value = value + effect * ((arm == "on") & ~early) + 2 * np.tile(rng.normal(size=n), 2)
        period = np.where(early, "baseline", "treatment")
        return pd.DataFrame({"subject": subject, "arm": arm, "period": period, "value": value})
    if "sequence" in method.columns:
        sequence = np.array(["off-on", "on-off"] * n)
        on = (sequence == "off-on") != early
        return pd.DataFrame(
            {
                "subject": subject,
                "sequence": sequence,
                "period": np.where(early, 1, 2),
                "value": value + effect * on,
            }
        )
    condition = np.where(early, "off", "on")
    return pd.DataFrame(
        {"subject": subject, "condition": condition, "value": value + effect * ~early}
    )


def answer(method, **options):
    outcomes, phases, needed = problem(method)
    return compare(outcomes, phases, method=method.name, **needed, **options)


def test_names_are_unique_and_described(method):
    assert [m.name for m in METHODS].count(method.name) == 1
    assert method.name.isidentifier()
    assert method.summary
    assert method.source


def test_answers_with_an_interval_around_the_estimate(method):
    result = answer(method)
    assert isinstance(result, Comparison)
    assert result.method == method.name
    assert not result.refused
    if not method.infers:
        assert np.isnan([result.low, result.high, result.p_value]).all()
        assert [r.what for r in result.refusals] == ["interval"]
        return
    assert result.low < result.estimate < result.high
    assert math.isnan(result.p_value) or 0 <= result.p_value <= 1
    assert result.verdict in ("higher", "lower", "equivalent", "inconclusive")
    assert ("magnesium" if method.regimen else "'on'") in result.sentence


def test_the_same_seed_gives_the_same_answer_and_leaves_the_input_alone(method):
    outcomes, phases, needed = problem(method)
    before = outcomes.copy()
    one = compare(outcomes, phases, method=method.name, seed=3, **needed)
    two = compare(outcomes, phases, method=method.name, seed=3, **needed)
    np.testing.assert_array_equal(
        (one.estimate, one.low, one.high), (two.estimate, two.low, two.high)
    )
    assert one.p_value == pytest.approx(two.p_value, rel=0, abs=0, nan_ok=True)
    pd.testing.assert_frame_equal(outcomes, before)


@pytest.mark.parametrize("method", ON_PHASES, ids=lambda method: method.name)
def test_swapping_the_conditions_flips_the_sign(method):
    one = answer(method, conditions=("off", "on"))
    other = answer(method, conditions=("on", "off"))
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-9)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9, nan_ok=True)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9, nan_ok=True)


def test_no_percent_is_given_of_an_outcome_that_is_said_to_be_linear(method):
    assert math.isnan(answer(method, scale="linear").percent)
    for scale in ("log", "unstated"):
        result = answer(method, scale=scale)
        assert result.percent == pytest.approx(100 * math.expm1(result.estimate))


def test_a_declared_smallest_change_is_used(method):
    assert answer(method, swc=0.123).swc == 0.123


def test_settings_and_details_are_plain(method):
    result = answer(method)
    json.dumps([result.settings, result.details], allow_nan=True)
    assert result.settings["method"] == method.name


def test_too_little_data_is_refused_in_one_sentence(method):
    outcomes, phases, needed = problem(method)
    few = outcomes.groupby(outcomes.get("subject", lambda _: 0)).head(4)
    if phases is None and "subject" in few:
        few = few[few["subject"].isin(["P0", "P1", "P2", "P3"])]
    result = compare(few, phases, method=method.name, **needed)
    assert result.refused
    assert result.verdict == "refused"
    assert result.refusals
    assert result.sentence.startswith("There is no answer for ")
    assert result.sentence.count(".") == 1
    assert all(math.isnan(v) for v in (result.low, result.high, result.p_value, result.percent))


def test_a_method_with_a_clock_asks_for_phases(method):
    outcomes, _, _ = problem(method)
    if method.clock:
        with pytest.raises(InputError, match="needs phases"):
            compare(outcomes, method=method.name)
    if method.regimen:
        with pytest.raises(InputError, match="needs a regimen"):
            compare(outcomes, method=method.name)


def test_values_known_only_as_at_least_are_for_the_method_made_for_them(method):
    outcomes, phases, needed = problem(method)
    late = outcomes.assign(censored=outcomes["value"] > outcomes["value"].quantile(0.8))
    if method.censored:
        result = compare(late, phases, method=method.name, **needed)
        assert result.details["censored"] == int(late["censored"].sum())
    else:
        with pytest.raises(InputError, match="use method 'censored'"):
            compare(late, phases, method=method.name, **needed)
