"""The Bayesian day model and its group form against brute-force integration."""

import math

import numpy as np
import oracles_compare as oracle
import pandas as pd
import pytest
from scipy import stats
from simulate_days import Truth, person, phases_of

from hrv.compare import bayesian, compare, random_slope, responders, two_stage
from hrv.compare.base import CompareSettings
from hrv.compare.days import day_scores
from hrv.compare.design import validate

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")


def days_of(seed, **truth):
    outcomes = person(ORDER[:4], 7, Truth(**truth), np.random.default_rng(seed))
    design = validate(outcomes, phases_of(ORDER[:4], 7), settings=CompareSettings())
    return day_scores(design, "")


def test_posterior_is_that_of_a_dense_integration():
    """The oracle's own likelihood over a finer grid; each cell's normal by textbook GLS."""
    days = days_of(3, phi=0.5)
    found = bayesian.posterior(days, trend=True)
    x = np.column_stack(
        (np.ones(len(days)), days.second - 0.5, days.weekend, days.day - days.day.mean())
    )
    rest = days.score - x @ np.linalg.lstsq(x, days.score, rcond=None)[0]
    scatter = max(rest @ rest / (len(days) - 4), np.diagonal(days.noise).mean())
    edges = np.linspace(0, 3 * np.sqrt(scatter), 49)
    weight, mean, sd = [], [], []
    for phi in (np.arange(36) + 0.5) * (0.95 / 36):
        for s in (edges[1:] + edges[:-1]) / 2:
            v = oracle.covariance(s**2, phi, days.lag, days.noise)
            vi = np.linalg.inv(v)
            cov = np.linalg.inv(x.T @ vi @ x)
            height = oracle.restricted_log_likelihood(days.score, x, v)
            weight.append(height - 0.5 * np.log(1 - phi**2))
            mean.append((cov @ x.T @ vi @ days.score)[1])
            sd.append(np.sqrt(cov[1, 1]))
    share = np.exp(np.array(weight) - max(weight))
    truth = bayesian.Posterior(share / share.sum(), np.array(mean), np.array(sd))
    assert found.expected == pytest.approx(truth.expected, abs=0.01 * truth.spread)
    assert found.spread == pytest.approx(truth.spread, rel=0.01)
    for probability in (0.025, 0.5, 0.975):
        assert found.quantile(probability) == pytest.approx(
            truth.quantile(probability), abs=0.02 * truth.spread
        )


def test_quantiles_are_those_of_the_mixture():
    mixture = bayesian.Posterior(np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.5, 1.0]))
    for probability in (0.01, 0.3, 0.975):
        value = mixture.quantile(probability)
        exact = 0.3 * stats.norm.cdf(value, -1, 0.5) + 0.7 * stats.norm.cdf(value, 2, 1)
        assert exact == pytest.approx(probability, abs=1e-10)
    draws = np.where(
        np.random.default_rng(1).random(10**6) < 0.3,
        np.random.default_rng(2).normal(-1, 0.5, 10**6),
        np.random.default_rng(3).normal(2, 1, 10**6),
    )
    assert mixture.expected == pytest.approx(draws.mean(), abs=0.01)
    assert mixture.spread == pytest.approx(draws.std(), abs=0.01)


def test_it_speaks_in_probabilities_and_prints_no_p_value():
    outcomes = person(ORDER, 7, Truth(effect=0.4), np.random.default_rng(1))
    result = compare(outcomes, phases_of(ORDER, 7), method="bayesian", swc=0.05)
    assert math.isnan(result.p_value)
    assert result.details["probability_above_zero"] > 0.99
    shares = (
        result.details["probability_higher_by_more_than_swc"]
        + result.details["probability_lower_by_more_than_swc"]
    )
    assert shares <= 1
    assert "between-day SD flat" in result.details["priors"]


def test_it_refuses_what_the_default_refuses():
    outcomes = person(("off", "on"), 5, Truth(missing_days=0.0), np.random.default_rng(1))
    phases = phases_of(("off", "on"), 5)
    one, other = (compare(outcomes, phases, method=m) for m in ("bayesian", "default"))
    assert one.refused
    assert [r.why for r in one.refusals] == [r.why for r in other.refusals]


