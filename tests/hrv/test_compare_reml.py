"""The REML fit and its Kenward–Roger inference against dense numerical twins and textbooks."""

from dataclasses import replace

import numpy as np
import oracles_compare as oracle
import pytest
from simulate_days import allowed_orders, ar1

from hrv.compare import reml
from hrv.compare.days import Days
from hrv.compare.mixed_ar1 import NUGGETS, day_model, likeliest, regressors
from hrv.errors import NotComputableError

NOISE = {"none": 0.0, "small": 0.01, "large": 0.05}


def data_set(seed, *, days=56, phi=0.5, noise="small", missing=0.15, design="8x7", full=False):
    """A fixed problem: scores, design matrix, lags and known noise."""
    rng = np.random.default_rng(seed)
    order = allowed_orders()[seed % 34] if design == "8x7" else ("off", "on")
    second = np.repeat([c == "on" for c in order], -(-days // len(order)))[:days]
    day = np.flatnonzero(rng.random(days) >= missing)
    variance = NOISE[noise] * rng.uniform(0.5, 2.0, day.size)
    known = np.diag(variance)
    if full:  # the correction for measuring hours is shared by days: not diagonal
        carried = rng.normal(size=(day.size, 2))
        known = known + 0.002 * carried @ carried.T
    y = 3.5 + 0.18 * ar1(days, phi, rng)[day] + np.sqrt(variance) * rng.normal(size=day.size)
    x = np.column_stack(
        (np.ones(day.size), second[day] - 0.5, (day % 7 >= 5) - 2 / 7, day / days - 0.5)
    )
    return reml.Problem(y, x, np.abs(day[:, None] - day), known)


FIXED = [
    data_set(1),
    data_set(2, noise="none"),
    data_set(3, phi=0.0),
    data_set(4, phi=0.7, design="AB"),
    data_set(5, phi=0.8, noise="none", design="AB"),
    data_set(6, days=28, design="AB", missing=0.0),
    data_set(7, days=112, phi=0.3),
    data_set(8, full=True),
    data_set(9, phi=0.3, noise="large"),
    data_set(11, phi=0.9, noise="none", missing=0.4),
    data_set(12, phi=0.0, noise="none"),
    data_set(21, phi=0.99, noise="none"),
]


@pytest.mark.parametrize("problem", FIXED, ids=range(len(FIXED)))
def test_agrees_with_dense_numerical_derivative_kenward_roger(problem):
    fitted = reml.fit(problem)
    found = reml.kenward_roger(fitted, 1)
    truth = oracle.kenward_roger(
        problem.y, problem.x, problem.lag, problem.noise, np.eye(problem.x.shape[1])[1]
    )
    n, p = problem.x.shape
    assert fitted.s2 == pytest.approx(truth.s2, rel=1e-6)
    assert fitted.phi == pytest.approx(truth.phi, abs=1e-6)
    assert found.estimate == pytest.approx(truth.estimate, abs=1e-6 * truth.plain_se)
    assert found.plain_se == pytest.approx(truth.plain_se, rel=1e-6)
    assert found.se == pytest.approx(max(truth.kr_se, truth.plain_se), rel=1e-6)
    assert found.df == pytest.approx(np.clip(truth.df, 1.5, n - p), rel=1e-6)


def test_the_fixed_data_sets_hold_both_bounds_and_both_standard_errors():
    fits = [reml.fit(problem) for problem in FIXED]
    inferences = [reml.kenward_roger(f, 1) for f in fits]
    assert min(f.phi for f in fits) == 0.0
    assert max(f.phi for f in fits) == reml.PHI_MAX
    assert any(i.se > 1.02 * i.plain_se for i in inferences)
    assert any(i.se == i.plain_se for i in inferences)


def test_reduces_to_least_squares_without_correlation_or_measurement_variance():
    problem = data_set(2, noise="none")
    found = reml.kenward_roger(reml.fit(problem, phi=0.0), 1)
    y, x = problem.y, problem.x
    beta, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    n, p = x.shape
    se = np.sqrt(rest[0] / (n - p) * np.linalg.inv(x.T @ x)[1, 1])
    assert found.estimate == pytest.approx(beta[1], rel=1e-9)
    assert found.se == pytest.approx(se, rel=1e-9)
    assert found.df == pytest.approx(n - p, rel=1e-9)


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.9])
def test_is_prais_winsten_for_a_known_correlation_and_no_missing_day(phi):
    problem = data_set(5, noise="none", missing=0.0)
    found = reml.kenward_roger(reml.fit(problem, phi=phi), 1)
    both = np.column_stack((problem.x, problem.y))
    white = np.vstack((np.sqrt(1 - phi**2) * both[:1], both[1:] - phi * both[:-1]))
    x, y = white[:, :-1], white[:, -1]
    beta, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    n, p = x.shape
    se = np.sqrt(rest[0] / (n - p) * np.linalg.inv(x.T @ x)[1, 1])
    assert found.estimate == pytest.approx(beta[1], rel=1e-9)
    assert found.se == pytest.approx(se, rel=1e-9)
    assert found.df == pytest.approx(n - p, rel=1e-9)


