"""The unbroken timeline that spectra need: NN intervals with stand-ins where beats were removed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hrv.metrics.base import BRIDGED_S
from hrv.metrics.sums import running
from hrv.types import Bool, Float, Int, NNSeries, Windows


@dataclass(frozen=True, eq=False)
class Timeline:
    """Knots of the interval function of time: each beat carries the interval that it ends.

    Parameters
    ----------
    t_s : float64[n]
        Times of the beats, strictly ascending, s since the series' start.
    value_ms : float64[n]
        Interval that ends there, ms; interpolated ones stand where the cleaner removed beats.
    hole : bool[n]
        True where more than `BRIDGED_S` were lost between this interval and the one before.
    place : int64[m]
        Knot of each of the m NN intervals.
    """

    t_s: Float
    value_ms: Float
    hole: Bool
    place: Int

    def knots(self, windows: Windows) -> tuple[Int, Int]:
        """First knot and one past the last of each window: from its first NN to its last.

        Stand-ins before the first or after the last NN interval of a window are not used.
        """
        n = windows.n
        if self.place.size == 0:
            return np.zeros(len(windows), np.int64), np.zeros(len(windows), np.int64)
        last = self.place.size - 1
        first = self.place[np.minimum(windows.lo, last)]
        stop = self.place[np.clip(windows.hi - 1, 0, last)] + 1
        return np.where(n > 0, first, 0), np.where(n > 0, stop, 0)

    def varied(self, first: Int, stop: Int) -> Bool:
        """bool[k]: not all knots of ``[first, stop)`` are alike."""
        change = running(np.diff(self.value_ms, prepend=self.value_ms[:1]) != 0)
        inner = np.minimum(first + 1, self.value_ms.size)
        return np.asarray(change[np.maximum(stop, inner)] > change[inner])

    def pieces(self, first: int, stop: int) -> list[tuple[int, int]]:
        """Unbroken stretches of the knots ``[first, stop)``."""
        cuts = first + 1 + np.flatnonzero(self.hole[first + 1 : stop])
        edges = [first, *cuts.tolist(), stop]
        return list(pairwise(edges))


def timeline(nn: NNSeries) -> Timeline:
    """Merge the NN intervals with the interpolated ones, in order of time.

    Parameters
    ----------
    nn : NNSeries
        n intervals.  Its `filled_ms` count here and nowhere else.
    """
    t = np.concatenate((nn.t_s, nn.filled_t_s))
    value = np.concatenate((nn.nn_ms, nn.filled_ms))
    if nn.filled_t_s.size:
        order = np.argsort(t, kind="stable")
        t, value = t[order], value[order]
    else:
        order = np.arange(t.size)
    rank = np.empty(t.size, np.int64)
    rank[order] = np.arange(t.size)
    kept = np.diff(np.maximum.accumulate(t), prepend=-np.inf) > 0  # a spline needs ascending knots
    place = (np.cumsum(kept) - 1)[rank[: len(nn)]]
    t, value = t[kept], value[kept]
    before = np.concatenate((t[:1], t[:-1]))
    hole = (t - value / 1000 - before) > BRIDGED_S
    return Timeline(t, value, hole, place)
