"""Several components, doses, carry-over and effects over time: what is answered, what refused."""

import numpy as np
import pandas as pd
import pytest
from simulate_days import FIRST_DAY, ZONE, ar1

from hrv.compare import compare
from hrv.compare.components import person as components_of
from hrv.regimen import Component, Regimen
from hrv.regimen.log import COLUMNS, exposure, utc_ns

WEEK = pd.Timedelta(days=7)


def log(parts, *, basis="elemental", subject=""):
    """Amount of each component in each week; zero: a week without it."""
    rows = [
        (subject, name, FIRST_DAY + k * WEEK, FIRST_DAY + (k + 1) * WEEK, float(amount), "mg",
         basis, np.nan, True)
        for name, amounts in parts.items()
        for k, amount in enumerate(amounts)
        if amount
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def times(days, rng, per_day):
    day = np.repeat(np.arange(days), per_day)
    ms = day * 86_400_000 + np.rint(rng.uniform(8, 22, day.size) * 3_600_000)
    local = FIRST_DAY.tz_localize(None) + pd.to_timedelta(ms, unit="ms")
    return day, pd.Series(local.tz_localize(ZONE))


def outcomes(level, seed=1, *, per_day=4, noise=0.05):
    """Observations around a level for each day."""
    rng = np.random.default_rng(seed)
    day, time = times(len(level), rng, per_day)
    days = np.asarray(level) + 0.05 * ar1(len(level), 0.4, rng)
    return pd.DataFrame({"time": time, "value": days[day] + noise * rng.normal(size=day.size)})


ONE = np.array([0, 1, 1, 0, 1, 0, 0, 1])
OTHER = np.array([1, 1, 0, 0, 1, 1, 0, 0])
TWO = (Component("magnesium"), Component("breathing", "behaviour"))


def test_each_component_is_estimated_with_the_other_held():
    level = np.repeat(0.3 * ONE - 0.5 * OTHER, 7)
    regimen = Regimen(TWO, log({"magnesium": ONE, "breathing": OTHER}))
    result = compare(outcomes(level), method="components", regimen=regimen)
    one, other = result.details["components"]
    assert one["low"] < 0.3 < one["high"]
    assert other["low"] < -0.5 < other["high"]
    assert result.estimate == one["estimate"]
    assert "higher with 'magnesium' than with 'no magnesium'" in result.sentence
    assert result.details["interactions"][0]["what"] == "magnesium x breathing"


def test_components_that_always_go_together_give_the_combined_effect_only():
    level = np.repeat(0.4 * ONE, 7)
    regimen = Regimen(TWO, log({"magnesium": ONE, "breathing": ONE}))
    result = compare(outcomes(level), method="components", regimen=regimen)
    assert not result.refused
    assert result.low < 0.4 < result.high
    assert "magnesium and breathing together" in result.sentence
    assert {r.what for r in result.refusals} == {"magnesium", "breathing"}
    assert all(r.why.startswith("combined effect only") for r in result.refusals)
    assert "combined effect only" in result.flags[0]
    assert [c["what"] for c in result.details["components"]] == ["magnesium + breathing"]


def test_components_that_nearly_always_go_together_do_so_as_well():
    almost = np.repeat(ONE, 7).astype(float)
    almost[7:9] = 0  # two days of one week apart
    rows = log({"magnesium": ONE, "breathing": ONE})
    first = rows.index[rows["component"] == "breathing"][0]
    rows.loc[first, "start"] = rows.loc[first, "start"] + pd.Timedelta(days=2)
    result = compare(
        outcomes(np.repeat(0.4 * ONE, 7)), method="components", regimen=Regimen(TWO, rows)
    )
    assert len(result.refusals) == 2


def test_components_that_always_alternate_are_refused():
    regimen = Regimen(TWO, log({"magnesium": ONE, "breathing": 1 - ONE}))
    result = compare(outcomes(np.repeat(ONE, 7)), method="components", regimen=regimen)
    assert result.refused
    assert "always alternated" in result.sentence


def test_each_component_has_its_own_washin():
    slow = np.repeat(ONE, 7).astype(float)
    changed = np.flatnonzero(np.diff(np.concatenate(([0], ONE)))) * 7
    for day in changed:
        slow[day : day + 3] = 1 - slow[day : day + 3]  # three days as before the change
    regimen = Regimen((Component("magnesium", washin_days=3),), log({"magnesium": ONE}))
    result = compare(outcomes(slow), method="components", regimen=regimen)
    assert result.estimate == pytest.approx(1.0, abs=0.1)
    assert result.details["days"] == 56 - 3 * len(changed)


DOSES = np.array([0, 150, 300, 300, 0, 150, 300, 150, 0, 300, 150, 0])


@pytest.mark.parametrize(
    ("level", "shape"),
    [
        (DOSES / 300, "a straight line fits; a plateau before the highest dose does not"),
        ((DOSES > 0) * 1.0, "a plateau fits; a straight line does not"),
        (DOSES * 0.0, "the data cannot tell a straight line from a plateau"),
        (
            1.0 * (DOSES == 150) + 0.5 * (DOSES == 300),
            "neither a straight line nor a plateau fits",
        ),
    ],
)
def test_a_line_and_a_plateau_are_told_apart_where_the_data_can(level, shape):
    regimen = Regimen((Component("magnesium"),), log({"magnesium": DOSES}))
    result = compare(
        outcomes(np.repeat(level, 7)), method="dose_response", regimen=regimen, unit="bpm"
    )
    assert result.details["shape"] == shape
    assert result.details["levels_mg"] == [0, 150, 300]
    assert "300 mg magnesium (elemental)" in result.sentence
    for row, wanted in zip(
        result.details["levels"], [level[DOSES == 150][0], level[DOSES == 300][0]], strict=True
    ):
        assert row["estimate"] == pytest.approx(wanted, abs=0.12)


def test_an_unknown_basis_blocks_dose_response_with_one_sentence():
    rows = log({"magnesium": DOSES})
    rows.loc[2, "basis"] = "unknown"
    result = compare(
        outcomes(np.repeat(DOSES, 7)), method="dose_response",
        regimen=Regimen((Component("magnesium"),), rows),
    )  # fmt: skip
    assert result.refused
    assert result.sentence.count(".") == 1
    assert "the basis of magnesium from" in result.sentence
    assert "so no dose–response is computed" in result.sentence


def test_shuffling_doses_of_unknown_basis_changes_no_answer():
    rng = np.random.default_rng(3)
    parts = (Component("magnesium", half_life_days=2.0),)
    data = outcomes(np.repeat(0.2 * (DOSES > 0), 7))
    answers = []
    for _ in range(3):
        rows = log({"magnesium": DOSES}, basis="unknown")
        rows["amount"] = rng.permutation(rows["amount"].to_numpy())
        regimen = Regimen(parts, rows)
        answers.append(
            [
                (c.estimate, c.low, c.high)
                for c in (
                    compare(data, method=m, regimen=regimen)
                    for m in ("components", "carry_over", "effect_over_time")
                )
            ]
        )
    assert answers[0] == answers[1] == answers[2]


def test_two_levels_are_no_dose_response():
    regimen = Regimen((Component("magnesium"),), log({"magnesium": 300 * ONE}))
    result = compare(outcomes(np.repeat(ONE, 7)), method="dose_response", regimen=regimen)
    assert "2 dose levels (0 and 300 mg)" in result.sentence


def test_a_dose_that_always_goes_with_something_else_is_combined_only():
    data = outcomes(np.repeat(DOSES / 300, 7))
    for breathing in (DOSES > 0, DOSES >= 300):
        regimen = Regimen(TWO, log({"magnesium": DOSES, "breathing": breathing * 1.0}))
        result = compare(data, method="dose_response", regimen=regimen)
        assert result.refused
        assert "combined effect only: breathing always went together" in result.sentence
    regimen = Regimen(TWO, log({"magnesium": DOSES, "breathing": np.arange(12) % 2}))
    assert not compare(data, method="dose_response", regimen=regimen).refused


def test_carry_over_recovers_the_full_effect_that_on_and_off_would_miss():
    rows = log({"magnesium": ONE})
    noon = utc_ns(pd.Series([FIRST_DAY + pd.Timedelta(days=d + 0.6) for d in range(56)]))
    level = exposure(noon, rows, half_life_days=3.0)
    data = outcomes(level)
    regimen = Regimen((Component("magnesium", half_life_days=3.0),), rows)
    full = compare(data, method="carry_over", regimen=regimen)
    blunt = compare(data, method="components", regimen=regimen)
    assert full.low < 1.0 < full.high
    assert blunt.estimate < 0.8
    assert [row["what"] for row in full.details["half_lives"]][:2] == ["0.5 d", "1 d"]


def test_carry_over_without_a_declared_half_life_is_refused():
    regimen = Regimen((Component("magnesium"),), log({"magnesium": ONE}))
    result = compare(outcomes(np.repeat(ONE, 7)), method="carry_over", regimen=regimen)
    assert "no half-life of the carry-over of magnesium was declared" in result.sentence


def test_a_fading_effect_is_told_with_its_interval_at_begin_and_end():
    weeks = np.tile(ONE, 4)
    day = np.arange(7 * len(weeks))
    level = np.repeat(weeks, 7) * (1.0 - day / 224)
    regimen = Regimen((Component("magnesium"),), log({"magnesium": weeks}))
    result = compare(outcomes(level), method="effect_over_time", regimen=regimen)
    assert result.low < -30 / 224 < result.high
    begin, middle, end = result.details["effect_at"]
    assert begin["low"] < 1.0 < begin["high"]
    assert middle["estimate"] == pytest.approx(0.5, abs=0.1)
    assert end["low"] < 0.0 < end["high"]
    assert "'magnesium 30 days later'" in result.sentence


def test_one_change_cannot_tell_time_from_treatment():
    weeks = np.array([0] * 6 + [1] * 6)
    regimen = Regimen((Component("magnesium"),), log({"magnesium": weeks}))
    result = compare(outcomes(np.repeat(weeks, 7)), method="effect_over_time", regimen=regimen)
    assert "changed 1 times and at least 3" in result.sentence


def test_eighteen_months_with_a_device_change_and_a_season_give_effect_by_time():
    """548 daily tests; the device reads 0.5 higher in the second half, winter 0.3 lower."""
    weeks = np.tile(ONE, 10)[:78]
    days = 7 * 78
    day = np.arange(days)
    device = (day >= 300) * 1.0
    level = 0.4 * np.repeat(weeks, 7) + 0.5 * device
    level = level + 0.3 * np.cos(2 * np.pi * day / 365.25)
    data = outcomes(level, seed=0, per_day=1, noise=0.1).assign(device=device)
    regimen = Regimen((Component("magnesium"),), log({"magnesium": weeks}))
    result = compare(data, method="effect_over_time", regimen=regimen)
    assert result.low < 0.0 < result.high
    assert all(row["low"] < 0.4 < row["high"] for row in result.details["effect_at"])
    assert {"device", "season (cosine)"} <= set(result.details["adjusted_for"])


def test_people_of_a_group_count_each_with_their_own_estimate():
    parts, rows, tables = TWO, [], []
    for k in range(6):
        one, other = np.roll(ONE, k), np.roll(OTHER, k)
        rows.append(log({"magnesium": one, "breathing": other}, subject=f"P{k}"))
        level = np.repeat((0.2 + 0.05 * k) * one - 0.5 * other, 7)
        tables.append(outcomes(level, seed=k).assign(subject=f"P{k}"))
    regimen = Regimen(parts, pd.concat(rows, ignore_index=True))
    result = compare(pd.concat(tables), method="components", regimen=regimen)
    assert result.df == 5
    assert result.estimate == pytest.approx(0.325, abs=0.1)
    assert len(result.details["people"]) == 6


def test_a_log_that_was_not_drawn_is_association_only():
    rows = log({"magnesium": ONE}).assign(randomised=False)
    regimen = Regimen((Component("magnesium"),), rows)
    result = compare(outcomes(np.repeat(ONE, 7)), method="components", regimen=regimen)
    assert any(flag.startswith("association only") for flag in result.flags)
    assert components_of.__doc__
