"""Method `bayesian`: the day model with stated priors, summed exactly over a grid; no sampler.

Given the between-day SD s and the day-to-day correlation phi (and the nugget, where each
measurement's own uncertainty is unknown) the difference between conditions is normal; its
posterior is the mixture of these normals over the grid, so that quantiles and probabilities are
exact up to the grid and the same every time.

Priors: flat on every coefficient and on s from zero up (Gelman 2006, Bayesian Analysis
1:515-534, doi:10.1214/06-BA117A), ``1 / sqrt(1 - phi**2)`` on phi from 0 to 0.95 (the reference
prior of an AR(1), Berger & Yang 1994, Econometric Theory 10:461-482; a uniform one trusts
correlated days too much) and uniform on the nugget from 0 to 0.8.
For a group each person's true difference is normal around the mean of all, with flat priors on
that mean and on the SD between people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrv.compare import checks, mixed_ar1, results, two_stage
from hrv.compare.base import Design
from hrv.compare.days import Days, day_scores
from hrv.compare.reml import Problem, scale
from hrv.errors import NotComputableError
from hrv.types import Comparison, Float, Refusal

NAME = "bayesian"
_SD_STEPS = 20
_PHIS = np.asarray((np.arange(12) + 0.5) * (0.95 / 12), dtype=np.float64)
_SD_MAX = 3.0
"""Largest between-day SD of the grid, in residual (or measurement) SD."""
_NEGLIGIBLE = 1e-13
_TAU_STEPS, _MEAN_STEPS = 40, 161
PRIORS = (
    "coefficients flat; between-day SD flat from zero; day-to-day correlation phi from 0 to 0.95 "
    "as 1/sqrt(1 - phi^2)"
)


@dataclass(frozen=True, eq=False)
class Posterior:
    """A mixture of normals.

    Parameters
    ----------
    weight, mean, sd : float64[k]
        Weights (sum 1), means and SDs.
    """

    weight: Float
    mean: Float
    sd: Float

    @property
    def expected(self) -> float:
        """Posterior mean."""
        return float(self.weight @ self.mean)

    @property
    def spread(self) -> float:
        """Posterior SD."""
        second = self.weight @ (self.sd**2 + self.mean**2)
        return float(np.sqrt(second - self.expected**2))

    def below(self, value: float) -> float:
        """Probability of a smaller difference."""
        from scipy import special  # lazily: costs start-up

        return float(self.weight @ special.ndtr((value - self.mean) / self.sd))

    def quantile(self, probability: float) -> float:
        """Quantile, found to rounding between the outermost component quantiles."""
        from scipy import optimize, special  # lazily: costs start-up

        ends = self.mean + self.sd * special.ndtri(probability)
        low, high = float(ends.min()), float(ends.max())
        if low == high:
            return low
        return float(
            optimize.brentq(
                lambda v: self.below(v) - probability, low, high, xtol=1e-12 + 1e-13 * abs(low)
            )
        )


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Posterior of the difference of one person, or of the mean difference of several.

    Parameters
    ----------
    design : Design
        The validated comparison.
    rng : Generator
        Not used: nothing is sampled.

    Returns
    -------
    Comparison
        The estimate is the posterior mean, the interval central.  There is no p-value:
        ``details`` has the probabilities of a difference above zero and beyond the smallest
        worthwhile change either way.  Refused where the default is.
    """
    if len(design.subjects) > 1:
        return _group(design)
    subject = design.subjects[0]
    blocks = checks.blocks_of(design, subject)
    days = day_scores(design, subject)
    flags = checks.design_flags(design, blocks, days)
    details: dict[str, Any] = {"counts": checks.counts(design), "priors": PRIORS}
    refusals = checks.too_little(design, blocks)
    if not refusals:
        try:
            found = posterior(days, trend=design.settings.trend is not False)
            model = mixed_ar1.day_model(days, trend=design.settings.trend is not False)
        except NotComputableError as error:
            refusals = [Refusal("estimate", str(error))]
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=details)
    return _answer(design, found, mixed_ar1.worthwhile(design, model), flags, details)


