"""Fit an exponential return to window means: profile likelihood in ln tau with AR(1) errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hrv.types import Float

TAU_MIN_S, TAU_MAX_S = 5.0, 6000.0
"""Bounds of tau: half a 10 s window, and ten recoveries of 600 s."""
LN_TAU = np.linspace(math.log(TAU_MIN_S), math.log(TAU_MAX_S), 100)
RHO = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
"""Grids of the two nonlinear parameters; the levels follow by least squares."""
HUBER = 1.345
"""Huber's constant: 95 % efficient under normal errors."""
CLIP = 2.5
"""Residuals beyond this many robust standard deviations are drawn in to it."""
SMALL = 0.05
"""Residuals under this share of the range of y are no outliers, however smooth the rest."""
MIN_POINTS = 12
"""Fewest windows for four parameters and a correlation."""


@dataclass(frozen=True)
class Decay:
    """A fitted return y_inf + amplitude exp(-t/tau).

    Parameters
    ----------
    tau_s, low_s, high_s : float
        Time constant and its interval, s; `high_s` is inf where the data set no upper end,
        `low_s` 0 where they set no lower end.
    level, amplitude : float
        y_inf and y0 - y_inf, in units of y.
    r_squared : float
        Share of the variance of y that the curve explains.
    rho : float
        Correlation of the errors of windows one step apart.
    """

    tau_s: float
    low_s: float
    high_s: float
    level: float
    amplitude: float
    r_squared: float
    rho: float


def fit(t_s: Float, width_s: Float, y: Float, *, confidence: float = 0.95) -> Decay | None:
    r"""Fit an exponential return to means of y over windows that do not overlap.

    A window of width w centred at t sees the mean of the curve over it,
    ``y_inf + A exp(-t/tau) sinh(w / 2 tau) / (w / 2 tau)``.  A Huber fit draws outliers in to
    2.5 robust standard deviations; tau then maximises the Gaussian likelihood with errors of
    correlation ``rho^(dt/step)``, the levels and rho profiled out.  The interval holds every
    tau whose likelihood-ratio statistic stays below the square of Student's t with
    ``n (1 - rho) / (1 + rho) - 3`` degrees of freedom: slow waves of the heart rate leave few
    independent windows, and the chi-square limit would be too narrow.

    Parameters
    ----------
    t_s : float64[n]
        Centres of the windows since the return began, increasing, s.
    width_s : float64[n]
        Their widths, s.
    y : float64[n]
        Finite means.
    confidence : float
        Level of the interval.

    Returns
    -------
    Decay or None
        None with fewer than 12 windows or a constant y.
    """
    if y.size < MIN_POINTS or np.ptp(y) == 0:
        return None
    curves = _curves(t_s, width_s)
    clipped = _clip_outliers(curves, y)
    ln_grid, deviance, rhos = _search(t_s, width_s, curves, clipped)
    best = int(np.argmin(deviance))
    rho = float(rhos[best])
    ln_tau = _vertex(ln_grid, deviance, best)
    limit = _limit(rho, y.size, confidence)
    low, high = _ends(ln_grid, deviance - deviance[best], best, limit)
    tau_s = math.exp(ln_tau)
    level, amplitude, residual = _levels(t_s, width_s, clipped, tau_s, rho)
    total = float(((clipped - clipped.mean()) ** 2).sum())
    return Decay(
        tau_s=tau_s,
        low_s=min(math.exp(low), tau_s) if low > -math.inf else 0.0,
        high_s=max(math.exp(high), tau_s) if high < math.inf else math.inf,
        level=level,
        amplitude=amplitude,
        r_squared=1.0 - float((residual**2).sum()) / total,
        rho=rho,
    )


def _curves(t_s: Float, width_s: Float, ln_tau: Float = LN_TAU) -> Float:
    """float64[taus, n]: mean of exp(-t/tau) over each window, in a form that cannot overflow."""
    tau = np.exp(ln_tau)[:, None]
    x = width_s / tau
    return np.exp(-(t_s - width_s / 2) / tau) * -np.expm1(-x) / x


def _lines(curves: Float, y: Float, weight: Float) -> tuple[Float, Float]:
    """Weighted least squares y = level + amplitude * curve, one row a tau."""
    total = weight.sum(1)
    mean_e, mean_y = (weight * curves).sum(1) / total, (weight * y).sum(1) / total
    e, z = curves - mean_e[:, None], y - mean_y[:, None]
    amplitude = (weight * e * z).sum(1) / (weight * e * e).sum(1)
    return mean_y - amplitude * mean_e, amplitude


def _clip_outliers(curves: Float, y: Float) -> Float:
    """Draw residuals of the best Huber fit in to `CLIP` robust standard deviations."""
    thin = curves[::2]  # outliers need no fine grid
    level, amplitude = _lines(thin, y, np.ones_like(thin))
    residual = y - level[:, None] - amplitude[:, None] * thin
    scale = 1.4826 * float(np.median(np.abs(residual), axis=1).min())
    if scale == 0:
        return y
    for _ in range(10):
        weight = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residual), 1e-300))
        level, amplitude = _lines(thin, y, weight)
        residual = y - level[:, None] - amplitude[:, None] * thin
    size = np.abs(residual) / scale
    loss = np.where(size <= HUBER, size**2 / 2, HUBER * (size - HUBER / 2)).sum(1)
    rest = residual[int(np.argmin(loss))]
    scale = 1.4826 * float(np.median(np.abs(rest)))
    bound = max(CLIP * scale, SMALL * float(np.ptp(y)))
    return np.asarray(y - rest + np.clip(rest, -bound, bound))


