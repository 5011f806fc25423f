"""Remove a slow trend by smoothness priors: a high-pass filter without phase and without ends."""

from __future__ import annotations

import numpy as np

from hrv.errors import InputError
from hrv.types import Float


def smoothness_priors(values: Float, smoothness: float = 500.0) -> Float:
    """Subtract the smooth trend of an evenly indexed series.

    Parameters
    ----------
    values : float64[n]
        The series.
    smoothness : float
        λ: at 4 samples a second, 500 leaves what is faster than 0.035 Hz.

    Returns
    -------
    float64[n]
        ``x - (I + λ² D'D)^-1 x`` with D the second differences; zeros for n < 3, which is all
        trend.  A straight line is removed exactly.

    Notes
    -----
    Tarvainen, Ranta-aho & Karjalainen 2002, IEEE Trans Biomed Eng 49:172.  The matrix has five
    diagonals, so that time and memory grow with n.

    Raises
    ------
    InputError
        If a value is not finite or λ is not above zero.
    """
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise InputError("only a one-dimensional series of finite numbers can be detrended")
    if not 0 < smoothness < np.inf:
        raise InputError(f"smoothness {smoothness:g}: give a positive number")
    if x.size < 3:
        return np.zeros(x.size)
    from scipy.linalg import solveh_banded  # lazily: linear algebra costs start-up

    centred = x - x.mean()
    trend = solveh_banded(_bands(x.size, smoothness), centred, check_finite=False)
    return np.asarray(centred - trend, np.float64)


def _bands(n: int, smoothness: float) -> Float:
    """Upper diagonals of ``I + λ² D'D`` as LAPACK stores them: float64[3, n], main last."""
    bands = np.zeros((3, n))
    second = (1.0, -2.0, 1.0)  # each second difference touches three neighbours
    for i, a in enumerate(second):
        bands[2, i : n - 2 + i] += a * a
    for i in range(2):
        bands[1, i + 1 : n - 1 + i] += second[i] * second[i + 1]
    bands[0, 2:] += second[0] * second[2]
    bands *= smoothness**2
    bands[2] += 1.0
    return bands
