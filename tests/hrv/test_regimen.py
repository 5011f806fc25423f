"""Doses, exposures, wash-in and adverse events of a regimen."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from hrv.errors import InputError, NotComputableError
from hrv.regimen import (
    BISGLYCINATE_SHARE,
    Component,
    Regimen,
    default_washin_days,
    elemental_mg,
    exact_rate,
    exposure,
    tally_adverse_events,
    upper_level_flags,
)
from hrv.regimen.log import COLUMNS, background_flags, in_washin, utc_ns

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-03-02", tz="Europe/Berlin")


def log(*stretches, name="magnesium"):
    """Stretches as (first day, end day, amount)."""
    rows = [
        ("P", name, START + a * DAY, START + b * DAY, mg, "mg", "elemental", np.nan, True)
        for a, b, mg in stretches
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def moments(days):
    return utc_ns(pd.Series([START + d * DAY for d in days]))


def test_the_share_holds_for_the_pure_anhydrous_compound_only():
    assert pytest.approx(0.141, abs=5e-4) == BISGLYCINATE_SHARE
    assert elemental_mg(300, "mg", "elemental") == 300
    assert elemental_mg(2, "g", "compound", BISGLYCINATE_SHARE) == pytest.approx(281.9, abs=0.1)
    assert elemental_mg(400_000, "µg", "elemental") == 400


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((300, "mg", "unknown"), "the basis of the dose is unknown"),
        ((300, "mg", "compound"), "without an elemental share from its label"),
        ((1, "capsule", "elemental"), "'capsule' of the dose is no mass"),
        ((math.nan, "mg", "elemental"), "has no amount"),
    ],
)
def test_an_elemental_dose_is_never_guessed(arguments, why):
    with pytest.raises(NotComputableError, match=why):
        elemental_mg(*arguments)


def test_exposure_without_carry_over_is_on_or_off():
    x = exposure(moments([-1, 0, 3, 6.9, 7]), log((0, 7, 300)), weight=np.array([300.0]))
    assert x.tolist() == [0, 300, 300, 300, 0]


def test_a_half_life_is_what_it_says():
    x = exposure(moments([2, 7, 9]), log((0, 7, 300)), half_life_days=2.0)
    assert x[0] == pytest.approx(0.5)
    assert x[2] == pytest.approx(x[1] / 2)


@given(st.floats(-3, 40), st.floats(0.3, 20))
def test_decaying_exposure_is_the_integral_it_is_defined_by(at, half_life):
    rate = math.log(2) / half_life
    parts = [(0.0, 7.0), (14.0, 21.0)]
    wanted = sum(
        integrate.quad(lambda s: rate * math.exp(-rate * (at - s)), a, min(b, at))[0]
        for a, b in parts
        if at > a
    )
    found = exposure(moments([at]), log((0, 7, 1), (14, 21, 1)), half_life_days=half_life)
    assert found[0] == pytest.approx(wanted, abs=1e-6)


def test_washin_follows_every_start_stop_and_change_of_dose():
    rows = log((0, 7, 150), (7, 14, 300), (14, 21, 300))
    early = in_washin(moments([0.5, 3, 7.5, 10, 14.5, 21.5, 24]), rows, 2.0)
    assert early.tolist() == [True, False, True, False, False, True, False]
    assert not in_washin(moments([0.5]), rows, 0.0).any()


def test_magnesium_washes_in_for_seven_days_unless_the_study_says_otherwise():
    assert default_washin_days("Magnesium glycinate") == 7.0
    assert default_washin_days("breathing") == 0.0


def test_a_background_that_changes_during_the_study_is_flagged():
    rows = log((-100, 10, 50), (10, 100, 75), name="sertraline")
    regimen = Regimen((Component("sertraline", "medication", "background"),), rows)
    flags = background_flags(regimen, "P", START, START + 50 * DAY)
    assert len(flags) == 1
    assert "the background sertraline changed its dose on 12 Mar 2026" in flags[0]
    assert background_flags(regimen, "P", START + 20 * DAY, START + 50 * DAY) == []


def test_a_regimen_says_what_is_wrong_with_its_log():
    with pytest.raises(InputError, match="'magnesium', which is not declared"):
        Regimen((Component("zinc"),), log((0, 7, 1)))
    with pytest.raises(InputError, match="overlap at 2026-03-08"):
        Regimen((Component("magnesium"),), log((0, 7, 1), (6, 9, 1)))
    with pytest.raises(InputError, match="kind 'pill' is not known"):
        Component("magnesium", "pill")
    with pytest.raises(InputError, match="half-life must be above zero"):
        Component("magnesium", half_life_days=0.0)


def doses(*rows):
    return pd.DataFrame(
        [
            {"subject": "P", "time": START + d * DAY, "substance": "magnesium bisglycinate",
             "amount": mg, "unit": "mg", "basis": basis, "status": status,
             "elemental_share": math.nan, "condition": "on"}
            for d, mg, basis, status in rows
        ]
    )  # fmt: skip


def test_a_day_above_an_upper_level_is_flagged_without_advice():
    table = doses(
        (0, 300, "elemental", "taken"), (1, 200, "elemental", "taken"),
        (1.2, 200, "elemental", "taken"), (2, 900, "elemental", "missed"),
        (3, 900, "unknown", "taken"),
    )  # fmt: skip
    flags = upper_level_flags(table)
    assert flags == [
        "2 of 2 days with magnesium from supplements were above the EFSA upper level of 250 mg a "
        "day (highest 400 mg elemental)",
        "1 of 2 days with magnesium from supplements were above the US upper level of 350 mg a "
        "day (highest 400 mg elemental)",
        "1 of 4 taken doses of magnesium have no known elemental amount and are not held against "
        "an upper level",
    ]
    for word in ("should", "reduce", "stop", "recommend", "consult", "advise"):
        assert word not in " ".join(flags)
    assert upper_level_flags(doses((0, 250, "elemental", "taken"))) == []
    assert upper_level_flags(doses()) == []


@given(st.integers(0, 40), st.integers(1, 400))
def test_an_exact_rate_holds_every_rate_the_count_does_not_rule_out(events, days):
    rate, low, high = exact_rate(events, days)
    assert low <= rate <= high
    if events:
        assert stats.poisson.sf(events - 1, low * days) == pytest.approx(0.025, rel=1e-6)
    assert stats.poisson.cdf(events, high * days) == pytest.approx(0.025, rel=1e-6)


def test_adverse_events_are_told_per_dose_day_by_condition():
    events = pd.DataFrame(
        {"subject": "P", "time": START, "term": ["loose stools"] * 3 + ["headache"],
         "condition": ["on", "on", "off", "off"]}
    )  # fmt: skip
    taken = doses(*((d, 300, "elemental", "taken") for d in range(20)))
    table = tally_adverse_events(events, taken, {"off": 28, "on": 28}).set_index(
        ["term", "condition"]
    )
    on = table.loc[("loose stools", "on")]
    assert (on["events"], on["dose_days"]) == (2, 20)
    assert on["per_dose_day"] == 0.1
    assert on["high"] == pytest.approx(7.2247 / 20, abs=1e-4)
    off = table.loc[("loose stools", "off")]
    assert (off["dose_days"], off["days"], off["per_dose_day"]) == (0, 28, 1 / 28)
    assert table.loc[("headache", "on"), "low"] == 0
    assert tally_adverse_events(events.iloc[:0], taken, {"on": 1}).empty
    assert all(math.isnan(v) for v in exact_rate(3, 0))