def normal(mean, sd):
    return bayesian.Posterior(np.ones(1), np.array([mean]), np.array([sd]))


def test_group_posterior_is_that_of_a_two_dimensional_integration():
    people = [
        normal(m, s)
        for m, s in zip([0.1, 0.4, -0.2, 0.3, 0.6], [0.2, 0.1, 0.3, 0.2, 0.1], strict=True)
    ]
    group = bayesian.hierarchical(people)
    mu, tau = np.linspace(-4, 4, 1601)[:, None], np.linspace(0, 1.6, 801)[1:][None, :]
    log = sum(
        stats.norm.logpdf(p.mean[0], mu, np.sqrt(p.sd[0] ** 2 + tau**2)) for p in people
    )  # fmt: skip
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    marginal = weight.sum(axis=1)
    expected = float((marginal * mu[:, 0]).sum())
    assert group.mean.expected == pytest.approx(expected, abs=0.005)
    cdf = np.cumsum(marginal)
    for probability in (0.025, 0.975):
        assert group.mean.quantile(probability) == pytest.approx(
            float(mu[np.searchsorted(cdf, probability), 0]), abs=0.04
        )


def cohort(n, rng, **truth):
    """People who differ in how they respond."""
    own = [
        person(ORDER[:4], 14, Truth(effect=0.3 + 0.1 * rng.normal(), **truth), rng)
        for _ in range(n)
    ]
    table = pd.concat([o.assign(subject=f"P{k}") for k, o in enumerate(own)])
    return table, phases_of(ORDER[:4], 14)


def test_people_are_drawn_towards_the_mean_and_nobody_is_dropped():
    table, phases = cohort(6, np.random.default_rng(2))
    some = table[(table["subject"] != "P5") | (table["time"].dt.day % 5 == 0)]  # few days
    result = compare(some, phases, method="bayesian")
    people = result.details["people"]
    assert [p["subject"] for p in people] == [f"P{k}" for k in range(6)]
    for p in people:
        assert abs(p["drawn_to_mean"] - result.estimate) <= abs(p["difference"] - result.estimate)
    prediction = result.details["prediction"]
    assert prediction["low"] < result.low < result.high < prediction["high"]


def test_random_slope_with_equal_standard_errors_is_the_two_stage_t_interval():
    effects = [0.3, 0.1, 0.5, -0.2, 0.4, 0.25]
    people = [two_stage.PersonEffect(f"P{k}", d, 0.1) for k, d in enumerate(effects)]
    one, _ = random_slope.by_precision(people, 0.95)
    other, _ = two_stage.equal_weights(people, 0.95)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
    assert one.se == pytest.approx(other.se, rel=1e-12)
    assert one.df == other.df


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_variance_between_people_is_at_the_maximum_of_the_restricted_likelihood(spread):
    rng = np.random.default_rng(4)
    variance = rng.uniform(0.01, 0.1, 12)
    effects = rng.normal(0.3, np.sqrt(variance + spread**2))
    found = responders.between_people(effects, variance)

    def height(tau2):
        return oracle.restricted_log_likelihood(effects, np.ones((12, 1)), np.diag(tau2 + variance))

    grid = np.linspace(0, 0.5, 2001)
    best = grid[np.argmax([height(g) for g in grid])]
    assert found == pytest.approx(best, abs=3e-4)


def test_a_person_without_a_model_of_their_own_counts_least():
    people = [two_stage.PersonEffect(f"P{k}", d, s) for k, (d, s) in enumerate(
        [(0.3, 0.1), (0.1, 0.2), (0.5, 0.15), (-0.2, 0.1), (0.4, math.nan)]
    )]  # fmt: skip
    _, details = random_slope.by_precision(people, 0.95)
    weights = details["weights"]
    assert weights["P4"] == min(weights.values()) > 0


def test_random_slope_of_days_agrees_with_the_two_stage_mean():
    table, phases = cohort(6, np.random.default_rng(5), phi=0.3)
    one = compare(table, phases, method="random_slope")
    other = compare(table, phases)
    assert one.df == other.df == 5
    assert one.estimate == pytest.approx(other.estimate, abs=0.5 * other.details["standard_error"])
    assert (
        "use 'default'"
        in compare(table[table["subject"] == "P0"], phases, method="random_slope").refusals[0].why
    )
