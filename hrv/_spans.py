"""Which intervals a stretch of time holds, and how much of it they cover."""

from __future__ import annotations

import numpy as np

from hrv.types import Float, Int, NNSeries, Windows

EDGE_S = 1e-6
"""Beats closer than this to a window's edge lie on it: below any recorder's resolution, above
the rounding of times in seconds over a year."""


def locate(begin_s: Float, end_s: Float, start_s: Float, stop_s: Float) -> tuple[Int, Int]:
    """Find the intervals whose both beats lie in ``[start, stop)``.

    Parameters
    ----------
    begin_s, end_s : float64[n]
        Beats that begin and end each interval, ascending.
    start_s, stop_s : float64[k]
        Edges of the stretches.

    Returns
    -------
    lo, hi : int64[k]
        First interval and one past the last; ``lo == hi`` where there is none.
    """
    lo = np.searchsorted(begin_s, start_s - EDGE_S, side="left")
    hi = np.searchsorted(end_s, stop_s - EDGE_S, side="left")
    return lo.astype(np.int64), np.maximum(hi, lo).astype(np.int64)


def coverage(nn: NNSeries, windows: Windows) -> Float:
    """Share of each window that NN intervals cover, clipped at the window's edges.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    windows : Windows
        k spans of this series.

    Returns
    -------
    float64[k]
        0 to 1.  An interval that crosses an edge counts with the part inside.
    """
    n, (start, stop) = len(nn), (windows.start_s, windows.stop_s)
    if n == 0:
        return np.zeros(len(windows))
    sums = np.concatenate(([0.0], np.cumsum(nn.nn_ms)))
    inside = (sums[windows.hi] - sums[windows.lo]) / 1000  # exact before the division for ms, ticks
    # of the intervals outside [lo, hi) only the nearest on each side can reach into the window
    before, after = np.maximum(windows.lo - 1, 0), np.minimum(windows.hi, n - 1)
    left = np.minimum(nn.t_s[before], stop) - np.maximum(nn.begin_s[before], start)
    right = np.minimum(nn.t_s[after], stop) - np.maximum(nn.begin_s[after], start)
    inside += np.where(windows.lo > 0, np.maximum(left, 0.0), 0.0)
    inside += np.where(windows.hi < n, np.maximum(right, 0.0), 0.0)
    return np.clip(inside / (stop - start), 0.0, 1.0)
