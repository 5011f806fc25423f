"""REML and Kenward–Roger for day scores: AR(1) days plus a known measurement covariance.

The model of one person's n day scores is ``y ~ N(X b, V)`` with

    V(s2, phi) = s2 * phi**lag + noise

where ``lag`` holds the calendar days between scores (a missing day is simply absent) and
``noise`` is known: what averaging a handful of observations a day leaves behind.  Where it is
not known (one test a day), a share of s2, the *nugget*, may stand for it: that part of a day
is not shared with its neighbours.  Everything is dense: n is the number of days one person
was measured, tens to a few hundred.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hrv.compare import hill
from hrv.compare.kernel import Kernel, kernel
from hrv.errors import NotComputableError
from hrv.types import Float, Int

PHI_MAX = 0.95
"""Largest day-to-day correlation searched; nearer to 1, days and trend cannot be told apart."""
S2_FLOOR = 1e-6
"""Smallest between-day variance searched, as a share of the residual or the noise variance."""
DF_MIN = 1.5
"""Smallest Kenward–Roger degrees of freedom: below, the t interval has no use."""
_PHI_APART = 0.01
"""Smallest phi searched where no two days are neighbours: at 0 its derivatives all vanish."""
_PHI_STEPS = 8
_MAX_STEPS = 100
_LAST_STEP = 1e-7
"""Relative size of a Newton step after which the next would be lost in rounding."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be fitted.

    Parameters
    ----------
    y : float64[n]
        Day scores, in the order of days.
    x : float64[n, p]
        Design matrix of full rank.
    lag : int64[n, n]
        Calendar days between the scores.
    noise : float64[n, n]
        Known measurement covariance of the scores; zeros where none is known.
    nugget : float
        Share of the between-day variance that a day does not share with its neighbours.
    """

    y: Float
    x: Float
    lag: Int
    noise: Float
    nugget: float = 0.0

    def kernel(self, phi: float) -> Kernel:
        """Return the correlation of the days and its derivatives in phi."""
        return kernel(self.lag, phi, self.nugget)


@dataclass(frozen=True, eq=False)
class Point:
    """The restricted likelihood and its derivatives at one (s2, phi).

    Parameters
    ----------
    log_likelihood : float
        Restricted log-likelihood up to a constant.
    score : float64[2]
        Its gradient in (s2, phi).
    hessian : float64[2, 2]
        Its second derivatives.
    information : float64[2, 2]
        Expected information ``tr(P V_i P V_j) / 2``.
    beta : float64[p]
        Generalised least squares coefficients.
    phi_x : float64[p, p]
        Their plain covariance ``(X' V^-1 X)^-1``.
    vix : float64[n, p]
        ``V^-1 X``.
    vi : float64[n, n]
        ``V^-1``.
    dv : tuple of float64[n, n]
        ``dV/ds2`` and ``dV/dphi``.
    d2v : tuple of float64[n, n]
        ``d2V/ds2 dphi`` and ``d2V/dphi2`` (``d2V/ds2^2`` is zero).
    """

    log_likelihood: float
    score: Float
    hessian: Float
    information: Float
    beta: Float
    phi_x: Float
    vix: Float
    vi: Float
    dv: tuple[Float, Float]
    d2v: tuple[Float, Float]


def _inverse(matrix: Float) -> tuple[Float, float]:
    """Inverse of a covariance and half the logarithm of its determinant.

    LAPACK is called directly: at tens of days its own work takes microseconds, and the
    checks and copies of the friendlier wrappers would be most of the time of a fit.
    """
    from scipy.linalg import lapack  # lazily: costs start-up

    root, failed = lapack.dpotrf(matrix, lower=1)
    if failed:
        raise NotComputableError("the covariance of the day scores cannot be inverted")
    half = lapack.dpotri(root, lower=1)[0]
    whole = half + half.T - np.diag(np.diagonal(half))
    return whole, float(np.log(np.diagonal(root)).sum())


def evaluate(problem: Problem, s2: float, phi: float) -> Point:
    """Return likelihood, derivatives and the matrices Kenward–Roger needs at (s2, phi)."""
    y, x = problem.y, problem.x
    k = problem.kernel(phi)
    vi, log_det = _inverse(s2 * k.r + problem.noise)
    vix = vi @ x
    phi_x, log_det_x = _inverse(x.T @ vix)
    p = vi - vix @ phi_x @ vix.T
    py = p @ y
    dv = (k.r, s2 * k.r1)
    d2v = (k.r1, s2 * k.r2)
    pv = [p @ d for d in dv]
    pvpy = [d @ py for d in dv]
    score = np.array([-0.5 * (np.trace(m) - py @ w) for m, w in zip(pv, pvpy, strict=True)])
    information, hessian = np.empty((2, 2)), np.empty((2, 2))
    for i in range(2):
        for j in range(i, 2):
            trace = float(np.sum(pv[i] * pv[j].T))
            curve = float(pvpy[i] @ p @ pvpy[j])
            second = 0.0 if j == 0 else float(np.sum(p * d2v[i])) - float(py @ d2v[i] @ py)
            information[i, j] = information[j, i] = 0.5 * trace
            hessian[i, j] = hessian[j, i] = 0.5 * trace - curve - 0.5 * second
    return Point(
        float(-log_det - log_det_x - 0.5 * y @ py),
        score, hessian, information, phi_x @ (vix.T @ y), phi_x, vix, vi, dv, d2v,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fit:
    """A restricted maximum likelihood fit.

    Parameters
    ----------
    s2 : float
        Variance between days, in squared units of the score.
    phi : float
        Day-to-day correlation, 0 (0.01 where no two days are neighbours) to `PHI_MAX`.
    beta : float64[p]
        Coefficients of the design matrix.
    point : Point
        Everything at the optimum, in units of `unit`.
    unit : float
        The residual or the measurement SD, whichever is larger.
    noise : float64[n, n]
        Known measurement covariance of the scores.
    phi_fixed : bool
        True if phi was given rather than estimated.
    nugget : float
        Share of `s2` that a day does not share with its neighbours, as given.
    """

    s2: float
    phi: float
    beta: Float
    point: Point
    unit: float
    noise: Float
    phi_fixed: bool
    nugget: float = 0.0

    @property
    def log_likelihood(self) -> float:
        """Restricted log-likelihood up to a constant (the same for every nugget)."""
        return self.point.log_likelihood


def fit(
    problem: Problem,
    *,
    phi: float | None = None,
    start: tuple[float, float] | None = None,
    unit: float | None = None,
) -> Fit:
    """Maximise the restricted likelihood over the between-day variance and phi.

    Parameters
    ----------
    problem : Problem
        Scores (in the order of days), design, lags and known noise.
    phi : float, optional
        Use this day-to-day correlation instead of estimating it.
    start : tuple of float, optional
        Between-day variance, in squared units of the scores, and phi to begin at.  Default: the
        highest point of a grid.
    unit : float, optional
        Scatter that the search works in units of.  Default: see `scale`.

    Raises
    ------
    NotComputableError
        If the scores leave no residual variation, or the search does not converge.
    """
    scaled, unit = scale(problem, unit)
    begins = _starts(scaled, phi) if start is None else [(start[0] / unit**2, start[1])]
    found = [_climb(scaled, *begin, phi_fixed=phi is not None) for begin in begins]
    at, point = max(found, key=lambda top: top[1].log_likelihood)
    beta = point.phi_x @ (point.vix.T @ (problem.y / unit)) * unit
    return Fit(
        at[0] * unit**2, at[1], beta, point, unit, problem.noise, phi is not None, problem.nugget
    )  # fmt: skip


def scale(problem: Problem, unit: float | None = None) -> tuple[Problem, float]:
    """Centre the scores and bring them to units of the residual or the measurement SD."""
    y, x = problem.y, problem.x
    n, p = x.shape
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    residual = float(rest @ rest) / max(n - p, 1)
    if n <= p or residual <= 1e-24 * max(1.0, float(np.abs(y).max())) ** 2:
        raise NotComputableError("the day scores do not vary, so no uncertainty can be worked out")
    if unit is None:
        unit = float(np.sqrt(max(residual, float(np.diagonal(problem.noise).mean()))))
    return replace(problem, y=(y - y.mean()) / unit, noise=problem.noise / unit**2), unit


def smallest_phi(lag: Int) -> float:
    """Smallest phi searched: zero, where some days are neighbours."""
    return 0.0 if (lag == 1).any() else _PHI_APART


def _starts(problem: Problem, phi: float | None) -> list[tuple[float, float]]:
    """Where to climb from: the surface can have two hills (smooth days, or noise)."""
    y, x, gap = problem.y, problem.x, np.diagonal(problem.lag, 1)
    low, high = (smallest_phi(problem.lag), PHI_MAX) if phi is None else (phi, phi)
    if not problem.noise.any():
        found = hill.peaks(y, x, gap, (problem.nugget,), (low, high))
    else:
        phis = np.linspace(low, high, _PHI_STEPS if low < high else 1)
        found = hill.summits(y, x, gap, np.diagonal(problem.noise), phis)
    return [(peak.s2, peak.phi) for peak in found]


def _climb(
    problem: Problem, s2: float, phi: float, *, phi_fixed: bool
) -> tuple[tuple[float, float], Point]:
    """Newton's method inside the bounds, Fisher scoring where the surface is not concave."""
    low = np.array([S2_FLOOR, phi if phi_fixed else smallest_phi(problem.lag)])
    high = np.array([np.inf, phi if phi_fixed else PHI_MAX])
    at = np.clip(np.array([s2, phi]), low, high)
    here = evaluate(problem, *at)
    for _ in range(_MAX_STEPS):
        held = ((at <= low) & (here.score <= 0)) | ((at >= high) & (here.score >= 0))
        step = _direction(here, np.flatnonzero(~held))
        if (np.abs(step) <= _LAST_STEP * np.array([at[0], 1.0])).all():
            at = np.clip(at + step, low, high)
            return _pair(at), evaluate(problem, *at)
        moved = _search(problem, here, at, step, (low, high))
        if moved is None:
            return _pair(at), here
        at, here = moved
    raise NotComputableError("the day model did not settle on a between-day variance")


def _pair(at: Float) -> tuple[float, float]:
    return float(at[0]), float(at[1])


def _direction(here: Point, free: Int) -> Float:
    if not free.size:
        return np.zeros(2)
    pick = np.ix_(free, free)
    curvature = -here.hessian[pick]
    if np.linalg.eigvalsh(curvature).min() <= 0:
        curvature = here.information[pick]
    step = np.zeros(2)
    step[free] = np.linalg.solve(curvature, here.score[free])
    return step


def _search(
    problem: Problem, here: Point, at: Float, step: Float, bounds: tuple[Float, Float]
) -> tuple[Float, Point] | None:
    """Halve the step until the likelihood rises; None when rounding is all that is left."""
    for _ in range(40):
        # a step may shrink the variance tenfold at most, so that it never jumps over the hill
        trial = np.clip(at + step, bounds[0], bounds[1])
        trial[0] = max(trial[0], 0.1 * at[0], bounds[0][0])
        if (trial == at).all():
            return None
        there = evaluate(problem, *trial)
        if there.log_likelihood >= here.log_likelihood:
            return trial, there
        step = step / 2
    return None


@dataclass(frozen=True)
class Inference:
    """One coefficient with its small-sample uncertainty.

    Parameters
    ----------
    estimate : float
        Coefficient.
    se, plain_se : float
        Standard error used, and the one that takes the variances as known.
    df : float
        Degrees of freedom of its t distribution.
    """

    estimate: float
    se: float
    plain_se: float
    df: float


def kenward_roger(result: Fit, what: int | Float) -> Inference:
    """Kenward–Roger standard error and degrees of freedom of one coefficient or contrast.

    The covariance of the coefficients is

        Phi_A = Phi + 2 Phi { sum_ij W_ij (Q_ij - P_i Phi P_j - R_ij / 4) } Phi

    with ``P_i = -X' V^-1 V_i V^-1 X``, ``Q_ij = X' V^-1 V_i V^-1 V_j V^-1 X``,
    ``R_ij = X' V^-1 V_ij V^-1 X`` and W the inverse expected information of (s2, phi).  For a
    single contrast the scale factor is one and the degrees of freedom are
    ``2 (l'Phi l)^2 / (g' W g)`` with ``g_i = l' Phi P_i Phi l``.  The standard error is never
    taken below the plain one (the R_ij term may be negative) and the degrees of freedom lie in
    [1.5, n - p].

    The R_ij term comes from a second-order expansion in phi.  It is left out (which leaves the
    first-order form, the same in any parametrisation) where phi is hardly identified and that
    expansion cannot hold: where W puts phi's standard deviation above ``PHI_MAX / 2``, which no
    number between 0 and `PHI_MAX` can have (Popoviciu), or where the scores carry measurement
    noise and the term would more than double the variance it corrects.  Without such noise phi
    is well identified and the formula stands as published.

    Source: Kenward & Roger 1997, Biometrics 53:983-997, doi:10.2307/2533558.

    Parameters
    ----------
    result : Fit
        The fit.
    what : int or float64[p]
        Column of the design matrix, or the weights of a contrast of its coefficients.
    """
    here = result.point
    n, p = here.vix.shape
    # phi says nothing about V when no variance between days was found, or when it was given
    free = 1 if result.phi_fixed or result.s2 <= 1.01 * S2_FLOOR * result.unit**2 else 2
    w = np.linalg.inv(here.information[:free, :free])
    weights = np.eye(p)[what] if isinstance(what, int) else what
    a = here.phi_x @ weights  # Phi l
    u = here.vix @ a  # V^-1 X Phi l
    vu = np.array([d @ u for d in here.dv[:free]])
    px = vu @ here.vix  # -P_i Phi l
    plain = float(weights @ a)
    first = 2 * float(np.sum(w * (vu @ here.vi @ vu.T - px @ here.phi_x @ px.T)))
    second = 0.0
    if free == 2 and w[1, 1] <= (PHI_MAX / 2) ** 2:
        mixed, curved = (float(u @ d @ u) for d in here.d2v)
        second = -(2 * w[0, 1] * mixed + w[1, 1] * curved) / 2
    second = 0.0 if result.noise.any() and abs(second) > plain else second
    g = -(vu @ u)
    df = 2 * plain**2 / float(g @ w @ g)
    se = np.sqrt(max(plain + first + second, plain)) * result.unit
    return Inference(
        float(weights @ result.beta),
        float(se),
        float(np.sqrt(plain)) * result.unit,
        float(np.clip(df, DF_MIN, n - p)),
    )
