"""The compiled twin of `periodogram.shared_powers`; importing it needs numba."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import numpy as np

from hrv.metrics.spectral.periodogram import Segments, hann
from hrv.metrics.spectral.sliding import exponentials
from hrv.types import Float

numba: Any = importlib.import_module("numba")

AFRESH = 512
"""Segments after which the sums are made anew: rounding stays that of some minutes."""


def _move(sums, x, centre, at, size, waves, begin, end, sign):  # type: ignore[no-untyped-def]
    # adds (sign 1) or takes away (-1) the samples [begin, end): four at a time, so that the sums
    # are loaded and stored once for all
    i = begin
    while i + 4 <= end:
        a, b = waves[(i - at) % size], waves[(i + 1 - at) % size]
        c, d = waves[(i + 2 - at) % size], waves[(i + 3 - at) % size]
        p, q = sign * (x[i] - centre), sign * (x[i + 1] - centre)
        r, s = sign * (x[i + 2] - centre), sign * (x[i + 3] - centre)
        for k in range(sums.size):
            sums[k] += p * a[k] + q * b[k] + r * c[k] + s * d[k]
        i += 4
    while i < end:
        a, p = waves[(i - at) % size], sign * (x[i] - centre)
        for k in range(sums.size):
            sums[k] += p * a[k]
        i += 1


def _powers(x, first, low, high, means, size, waves, tapers, weights, out):  # type: ignore[no-untyped-def]
    # the transform of what each segment has, in a frame that moves along with it: samples come
    # and go at its ends, and a step turns all waves
    f = waves.shape[1] // 2
    sums, power = np.zeros(2 * f), np.zeros(f)
    re, im = sums[:f], sums[f:]
    at = begin = end = 0
    centre = 0.0
    for w in range(first.size):
        new, old = first[w], at
        start, stop = new + low[w], new + high[w]
        at = new
        if w % AFRESH == 0 or at < old or start >= end:
            sums[:] = 0.0
            centre, begin, end = means[w], start, start
        elif at > old:
            turn = waves[at - old]
            cos, sin = turn[:f], turn[f:]
            for k in range(f):
                a, b = re[k], im[k]
                re[k] = a * cos[k] + b * sin[k]
                im[k] = b * cos[k] - a * sin[k]
        move(sums, x, centre, at, size, waves, end, stop, 1.0)
        move(sums, x, centre, at, size, waves, stop, end, -1.0)
        move(sums, x, centre, at, size, waves, begin, start, -1.0)
        move(sums, x, centre, at, size, waves, start, begin, 1.0)
        begin, end = start, stop
        shift = means[w] - centre
        there, gone = tapers[high[w]], tapers[low[w]]
        for k in range(1, f - 1):
            a = 0.5 * re[k] - 0.25 * (re[k - 1] + re[k + 1]) - shift * (there[k] - gone[k])
            b = 0.5 * im[k] - 0.25 * (im[k - 1] + im[k + 1]) - shift * (there[f + k] - gone[f + k])
            power[k] = a * a + b * b
        for c in range(weights.shape[0]):
            total, row = 0.0, weights[c]
            for k in range(f):
                total += power[k] * row[k]
            out[w, c] = total


_fast = {"contract", "reassoc", "nsz"}  # a sum may be made in any order: what vector units need
move = numba.njit(cache=True, nogil=True, fastmath=_fast)(_move)
_compiled = numba.njit(cache=True, nogil=True, fastmath=_fast)(_powers)


@lru_cache(maxsize=8)
def _tables(size: int, low: int, high: int) -> tuple[Float, Float]:
    """Waves of the bins ``[low - 1, high + 1)`` and running sums of the tapered ones.

    float64[size, 2 f] and float64[size + 1, 2 f]: real parts, then imaginary ones.
    """
    waves = exponentials(np.arange(size), 2 * np.pi * np.arange(low - 1, high + 1) / size)
    tapers = np.zeros((size + 1, waves.shape[1]), np.complex128)
    np.cumsum(hann(size)[:, None] * waves, axis=0, out=tapers[1:])
    return np.hstack((waves.real, waves.imag)), np.hstack((tapers.real, tapers.imag))


def powers_compiled(segments: Segments, means: Float, weights: Float) -> Float:
    """Weighted powers of overlapping segments; see `periodogram.shared_powers`."""
    bins = np.flatnonzero(weights.any(axis=1))
    low, high = int(bins.min()), int(bins.max()) + 1
    over = np.zeros((weights.shape[1], high - low + 2))
    over[:, 1:-1] = weights[low:high].T
    out = np.empty((segments.first.size, weights.shape[1]))
    _compiled(
        segments.value_ms, segments.first, segments.low, segments.high, means, segments.size,
        *_tables(segments.size, low, high), over, out,
    )  # fmt: skip
    return out
