"""`hrv.compare`: what is refused or flagged, each in one sentence a participant understands."""

import math

import numpy as np
import pandas as pd
import pytest
from compare_studies import NAMES, ORDER, ORDERS, before_after, eight_by_seven, group, why
from simulate_days import FIRST_DAY, Truth, person, phases_of

from hrv.compare import compare


def test_refuses_five_days_a_phase():
    outcomes, phases = before_after(days=5, missing_days=0.0)
    result = compare(outcomes, phases)
    assert why(result) == "'off' has 5 days with a usable value and at least 7 are needed"
    assert result.sentence == f"There is no answer for value: {why(result)}."


def test_refuses_blocks_of_four_days():
    order = ("off", "on") * 2
    rng = np.random.default_rng(1)
    outcomes = person(order, 4, Truth(missing_days=0.0), rng)
    assert "no complete blocks" in why(compare(outcomes, phases_of(order, 4)))


def test_refuses_a_wash_in_that_leaves_too_little_of_each_block():
    order = ("off", "on") * 4
    outcomes = person(order, 7, Truth(missing_days=0.0), np.random.default_rng(1))
    phases = phases_of(order, 7)
    assert not compare(outcomes, phases, washin="2d").refused
    assert "complete block" in why(compare(outcomes, phases, washin="3d"))
    assert "7 are needed" in why(compare(outcomes, phases, washin="7d"))


def test_a_block_of_few_days_stays_in_the_day_model_but_not_in_the_block_means():
    outcomes, phases = eight_by_seven(missing_days=0.0)
    day = (outcomes["time"] - FIRST_DAY).dt.days
    thin = outcomes[(day < 42) | (day > 45)]  # block 7 keeps 3 days
    result = compare(thin, phases)
    assert any("1 of 8 blocks are incomplete (number 7)" in flag for flag in result.flags)
    assert 7 in result.details["days"]["block"]
    by_block = compare(thin, phases, method="block_means")
    assert 7 not in by_block.details["block_means"]["block"]
    assert by_block.df == 7 - 3


def test_refuses_block_means_of_a_single_change():
    outcomes, phases = before_after()
    result = compare(outcomes, phases, method="block_means")
    assert "1 complete block" in why(result)


def test_refuses_a_randomisation_test_without_a_log_and_says_so():
    outcomes, phases = eight_by_seven()
    result = compare(outcomes, phases, method="randomisation")
    assert why(result) == "no randomisation was logged beforehand"
    assert any("no randomisation was logged" in flag for flag in compare(outcomes, phases).flags)


def test_refuses_fewer_than_twenty_possible_orders():
    outcomes, phases = eight_by_seven()
    few = [ORDER, *[order for order in ORDERS if order != ORDER][:18]]
    result = compare(outcomes, phases, method="randomisation", randomisation=few)
    assert why(result) == "only 19 orders were possible and at least 20 are needed"
    many = [ORDER, *[order for order in ORDERS if order != ORDER][:19]]
    assert not compare(outcomes, phases, method="randomisation", randomisation=many).refused


def test_refuses_a_covariate_that_went_together_with_the_condition():
    outcomes, phases = eight_by_seven()
    condition = compare(outcomes, phases).details["days"]
    second = dict(zip(condition["date"], condition["second_condition"], strict=True))
    on = [second[str(t.date())] for t in outcomes["time"]]
    result = compare(outcomes.assign(therapy=np.array(on, dtype=float)), phases)
    assert "therapy went together" in why(result)
    assert "combined" in why(result)


@pytest.mark.parametrize("name", NAMES)
def test_refuses_an_outcome_that_never_varies(name):
    outcomes, phases = eight_by_seven()
    result = compare(outcomes.assign(value=1.0), phases, method=name, randomisation=ORDERS)
    assert "do not vary" in why(result)


@pytest.mark.parametrize("name", ["block_means", "randomisation"])
def test_refuses_several_people_where_a_method_is_for_one(name):
    outcomes, phases = group(2)
    result = compare(outcomes, phases, method=name, randomisation=ORDERS)
    assert "for one person and there are 2" in why(result)
    assert "paired" in why(result)