def posterior(days: Days, *, trend: bool) -> Posterior:
    """Posterior of the difference between conditions.

    Raises
    ------
    NotComputableError
        If the regressors cannot be told apart or the scores do not vary.
    """
    x, names = mixed_ar1.regressors(days, trend=trend)
    mixed_ar1.check_separable(x, names)
    shares = mixed_ar1.NUGGETS if days.noise_from == "none" else mixed_ar1.NUGGETS[:1]
    parts = [
        grid(Problem(days.score, x, days.lag, days.noise, share), _sds(), _PHIS) for share in shares
    ]
    prior = np.repeat(-0.5 * np.log(1 - _PHIS**2), _SD_STEPS)
    height = np.concatenate([part.log_likelihood + prior for part in parts])
    weight = np.exp(height - height.max())
    kept = weight > _NEGLIGIBLE * weight.max()
    mean = np.concatenate([part.mean for part in parts])[kept]
    sd = np.concatenate([part.sd for part in parts])[kept]
    return Posterior(weight[kept] / weight[kept].sum(), mean, sd)


@dataclass(frozen=True, eq=False)
class Grid:
    """The treatment coefficient over a grid of between-day SD and phi.

    Parameters
    ----------
    log_likelihood : float64[k]
        Restricted log-likelihood up to a constant.
    mean, sd : float64[k]
        Estimate and plain standard error of the coefficient, in units of the score.
    """

    log_likelihood: Float
    mean: Float
    sd: Float


def grid(problem: Problem, sds: Float, phis: Float, index: int = 1) -> Grid:
    """Evaluate one coefficient at every pair of `sds` (in units of the scatter) and `phis`.

    Raises
    ------
    NotComputableError
        If the scores leave no residual variation.
    """
    from scipy.linalg import lapack  # lazily: costs start-up

    scaled, unit = scale(problem)
    p = problem.x.shape[1]
    # with the coefficient's column last but the scores, the triangular factor names it directly
    order = [j for j in range(p) if j != index] + [index]
    both = np.column_stack((scaled.x[:, order], scaled.y))
    out = []
    for phi in phis:
        r = scaled.kernel(float(phi)).r
        for sd in sds:
            root, failed = lapack.dpotrf(sd**2 * r + scaled.noise, lower=1)
            if failed:
                raise NotComputableError("the covariance of the day scores cannot be inverted")
            white = lapack.dtrtrs(root, both, lower=1)[0]
            factor = lapack.dgeqrf(white)[0]
            corner = np.abs(np.diagonal(factor))
            height = -np.log(np.diagonal(root)).sum() - np.log(corner[:p]).sum()
            pivot = factor[p - 1, p - 1]
            out.append((
                height - 0.5 * corner[p] ** 2, factor[p - 1, p] / pivot, 1 / abs(pivot)
            ))  # fmt: skip
    height, mean, sd = np.array(out).T
    return Grid(height, mean * unit, sd * unit)


def _sds() -> Float:
    """Between-day SDs of equal prior weight, in residual SDs: midpoints of equal steps."""
    return np.asarray((np.arange(_SD_STEPS) + 0.5) * (_SD_MAX / _SD_STEPS), dtype=np.float64)


def _answer(
    design: Design, found: Posterior, swc: float, flags: Sequence[str], details: dict[str, Any]
) -> Comparison:
    tail = (1 - design.settings.level) / 2
    triple = (found.expected, found.quantile(tail), found.quantile(1 - tail))
    margin = swc if math.isfinite(swc) else 0.0
    more = {
        "posterior_sd": found.spread,
        "probability_above_zero": 1 - found.below(0.0),
        "probability_higher_by_more_than_swc": 1 - found.below(margin),
        "probability_lower_by_more_than_swc": found.below(-margin),
        **details,
    }
    return results.comparison(
        design, NAME, triple, math.nan, math.nan, swc=swc, flags=flags, details=more
    )


