"""Times known only as "at least" or between two ends: slow twins, bias, and refusals."""

import numpy as np
import pytest
from scipy import special, stats
from simulate_days import Truth, ar1, person, phases_of

from hrv.compare import compare
from hrv.compare.censored import Intervals, _truncated, settle
from hrv.compare.days import Days
from hrv.compare.mixed_ar1 import day_model, regressors
from hrv.errors import InputError

ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")
SECOND = np.repeat([c == "on" for c in ORDER], 7)


def days_of(score, day=None):
    day = np.arange(56) if day is None else day
    n = day.size
    return Days(
        day=day, score=score, count=np.ones(n, int), noise=np.zeros((n, n)), second=SECOND[day],
        block=day // 7, weekend=day % 7 >= 5, covariates=np.zeros((n, 0)), names=(),
        within_sd=np.nan, noise_from="none", adjusted=(),
    )  # fmt: skip


def drawn(seed=1, effect=0.0, share=1 / 3):
    """One test a day, a share of them cut off: (as seen, as it was)."""
    rng = np.random.default_rng(seed)
    value = 4.5 + 0.2 * ar1(56, 0.5, rng) + 0.25 * rng.normal(size=56) + effect * SECOND
    end = np.quantile(value, 1 - share) if share else np.inf
    seen = Intervals(days_of(np.minimum(value, end)), np.where(value > end, np.inf, value))
    return seen, value


def test_nothing_censored_is_the_default():
    seen, value = drawn(share=0)
    model = day_model(days_of(value), trend=True)
    found = settle(seen, trend=True)
    assert found.inference == model.inference


def test_an_interval_shrunk_to_a_point_is_an_exact_value():
    """The sites of very narrow intervals give what the values themselves give."""
    seen, value = drawn(share=0)
    close = Intervals(days_of(value - 1e-7), value + 1e-7)
    wanted, found = (settle(s, trend=True).inference for s in (seen, close))
    assert found.estimate == pytest.approx(wanted.estimate, abs=1e-3 * wanted.se)
    assert found.se == pytest.approx(wanted.se, rel=1e-2)


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.5, np.inf), (-30.0, np.inf), (8.0, np.inf), (-0.2, 0.9), (3.0, 3.4), (-4.1, -4.0)],
)
def test_moments_of_what_lies_between_two_ends_are_those_of_scipy(low, high):
    mean, sd = 0.3, 0.8
    truth = stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd)
    middle, variance = _truncated(*np.array([[mean], [sd**2], [low], [high]]))
    assert middle[0] == pytest.approx(truth.mean(), rel=1e-6)
    assert variance[0] == pytest.approx(truth.var(), rel=1e-5)


def test_given_the_variances_the_difference_is_that_of_a_sampler():
    """Gibbs draws of the censored values and of every coefficient, variances held fixed."""
    seen, _ = drawn(3)
    found = settle(seen, trend=True)
    x = regressors(seen.days, trend=True)[0]
    share = found.fit.nugget
    v = found.fit.s2 * ((1 - share) * found.fit.phi**seen.days.lag + share * np.eye(56))
    precision = np.linalg.inv(v)
    cov = np.linalg.inv(x.T @ precision @ x)
    p = precision - precision @ x @ cov @ x.T @ precision  # coefficients integrated out
    rng, z, draws = np.random.default_rng(0), found.score.copy(), []
    rows = np.flatnonzero(seen.open)
    z[rows] = np.maximum(z[rows], seen.days.score[rows] + 0.01)
    for sweep in range(3000):
        for i in rows:
            sd = 1 / np.sqrt(p[i, i])
            mean = z[i] - p[i] @ z / p[i, i]
            above = special.ndtr((mean - seen.days.score[i]) / sd)
            z[i] = mean - sd * special.ndtri(rng.uniform() * above)
        if sweep >= 200:
            draws.append((cov @ x.T @ precision @ z)[1])
    spread = np.sqrt(np.var(draws) + cov[1, 1])
    error = np.std(draws) / np.sqrt(len(draws) / 10)
    assert found.inference.estimate == pytest.approx(np.mean(draws), abs=3 * error + 0.01 * spread)
    assert found.inference.plain_se == pytest.approx(spread, rel=0.03)


def test_dropping_or_taking_censored_times_as_they_are_would_be_biased():
    found, taken, dropped = [], [], []
    for seed in range(12):
        seen, value = drawn(seed, effect=0.3)
        exact = ~seen.open
        found.append(settle(seen, trend=False).inference.estimate - 0.3)
        taken.append(seen.days.score[SECOND].mean() - seen.days.score[~SECOND].mean() - 0.3)
        dropped.append(value[SECOND & exact].mean() - value[~SECOND & exact].mean() - 0.3)
    assert abs(np.mean(found)) < 0.05
    assert np.mean(taken) < -0.06
    assert np.mean(dropped) < -0.12


def test_an_effect_on_censored_times_is_found_where_plain_means_shrink_it():
    truth = Truth(effect=-0.5, day_sd=0.1, within_sd=0.1, per_day=2, circadian=0.0)
    data = person(ORDER, 7, truth, np.random.default_rng(4))
    end = data["value"].quantile(0.6)
    late = data["value"] > end
    cut = data.assign(value=data["value"].clip(upper=end))
    result = compare(cut.assign(censored=late), phases_of(ORDER, 7), method="censored", scale="log")
    plain = compare(cut, phases_of(ORDER, 7), method="block_means", scale="log")
    assert result.low < -0.5 < result.high
    assert plain.estimate > -0.4
    assert "% lower with 'on' than with 'off'" in result.sentence
    assert result.details["censored"] == late.sum()


def test_times_between_two_ends_are_taken_as_such():
    data = person(ORDER, 7, Truth(effect=0.3, per_day=1), np.random.default_rng(5))
    grid = np.floor(data["value"] / 0.25) * 0.25
    coarse = data.assign(value=grid, upper=grid + 0.25)
    exact = compare(data, phases_of(ORDER, 7))
    found = compare(coarse, phases_of(ORDER, 7), method="censored")
    assert found.details["between_two_ends"] == len(data)
    assert found.estimate == pytest.approx(
        exact.estimate, abs=0.5 * exact.details["standard_error"]
    )
    with pytest.raises(InputError, match="takes no values known only as"):
        compare(coarse, phases_of(ORDER, 7))


def test_a_condition_of_nothing_but_at_least_is_refused():
    data = person(ORDER, 7, Truth(per_day=1), np.random.default_rng(1))
    day = (data["time"] - data["time"].min().normalize()).dt.days
    hidden = data.assign(censored=SECOND[day.to_numpy()])
    result = compare(hidden, phases_of(ORDER, 7), method="censored")
    assert result.verdict == "refused"
    assert "every value under 'on' is known only as 'at least'" in result.sentence


def test_the_ends_must_make_sense():
    data = person(ORDER, 7, Truth(per_day=1), np.random.default_rng(1))
    with pytest.raises(InputError, match="'censored' must hold true or false"):
        compare(data.assign(censored="late"), phases_of(ORDER, 7), method="censored")
    upper = np.where(np.arange(len(data)) == 2, data["value"] - 1, np.nan)
    with pytest.raises(InputError, match=r"row 3: the upper end .* is below the value"):
        compare(data.assign(upper=upper), phases_of(ORDER, 7), method="censored")
