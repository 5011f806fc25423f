"""Method `censored`: the day model for times known only as "at least", or between two ends.

A recovery that outlasts its recording is known to be at least so long; dropping it, or taking
the end of the recording for it, makes slow recoveries fast.  Here it enters the likelihood as
the interval it lies in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hrv.compare import checks, mixed_ar1, results
from hrv.compare.base import Design
from hrv.compare.days import Days, day_scores, observed
from hrv.compare.reml import Fit, Inference, Problem, evaluate, fit, kenward_roger
from hrv.errors import NotComputableError
from hrv.types import Bool, Comparison, Float, Refusal

NAME = "censored"
_SWEEPS = 60
_SETTLED = 1e-6
"""Change of the difference, in standard errors, below which sites and variances have settled."""
_CHOOSE = 6
"""Sweeps after which the nugget is no longer chosen anew."""
_LEAST_PRECISION = 1e-3
"""Smallest precision of a site, in that of its forecast: below, an interval says nothing."""
_NARROW = 1e-2
_TREATMENT = 1


@dataclass(frozen=True, eq=False)
class Intervals:
    """Tests of one person, each known to lie in an interval.

    Parameters
    ----------
    days : Days
        One entry a test, in time order (several may share a day); its score is the lower end.
    upper : float64[n]
        Upper end: the score itself where it is known exactly, infinite where it is "at least".
    """

    days: Days
    upper: Float

    @property
    def open(self) -> Bool:
        """bool[n]: tests that are not known exactly."""
        return np.asarray(self.upper > self.days.score, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Settled:
    """The fitted model.

    Parameters
    ----------
    fit : Fit
        REML fit to exact values and sites.
    score, variance : float64[n]
        Exact values and sites: what stands for each interval, and its variance (0 if exact).
    inference : Inference
        The difference between conditions.
    """

    fit: Fit
    score: Float
    variance: Float
    inference: Inference


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Compare two conditions of one person by the day model with intervals for values.

    The model is that of `default` for single tests: condition, weekend and trend, days that
    resemble their neighbours (AR(1)), and a share of the scatter that is the test's own.  The
    likelihood of correlated censored values is an integral over all of them at once; it is
    approximated by expectation propagation (Minka 2001, arXiv:1301.2294): each interval is
    replaced by the normal observation, its *site*, that leads to the mean and variance of the
    value given its interval and all other tests.  Given the sites the likelihood is that of
    `default`, and at the fixed point its maximum is that of the approximation too, so variances
    and inference are those of REML and Kenward & Roger (1997).  For logarithms of times this is
    a log-normal regression with autoregressive errors and censored values (Schumacher, Lachos &
    Dey 2017, Canadian Journal of Statistics 45:375-392, doi:10.1002/cjs.11338).

    Parameters
    ----------
    design : Design
        The validated comparison, of one person.
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Refused where the default is, and where every value of a condition is only "at least".
    """
    refusals = checks.single_person(design, NAME)
    if refusals:
        return results.refused(design, NAME, refusals)
    subject = design.subjects[0]
    blocks = checks.blocks_of(design, subject)
    by_day = day_scores(design, subject)
    seen = intervals(design, subject)
    flags = [*checks.design_flags(design, blocks, by_day),
             *checks.hours_flag(design, subject, by_day)]  # fmt: skip
    details: dict[str, Any] = {
        "counts": checks.counts(design), "observations": len(seen.upper),
        "censored": int(np.isinf(seen.upper).sum()),
        "between_two_ends": int((seen.open & np.isfinite(seen.upper)).sum()),
    }  # fmt: skip
    refusals = [*checks.too_little(design, blocks), *_all_open(design, seen)]
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=details)
    try:
        found = settle(seen, trend=design.settings.trend is not False)
    except NotComputableError as error:
        refused = [Refusal("estimate", str(error))]
        return results.refused(design, NAME, refused, flags=flags, details=details)
    between = mixed_ar1.between_sd(found.fit)
    swc = 0.5 * between if design.settings.swc is None else design.settings.swc
    details |= {
        "between_day_sd": between, "phi": found.fit.phi, "nugget_share": found.fit.nugget,
        "plain_standard_error": found.inference.plain_se,
    }  # fmt: skip
    return results.answer(design, NAME, found.inference, swc=swc, flags=flags, details=details)


def _all_open(design: Design, seen: Intervals) -> list[Refusal]:
    """Refuse a condition without any upper end: nothing bounds its middle from above."""
    return [
        Refusal(
            "estimate",
            f"every value under {name!r} is known only as 'at least', so how long it takes has no "
            "upper end",
        )
        for name, second in zip(design.conditions, (False, True), strict=True)
        if np.isinf(seen.upper[seen.days.second == second]).all() and len(seen.upper)
    ]


