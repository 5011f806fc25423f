"""What an answer hangs on: adjustments, wash-in, missing days, hours; lines that only describe."""

import math

import numpy as np
import pandas as pd
import pytest
from simulate_days import FIRST_DAY, Truth, person, phases_of

from hrv.compare import compare
from hrv.compare.sensitivity import WASHINS

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


def study(seed=1, order=ORDER, days=7, **truth):
    return person(order, days, Truth(**truth), np.random.default_rng(seed)), phases_of(order, days)


def rows_of(result):
    return {row["what"]: row for row in result.details["with_and_without"]}


def test_the_table_begins_with_the_headline_and_names_every_variant():
    outcomes, phases = study()
    rng = np.random.default_rng(2)
    outcomes["sleep_h"] = outcomes["time"].dt.dayofyear % 3 + 6.0
    outcomes["respiration_hz"] = rng.normal(0.25, 0.02, len(outcomes))
    result = compare(outcomes, phases, washin="2d")
    rows = rows_of(result)
    assert next(iter(rows)) == "as analysed"
    assert rows["as analysed"]["estimate"] == result.estimate
    assert set(rows) == {
        "as analysed", "without time of day", "without weekend", "without trend",
        "with each day of the week instead of weekend", "without sleep_h",
        "without respiration_hz", "without any covariate",
        *(f"with a wash-in of {w:g} days" for w in WASHINS),
    }  # fmt: skip


def test_each_variant_is_the_comparison_made_that_way():
    outcomes, phases = study(seed=3)
    outcomes["sleep_h"] = outcomes["time"].dt.dayofyear % 3 + 6.0
    rows = rows_of(compare(outcomes, phases))
    bare = compare(outcomes, phases, covariates=())
    assert rows["without sleep_h"]["estimate"] == pytest.approx(bare.estimate)
    assert rows["without sleep_h"]["low"] == pytest.approx(bare.low)
    flat = compare(outcomes, phases, trend=False)
    assert rows["without trend"]["estimate"] == pytest.approx(flat.estimate)
    later = compare(outcomes, phases, washin="3d")
    row = rows["with a wash-in of 3 days"]
    assert "refused" in row if later.refused else row["estimate"] == pytest.approx(later.estimate)
    assert "refused" in rows["with a wash-in of 7 days"]  # nothing would be left of a week


def test_hours_that_differ_matter_only_without_the_rhythm():
    outcomes, phases = study(seed=4, per_day=6, circadian=0.4)
    on = np.repeat([c == "on" for c in ORDER], 7)
    day = (
        outcomes["time"].dt.tz_localize(None).dt.normalize() - FIRST_DAY.tz_localize(None)
    ).dt.days
    late = outcomes["time"].where(~on[day], outcomes["time"] + pd.Timedelta(hours=1.5))
    hour = outcomes["time"].dt.hour + outcomes["time"].dt.minute / 60
    moved = hour + 1.5 * on[day]
    shift = 0.4 * (np.cos(2 * np.pi * (moved - 4) / 24) - np.cos(2 * np.pi * (hour - 4) / 24))
    shifted = outcomes.assign(time=late, value=outcomes["value"] + shift)
    rows = rows_of(compare(shifted, phases))
    truth = compare(outcomes, phases).estimate
    with_, without = rows["as analysed"]["estimate"], rows["without time of day"]["estimate"]
    assert abs(with_ - truth) < abs(without - truth)


def test_one_test_a_day_at_other_hours_is_flagged():
    outcomes, phases = study(seed=5, per_day=1)
    assert not any("h later with" in flag for flag in compare(outcomes, phases).flags)
    on = np.repeat([c == "on" for c in ORDER], 7)
    day = (
        outcomes["time"].dt.tz_localize(None).dt.normalize() - FIRST_DAY.tz_localize(None)
    ).dt.days
    moved = outcomes.assign(
        time=outcomes["time"].where(~on[day], outcomes["time"] + pd.Timedelta(hours=3))
    )
    flags = compare(moved, phases).flags
    assert any("measured 3.0 h later with 'on': with one test a day" in flag for flag in flags)


def test_at_the_tipping_point_the_interval_reaches_zero():
    """Days that had gone missing come back that much lower: what was clear is then not."""
    outcomes, phases = study(seed=6, effect=0.4, missing_days=0.2)
    result = compare(outcomes, phases)
    assert result.low > 0
    missing = result.details["missing_days"]
    share, delta = missing["missing_share"]["on"], missing["delta"]["on"]
    assert result.low + share * delta == pytest.approx(0)
    assert delta < 0 < missing["delta"]["off"]
    low, high = missing["bounds_at_one_between_day_sd"]
    assert low < result.low < result.high < high


