"""Two conditions within a session: numbers, refusals, and real people doing arithmetic."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulate_days import ZONE

from hrv.compare import compare
from hrv.errors import InputError

RATE_HZ = 250


def table(off, on):
    people = [f"P{k}" for k in range(len(off))]
    return pd.DataFrame(
        {
            "subject": people * 2,
            "condition": ["rest"] * len(off) + ["task"] * len(on),
            "value": [*off, *on],
        }
    )


OFF = [3.1, 3.4, 2.9, 3.8, 3.3, 3.0]
ON = [2.9, 3.1, 3.0, 3.2, 3.1, 2.5]


def test_is_the_paired_t_test():
    result = compare(table(OFF, ON), method="paired")
    truth = stats.ttest_rel(ON, OFF)
    interval = truth.confidence_interval(0.95)
    assert result.estimate == pytest.approx(np.mean(ON) - np.mean(OFF))
    assert result.p_value == pytest.approx(truth.pvalue)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high))
    assert result.df == 5


def test_names_the_people_who_went_the_other_way():
    result = compare(table(OFF, ON), method="paired")
    assert result.details["other_way"] == ["P2"]
    assert "1 of 6 people went the other way: P2" in result.flags


def test_several_observations_of_a_condition_count_once():
    doubled = pd.concat([table(OFF, ON), table(OFF, ON).assign(value=lambda t: t["value"] + 0.2)])
    once, twice = compare(table(OFF, ON), method="paired"), compare(doubled, method="paired")
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.df == 5


def test_refuses_four_people():
    result = compare(table(OFF[:4], ON[:4]), method="paired")
    assert result.refused
    assert "only 4 people have both conditions and at least 5" in result.refusals[0].why


def test_people_without_both_conditions_are_named_and_not_counted():
    one = pd.DataFrame({"subject": ["P9"], "condition": ["rest"], "value": [3.0]})
    result = compare(pd.concat([table(OFF, ON), one]), method="paired")
    assert result.df == 5
    assert any("not counted: P9" in flag for flag in result.flags)


def test_identical_differences_are_refused():
    result = compare(table(OFF, [v + 0.5 for v in OFF[:1]] * 6), method="paired", swc=0.1)
    assert not result.refused
    same = compare(table([1.0] * 6, [2.0] * 6), method="paired")
    assert same.refused


def test_phases_may_give_the_conditions():
    start = pd.Timestamp("2026-03-02 10:00", tz=ZONE)
    minutes = pd.to_timedelta([1, 11], unit="min")
    outcomes = pd.concat(
        [
            pd.DataFrame({"subject": f"P{k}", "time": start + minutes, "value": [a, b]})
            for k, (a, b) in enumerate(zip(OFF, ON, strict=True))
        ]
    )
    phases = pd.DataFrame(
        {
            "start": start + pd.to_timedelta([0, 10], unit="min"),
            "stop": start + pd.to_timedelta([10, 20], unit="min"),
            "condition": ["rest", "task"],
        }
    )
    result = compare(outcomes, phases, method="paired")
    assert result.estimate == pytest.approx(np.mean(ON) - np.mean(OFF))
    assert any("everyone had 'rest' first" in flag for flag in result.flags)


def test_needs_conditions_from_somewhere():
    bare = table(OFF, ON).drop(columns="condition")
    with pytest.raises(InputError, match="give phases, or a column 'condition'"):
        compare(bare, method="paired")
    empty = table(OFF, ON)
    empty.loc[0, "condition"] = None
    with pytest.raises(InputError, match="condition is missing"):
        compare(empty, method="paired")


def test_arithmetic_lowers_rmssd_in_most_people_but_not_in_all(shared_data):
    rows = []
    for path in sorted((shared_data / "gudb").glob("*_annotation_cs.tsv")):
        subject, condition = path.name.split("_")[1:3]
        beats = np.loadtxt(path)
        rr_ms = np.diff(beats) * 1000 / RATE_HZ
        rmssd = np.sqrt(np.mean(np.diff(rr_ms) ** 2))
        rows.append({"subject": subject, "condition": condition, "value": np.log(rmssd)})
    outcomes = pd.DataFrame(rows)
    result = compare(
        outcomes, method="paired", conditions=("sitting", "maths"), scale="log",
        outcome="ln_rmssd",
    )  # fmt: skip
    wide = outcomes.pivot_table(values="value", index="subject", columns="condition")
    difference = wide["maths"] - wide["sitting"]
    assert len(difference) == 8
    assert result.estimate == pytest.approx(difference.mean())
    assert result.p_value == pytest.approx(stats.ttest_1samp(difference, 0).pvalue)
    assert result.estimate < 0
    assert result.details["other_way"] == list(difference.index[difference > 0])
    assert 0 < len(result.details["other_way"]) < 4
    assert -60 < result.percent < -5