def intervals(design: Design, subject: str) -> Intervals:
    """Take one person's used tests out of the table, one entry a test."""
    own = observed(design, subject)
    table = design.outcomes
    rows = table["excluded"].eq("") & table["subject"].eq(subject)
    ends = table.loc[rows, "upper"].to_numpy(dtype=np.float64)
    upper = np.where(table.loc[rows, "censored"], np.inf, np.where(np.isnan(ends), own.value, ends))
    covariates, names = own.covariates, own.names
    if own.day.size > 1.5 * np.unique(own.day).size:  # several a day: the rhythm can be told
        angle = own.hour * (2 * np.pi / 24)
        covariates = np.column_stack((covariates, np.cos(angle), np.sin(angle)))
        names = (*names, "time of day (cos)", "time of day (sin)")
    n = own.day.size
    days = Days(
        day=own.day, score=own.value, count=np.ones(n, dtype=np.int64), noise=np.zeros((n, n)),
        second=own.second, block=own.block, weekend=np.isin((own.day + 3) % 7, (5, 6)),
        covariates=covariates, names=names, within_sd=np.nan, noise_from="none", adjusted=(),
    )  # fmt: skip
    return Intervals(days, np.asarray(upper, dtype=np.float64))


def settle(seen: Intervals, *, trend: bool) -> Settled:
    """Alternate between sites and REML until the difference between conditions stands still.

    Raises
    ------
    NotComputableError
        If the values do not vary, the regressors cannot be told apart, or nothing settles.
    """
    days = seen.days
    x, names = mixed_ar1.regressors(days, trend=trend)
    mixed_ar1.check_separable(x, names)
    if not seen.open.any() and np.unique(days.day).size == days.day.size:
        known = mixed_ar1.likeliest(days, x)
        return Settled(known, days.score, 0 * days.score, kenward_roger(known, _TREATMENT))
    unit = float(np.std(days.score - x @ np.linalg.lstsq(x, days.score, rcond=None)[0]))
    if not unit > 0:
        raise NotComputableError("the values do not vary, so no uncertainty can be known")
    score, variance = days.score.copy(), np.where(seen.open, unit**2, 0.0)
    # without a nugget a test would have no error of its own
    fits = dict.fromkeys(mixed_ar1.NUGGETS[1:], (unit**2, 0.3))
    last = np.inf
    for sweep in range(_SWEEPS):
        problem = Problem(score, x, days.lag, np.diag(variance))
        best, fits = _climb_on(problem, fits, unit)
        if sweep == _CHOOSE:
            fits = {best.nugget: fits[best.nugget]}
        inference = kenward_roger(best, _TREATMENT)
        if sweep > _CHOOSE and abs(inference.estimate - last) <= _SETTLED * inference.plain_se:
            return Settled(best, score, variance, inference)
        last = inference.estimate
        score, variance = _sites(seen, replace(problem, nugget=best.nugget), best)
    raise NotComputableError("the censored values and the day model did not settle")


def _climb_on(
    problem: Problem, starts: dict[float, tuple[float, float]], unit: float
) -> tuple[Fit, dict[float, tuple[float, float]]]:
    """Fit every nugget from where it stood; return the likeliest, and where each stands now."""
    found = {
        nugget: fit(replace(problem, nugget=nugget), start=start, unit=unit)
        for nugget, start in starts.items()
    }
    best = max(found.values(), key=lambda f: f.log_likelihood)
    return best, {nugget: (f.s2, f.phi) for nugget, f in found.items()}


def _sites(seen: Intervals, problem: Problem, found: Fit) -> tuple[Float, Float]:
    """Renew the site of every interval from the forecast that all other tests make of it.

    With P as in REML, the forecast of score i from the others, coefficients integrated out, has
    mean ``y_i - (P y)_i / P_ii`` and variance ``1 / P_ii`` (the site's own variance included).
    """
    here = evaluate(problem, found.s2, found.phi)
    p = here.vi - here.vix @ here.phi_x @ here.vix.T
    rows = np.flatnonzero(seen.open)
    precision = np.diagonal(p)[rows]
    y, old = problem.y[rows], np.diagonal(problem.noise)[rows]
    mean = y - (p @ (problem.y - problem.y.mean()))[rows] / precision
    variance = np.maximum(1 / precision - old, 1e-9 * found.unit**2)
    middle, spread = _truncated(mean, variance, seen.days.score[rows], seen.upper[rows])
    gained = np.maximum(1 / spread - 1 / variance, _LEAST_PRECISION / variance)
    site = middle + (middle - mean) / (variance * gained)
    out, noise = problem.y.copy(), np.diagonal(problem.noise).copy()
    out[rows], noise[rows] = site, 1 / gained
    return out, noise


def _truncated(mean: Float, variance: Float, low: Float, high: Float) -> tuple[Float, Float]:
    """Mean and variance of normal variables given that each lies between its two ends."""
    from scipy.special import log_ndtr  # lazily: costs start-up

    sd = np.sqrt(variance)
    a, b = (low - mean) / sd, (high - mean) / sd
    flip = a + b > 0  # work in the lower tail, where the logarithms are exact
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    log_b = log_ndtr(b)
    log_mass = log_b + np.log1p(-np.exp(np.minimum(log_ndtr(a) - log_b, -1e-300)))
    at_a, at_b = (np.exp(-0.5 * e**2 - 0.5 * np.log(2 * np.pi) - log_mass) for e in (a, b))
    a, b = (np.where(np.isinf(e), 0.0, e) for e in (a, b))
    first = at_a - at_b
    second = 1 + a * at_a - b * at_b - first**2
    narrow = np.isfinite(high) & ((high - low) < _NARROW * sd)
    width = np.where(narrow, high - low, 0.0)
    moved = mean + sd * np.where(flip, -first, first)
    return (
        np.where(narrow, low + 0.5 * width, moved),
        np.where(narrow, np.maximum(width**2 / 12, 1e-12 * variance), variance * second),
    )
