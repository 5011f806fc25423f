"""Welch's averaged periodograms with a Hann taper, shared by overlapping windows where they can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrv.metrics.base import Codes, MetricSettings, Reason
from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral.periodogram import hann_powers
from hrv.metrics.spectral.sampling import Grid, shared, usable
from hrv.metrics.spectral.single import resampled
from hrv.metrics.spectral.timeline import Timeline
from hrv.types import Float, Int, NNSeries, Windows

LEAST_SAMPLES = 32
"""Fewest even samples of a spectrum: 8 s at 4 Hz, one cycle of the lower edge of HF."""


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
    Welch 1967, doi:10.1109/TAU.1967.1161901.  Segments of `segment_s` that overlap; a window
    shorter than one is a segment of its own, padded with zeros to the same frequencies.  A
    segment never holds a loss of beats longer than two seconds: the others are averaged.

    With ``interpolation`` ``"spline"`` a window is sampled alone.  With ``"local"`` and
    ``"linear"`` all windows share one grid; segments then begin and last whole seconds, so that
    windows in steps of a second share them too.
    """
    knobs = settings.spectral
    alone = knobs.interpolation == "spline" or knobs.centre == "window" or settings.detrend.spectral
    if alone:
        return _each(line, windows, settings, weights)
    return _together(line, windows, knobs, weights)


def _length(knobs: SpectralSettings) -> int:
    return round(knobs.segment_s * knobs.rate_hz)


def _pace(knobs: SpectralSettings) -> tuple[int, int]:
    """Say of which samples segments begin at multiples, and the distance of full segments."""
    align = 1 if knobs.interpolation == "spline" else max(round(knobs.rate_hz), 1)
    hop = _length(knobs) * (1 - knobs.overlap) / align
    return align, max(round(hop), 1) * align


def _fit(samples: Int, align: int, knobs: SpectralSettings) -> Int:
    """Length of the segments of a window with so many samples."""
    return np.minimum(samples // align * align, _length(knobs))


# one window at a time ------------------------------------------------------------------------


def _each(
    line: Timeline, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    knobs = settings.spectral
    values = np.full((len(windows), weights.shape[1]), np.nan)
    reasons = np.full(len(windows), Reason.TOO_FEW_BEATS, np.uint8)
    for j, pieces in enumerate(resampled(line, windows, settings)):
        segments = _segments(pieces, knobs)
        if segments.size:
            centre = np.concatenate([x for _, x in pieces]).mean()
            about = segments.mean(axis=1, keepdims=True) if knobs.centre == "segment" else centre
            values[j] = hann_powers(segments - about, _length(knobs), knobs.rate_hz, weights).mean(
                axis=0
            )
            reasons[j] = Reason.OK
        elif len(pieces) > 1:
            reasons[j] = Reason.GAP
    return values, reasons


def _segments(pieces: list[tuple[int, Float]], knobs: SpectralSettings) -> Float:
    """float64[s, L]: segments of the unbroken pieces of one window; empty if none fits."""
    align, hop = _pace(knobs)
    full, rows = _length(knobs), []
    for first, x in pieces:
        skip = -first % align
        length = int(_fit(np.array([x.size - skip]), align, knobs)[0])
        if length < LEAST_SAMPLES or (len(pieces) > 1 and length < full):
            continue
        rows += [x[a : a + length] for a in range(skip, x.size - length + 1, hop)]
    return np.asarray(rows, np.float64)


# all windows together ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Plan:
    """Segments of k windows on a grid: first samples, length, how many."""

    first: Int
    length: Int
    count: Int


def _together(
    line: Timeline, windows: Windows, knobs: SpectralSettings, weights: Float
) -> tuple[Float, Codes]:
    align, hop = _pace(knobs)
    grid = shared(line, knobs)
    start, stop = usable(line, *line.knots(windows), knobs)
    start = -(-start // align) * align
    samples = np.maximum(stop - start, 0)
    length = np.where(windows.n > 0, _fit(samples, align, knobs), 0)
    plan = _Plan(start - grid.first, length, (samples - length) // hop + 1)
    total = np.zeros((len(windows), weights.shape[1]))
    used = np.zeros(len(windows), np.int64)
    enough = plan.length >= LEAST_SAMPLES
    for size in np.unique(plan.length[enough]).tolist():
        rows = np.flatnonzero(plan.length == size)
        for part in _parts(rows, plan, size):
            _average(grid, plan, part, size, knobs, weights, total, used)
    reasons = np.where(used > 0, Reason.OK, np.where(enough, Reason.GAP, Reason.TOO_FEW_BEATS))
    total[used > 0] /= used[used > 0, None]
    total[used == 0] = np.nan
    return total, reasons.astype(np.uint8)


def _parts(rows: Int, plan: _Plan, size: int) -> Iterator[Int]:
    """Cut windows into groups so that memory stays bounded on recordings of any length."""
    del size
    order = rows[np.argsort(plan.first[rows], kind="stable")]
    yield from np.array_split(order, max(1, -(-order.size // 100_000)))


def _average(
    grid: Grid,
    plan: _Plan,
    rows: Int,
    size: int,
    knobs: SpectralSettings,
    weights: Float,
    total: Float,
    used: Int,
) -> None:
    """Add to `total` and `used` the powers of all segments of the windows `rows`."""
    align, hop = _pace(knobs)
    low = int(plan.first[rows].min())
    most = int(plan.count[rows].max())
    high = int((plan.first[rows] + (plan.count[rows] - 1) * hop).max())
    wanted = np.zeros((high - low) // align + 1, np.bool_)
    for i in range(most):
        having = rows[plan.count[rows] > i]
        wanted[(plan.first[having] + i * hop - low) // align] = True
    place = np.flatnonzero(wanted)
    at = low + place * align
    whole = grid.broken[at + size] == grid.broken[at]
    powers = _segment_powers(grid.value_ms, at, size, knobs, weights)
    powers[~whole] = 0.0
    index = np.cumsum(wanted) - 1
    for i in range(most):
        having = rows[plan.count[rows] > i]
        found = index[(plan.first[having] + i * hop - low) // align]
        total[having] += powers[found]
        used[having] += whole[found]


def _segment_powers(x: Float, at: Int, size: int, knobs: SpectralSettings, weights: Float) -> Float:
    """float64[s, r]: weighted powers of the segments ``x[at : at + size]``."""
    rows = np.lib.stride_tricks.sliding_window_view(x - x.mean(), size)
    chunk = max(1, 1_000_000 // size)
    out = np.empty((at.size, weights.shape[1]))
    for a in range(0, at.size, chunk):
        out[a : a + chunk] = hann_powers(
            rows[at[a : a + chunk]], _length(knobs), knobs.rate_hz, weights, remove_mean=True
        )
    return out
