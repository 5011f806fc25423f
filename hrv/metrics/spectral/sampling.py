"""Even samples of the interval function: one window at a time, or one grid that windows share.

Samples lie at whole multiples of the sampling period since the series' start, so that
overlapping windows use the same moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral.timeline import Timeline
from hrv.metrics.sums import running
from hrv.types import Bool, Float, Int

REACH = {"local": 4, "linear": 0}
"""Knots on either side that the slope at a knot depends on."""
SLACK = 1e-9
"""Share of a sampling period by which a knot may miss a sample and still carry it."""


def bounds(t_s: npt.ArrayLike, stop_s: npt.ArrayLike, rate_hz: float) -> tuple[Int, Int]:
    """First sample at or after `t_s` and one past the last at or before `stop_s`."""
    first = np.ceil(np.asarray(t_s, np.float64) * rate_hz - SLACK).astype(np.int64)
    last = np.floor(np.asarray(stop_s, np.float64) * rate_hz + SLACK).astype(np.int64)
    return first, np.maximum(last + 1, first)


def own(t_s: Float, value_ms: Float, settings: SpectralSettings) -> Float:
    """Even samples of one unbroken stretch of knots from its first beat to its last.

    Parameters
    ----------
    t_s, value_ms : float64[n]
        Knots.
    settings : SpectralSettings
        `interpolation` and `rate_hz`.

    Returns
    -------
    float64[N]
        ms; a natural cubic spline for ``"spline"``.  For ``"local"`` and ``"linear"`` exactly
        the samples that `shared` gives windows that hold these knots only.
    """
    if settings.interpolation == "spline":
        if t_s.size < 3:
            return np.empty(0)
        from scipy.interpolate import CubicSpline  # lazily: costs 0.2 s of start-up

        first, stop = bounds(t_s[0], t_s[-1], settings.rate_hz)
        moments = np.clip(np.arange(int(first), int(stop)) / settings.rate_hz, t_s[0], t_s[-1])
        return np.asarray(CubicSpline(t_s, value_ms, bc_type="natural")(moments), np.float64)
    whole = Timeline(t_s, value_ms, np.zeros(t_s.size, np.bool_), np.arange(t_s.size))
    first, stop = usable(whole, np.zeros(1, np.int64), np.array([t_s.size]), settings)
    return shared(whole, settings, int(first[0]), int(stop[0])).value_ms


@dataclass(frozen=True, eq=False)
class Grid:
    """Even samples of a stretch of a timeline.

    Parameters
    ----------
    first : int
        Number of the first sample: its time is ``first / rate_hz``.
    value_ms : float64[N]
        Samples, ms; zero where there is none.
    broken : int64[N + 1]
        Running count of samples that there are not: before the first beats, after the last and
        across a loss of beats.
    """

    first: int
    value_ms: Float
    broken: Int

    def mean(self) -> float:
        """Mean of the samples that there are, ms."""
        return float(self.value_ms.sum() / max(self.value_ms.size - int(self.broken[-1]), 1))


def joined(pieces: list[tuple[int, Float]], first: int, stop: int) -> Grid:
    """Lay the unbroken pieces of one window, (number of the first sample, samples), on a grid."""
    value, lacking = np.zeros(stop - first), np.ones(stop - first, np.bool_)
    for at, x in pieces:
        value[at - first : at - first + x.size] = x
        lacking[at - first : at - first + x.size] = False
    return Grid(first, value, running(lacking))


def usable(line: Timeline, first: Int, stop: Int, settings: SpectralSettings) -> tuple[Int, Int]:
    """First sample and one past the last that depend on the knots ``[first, stop)`` only."""
    if line.t_s.size == 0:
        return np.zeros_like(first), np.zeros_like(stop)
    reach, last = REACH[settings.interpolation], line.t_s.size - 1
    low, high = first + reach, stop - 1 - reach
    ends = line.t_s[np.minimum(low, last)], line.t_s[np.clip(high, 0, last)]
    a, b = (bounds(t, t, settings.rate_hz)[0] for t in ends)  # one at the end leans on what follows
    return a, np.where(high > low, b, a)


def shared(line: Timeline, settings: SpectralSettings, first: int, stop: int) -> Grid:
    """Sample a stretch of a timeline once for all windows in it.

    Parameters
    ----------
    line : Timeline
        n knots.
    settings : SpectralSettings
        `interpolation` (``"local"`` or ``"linear"``) and `rate_hz`.
    first, stop : int
        First sample and one past the last.

    Notes
    -----
    Between two knots the cubic Hermite polynomial with the slopes of `slopes`, or a line.  A
    sample depends on `REACH` knots on either side of its interval and on nothing else.
    """
    reach, n = REACH[settings.interpolation], max(stop - first, 0)
    value, lacking = np.zeros(n), np.ones(n, np.bool_)
    low = max(int(np.searchsorted(line.t_s, first / settings.rate_hz)) - reach - 2, 0)
    high = int(np.searchsorted(line.t_s, stop / settings.rate_hz)) + reach + 2
    t, y, hole = line.t_s[low:high], line.value_ms[low:high], line.hole[low:high]
    if t.size >= 2 * reach + 2:
        ends = bounds(t[reach], t[t.size - 1 - reach], settings.rate_hz)
        a, b = (min(max(int(end), first), stop) for end in ends)
        at, sample = _hermite(t, y, np.arange(a, b) / settings.rate_hz, reach)
        lacking[a - first : b - first] = _touched(hole, reach)[at]
        value[a - first : b - first] = sample
        value[lacking] = 0.0
    return Grid(first, value, running(lacking))


def _hermite(t: Float, y: Float, moments: Float, reach: int) -> tuple[Int, Float]:
    """Knot before each moment, and the value there."""
    step, rise = np.diff(t), np.diff(y)
    at = _interval(t, moments, reach)
    u = np.clip((moments - t[at]) / step[at], 0.0, 1.0)
    value = y[at] + u * rise[at]
    if reach:
        slope = slopes(t, y, reach)
        chord = rise / step
        left, right = step * (slope[:-1] - chord), step * (chord - slope[1:])
        value += u * (1 - u) * ((1 - u) * left[at] + u * right[at])
    return at, np.asarray(value, np.float64)


def _interval(t: Float, moments: Float, reach: int) -> Int:
    """Knot at or before each moment, so that an interval with all its neighbours follows."""
    # how many knots are not after each moment, met from the fewer knots: the same as searching
    passed = np.searchsorted(moments, t, side="left")
    at = np.cumsum(np.bincount(passed, minlength=moments.size + 1)[: moments.size]) - 1
    return np.clip(at, reach, t.size - 2 - reach)


def _touched(hole: Bool, reach: int) -> Bool:
    """bool[n]: the interval after this knot is a hole or leans on knots beyond one."""
    count = running(hole)
    knot = np.arange(hole.size)
    low = np.clip(knot - reach + 1, 0, hole.size)
    high = np.clip(knot + 2 + reach, 0, hole.size)
    return np.asarray(count[high] > count[low])


def slopes(t_s: Float, value: Float, reach: int) -> Float:
    """Slope at each knot of the natural cubic spline through it and its neighbours.

    Parameters
    ----------
    t_s, value : float64[n]
        Knots.
    reach : int
        Neighbours on each side, 1 or more.

    Returns
    -------
    float64[n]
        Zero for the `reach` knots at either end, which lack neighbours.

    Notes
    -----
    The spline's slopes m solve ``h[i] m[i-1] + 2 (h[i-1] + h[i]) m[i] + h[i-1] m[i+1] =
    3 (h[i] d[i-1] + h[i-1] d[i])`` with chords d over steps h, and ``2 m + m' = 3 d`` at the
    ends.  Elimination from both ends meets at the centre.  The influence of a knot falls to
    about 0.27 of itself from one knot to the next.
    """
    h = np.diff(t_s)
    d = np.diff(value) / h
    before, after = h[:-1], h[1:]  # of the knots 1 to n - 2
    load = 3 * (after * d[:-1] + before * d[1:])
    both = 2 * (before + after)
    count, out = t_s.size - 2 * reach, np.zeros(t_s.size)
    keep_l = keep_r = np.full(count, 0.5)
    sum_l, sum_r = 1.5 * d[:count], 1.5 * d[2 * reach - 1 :]
    for s in range(reach - 1, 0, -1):
        i = slice(reach - 1 - s, reach - 1 - s + count)  # s knots to the left of each
        pivot = both[i] - after[i] * keep_l
        sum_l = (load[i] - after[i] * sum_l) / pivot
        keep_l = before[i] / pivot
        i = slice(reach - 1 + s, reach - 1 + s + count)
        pivot = both[i] - before[i] * keep_r
        sum_r = (load[i] - before[i] * sum_r) / pivot
        keep_r = after[i] / pivot
    i = slice(reach - 1, reach - 1 + count)
    pivot = both[i] - after[i] * keep_l - before[i] * keep_r
    out[reach : reach + count] = (load[i] - after[i] * sum_l - before[i] * sum_r) / pivot
    return out