@dataclass(frozen=True, eq=False)
class Group:
    """Posterior of a group.

    Parameters
    ----------
    mean : Posterior
        Of the mean difference.
    next_person : Posterior
        Of the true difference of a person not yet seen.
    sd_people : float
        Posterior mean of the SD between people's true differences.
    people : tuple of Posterior
        Each person's own true difference, drawn towards the mean as the data say.
    """

    mean: Posterior
    next_person: Posterior
    sd_people: float
    people: tuple[Posterior, ...]


def hierarchical(people: Sequence[Posterior]) -> Group:
    """Exact posterior over a grid of the SD between people; the mean is integrated out.

    Each person's mixture is first brought to one normal of the same mean and SD: with tens of
    components a person the exact mixture has more terms than atoms, and simulation shows the
    interval keeps its coverage.
    """
    effect = np.array([person.expected for person in people])
    variance = np.array([person.spread for person in people]) ** 2
    spread = math.sqrt(float(effect.var(ddof=1)) + float(variance.mean()))
    tau = (np.arange(_TAU_STEPS) + 0.5) * (4 * spread / _TAU_STEPS)
    total = tau[:, None] ** 2 + variance
    weight = 1 / total
    sum_ = weight.sum(axis=1)
    mean = (weight * effect).sum(axis=1) / sum_
    height = -0.5 * (
        np.log(total).sum(axis=1)
        + np.log(sum_)
        + (weight * (effect - mean[:, None]) ** 2).sum(axis=1)
    )
    share = np.exp(height - height.max())
    share /= share.sum()
    own = tuple(
        Posterior(
            share,
            mean + (tau**2 / total[:, i]) * (effect[i] - mean),
            np.sqrt(tau**2 * v / total[:, i] + (v / total[:, i]) ** 2 / sum_),
        )
        for i, v in enumerate(variance)
    )
    return Group(
        Posterior(share, mean, 1 / np.sqrt(sum_)),
        Posterior(share, mean, np.sqrt(1 / sum_ + tau**2)),
        float(share @ tau),
        own,
    )


def _group(design: Design) -> Comparison:
    found = [person_posterior(design, subject) for subject in design.subjects]
    named = list(zip(design.subjects, found, strict=True))
    flags = checks.start_flags(design) + [
        f"{subject!r} cannot be counted: no difference can be worked out"
        for subject, own in named
        if own is None
    ]
    counted = [(subject, own) for subject, own in named if own is not None]
    details: dict[str, Any] = {
        "counts": checks.counts(design),
        "priors": f"{PRIORS}; mean and SD between people flat",
    }
    refusal = two_stage.too_few_people(np.array([own.expected for _, own in counted]))
    if refusal is not None:
        return results.refused(design, NAME, [refusal], flags=flags, details=details)
    group = hierarchical([own for _, own in counted])
    tail = (1 - design.settings.level) / 2
    details |= {
        "n_people": len(counted),
        "sd_people": group.sd_people,
        "prediction": {
            "low": group.next_person.quantile(tail), "high": group.next_person.quantile(1 - tail)
        },
        "people": [
            {
                "subject": subject, "difference": own.expected, "drawn_to_mean": shrunk.expected,
                "low": shrunk.quantile(tail), "high": shrunk.quantile(1 - tail),
            }
            for (subject, own), shrunk in zip(counted, group.people, strict=True)
        ],
    }  # fmt: skip
    swc = design.settings.swc
    return _answer(design, group.mean, math.nan if swc is None else swc, flags, details)


def person_posterior(design: Design, subject: str) -> Posterior | None:
    """Posterior of one person of a group, whose own gates do not apply; None without any."""
    days = day_scores(design, subject)
    for trend in (design.settings.trend is not False, False):
        try:
            return posterior(days, trend=trend)
        except NotComputableError:
            continue
    return None
