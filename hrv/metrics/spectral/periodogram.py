"""Powers of many equally long tapered segments at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hrv.metrics.spectral.sliding import BLOCKS, exponentials, squared, transforms, waves_of
from hrv.metrics.sums import running
from hrv.types import Float, Int

ROWS = 1_000_000
"""Values of the segments that are transformed at a time: bounds the memory."""
GROUP = 32
"""Frequencies whose running sums are made together: they stay in the cache."""
ROUNDING = 1e-11
"""Share of the mean below which a standard deviation is rounding and no variation."""
SPARSE = 40
"""Samples between segments above which each is transformed by itself."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments of equal length on one grid of samples.

    Parameters
    ----------
    value_ms : float64[N]
        Even samples.
    first : int64[s]
        Where each segment begins.
    low, high : int64[s]
        First sample that there is and one past the last, counted from there.
    size : int
        Length L.
    """

    value_ms: Float
    first: Int
    low: Int
    high: Int
    size: int

    @property
    def step(self) -> int:
        """Largest step that divides the length and all distances between segments."""
        return int(np.gcd(np.gcd.reduce(self.first - self.first[0]), self.size))

    @property
    def dense(self) -> bool:
        """True where segments overlap so much that sharing their sums is less work."""
        span = int(self.first.max() - self.first.min()) + self.size
        return self.step <= SPARSE and span // self.step <= 2 * self.first.size

    def means(self) -> Float:
        """float64[s]: mean of the samples that each segment has."""
        centre = self.value_ms.mean()
        sums = running(self.value_ms - centre)
        total = sums[self.first + self.high] - sums[self.first + self.low]
        return np.asarray(centre + total / (self.high - self.low), np.float64)


@lru_cache(maxsize=64)
def hann(size: int) -> Float:
    """float64[size]: periodic Hann taper (``scipy.signal.get_window("hann")``)."""
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    taper.flags.writeable = False
    return taper


def hann_powers(
    segments: Segments,
    padded: int,
    rate_hz: float,
    weights: Float,
    mean: float | None = None,
    compiled: Any = None,
) -> Float:
    """Weighted sums of the one-sided power densities of tapered segments.

    Parameters
    ----------
    segments : Segments
        s segments; what one lacks at its ends counts as its mean.
    padded : int
        Length to which zeros extend a segment: frequencies are multiples of rate / padded.
    rate_hz : float
        Samples a second.
    weights : float64[b, r]
        Over the first b frequencies.
    mean : float, optional
        What is subtracted from all; by default each segment's own mean.
    compiled : module, optional
        The kernel for segments that overlap, if it is to be used.

    Returns
    -------
    float64[s, r]
        Sums of densities in ms²/Hz, as `scipy.signal.welch` scales them.
    """
    taper, bins = hann(segments.size), weights.shape[0]
    scale = np.full(bins, 2.0 / (rate_hz * (taper @ taper)))
    scale[0] /= 2
    weights = scale[:, None] * weights
    means = segments.means() if mean is None else np.full(segments.first.size, mean)
    if segments.size == padded and segments.dense:
        out = (compiled.powers_compiled if compiled else shared_powers)(segments, means, weights)
    else:
        out = _own_powers(segments, means, weights, padded)
    nothing = (
        2 / rate_hz * np.outer((ROUNDING * means) ** 2, np.abs(weights).sum(axis=0) / scale[1])
    )
    return np.where(out > nothing, out, 0.0)


def _own_powers(segments: Segments, means: Float, weights: Float, padded: int) -> Float:
    """Powers of segments each by its own fast transform."""
    taper, bins = hann(segments.size), weights.shape[0]
    out = np.empty((segments.first.size, weights.shape[1]))
    chunk = max(1, ROWS // segments.size)
    for a in range(0, out.shape[0], chunk):
        part = slice(a, a + chunk)
        x = _tapered(segments, part, means[part], taper)
        spectrum = np.fft.rfft(x, padded, axis=1)[:, :bins]
        out[part] = squared(spectrum) @ weights
    return out


def _tapered(segments: Segments, part: slice, means: Float, taper: Float) -> Float:
    """float64[s, L]: centred and tapered samples, zero where there is none."""
    rows = np.lib.stride_tricks.sliding_window_view(segments.value_ms, segments.size)
    x = rows[segments.first[part]] - means[:, None]
    x *= taper
    low, high = segments.low[part, None], segments.high[part, None]
    before, after = int(low.max()), int(high.min())
    x[:, :before][np.arange(before) < low] = 0.0
    x[:, after:][np.arange(after, segments.size) >= high] = 0.0
    return x


def shared_powers(segments: Segments, means: Float, weights: Float) -> Float:
    """Powers of overlapping segments, from running sums over the samples they share.

    Parameters
    ----------
    segments : Segments
        s segments in regular steps, ascending; what one lacks at its ends counts as its mean.
    means : float64[s]
        What is subtracted from each.
    weights : float64[b, r]
        Over the first b multiples of 1 / their length.

    Returns
    -------
    float64[s, r]
        Weighted sums of the tapered transforms' squared moduli.
    """
    size, step = segments.size, segments.step
    out = np.zeros((segments.first.size, weights.shape[1]))
    number = (segments.first - segments.first.min()) // (step * BLOCKS)
    bins = np.flatnonzero(weights.any(axis=1))
    first, last = int(bins.min()), int(bins.max()) + 1
    groups = [(low, min(low + GROUP, last)) for low in range(first, last, GROUP)]
    for rows in np.split(np.arange(number.size), np.flatnonzero(np.diff(number)) + 1):
        at = segments.first[rows]
        begin, end = int(at.min()), int(at.max()) + size
        centre = float(means[rows].mean())
        x = segments.value_ms[begin:end] - centre
        ends, lacking = _lacking(segments, rows, means[rows])
        for low, high in groups:
            found = transforms(x, at - begin, size, step, waves_of(size, low, high, step))
            found -= (lacking @ _tapered_waves(size, low, high)[ends]).view(np.complex128)
            for k, share in ((0, 0.5), (1, -0.25)):  # the taper's own transform
                if low <= k < high:
                    found[:, k - low] -= share * size * (means[rows] - centre)
            out[rows] += squared(found) @ weights[low:high]
    return out


def _lacking(segments: Segments, rows: Int, means: Float) -> tuple[Int, Float]:
    """Find what neighbours put into ends that segments lack: int64[e] where, float64[s, e] ms."""
    low, high = segments.low[rows, None], segments.high[rows, None]
    before, after = int(low.max()), int(high.min())
    at = np.concatenate((np.arange(before), np.arange(after, segments.size)))
    x = segments.value_ms[segments.first[rows, None] + at] - means[:, None]
    x[(at >= low) & (at < high)] = 0.0
    return at, x


@lru_cache(maxsize=16)
def _tapered_waves(size: int, low: int, high: int) -> Float:
    """float64[size, 2 (high - low)]: tapered waves of some bins, real beside imaginary parts."""
    waves = exponentials(np.arange(size), 2 * np.pi * np.arange(low, high) / size)
    return np.asarray((hann(size)[:, None] * waves).view(np.float64))
