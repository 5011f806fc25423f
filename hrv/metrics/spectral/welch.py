"""Welch's averaged periodograms with a Hann taper, on samples that overlapping windows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrv._compiled import kernel
from hrv.metrics.base import Codes, MetricSettings, Reason, ratio
from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral.periodogram import Segments, hann_powers
from hrv.metrics.spectral.sampling import SLACK, Grid, joined, shared, usable
from hrv.metrics.spectral.single import resampled
from hrv.metrics.spectral.timeline import Timeline
from hrv.types import Bool, Float, Int, NNSeries, Windows

LEAST_SAMPLES = 32
"""Fewest even samples of a spectrum: 8 s at 4 Hz, one cycle of the lower edge of HF."""
MISSING = 0.1
"""Largest share of a segment that may lack samples at either end, where the taper is below 0.1."""
SAVED_S = 2e-8
"""What the kernel saves a frequency of an overlapping segment, s."""
CHUNK = 1 << 20
"""Even samples held at a time: bounds the memory."""


def frequencies(knobs: SpectralSettings) -> Float:
    """float64[b]: multiples of 1 / segment up to the bins around the highest band's edge, Hz."""
    length = _length(knobs)
    top = int(np.ceil(knobs.hf_hz[1] * length / knobs.rate_hz)) + 1
    return np.asarray(
        np.arange(min(top, length // 2 - 1) + 1) * (knobs.rate_hz / length), np.float64
    )


def power(
    nn: NNSeries, line: Timeline, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    """Weighted sums of each window's averaged periodogram.

    Parameters
    ----------
    nn : NNSeries
        Not used: `line` has its intervals.
    line : Timeline
        Their timeline.
    windows : Windows
        k spans.
    settings : MetricSettings
        `spectral` and `detrend`.
    weights : float64[b, r]
        Over `frequencies`.

    Returns
    -------
    values : float64[k, r]
        NaN where refused.
    reasons : uint8[k]
        `TOO_FEW_BEATS`, or `GAP` where no segment fits between losses of beats.

    Notes
    -----
    Welch 1967, doi:10.1109/TAU.1967.1161901.  Segments of `segment_s` that overlap from the
    window's start; a shorter window is one segment, padded with zeros to the same frequencies.
    Before a window's first beat and after its last there are no samples: the taper spans the
    window all the same, and what is missing counts as the mean, with next to no weight.  A
    window of one segment that lacks more than a tenth at an end is tapered over what it has.
    A segment never holds a loss of beats longer than two seconds: the others are averaged.

    With ``interpolation`` ``"spline"`` a window is sampled alone; with ``"local"`` and
    ``"linear"`` all windows share one grid, on which windows in regular steps share work too.
    """
    knobs = settings.spectral
    alone = knobs.interpolation == "spline" or knobs.centre == "window" or settings.detrend.spectral
    if alone:
        return _each(line, windows, settings, weights)
    return _together(line, windows, knobs, weights)


def _length(knobs: SpectralSettings) -> int:
    return round(knobs.segment_s * knobs.rate_hz)


@dataclass(frozen=True, eq=False)
class _Plan:
    """Segments of some windows: numbers of samples, counted from the series' start.

    Parameters
    ----------
    owner : int64[s]
        Window of each segment.
    first, size : int64[s]
        First sample and length.
    low, high : int64[s]
        First sample that there is and one past the last, within the segment.
    """

    owner: Int
    first: Int
    size: Int
    low: Int
    high: Int

    def take(self, rows: Int) -> _Plan:
        return _Plan(*(getattr(self, f)[rows] for f in ("owner", "first", "size", "low", "high")))


def _plan(windows: Windows, begin: Int, end: Int, knobs: SpectralSettings) -> _Plan:
    """Lay segments over windows whose samples are ``[begin, end)``; int64[k] each."""
    full, rate = _length(knobs), knobs.rate_hz
    hop = max(round(full * (1 - knobs.overlap)), 1)
    start = np.ceil(windows.start_s * rate - SLACK).astype(np.int64)
    width = np.floor(windows.width_s * rate + SLACK).astype(np.int64)
    size = np.minimum(width, full)
    count = np.where(end - begin >= LEAST_SAMPLES, (width - size) // hop + 1, 0)
    lacking = np.maximum(begin - start, start + size - end) > MISSING * size
    narrow = (count == 1) & lacking
    start, size = np.where(narrow, begin, start), np.where(narrow, end - begin, size)
    owner = np.repeat(np.arange(len(windows)), count)
    nth = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    first, size = start[owner] + nth * hop, size[owner]
    low = np.maximum(begin[owner] - first, 0)
    high = np.minimum(end[owner] - first, size)
    near = np.maximum(low, size - high) <= MISSING * size
    rows = np.flatnonzero(near & (high - low >= LEAST_SAMPLES))
    return _Plan(owner, first, size, low, high).take(rows)


def _average(plan: _Plan, powers: Float, whole: Bool, windows: Windows) -> tuple[Float, Codes]:
    """Mean over each window's whole segments, or why there is none."""
    k, owner = len(windows), plan.owner[whole]
    used, tried = (np.bincount(who, minlength=k) for who in (owner, plan.owner))
    values = np.full((k, powers.shape[1]), np.nan)
    for column, value in enumerate(powers[whole].T):
        values[:, column] = ratio(np.bincount(owner, value, k), used)
    missing = np.where(tried > 0, Reason.GAP, Reason.TOO_FEW_BEATS)
    return values, np.where(used > 0, Reason.OK, missing).astype(np.uint8)


def _each(
    line: Timeline, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    """Sample and transform the windows one by one."""
    knobs = settings.spectral
    values = np.full((len(windows), weights.shape[1]), np.nan)
    reasons = np.full(len(windows), Reason.TOO_FEW_BEATS, np.uint8)
    for j, pieces in enumerate(resampled(line, windows, settings)):
        if pieces:
            one = slice(j, j + 1)
            where = windows.take(one)
            begin, end = pieces[0][0], max(first + x.size for first, x in pieces)
            plan = _plan(where, np.array([begin]), np.array([end]), knobs)
            stop = (plan.first + plan.size).max(initial=end)
            grid = joined(pieces, int(plan.first.min(initial=begin)), int(stop))
            mean = grid.mean() if knobs.centre == "window" else None
            found = _powers(grid, plan, knobs, weights, mean)
            values[one], reasons[one] = _average(plan, *found, where)
    return values, reasons


def _together(
    line: Timeline, windows: Windows, knobs: SpectralSettings, weights: Float
) -> tuple[Float, Codes]:
    """Sample once for all windows, a stretch of the recording at a time."""
    plan = _plan(windows, *usable(line, *line.knots(windows), knobs), knobs)
    powers, whole = np.zeros((plan.first.size, weights.shape[1])), np.zeros(plan.first.size, bool)
    saves_s = SAVED_S * plan.first.size * weights.shape[0]
    compiled = kernel("hrv.metrics.spectral._kernel", saves_s, same_bits=False)
    for rows in _stretches(plan):
        part = plan.take(rows)
        first, stop = int(part.first.min()), int((part.first + part.size).max())
        grid = shared(line, knobs, first, stop)
        powers[rows], whole[rows] = _powers(grid, part, knobs, weights, compiled=compiled)
    return _average(plan, powers, whole, windows)


def _stretches(plan: _Plan) -> Iterator[Int]:
    """Segments in groups that span at most about `CHUNK` samples."""
    order = np.argsort(plan.first, kind="stable")
    number = plan.first[order] // CHUNK
    yield from np.split(order, np.flatnonzero(np.diff(number)) + 1) if order.size else ()


def _powers(
    grid: Grid,
    plan: _Plan,
    knobs: SpectralSettings,
    weights: Float,
    mean: float | None = None,
    compiled: Any = None,
) -> tuple[Float, Bool]:
    """float64[s, r] powers of the segments and bool[s]: no loss of beats in it."""
    out = np.zeros((plan.first.size, weights.shape[1]))
    at = plan.first - grid.first
    whole = grid.broken[at + plan.high] == grid.broken[at + plan.low]
    for size in np.unique(plan.size[whole]).tolist():
        rows = np.flatnonzero(whole & (plan.size == size))
        segments = Segments(grid.value_ms, at[rows], plan.low[rows], plan.high[rows], size)
        out[rows] = hann_powers(segments, _length(knobs), knobs.rate_hz, weights, mean, compiled)
    return out, whole
