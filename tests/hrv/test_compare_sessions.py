"""Groups with one to three sessions a person: two arms with a baseline, and the 2 x 2 crossover."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hrv.compare import compare
from hrv.compare.ancova import Arms, least_squares
from hrv.compare.results import t_p_value
from hrv.errors import InputError


def two_arms(rng, n=20, effect=0.5, sessions=1, baseline=True):
    """People of two arms; each has been their own level, seen with noise at every session."""
    own = rng.normal(size=n)
    arm = np.array(["control", "drug"])[np.arange(n) % 2]
    rows = []
    for k in range(n):
        for period in ("baseline", "treatment")[0 if baseline else 1 :]:
            shift = effect * (arm[k] == "drug" and period == "treatment")
            rows += [
                (f"P{k:02d}", arm[k], period, session, own[k] + shift + 0.5 * rng.normal())
                for session in range(1, sessions + 1)
            ]
    return pd.DataFrame(rows, columns=["subject", "arm", "period", "session", "value"])


def test_without_a_baseline_it_has_the_standard_error_of_welch():
    table = two_arms(np.random.default_rng(1), baseline=False)
    result = compare(table, method="ancova")
    by_arm = table.groupby("arm")["value"].apply(list)
    truth = stats.ttest_ind(by_arm["drug"], by_arm["control"], equal_var=False)
    assert result.estimate / result.details["standard_error"] == pytest.approx(truth.statistic)
    assert result.df == pytest.approx(18)  # the arms have ten people each
    assert any("no session before treatment" in flag for flag in result.flags)


def test_with_a_baseline_it_is_least_squares_of_the_outcome_on_arm_and_baseline():
    table = two_arms(np.random.default_rng(2), sessions=3)
    result = compare(table, method="ancova")
    mean = table.pivot_table(values="value", index=["subject", "arm"], columns="period")
    drug = (mean.index.get_level_values("arm") == "drug").astype(float)
    x = np.column_stack((np.ones(len(mean)), drug, mean["baseline"]))
    beta = np.linalg.lstsq(x, mean["treatment"], rcond=None)[0]
    hat = x @ np.linalg.pinv(x)
    error = mean["treatment"].to_numpy() - x @ beta
    middle = x.T @ np.diag(error**2 / (1 - np.diagonal(hat))) @ x  # the HC2 sandwich
    bread = np.linalg.inv(x.T @ x)
    assert result.estimate == pytest.approx(beta[1])
    assert result.details["standard_error"] ** 2 == pytest.approx((bread @ middle @ bread)[1, 1])
    assert 9 < result.df <= len(x) - 3
    assert result.details["adjusted_for"] == ["baseline"]
    table = {row["what"]: row for row in result.details["with_and_without"]}
    wider = table["without baseline"]
    assert result.high - result.low < wider["high"] - wider["low"]


def test_a_group_that_began_worse_does_not_come_back_as_an_effect():
    """Regression to the mean: a change score calls it a difference between arms."""
    rng = np.random.default_rng(3)
    alarms = {"change": 0, "ancova": 0}
    for _ in range(400):
        own, arm = rng.normal(size=40), np.repeat([0, 1], 20)
        before = own + rng.normal(size=40)
        order = np.argsort(before + 2.0 * rng.normal(size=40))  # the worse tend to get the drug
        own, before = own[order], before[order]
        after = own + rng.normal(size=40)
        change = after - before
        alarms["change"] += stats.ttest_ind(change[arm == 1], change[arm == 0]).pvalue <= 0.05
        arms = Arms((), after, arm == 1, before[:, None], ("baseline",))
        found, _ = least_squares(arms)
        alarms["ancova"] += t_p_value(found.estimate, found.se, found.df) <= 0.05
    assert alarms["change"] > 48
    assert alarms["ancova"] <= 34


def test_who_left_is_named_with_the_arm():
    table = two_arms(np.random.default_rng(4))
    gone = table[~((table["subject"] == "P03") & (table["period"] == "treatment"))]
    result = compare(gone, method="ancova")
    assert any("not counted: 'P03' (drug)" in flag for flag in result.flags)
    assert result.details["arms"]["drug"] == {"allocated": 10, "with_outcome": 9}


def test_a_missing_baseline_does_not_drop_the_person():
    table = two_arms(np.random.default_rng(5))
    gone = table[~((table["subject"] == "P03") & (table["period"] == "baseline"))]
    result = compare(gone, method="ancova")
    assert result.details["arms"]["drug"]["with_outcome"] == 10
    assert any("1 of 20 people have no baseline" in flag for flag in result.flags)


def test_arms_of_four_and_people_in_both_arms_are_refused():
    table = two_arms(np.random.default_rng(6), n=9)
    assert "arm 'drug' has 4 people" in compare(table, method="ancova").refusals[0].why
    table = two_arms(np.random.default_rng(6), n=20)
    table.loc[0, "arm"] = "drug"
    assert "is in both arms" in compare(table, method="ancova").refusals[0].why


def test_the_columns_a_method_needs_are_asked_for():
    table = two_arms(np.random.default_rng(7))
    with pytest.raises(InputError, match="needs a column 'arm'"):
        compare(table.drop(columns="arm"), method="ancova")
    with pytest.raises(InputError, match="needs a column 'sequence'"):
        compare(table, method="crossover")


def crossover(rng, n=12, effect=0.5, period=0.0, carried=0.0, sessions=1):
    """Half of the people placebo first; `carried` of the effect is still there in period two."""
    rows = []
    for k in range(n):
        sequence = ("placebo-drug", "drug-placebo")[k % 2]
        own = 2 * rng.normal()
        for number, treatment in enumerate(sequence.split("-"), start=1):
            mean = own + period * (number == 2) + effect * (treatment == "drug")
            mean += carried * effect * (number == 2 and treatment == "placebo")
            rows += [
                (f"P{k:02d}", sequence, number, session, mean + 0.5 * rng.normal())
                for session in range(sessions)
            ]
    return pd.DataFrame(rows, columns=["subject", "sequence", "period", "session", "value"])


def test_a_crossover_is_the_t_test_of_half_period_differences():
    table = crossover(np.random.default_rng(1), sessions=2)
    result = compare(table, method="crossover")
    wide = table.pivot_table(values="value", index=["subject", "sequence"], columns="period")
    half = ((wide[2] - wide[1]) / 2).groupby("sequence").apply(list)
    truth = stats.ttest_ind(half["placebo-drug"], half["drug-placebo"])
    assert result.p_value == pytest.approx(truth.pvalue)
    assert (result.low, result.high) == pytest.approx(tuple(truth.confidence_interval(0.95)))
    assert result.df == 10


def test_a_difference_between_periods_cancels():
    one = compare(crossover(np.random.default_rng(2)), method="crossover")
    two = compare(crossover(np.random.default_rng(2), period=3.0), method="crossover")
    assert two.estimate == pytest.approx(one.estimate)
    assert two.details["period"]["estimate"] == pytest.approx(
        one.details["period"]["estimate"] + 3.0
    )


def test_carry_over_is_shown_and_decides_nothing():
    clean = compare(crossover(np.random.default_rng(3), n=40, effect=4.0), method="crossover")
    late = compare(
        crossover(np.random.default_rng(3), n=40, effect=4.0, carried=1.0), method="crossover"
    )
    assert late.details["carry_over"]["p_value"] < 0.10 < clean.details["carry_over"]["p_value"]
    assert any("ask whether the washout was long enough" in flag for flag in late.flags)
    assert not late.refused
    assert late.df == clean.df


def test_letters_and_a_condition_column_name_the_sequence_as_well():
    table = crossover(np.random.default_rng(4))
    letters = table.assign(
        sequence=table["sequence"].map({"placebo-drug": "PD", "drug-placebo": "DP"})
    )
    one = compare(table, method="crossover")
    two = compare(letters, method="crossover", conditions=("P", "D"))
    assert two.estimate == one.estimate
    given = table.assign(
        condition=[
            s.split("-")[p - 1] for s, p in zip(table["sequence"], table["period"], strict=True)
        ]
    )
    assert compare(given, method="crossover").estimate == one.estimate
    with pytest.raises(InputError, match="period 3 is not in sequence"):
        compare(table.assign(period=3), method="crossover")


def test_people_without_both_periods_are_named_and_too_few_refused():
    table = crossover(np.random.default_rng(5))
    result = compare(table[1:], method="crossover")
    assert "without both periods, so not counted: P00" in result.flags
    few = compare(table[table["sequence"] == "placebo-drug"], method="crossover")
    assert "6 and 0 people completed the two sequences" in few.refusals[0].why


def with_covariate(table, seed=0, weight=0.5):
    """Hours of sleep before each session, which move the outcome."""
    slept = np.random.default_rng(seed).normal(7, 1, len(table))
    return table.assign(sleep_h=slept, value=table["value"] + weight * slept)


def test_a_covariate_is_taken_into_every_method_of_few_sessions():
    rng = np.random.default_rng(4)
    rows = [
        (f"P{k:02d}", "AB" if k % 2 else "BA", str(p), rng.normal(0, 0.1) + 0.3 * treated)
        for k in range(16)
        for p in (1, 2)
        for treated in [("AB" if k % 2 else "BA")[p - 1] == "B"]
    ]
    table = with_covariate(pd.DataFrame(rows, columns=["subject", "sequence", "period", "value"]))
    found = compare(table, method="crossover")
    by = {row["what"]: row for row in found.details["with_and_without"]}
    assert by["as analysed"]["estimate"] == found.estimate
    closer = by["with the change in sleep_h"]
    assert closer["low"] < 0.3 < closer["high"]
    assert closer["high"] - closer["low"] < 0.5 * (found.high - found.low)
    places = zip(table["sequence"], table["period"], strict=True)
    pairs = table.assign(condition=[s[int(p) - 1] for s, p in places])
    paired = compare(pairs.drop(columns=["sequence", "period"]), method="paired")
    closer = paired.details["with_and_without"][1]
    assert closer["low"] < 0.3 < closer["high"]
    gone = table.assign(sleep_h=table["sleep_h"].where(table["subject"] != "P03"))
    assert compare(gone, method="crossover").estimate == found.estimate  # nobody is dropped
    bare = compare(table.drop(columns="sleep_h"), method="crossover")
    assert [row["what"] for row in bare.details["with_and_without"]] == ["as analysed"]