def test_score_and_hessian_are_the_derivatives_of_the_likelihood():
    problem, h = data_set(8, full=True), 1e-4
    at = np.array([0.03, 0.4])
    here = reml.evaluate(problem, *at)
    for i, step in enumerate((h * 0.03, h)):
        e = np.eye(2)[i] * step
        up, down = reml.evaluate(problem, *(at + e)), reml.evaluate(problem, *(at - e))
        slope = (up.log_likelihood - down.log_likelihood) / (2 * step)
        assert here.score[i] == pytest.approx(slope, rel=1e-5)
        np.testing.assert_allclose(here.hessian[i], (up.score - down.score) / (2 * step), rtol=1e-5)


def test_scaling_the_scores_scales_the_answer_and_shifting_does_not():
    problem = data_set(1)
    base = reml.kenward_roger(reml.fit(problem), 1)
    moved = reml.Problem(problem.y * 40 + 900, problem.x, problem.lag, problem.noise * 1600)
    other = reml.kenward_roger(reml.fit(moved), 1)
    assert other.estimate == pytest.approx(40 * base.estimate, rel=1e-7)
    assert other.se == pytest.approx(40 * base.se, rel=1e-7)
    assert other.df == pytest.approx(base.df, rel=1e-7)


def test_pure_measurement_noise_gives_a_finite_honest_interval():
    """Where phi is not identified the second-order term of Kenward–Roger must not run away."""
    widths = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        problem = data_set(seed, noise="large", phi=0.0)
        noise_only = reml.Problem(
            rng.normal(0, np.sqrt(np.diagonal(problem.noise))),
            problem.x, problem.lag, problem.noise,
        )  # fmt: skip
        found = reml.kenward_roger(reml.fit(noise_only), 1)
        assert found.se >= found.plain_se > 0
        widths.append(found.se / found.plain_se)
    assert max(widths) < 2


def test_scores_that_do_not_vary_are_refused():
    problem = data_set(1)
    flat = reml.Problem(np.full(problem.y.size, 3.0), problem.x, problem.lag, problem.noise)
    with pytest.raises(NotComputableError, match="do not vary"):
        reml.fit(flat)


@pytest.mark.parametrize("every", [2, 3])
def test_days_that_are_never_neighbours_still_get_an_answer(every):
    """At phi = 0 every derivative of V in phi vanishes then; the fit must not stop there."""
    problem = data_set(4, days=84, phi=0.9, noise="none", missing=0.0)
    rows = np.arange(0, 84, every)
    apart = reml.Problem(
        problem.y[rows], problem.x[rows], problem.lag[np.ix_(rows, rows)],
        problem.noise[np.ix_(rows, rows)],
    )  # fmt: skip
    fitted = reml.fit(apart)
    assert fitted.phi > 0.5
    assert reml.kenward_roger(fitted, 1).se > 0


