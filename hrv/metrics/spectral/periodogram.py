"""Powers of many equally long segments at once, by a matrix product or a fast transform."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hrv.types import Float

PRODUCT = 512
"""Segments up to so many samples go through one matrix product, which is faster than the FFT."""


@lru_cache(maxsize=64)
def hann(size: int) -> Float:
    """float64[size]: periodic Hann taper (``scipy.signal.get_window("hann")``)."""
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    taper.flags.writeable = False
    return taper


def hann_powers(
    segments: Float, padded: int, rate_hz: float, weights: Float, *, remove_mean: bool = False
) -> Float:
    """Weighted sums of the one-sided power densities of tapered segments.

    Parameters
    ----------
    segments : float64[s, L]
        Even samples, ms.
    padded : int
        Length to which zeros extend a segment: frequencies are multiples of rate / padded.
    rate_hz : float
        Samples a second.
    weights : float64[b, r]
        Over the first b frequencies.
    remove_mean : bool
        Subtract each segment's mean first.

    Returns
    -------
    float64[s, r]
        Sums of densities in ms²/Hz, as `scipy.signal.welch` scales them.
    """
    size, bins = segments.shape[1], weights.shape[0]
    taper = hann(size)
    scale = np.full(bins, 2.0 / (rate_hz * (taper @ taper)))
    scale[0] /= 2
    if size <= PRODUCT:
        product = segments @ _basis(size, padded, bins, remove_mean)
        product *= product
        scaled = scale[:, None] * weights
        return np.asarray(product @ np.vstack((scaled, scaled)), np.float64)
    if remove_mean:
        segments = segments - segments.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(segments * taper, padded, axis=1)[:, :bins]
    density = spectrum.real**2 + spectrum.imag**2
    return np.asarray(density @ (scale[:, None] * weights), np.float64)


@lru_cache(maxsize=64)
def _basis(size: int, padded: int, bins: int, remove_mean: bool) -> Float:  # noqa: FBT001
    """float64[L, 2 bins]: tapered cosines and sines, blind to a constant if asked."""
    angle = (2 * np.pi / padded) * (np.outer(np.arange(size), np.arange(bins)) % padded)
    waves = np.hstack((np.cos(angle), np.sin(angle))) * hann(size)[:, None]
    if remove_mean:
        waves -= waves.mean(axis=0)
    waves.flags.writeable = False
    return waves