def test_refuses_a_group_of_four():
    outcomes, phases = group(4)
    assert "at least 5 are needed" in why(compare(outcomes, phases))


# --- groups ----------------------------------------------------------------------------------


def test_a_group_is_a_t_interval_over_peoples_own_estimates():
    outcomes, phases = group(6)
    own = [
        compare(
            outcomes[outcomes["subject"] == s], phases[phases["subject"] == s]
        ).estimate
        for s in sorted(set(outcomes["subject"]))
    ]  # fmt: skip
    result = compare(outcomes, phases)
    assert result.estimate == pytest.approx(np.mean(own))
    assert result.df == 5
    half = 2.570581835636314 * np.std(own, ddof=1) / math.sqrt(6)  # t(5), 97.5 %
    assert result.high - result.estimate == pytest.approx(half, rel=1e-9)
    prediction = result.details["prediction"]
    assert prediction["high"] - result.estimate == pytest.approx(half * math.sqrt(7), rel=1e-9)


def test_a_refused_person_still_counts_in_the_group():
    outcomes, phases = group(5)
    start = outcomes["time"].min()
    few = outcomes["time"] < start + pd.Timedelta(days=12)
    thin = outcomes[(outcomes["subject"] != "P2") | few]
    result = compare(thin, phases)
    assert not result.refused
    assert result.details["n_people"] == 5
    assert any(flag.startswith("'P2' counts with a plain difference") for flag in result.flags)


def test_a_person_with_one_condition_only_is_named():
    outcomes, phases = group(6)
    never_on = outcomes["time"] < outcomes["time"].min() + pd.Timedelta(days=6)
    result = compare(outcomes[(outcomes["subject"] != "P3") | never_on], phases)
    assert result.details["n_people"] == 5
    assert any("'P3' cannot be counted" in flag for flag in result.flags)


# --- flags -----------------------------------------------------------------------------------


def flagged(result, words):
    return any(words in flag for flag in result.flags)


def test_a_single_change_is_an_association_only():
    outcomes, phases = before_after()
    assert flagged(compare(outcomes, phases), "association only")
    assert not flagged(compare(*eight_by_seven()), "association only")


def test_flags_strong_correlation_of_days():
    outcomes, phases = before_after(days=80, seed=4, phi=0.95, within_sd=0.02)
    result = compare(outcomes, phases)
    assert result.details["phi"] > 0.7
    assert flagged(result, "resemble their neighbours")


def test_flags_few_and_missing_days_and_unequal_counts():
    outcomes, phases = before_after(days=14, missing_days=0.0)
    on = outcomes["time"] >= phases["start"].iloc[1]
    day = (outcomes["time"] - FIRST_DAY).dt.days
    result = compare(outcomes[~on | (day % 2 == 0)], phases)
    assert flagged(result, "few days: 'on' has 7")
    assert flagged(result, "50 % of the days planned for 'on' are missing")
    assert flagged(result, "'off' has 2.0 times as many observations")
    assert not flagged(compare(outcomes, phases), "missing")


def test_flags_a_reason_to_start_that_nobody_stated():
    outcomes, phases = before_after()
    assert flagged(compare(outcomes, phases), "was not stated")
    assert not flagged(compare(outcomes, phases, start_reason="planned"), "was not stated")


def test_flags_a_study_that_began_with_the_new_condition():
    order = tuple("on" if c == "off" else "off" for c in ORDER)
    outcomes = person(order, 7, Truth(), np.random.default_rng(2))
    result = compare(outcomes, phases_of(order, 7), washin="2d")
    assert flagged(result, "began with 'on'")


def test_flags_standard_errors_that_are_not_complete():
    outcomes, phases = eight_by_seven(per_day=1)
    assert compare(outcomes, phases).details["measurement_variance_from"] == "own standard errors"
    outcomes.loc[3, "se"] = np.nan
    result = compare(outcomes, phases)
    assert result.details["measurement_variance_from"] == "none"
    assert flagged(result, "no standard error")
