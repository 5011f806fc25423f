"""Lomb–Scargle periodograms of the intervals as they are: no interpolation, no even samples."""

from __future__ import annotations

import numpy as np

from hrv.metrics.base import Codes, MetricSettings, Reason
from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral.timeline import Timeline
from hrv.metrics.sums import running
from hrv.types import Float, Int, NNSeries, Windows

LEAST_BEATS = 16
"""Fewest intervals of a segment."""
CHUNK_S = 7200.0
"""Stretch of a recording that is transformed at a time: keeps phases small and memory bounded."""


def frequencies(knobs: SpectralSettings) -> Float:
    """float64[b]: multiples of 1 / segment, Hz; the first stands for zero and holds no power."""
    top = int(np.ceil(knobs.hf_hz[1] * knobs.segment_s)) + 1
    return np.arange(top + 1) / knobs.segment_s


def power(
    nn: NNSeries, line: Timeline, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    """Weighted sums of each window's Lomb–Scargle density.

    Parameters
    ----------
    nn, line, windows, settings, weights
        As in `hrv.metrics.spectral.welch.power`; `line` is not used.

    Returns
    -------
    values : float64[k, r]
        NaN where refused.
    reasons : uint8[k]
        `TOO_FEW_BEATS` where no segment holds 16 intervals.

    Notes
    -----
    Scargle 1982, doi:10.1086/160554, the mean removed; the density is
    ``2 P(f) T / n`` of n intervals over their T seconds, so that its integral is their
    variance.  Windows longer than `segment_s` are averaged over overlapping segments, as
    Welch's method does.  Interpolated intervals are not used.  The sums over beats are
    differences of running sums, two look-ups a window and frequency.
    """
    del line
    knobs = settings.spectral
    owner, lo, hi = _segments(nn, windows, knobs)
    power_s = np.empty((lo.size, weights.shape[1]))
    begin = nn.t_s[np.minimum(lo, max(len(nn) - 1, 0))] if len(nn) else np.empty(0)
    chunk = np.floor(begin / CHUNK_S).astype(np.int64)
    for number in np.unique(chunk):
        rows = np.flatnonzero(chunk == number)
        power_s[rows] = _densities(nn, lo[rows], hi[rows], frequencies(knobs), weights)
    used = np.bincount(owner, minlength=len(windows))
    total = np.zeros((len(windows), weights.shape[1]))
    np.add.at(total, owner, power_s)
    values = np.full(total.shape, np.nan)
    np.divide(total, used[:, None], out=values, where=used[:, None] > 0)
    return values, np.where(used > 0, Reason.OK, Reason.TOO_FEW_BEATS).astype(np.uint8)


def _segments(nn: NNSeries, windows: Windows, knobs: SpectralSettings) -> tuple[Int, Int, Int]:
    """Window of each segment, its first interval and one past its last; enough in each."""
    width = windows.width_s
    hop = knobs.segment_s * (1 - knobs.overlap)
    long = width > knobs.segment_s
    count = np.where(long, np.floor((width - knobs.segment_s) / hop + 1e-9) + 1, 1).astype(np.int64)
    owner = np.repeat(np.arange(len(windows)), count)
    nth = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    start = windows.start_s[owner] + nth * hop
    stop = np.where(long[owner], start + knobs.segment_s, windows.stop_s[owner])
    lo = np.searchsorted(nn.t_s, start, side="left")
    hi = np.searchsorted(nn.t_s, stop, side="left")
    lo = np.where(long[owner], np.maximum(lo, windows.lo[owner]), windows.lo[owner])
    hi = np.where(long[owner], np.minimum(hi, windows.hi[owner]), windows.hi[owner])
    enough = hi - lo >= LEAST_BEATS
    return owner[enough], lo[enough], hi[enough]


def _densities(nn: NNSeries, lo: Int, hi: Int, frequency_hz: Float, weights: Float) -> Float:
    """float64[s, r]: weighted densities of segments that lie close together."""
    first, last = int(lo.min()), int(hi.max())
    t = nn.t_s[first:last] - nn.t_s[first]
    x = nn.nn_ms[first:last] - nn.nn_ms[first:last].mean()
    a, b = lo - first, hi - first
    n = hi - lo
    sums = running(x)
    mean = (sums[b] - sums[a]) / n
    span = (t[b - 1] - t[a]) * n / (n - 1)
    out = np.zeros((lo.size, weights.shape[1]))
    for f, weight in zip(frequency_hz[1:], weights[1:], strict=True):
        if weight.any():
            density = _periodogram(t, x, a, b, mean, f) * (2 * span / n)
            out += density[:, None] * weight
    return out


def _periodogram(t: Float, x: Float, a: Int, b: Int, mean: Float, frequency_hz: float) -> Float:
    """Scargle's P at one frequency for the segments ``[a, b)``."""
    wave = np.exp(2j * np.pi * frequency_hz * t)
    n = b - a
    first, second, data = (
        sums[b] - sums[a] for sums in map(_running, (wave, wave * wave, wave * x))
    )
    data = data - mean * first
    size = np.abs(second)
    # exp(iωτ) of Scargle's shift τ: half the phase of the sum of exp(2iωt)
    turn = np.sqrt(np.where(size > 0, second / np.where(size > 0, size, 1.0), 1.0))
    along = data * np.conj(turn)
    least = 1e-9 * n  # all beats at one phase: that half of the fit has no weight
    cosine, sine = (n + size) / 2, np.maximum((n - size) / 2, least)
    return np.asarray((along.real**2 / cosine + along.imag**2 / sine) / 2, np.float64)


def _running(
    values: np.ndarray[tuple[int], np.dtype[np.complex128]],
) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    out = np.zeros(values.size + 1, np.complex128)
    np.cumsum(values, out=out[1:])
    return out