def test_any_well_formed_problem_gets_finite_numbers_at_a_maximum():
    """Noise from none to a hundred times the scatter, outliers, random walks, rounded values."""
    rng = np.random.default_rng(0)
    for _ in range(150):
        n = int(rng.integers(8, 40))
        day = np.sort(rng.choice(60, n, replace=False))
        second = rng.permutation(np.arange(n) % 2)
        x = np.column_stack((np.ones(n), second - 0.5, day / 60 - 0.5))
        kind = rng.integers(4)
        y = rng.normal(size=n) * 10 ** rng.uniform(-3, 3)
        y = [y, np.cumsum(y), np.where(day == day[n // 2], 50 * y, y), np.round(2 * y / y.std())][
            kind
        ]
        sd = y.std() * 10 ** rng.uniform(-3, 2, n) * (rng.random() < 0.7)
        problem = reml.Problem(y, x, np.abs(day[:, None] - day), np.diag(sd**2))
        fitted = reml.fit(problem)
        found = reml.kenward_roger(fitted, 1)
        assert np.isfinite([found.estimate, found.se, found.df]).all()
        assert found.se >= found.plain_se > 0
        assert 1.5 <= found.df <= n - 3
        for s2, phi in ((0.98, 0), (1.02, 0), (1, -0.02), (1, 0.02)):
            near = max(fitted.s2 * s2 / fitted.unit**2, reml.S2_FLOOR)
            at = (near, float(np.clip(fitted.phi + phi, 0.0, reml.PHI_MAX)))
            scaled = reml.Problem(
                (y - y.mean()) / fitted.unit, x, problem.lag, problem.noise / fitted.unit**2
            )
            assert reml.evaluate(scaled, *at).log_likelihood <= fitted.point.log_likelihood + 1e-3


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_nugget_is_the_share_that_days_do_not_have_in_common(share, monkeypatch):
    """The dense twin with every correlation between different days shrunken by that share."""
    problem = replace(data_set(5, phi=0.8, noise="none"), nugget=share)
    found = reml.kenward_roger(reml.fit(problem), 1)
    whole = oracle.covariance

    def shrunken(s2, phi, lag, noise):
        return whole(s2, phi, lag, noise) * np.where(lag == 0, 1.0, 1 - share)

    monkeypatch.setattr(oracle, "covariance", shrunken)
    truth = oracle.kenward_roger(
        problem.y, problem.x, problem.lag, problem.noise, np.eye(problem.x.shape[1])[1]
    )
    assert found.estimate == pytest.approx(truth.estimate, abs=1e-6 * truth.plain_se)
    assert found.se == pytest.approx(max(truth.kr_se, truth.plain_se), rel=1e-6)


def test_the_scatter_of_single_tests_is_not_taken_for_days_that_differ():
    """One test a day without a standard error: the likeliest nugget stands for it."""
    rng = np.random.default_rng(12)
    level = 0.2 * ar1(112, 0.8, rng)
    days = Days(
        day=np.arange(112), score=level + 0.25 * rng.normal(size=112), count=np.ones(112, int),
        noise=np.zeros((112, 112)), second=np.arange(112) // 14 % 2 == 1,
        block=np.arange(112) // 14, weekend=np.arange(112) % 7 >= 5,
        covariates=np.zeros((112, 0)), names=(), within_sd=np.nan, noise_from="none", adjusted=(),
    )  # fmt: skip
    model = day_model(days, trend=True)
    alone = reml.fit(
        reml.Problem(days.score, regressors(days, trend=True)[0], days.lag, days.noise)
    )
    assert model.fit.nugget > 0
    assert model.fit.log_likelihood > alone.log_likelihood
    assert model.fit.phi > alone.phi
    assert model.between_sd < np.sqrt(alone.s2)


@pytest.mark.parametrize("noise", ["none", "small", "large"])
def test_of_two_hills_the_higher_one_is_climbed(noise):
    """Few days can be read as smooth or as noisy; a dense grid of the oracle finds no better."""
    grid = [(s2, phi) for s2 in np.geomspace(1e-3, 0.3, 25) for phi in np.linspace(0, 0.95, 25)]
    for seed in range(100, 112):
        problem = data_set(seed, days=28, phi=0.5, noise=noise, design="AB")
        fitted = reml.fit(problem)

        def height(s2, phi, problem=problem):
            v = oracle.covariance(s2, phi, problem.lag, problem.noise)
            return oracle.restricted_log_likelihood(problem.y, problem.x, v)

        best = max(height(*at) for at in grid)
        assert height(fitted.s2, fitted.phi) >= best - 1e-6


def test_the_likeliest_nugget_is_found_on_its_highest_hill():
    """Each nugget fitted from many starts: none is likelier than the one that was chosen."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        score = 0.18 * ar1(42, 0.5, rng) + 0.25 * rng.normal(size=42)
        days = Days(
            day=np.arange(42), score=score, count=np.ones(42, int), noise=np.zeros((42, 42)),
            second=np.arange(42) // 7 % 2 == 1, block=np.arange(42) // 7,
            weekend=np.arange(42) % 7 >= 5, covariates=np.zeros((42, 0)), names=(),
            within_sd=np.nan, noise_from="none", adjusted=(),
        )  # fmt: skip
        x = regressors(days, trend=True)[0]
        chosen = likeliest(days, x)
        variance = float(np.var(score))
        starts = [(variance, phi) for phi in (0.0, 0.3, 0.6, 0.9, 0.95)]
        rivals = [
            reml.fit(reml.Problem(score, x, days.lag, days.noise, nugget), start=at)
            for nugget in NUGGETS
            for at in starts
        ]
        assert chosen.log_likelihood >= max(f.log_likelihood for f in rivals) - 0.01