def test_without_missing_days_nothing_can_tip():
    outcomes, phases = study(seed=7, effect=0.4, missing_days=0.0)
    missing = compare(outcomes, phases).details["missing_days"]
    assert missing["missing_share"] == {"off": 0.0, "on": 0.0}
    assert missing["delta"] == {"off": None, "on": None}


def test_days_missing_for_their_value_are_seen_by_phase():
    """Bad days go unmeasured with treatment: a difference from nothing but missingness."""
    found = nearer = 0
    for seed in range(20):
        outcomes, phases = study(seed=seed, missing_days=0.0, within_sd=0.1)
        on = np.repeat([c == "on" for c in ORDER], 7)
        when = outcomes["time"].dt.tz_localize(None).dt.normalize() - FIRST_DAY.tz_localize(None)
        mean = outcomes.groupby(when.dt.days)["value"].transform("mean")
        worst = mean < mean.quantile(0.3)
        gone = on[when.dt.days] & worst
        result = compare(outcomes[~gone], phases)
        if result.refused:
            continue
        check = next(c for c in result.details["assumptions"] if "missing" in c["assumed"])
        found += check["stands_out"]
        true_delta = mean[gone].mean() - mean[on[when.dt.days] & ~gone].mean()
        back = result.estimate + result.details["missing_days"]["missing_share"]["on"] * true_delta
        whole = compare(outcomes, phases).estimate
        nearer += abs(back - whole) < abs(result.estimate - whole)
    assert found >= 14
    assert nearer >= 14


def test_reacting_less_is_told_apart_from_recovering_faster():
    """Residual activation falls with reactivity alone; adjusting for it takes the difference."""
    rng = np.random.default_rng(8)
    outcomes, phases = study(seed=8, per_day=1, within_sd=0.05, day_sd=0.05, missing_days=0.0)
    on = np.repeat([c == "on" for c in ORDER], 7)
    reactivity = 15 - 8 * on + rng.normal(0, 2, len(outcomes))
    outcomes = outcomes.assign(value=outcomes["value"] + 0.1 * reactivity, reactivity=reactivity)
    rows = rows_of(compare(outcomes.drop(columns="se"), phases))
    assert rows["without reactivity"]["high"] < 0  # it looks like a faster recovery
    assert abs(rows["as analysed"]["estimate"]) < 0.4 * abs(rows["without reactivity"]["estimate"])


def test_segments_describe_and_infer_nothing():
    days = np.arange(28)
    value = np.where(days < 14, 1 + 0.1 * days, 3 + 0.1 * 14 + 0.2 * (days - 14))
    noon = FIRST_DAY + pd.to_timedelta(days, unit="D") + pd.Timedelta(hours=12)
    outcomes = pd.DataFrame({"time": noon, "value": value})
    result = compare(outcomes, phases_of(("off", "on"), 14), method="segmented")
    first, second = result.details["segments"]
    assert (first["slope_per_day"], second["slope_per_day"]) == pytest.approx((0.1, 0.2))
    # the lines meet half-way between day 13 and day 14
    assert result.estimate == pytest.approx((4.4 - 0.1) - 2.35)
    assert result.details["steps"][0]["change_of_slope"] == pytest.approx(0.1)
    assert all(math.isnan(v) for v in (result.low, result.high, result.p_value))
    assert [r.what for r in result.refusals] == ["interval"]
    assert result.verdict == "inconclusive"


def test_steps_of_segments_point_from_the_reference_to_the_other():
    outcomes, phases = study(seed=9, effect=5.0, missing_days=0.0)
    result = compare(outcomes, phases, method="segmented")
    assert len(result.details["steps"]) == 5
    assert result.estimate == pytest.approx(5.0, abs=0.5)
    few = outcomes[outcomes["time"] < FIRST_DAY + pd.Timedelta(days=7)]
    assert compare(few, phases, method="segmented").refused


@pytest.mark.parametrize("method", ["default", "random_slope"])
def test_a_group_has_the_table_too_and_nobody_is_dropped_from_a_row(method):
    parts = []
    for k in range(6):
        own, phases = study(seed=20 + k, per_day=3)
        own["sleep_h"] = own["time"].dt.dayofyear % 3 + 6.0
        parts.append(own.assign(subject=f"P{k}"))
    outcomes = pd.concat(parts, ignore_index=True)
    short = outcomes["subject"].eq("P5") & outcomes["time"].dt.dayofyear.gt(16)
    result = compare(outcomes[~short], phases, method=method)  # P5: no model of their own
    rows = rows_of(result)
    assert rows["as analysed"]["estimate"] == pytest.approx(result.estimate, rel=1e-9)
    assert rows["as analysed"]["low"] == pytest.approx(result.low, rel=1e-9)
    bare = compare(outcomes[~short], phases, method=method, covariates=())
    assert rows["without sleep_h"]["estimate"] == pytest.approx(bare.estimate, rel=1e-9)
    assert {"without time of day", "without weekend", "without trend"} < set(rows)
