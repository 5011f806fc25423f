"""Quantiles of a centred sliding window, exact at the ends: by numpy, or compiled.

Both ways give the same bits.  The kernel needs numba (the extra ``fast``); loading it takes about
a second, so a process loads it once it has spent about that long without.
"""

from __future__ import annotations

import importlib.util
import sys

import numpy as np

from hrv.types import Float

CHUNK = 2048
"""Windows sorted at a time: 91 values each then stay in the processor's cache."""
PAYS = 300_000_000
"""Sorted values after which a process has spent what loading the kernel costs: some 16 days of
beats with the default cleaner.  Whatever comes, it spends at most twice the least it could."""
_spent = 0


def rolling_quantiles(values: Float, width: int, shares: tuple[float, ...]) -> Float:
    """Quantiles of the up to `width` values centred on each value.

    Parameters
    ----------
    values : float64[n]
        Finite values.
    width : int
        Odd number of values; windows shrink at the ends.
    shares : tuple of float
        q quantiles, 0 to 1, with linear interpolation between order statistics.

    Returns
    -------
    float64[q, n]
        As ``pandas.Series.rolling(width, center=True, min_periods=1).quantile``, some twenty
        times faster.
    """
    if _compile(values.size * width):
        from hrv.clean._kernel import quantiles_compiled

        return quantiles_compiled(values, width, shares)
    return quantiles_numpy(values, width, shares)


def _compile(work: int) -> bool:
    """Tell whether the kernel is loaded or pays by now, and count what is done without it."""
    global _spent
    if "hrv.clean._kernel" in sys.modules:
        return True
    _spent += work
    return _spent > PAYS and importlib.util.find_spec("numba") is not None


def quantiles_numpy(values: Float, width: int, shares: tuple[float, ...]) -> Float:
    """Quantiles by sorting windows in chunks; see `rolling_quantiles`."""
    n, half = values.size, width // 2
    out = np.empty((len(shares), n))
    padded = np.full(n + 2 * half, np.inf)  # infinities sort behind every value
    padded[half : half + n] = values
    view = np.lib.stride_tricks.sliding_window_view(padded, width)
    for a in range(0, n, CHUNK):
        ordered = np.sort(view[a : a + CHUNK], axis=1)
        at = np.arange(a, a + len(ordered))
        held = np.minimum(at + half, n - 1) - np.maximum(at - half, 0) + 1
        row = np.arange(len(ordered))
        for k, share in enumerate(shares):
            place = share * (held - 1)
            below = place.astype(np.int64)
            low = ordered[row, below]
            high = ordered[row, np.minimum(below + 1, held - 1)]
            out[k, a : a + CHUNK] = low + (high - low) * (place - below)
    return out
