"""Declared covariates find their observations; reactivity stays beside the headline."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulate_days import Truth, person, phases_of

from hrv.errors import StudyError
from hrv.recovery import MEASURES
from hrv.study.answers import beside_responses, compare_primary, study_endpoint
from hrv.study.as_taken import WHAT, as_taken
from hrv.study.covariates import OWN_BASELINE, attach
from hrv.study.types import Measured, Session, Study
from hrv.types import RRSeries

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


@pytest.fixture(scope="module")
def measured():
    """Eight weeks of one stress test a day; reactivity falls with treatment, caffeine disturbs."""
    rng = np.random.default_rng(3)
    own = person(ORDER, 7, Truth(per_day=1, within_sd=0.03, day_sd=0.03), rng)
    n = len(own)
    on = np.repeat([c == "on" for c in ORDER], 7)[own["time"].dt.dayofyear - 5]
    table = pd.DataFrame({"subject": "P1", "session": [f"s{k}" for k in range(n)]})
    table["time"], table["condition"] = own["time"], np.where(on, "on", "off")
    for measure in MEASURES:
        table[measure.name] = np.nan
        if measure.censors:
            table[f"{measure.name}_censored"] = False
    table["kind"] = np.where(np.arange(n) % 3 == 0, "speech", "arithmetic")
    table["reactivity_hr"] = 15 - 6 * on + rng.normal(0, 3, n)
    coffee = np.arange(n) % 2 == 0
    table["residual_hr"] = 10 * own["value"] + 0.4 * table["reactivity_hr"] + 6.0 * coffee
    rows = [("P1", t - pd.Timedelta(hours=2), "caffeine", 1.0) for t in table["time"][coffee]]
    rows += [("P1", t - pd.Timedelta(hours=10), "sleep_h", 7.0 + k % 3)
             for k, t in enumerate(table["time"])]  # fmt: skip
    outcomes = pd.DataFrame(rows, columns=["subject", "time", "name", "value"])
    return Measured(table, table[["subject", "session", "time"]].assign(ln_rmssd=3.5), outcomes)


def study(**changes):
    phases = phases_of(ORDER, 7).assign(subject="P1", block=range(8))
    return Study("covariates", (), phases, primary="residual_hr", **changes)


def test_tags_are_zero_where_nothing_was_logged_and_old_ones_do_not_count(measured):
    table, names = attach(measured.recovery, ["caffeine"], measured)
    assert names == ("caffeine",)
    expected = (np.arange(len(table)) % 2 == 0).astype(float)
    np.testing.assert_array_equal(table["caffeine"], expected)
    early = measured.outcomes.assign(time=measured.outcomes["time"] - pd.Timedelta(hours=5))
    late, _ = attach(
        measured.recovery, ["caffeine"], Measured(measured.recovery, measured.summaries, early)
    )
    assert not late["caffeine"].any()


def test_values_are_the_last_of_the_day_before_and_unknown_otherwise(measured):
    table, _ = attach(measured.recovery, ["sleep_h"], measured)
    np.testing.assert_array_equal(table["sleep_h"], 7.0 + np.arange(len(table)) % 3)
    gone = measured.outcomes[measured.outcomes["value"] != 8.0]
    table, _ = attach(
        measured.recovery, ["sleep_h"], Measured(measured.recovery, measured.summaries, gone)
    )
    assert table["sleep_h"].isna().sum() == (np.arange(len(table)) % 3 == 1).sum()


def test_the_kind_of_stressor_has_a_column_for_each_but_the_usual(measured):
    table, names = attach(measured.recovery, ["kind"], measured)
    assert names == ("kind speech",)
    np.testing.assert_array_equal(table["kind speech"], measured.recovery["kind"] == "speech")


def test_a_name_that_is_nowhere_is_told_with_what_there_is(measured):
    with pytest.raises(StudyError, match="no covariate is called 'cofee'; choose from kind"):
        attach(measured.recovery, ["cofee"], measured)


def test_a_covariate_settled_before_the_response_sharpens_the_headline(measured):
    plain = compare_primary(study(), measured)["default"]
    adjusted = compare_primary(study(covariates=("caffeine",)), measured)["default"]
    assert adjusted.high - adjusted.low < 0.8 * (plain.high - plain.low)
    rows = {r["what"]: r for r in adjusted.details["with_and_without"]}
    assert rows["without caffeine"]["estimate"] == pytest.approx(plain.estimate)
    assert adjusted.settings["covariates"] == ["caffeine"]


def test_reactivity_stays_out_of_the_headline_and_is_told_beside_it(measured):
    declared = study(covariates=("caffeine", "reactivity_hr"))
    primary = compare_primary(declared, measured)
    without = compare_primary(study(covariates=("caffeine",)), measured)["default"]
    assert primary["default"].estimate == without.estimate
    found = study_endpoint("residual_hr", measured)
    told = beside_responses(primary["default"], declared, measured, found)
    row = told.details["with_and_without"][-1]
    assert row["what"] == "with reactivity_hr, which came after treatment began (secondary)"
    assert told.estimate < -1  # it seems to recover faster ...
    assert abs(row["estimate"]) < 0.6 * abs(told.estimate)  # ... because it reacted less


def few_sessions(method):
    """16 people of two sessions; treatment lowers reactivity, and residual activation by it."""
    rng = np.random.default_rng(5)
    rows, sessions = [], []
    for k in range(16):
        own, first = rng.normal(0, 3), k % 2 == 0
        for period in ("1", "2"):
            treated = {"paired": period == "2", "crossover": first == (period == "2")}.get(
                method, period == "2" and first
            )
            reactivity = 15 + own - 6 * treated + rng.normal(0, 3)
            residual = 0.4 * reactivity + own + rng.normal(0, 0.5)
            early = method == "ancova" and period == "1"
            place = {
                "paired": {"condition": "on" if treated else "off"},
                "ancova": {"arm": "on" if first else "off",
                           "period": "baseline" if early else period},
                "crossover": {"sequence": "off-on" if first else "on-off", "period": period},
            }[method]  # fmt: skip
            series = RRSeries.from_ms([800, 810])
            sessions.append(Session(f"P{k:02d}", f"s{k}{period}", series, **place))
            rows.append((f"P{k:02d}", f"s{k}{period}", reactivity, residual,
                         place.get("condition", "")))  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["subject", "session", "reactivity_hr", "residual_hr", "condition"]
    ).assign(time=pd.NaT, kind="arithmetic")
    for measure in MEASURES:
        if measure.name not in table:
            table[measure.name] = np.nan
    none = pd.DataFrame(columns=["subject", "time", "name", "value"])
    own = Measured(table, table[["subject", "session", "time"]], none)
    declared = Study(
        "few", tuple(sessions), pd.DataFrame(), primary="residual_hr", conditions=("off", "on"),
        method=method, covariates=("reactivity_hr",),
    )  # fmt: skip
    return own, declared


@pytest.mark.parametrize("method", ["paired", "ancova", "crossover"])
def test_groups_of_few_sessions_tell_reacting_less_from_recovering_faster_too(method):
    own, declared = few_sessions(method)
    head = compare_primary(declared, own)[method]
    told = beside_responses(head, declared, own, study_endpoint("residual_hr", own))
    assert told.estimate == head.estimate < -1.5
    *before, row = told.details["with_and_without"]
    assert before == head.details["with_and_without"]
    assert row["what"] == "with reactivity_hr, which came after treatment began (secondary)"
    assert abs(row["estimate"]) < 0.6 * abs(told.estimate)
    assert row["low"] < row["estimate"] < row["high"]


@pytest.mark.parametrize(
    ("primary", "baseline"),
    [(change, name) for name, changes in OWN_BASELINE.items() for change in changes],
)
def test_a_change_is_never_regressed_on_its_own_baseline(measured, primary, baseline):
    table = measured.recovery.assign(**{primary: measured.recovery["residual_hr"]})
    own = replace(measured, recovery=table)
    declared = replace(study(covariates=(baseline,)), primary=primary)
    head = compare_primary(declared, own)["default"]
    told = beside_responses(head, declared, own, study_endpoint(primary, own))
    row = told.details["with_and_without"][-1]
    assert (head.settings["covariates"], row["what"]) == ([], f"with {baseline}")
    assert "finds regression to the mean" in row["refused"]
    assert "estimate" not in row


def test_every_measure_that_says_minus_baseline_is_known_as_a_change():
    said = {m.name for m in MEASURES if "minus baseline" in m.summary}
    assert "vagal_rebound_ln_rmssd" in said
    assert said <= {change for changes in OWN_BASELINE.values() for change in changes}


def test_days_after_a_missed_dose_are_left_out_as_taken_but_never_from_the_headline(measured):
    primary = compare_primary(study(), measured)["default"]
    found = study_endpoint("residual_hr", measured)
    times = found.observations["time"] - pd.Timedelta(hours=8)
    status = np.where(np.arange(len(times)) % 10 == 0, "missed", "taken")
    doses = pd.DataFrame({"subject": "P1", "time": times, "status": status})
    told = as_taken(primary, study(doses=doses), measured, found)
    assert told.estimate == primary.estimate
    row = told.details["with_and_without"][-1]
    assert row["what"] == WHAT
    kept = Measured(measured.recovery[status == "taken"], measured.summaries, measured.outcomes)
    assert row["estimate"] == pytest.approx(compare_primary(study(), kept)["default"].estimate)
    never = doses.assign(status="taken")
    assert as_taken(primary, study(doses=never), measured, found) is primary