def _whiten(values: Float, decay: Float, spread: Float) -> Float:
    """Turn AR(1) errors into independent ones along the last axis."""
    out = values.copy()
    out[..., 1:] -= decay * values[..., :-1]
    out[..., 1:] /= spread
    return out


def _profile(curves: Float, y: Float, t_s: Float) -> tuple[Float, Float]:
    """-2 log likelihood (up to a constant) of each tau at its best rho, and that rho."""
    steps = np.diff(t_s)
    steps = steps / np.median(steps)
    table = np.empty((RHO.size, len(curves)))
    floor = 1e-12 * float(((y - y.mean()) ** 2).sum())  # a noise-free fit has no logarithm
    for i, rho in enumerate(RHO):
        decay = rho**steps
        spread = np.sqrt(1 - decay**2)
        one = _whiten(np.ones_like(y), decay, spread)
        z, e = _whiten(y, decay, spread), _whiten(curves, decay, spread)
        oo, oz, zz = one @ one, one @ z, z @ z
        oe, ez, ee = e @ one, e @ z, np.einsum("ij,ij->i", e, e)
        # residual sum of squares after regressing on the level, then on the curve
        rest = zz - oz * oz / oo - (ez - oe * oz / oo) ** 2 / (ee - oe * oe / oo)
        log_det = 2 * float(np.log(spread).sum())
        table[i] = y.size * np.log(np.maximum(rest, floor)) + log_det
    return table.min(0), RHO[table.argmin(0)]


def _levels(
    t_s: Float, width_s: Float, y: Float, tau_s: float, rho: float
) -> tuple[float, float, Float]:
    curve = _curves(t_s, width_s, np.array([math.log(tau_s)]))
    steps = np.diff(t_s)
    decay = rho ** (steps / np.median(steps))
    spread = np.sqrt(1 - decay**2)
    design = _whiten(np.vstack([np.ones_like(y), curve[0]]), decay, spread)
    (level, amplitude), *_ = np.linalg.lstsq(design.T, _whiten(y, decay, spread), rcond=None)
    return float(level), float(amplitude), y - level - amplitude * curve[0]


def _search(t_s: Float, width_s: Float, curves: Float, y: Float) -> tuple[Float, Float, Float]:
    """Profile over the grid of ln tau, made forty times finer around its best point."""
    deviance, rho = _profile(curves, y, t_s)
    best = int(np.argmin(deviance))
    if not 0 < best < LN_TAU.size - 1:
        return LN_TAU, deviance, rho
    fine = np.linspace(LN_TAU[best - 1], LN_TAU[best + 1], 81)[1:-1]
    near, near_rho = _profile(_curves(t_s, width_s, fine), y, t_s)
    left, right = slice(None, best), slice(best + 1, None)
    return (
        np.concatenate((LN_TAU[left], fine, LN_TAU[right])),
        np.concatenate((deviance[left], near, deviance[right])),
        np.concatenate((rho[left], near_rho, rho[right])),
    )


def _vertex(ln_tau: Float, deviance: Float, best: int) -> float:
    """Return ln tau at the vertex of the parabola through the least deviance of a grid."""
    if not 0 < best < ln_tau.size - 1:
        return float(ln_tau[best])
    x = ln_tau[best - 1 : best + 2] - ln_tau[best]
    bend, slope, _ = np.polyfit(x, deviance[best - 1 : best + 2] - deviance[best], 2)
    return float(ln_tau[best] - (slope / (2 * bend) if bend > 0 else 0.0))


def _limit(rho: float, n: int, confidence: float) -> float:
    from scipy.special import stdtrit  # kept out of `import hrv`

    independent = n * (1 - rho) / (1 + rho)
    t = float(stdtrit(max(independent - 3, 2.0), 0.5 + confidence / 2))
    return t * t * n / (n - 4)


def _ends(ln_tau: Float, ratio: Float, best: int, limit: float) -> tuple[float, float]:
    """Return ln tau where the likelihood ratio first passes `limit` on either side of the best."""
    below = np.flatnonzero(ratio[:best] > limit)
    above = np.flatnonzero(ratio[best:] > limit)
    low, high = -math.inf, math.inf
    if below.size:
        i = int(below[-1])
        low = _crossing(ln_tau[i : i + 2], ratio[i : i + 2], limit)
    if above.size:
        i = best + int(above[0])
        high = _crossing(ln_tau[i - 1 : i + 1], ratio[i - 1 : i + 1], limit)
    return low, high


def _crossing(ln_tau: Float, ratio: Float, limit: float) -> float:
    share = (limit - ratio[0]) / (ratio[1] - ratio[0])
    return float(ln_tau[0] + share * (ln_tau[1] - ln_tau[0]))
