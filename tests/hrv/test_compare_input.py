"""`hrv.compare`: wrong input gets one clear sentence."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from compare_studies import ORDER, ORDERS, before_after, eight_by_seven, group

from hrv.compare import compare, washin_days
from hrv.errors import InputError


def wrong(outcomes, phases, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        compare(outcomes, phases, **options)
    assert "\n" not in str(caught.value)


def test_overlapping_phases():
    outcomes, phases = before_after()
    early = phases.assign(start=[phases["start"][0], phases["start"][1] - pd.Timedelta(days=1)])
    wrong(outcomes, early, "overlap: 'on' starts .* before 'off' ends")


def test_a_phase_that_ends_before_it_starts():
    outcomes, phases = before_after()
    wrong(outcomes, phases.rename(columns={"start": "stop", "stop": "start"}), "before it starts")


def test_times_without_a_zone():
    outcomes, phases = before_after()
    bare = outcomes.assign(time=outcomes["time"].dt.tz_localize(None))
    wrong(bare, phases, r"observation 1 \(2026-01-0.*has no time zone")
    wrong(outcomes, phases.assign(start=phases["start"].dt.tz_localize(None)), "no time zone")


def test_times_that_are_missing_or_no_times():
    outcomes, phases = before_after()
    wrong(outcomes.assign(time="noon-ish"), phases, "'noon-ish'. is not a date and time")
    gap = outcomes.copy()
    gap.loc[4, "time"] = pd.NaT
    wrong(gap, phases, "observation 5 is missing")
    wrong(outcomes.drop(columns="time"), phases, "no column 'time'")


def test_times_as_text_with_an_offset_are_read():
    outcomes, phases = before_after()
    text = outcomes.assign(time=[t.isoformat() for t in outcomes["time"]])
    assert compare(text, phases).estimate == compare(outcomes, phases).estimate


def test_one_condition_only():
    outcomes, phases = before_after()
    wrong(outcomes, phases.assign(condition="on"), "only one condition .'on'.")


def test_three_conditions_must_be_chosen_from():
    outcomes, phases = eight_by_seven()
    three = phases.assign(condition=["off", "low", "high", "off", "low", "high", "off", "low"])
    wrong(outcomes, three, "3 conditions .off, low, high.; name the two")
    result = compare(outcomes, three, conditions=("off", "low"))
    assert result.details["counts"]["high"]["used"] == 0


def test_unknown_names():
    outcomes, phases = before_after()
    wrong(outcomes, phases, "no method is called 't_test'; choose from default", method="t_test")
    wrong(outcomes, phases, "no phase has the condition 'mg'", conditions=("off", "mg"))
    wrong(outcomes, phases, "compare has no setting 'alpha'", alpha=0.05)
    wrong(outcomes, phases, "scale 'ln' is not known", scale="ln")
    wrong(outcomes, phases, "direction 'up' is not known", direction="up")
    wrong(outcomes, phases, "start_reason 'why' is not known", start_reason="why")


def test_two_observations_at_one_time():
    outcomes, phases = before_after()
    wrong(pd.concat([outcomes, outcomes[:1]]), phases, "same time 2026-01-0.*remove the duplicate")


def test_values_that_are_no_numbers():
    outcomes, phases = before_after()
    wrong(outcomes.assign(value="high"), phases, "column 'value' holds text")
    wrong(outcomes.assign(value=np.inf), phases, "infinite")
    wrong(outcomes.assign(note="x"), phases, "column 'note' holds text.*covariates=")
    assert not compare(outcomes.assign(note="x"), phases, covariates=()).refused
    wrong(outcomes.assign(se=-1.0), phases, "negative")


def test_tables_without_rows_or_columns():
    outcomes, phases = before_after()
    wrong(outcomes[:0], phases, "outcomes hold no row")
    wrong(outcomes, phases[:0], "phases hold no row")
    wrong(outcomes.drop(columns="value"), phases, "outcomes have no column 'value'")
    wrong(outcomes, phases.drop(columns="stop"), "phases have no column 'stop'")
    wrong(outcomes, None, "method 'default' needs phases")


def test_a_subject_without_a_phase():
    outcomes, phases = group(2)
    wrong(outcomes, phases[phases["subject"] == "P0"], "subject 'P1' has outcomes but no phase")


def test_a_condition_column_beside_phases():
    outcomes, phases = before_after()
    wrong(outcomes.assign(condition="on"), phases, "give only one")


def test_an_order_that_is_not_in_the_log():
    outcomes, phases = eight_by_seven()
    others = [order for order in ORDERS if order != ORDER]
    wrong(outcomes, phases, "off-on-on.* is not in the randomisation log", randomisation=others)
    wrong(outcomes, phases, "names a condition 'mg'", randomisation=[("off", "mg") * 4])
    uneven = [ORDER, ORDER[:4]]
    wrong(outcomes, phases, "4 to 8 blocks", randomisation=uneven)


@pytest.mark.parametrize("text", ["a week", "-1d", -1, float("inf"), None, ""])
def test_a_wash_in_that_is_no_length_of_time(text):
    with pytest.raises(InputError, match="wash-in"):
        washin_days(text)


def test_wash_in_as_text_days_or_timedelta():
    assert washin_days("7d") == washin_days(7) == washin_days(timedelta(days=7)) == 7
    assert washin_days("36h") == 1.5
