"""Which intervals a stretch of time holds, and how much of it they cover."""

from __future__ import annotations

import numpy as np

from hrv.types import Float, Int, NNSeries, Windows

EDGE_S = 1e-6
"""Beats closer than this to a window's edge lie on it: below any recorder's resolution, above
the rounding of times in seconds over a year."""
FEW = 64
"""Edges up to which each is searched for: less work than looking for their grid."""


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
    lo, hi = _before(begin_s, start_s - EDGE_S), _before(end_s, stop_s - EDGE_S)
    return lo, np.maximum(hi, lo, out=hi)


def _before(times_s: Float, edge_s: Float) -> Int:
    """int64[k]: how many of the ascending times lie before each edge.

    Edges on a regular grid that are not much fewer than the times are met by counting the times
    in each of its cells: what that gives is proven edge by edge, and searched for where a
    rounding upsets it.
    """
    n, k = times_s.size, edge_s.size
    step = float(edge_s[-1] - edge_s[0]) / (k - 1) if k > 1 else 0.0
    if n == 0 or k < FEW or 8 * k < n or not step > 0:
        return np.searchsorted(times_s, edge_s, side="left").astype(np.int64, copy=False)
    cell = times_s - edge_s[0]
    cell *= 1 / step
    np.clip(cell, -1.0, k - 1.0, out=cell)
    cell += 1  # the first edge that lies after the time, up to rounding; k if none does
    held = np.bincount(cell.astype(np.int64), minlength=k + 1)[:k]
    found = np.cumsum(held, out=held).astype(np.int64, copy=False)
    near = times_s.take(found, mode="clip")
    late = near < edge_s
    late |= times_s.take(found - 1, mode="clip", out=near) >= edge_s
    wrong = np.flatnonzero(late)
    found[wrong] = np.searchsorted(times_s, edge_s[wrong], side="left")
    return found


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
    sums = np.empty(n + 1)
    sums[0] = 0.0
    np.cumsum(nn.nn_ms, out=sums[1:])
    inside = sums.take(windows.hi)
    reach, begin = np.empty((2, len(windows)))  # used again and again: memory is dear to fetch
    inside -= sums.take(windows.lo, mode="clip", out=reach)
    inside /= 1000  # exact before the division for ms, ticks
    # of the intervals outside [lo, hi) only the nearest on each side can reach into the window
    begin_s = nn.begin_s
    for near, none in ((windows.lo - 1, windows.lo <= 0), (windows.hi, windows.hi >= n)):
        nn.t_s.take(near, mode="clip", out=reach)
        np.minimum(reach, stop, out=reach)
        begin_s.take(near, mode="clip", out=begin)
        reach -= np.maximum(begin, start, out=begin)
        reach[np.flatnonzero(none)] = 0.0
        inside += np.maximum(reach, 0.0, out=reach)
    inside /= windows.width_s
    return np.clip(inside, 0.0, 1.0, out=inside)
