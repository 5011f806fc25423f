"""The restricted likelihood over a whole grid at once: where a fit begins.

The surface can have two hills (days that change smoothly, or noise), so a climb from one place
is not enough.  A Kalman filter goes through the days once for all points of the grid together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hrv.types import Float, Int

_S2 = np.geomspace(0.01, 3.0, 8)
_MUCH_LOWER = 1.0
"""Log-likelihood that a climb from a point of the grid does not make up for."""
_PHI_STEPS = 24


class Peak(NamedTuple):
    """The highest point of a grid.

    Parameters
    ----------
    height : float
        Restricted log-likelihood up to a constant.
    s2, phi : float
        Between-day variance and day-to-day correlation there.
    """

    height: float
    s2: float
    phi: float


def summits(y: Float, x: Float, gap: Int, noise: Float, phi: Float) -> list[Peak]:
    """Every point of the grid above its neighbours, for scores of known measurement variance.

    Parameters
    ----------
    y : float64[n]
        Scores in units of their scatter, in the order of days.
    x : float64[n, p]
        Design matrix.
    gap : int64[n - 1]
        Calendar days from each score to the next.
    noise : float64[n]
        Measurement variances; what scores share of their measurement error is left out, which
        is near enough for a start.
    phi : float64[k]
        Correlations to try.

    Returns
    -------
    list of Peak
        The highest first; those much lower than it are left out.
    """
    s2, f = np.meshgrid(_S2, phi, indexing="ij")
    log_det, log_det_x, rest = _through_days(y, x, gap, f, s2, noise[:, None, None])
    height = -0.5 * (log_det + rest) - log_det_x
    walled = np.pad(height, 1, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(walled, (3, 3)).max(axis=(2, 3))
    tops = np.argwhere((height == around) & (height > height.max() - _MUCH_LOWER))
    found = [Peak(float(height[i, j]), float(_S2[i]), float(phi[j])) for i, j in tops]
    return sorted(found, reverse=True)


def peaks(
    y: Float, x: Float, gap: Int, nuggets: tuple[float, ...], bounds: tuple[float, float]
) -> list[Peak]:
    """Highest point over phi for each nugget, for scores without known noise.

    Parameters
    ----------
    y, x, gap
        As in `peak`.
    nuggets : tuple of float
        Shares of the variance that a day does not share with its neighbours.
    bounds : tuple of float
        Smallest and largest phi.

    Returns
    -------
    list of Peak
        The variance is profiled out; phi is found to about a thousandth, near enough for a
        start and to tell which nugget is likeliest.
    """
    low, high = bounds
    share = np.array(nuggets)[:, None]
    phi = np.tile(np.linspace(low, high, _PHI_STEPS + 1), (len(nuggets), 1))
    reach = (high - low) / _PHI_STEPS
    df = x.shape[0] - x.shape[1]
    for _ in range(2):
        log_det, log_det_x, rest = _through_days(y, x, gap, phi, 1 - share, share[None])
        s2 = rest / df
        height = -0.5 * (log_det + df * (np.log(s2) + 1)) - log_det_x
        best = height.argmax(axis=1)[:, None]
        top = [np.take_along_axis(a, best, axis=1)[:, 0] for a in (height, s2, phi)]
        around = top[2][:, None] + np.linspace(-reach, reach, _PHI_STEPS + 1)
        phi = np.clip(around, low, high)
    return [Peak(float(a), float(b), float(c)) for a, b, c in zip(*top, strict=True)]


def _through_days(
    y: Float, x: Float, gap: Int, phi: Float, common: Float, own: Float
) -> tuple[Float, Float, Float]:
    """Return ln det V, half of ln det X'V^-1 X and the residual y'Py at each point.

    The common part of a day is the state of a Kalman filter; what it did not foresee of each
    column of (X, y), divided by its SD, is that column whitened (Harvey 1989, Forecasting,
    Structural Time Series Models and the Kalman Filter, section 3.4).

    `phi` and `common` have one value a point of the grid, `own` one a day (or 1) and point.
    """
    z = np.column_stack((x, y))
    n = len(z)
    carried = phi[None] ** np.append(gap, 1).reshape(-1, *(1,) * phi.ndim)
    own = np.broadcast_to(own, carried.shape)
    white = np.empty((n, *phi.shape, z.shape[1]))
    foreseen = np.zeros(white.shape[1:])
    total = np.empty_like(carried)
    left = common + np.zeros(phi.shape)
    for i in range(n):
        total[i] = left + own[i]
        gain = left / total[i]
        error = z[i] - foreseen
        white[i] = error
        foreseen = carried[i][..., None] * (foreseen + gain[..., None] * error)
        left = common + carried[i] ** 2 * (left * (1 - gain) - common)
    white = np.moveaxis(white / np.sqrt(total)[..., None], 0, -2)
    root = np.linalg.cholesky(np.swapaxes(white, -1, -2) @ white)
    sides = np.diagonal(root, axis1=-2, axis2=-1)
    log_det = np.log(total).sum(axis=0)
    return log_det, np.log(sides[..., :-1]).sum(axis=-1), sides[..., -1] ** 2
