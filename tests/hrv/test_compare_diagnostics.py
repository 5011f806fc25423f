"""What the day model assumed and how it was checked: against refits, scipy and broken data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import CompareSettings, compare
from hrv.compare.design import validate
from hrv.compare.diagnostics import fisher, leave_one_out
from hrv.compare.mixed_ar1 import day_model, day_scores, regressors

ORDER = allowed_orders()[3]


def outcomes(seed=1, **truth):
    return person(ORDER, 7, Truth(**truth), np.random.default_rng(seed))


def checks(table, order=ORDER, days=7, **options):
    result = compare(table, phases_of(order, days), **options)
    return {c["assumed"]: c for c in result.details["assumptions"]}


@pytest.mark.parametrize("per_day", [1, 5])
def test_leaving_out_a_day_equals_fitting_without_it_at_the_same_variances(per_day):
    design = validate(outcomes(per_day=per_day, phi=0.4), phases_of(ORDER, 7),
                      settings=CompareSettings())  # fmt: skip
    days = day_scores(design, "")
    fit = day_model(days, trend=True).fit
    x, _ = regressors(days, trend=True)
    v = np.linalg.inv(fit.point.vi) * fit.unit**2
    found = leave_one_out(days, fit)
    for i in range(0, len(days), 7):
        kept = np.arange(len(days)) != i
        w = np.linalg.inv(v[np.ix_(kept, kept)])
        beta = np.linalg.solve(x[kept].T @ w @ x[kept], x[kept].T @ w @ days.score[kept])
        assert found[i] == pytest.approx(beta[1], abs=1e-9)


@given(st.integers(0, 20), st.integers(1, 20), st.integers(0, 20), st.integers(1, 20))
def test_fisher_agrees_with_scipy(a, n, b, m):
    a, b = min(a, n), min(b, m)
    expected = fisher_exact([[a, n - a], [b, m - b]]).pvalue
    assert fisher(a, n, b, m) == pytest.approx(expected, abs=1e-9)


def test_nothing_stands_out_in_data_that_keep_the_assumptions():
    alarms = [
        sum(c["stands_out"] for c in checks(outcomes(seed, phi=0.3)).values()) for seed in range(30)
    ]
    assert np.mean(alarms) < 0.5  # five checks, most of them at 5 %


def test_a_day_of_another_kind_stands_out_and_is_named():
    table = outcomes()
    day = table["time"].dt.date == table["time"].dt.date.iloc[60]
    table.loc[day, "value"] += 3
    found = checks(table)
    assert found["no single day is of another kind"]["stands_out"]
    date = str(table["time"].dt.date.iloc[60])
    assert date in found["no single day is of another kind"]["found"]
    assert date in found["the answer does not hang on one day"]["found"]
    assert found["the answer does not hang on one day"]["stands_out"]


def test_days_that_vary_more_in_one_condition_stand_out():
    table = outcomes(missing_days=0, per_day=1)
    on = np.array([ORDER[k] == "on" for k in np.arange(56) // 7])
    table["value"] = np.where(on, 4, 1) * np.random.default_rng(2).normal(size=56)
    assert checks(table)["days vary as much in both conditions"]["stands_out"]


def test_days_missing_in_one_condition_stand_out():
    table = outcomes(missing_days=0)
    day = (table["time"].dt.normalize() - table["time"].dt.normalize().min()).dt.days
    on = np.array([ORDER[k] == "on" for k in day // 7])
    table = table[~(on & (day % 7 >= 5))]
    name = "days are missing for reasons that have nothing to do with the outcome"
    assert checks(table)[name]["stands_out"]
    assert "8 of 28 with 'on'" in checks(table)[name]["found"]


def test_a_comparison_prints_as_its_explanation():
    result = compare(outcomes(), phases_of(ORDER, 7))
    text = str(result)
    assert text.startswith(result.sentence)
    assert "Assumed, and found" in text
    assert "without any one day the difference lies between" in text
    refused = compare(outcomes()[:10], phases_of(ORDER, 7))
    assert "Not answered" in str(refused)
    assert "nan" not in str(refused)
