"""Metrics of a series whose slow trend is removed, one window at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hrv.detrend import smoothness_priors
from hrv.metrics.base import Block, Family, MetricSettings
from hrv.metrics.settings import DetrendSettings, SpectralSettings
from hrv.metrics.spectral.sampling import own
from hrv.types import Float, NNSeries, Windows

TREND = SpectralSettings(interpolation="spline", rate_hz=4.0)
"""The trend is found on even samples, where λ means a frequency, and taken off the beats."""


def without_trend(nn_ms: Float, t_s: Float, smoothness: float) -> Float:
    """Take the slow trend off intervals, keeping their mean.

    Parameters
    ----------
    nn_ms, t_s : float64[n]
        Intervals of one window and the beats that end them.
    smoothness : float
        λ of smoothness priors at 4 samples a second.

    Returns
    -------
    float64[n]
        ms.  The trend of the evenly sampled series (4 Hz, cubic spline) is read off at the
        beats; Tarvainen et al. 2002, IEEE Trans Biomed Eng 49:172.
    """
    kept = np.diff(np.maximum.accumulate(t_s), prepend=-np.inf) > 0
    t, y = t_s[kept], nn_ms[kept]
    even = own(t, y, TREND)
    if even.size < 3:
        return nn_ms
    trend = even - smoothness_priors(even, smoothness)
    first = np.ceil(t[0] * TREND.rate_hz - 1e-9)
    moments = (first + np.arange(even.size)) / TREND.rate_hz
    return np.asarray(nn_ms - np.interp(t_s, moments, trend) + nn_ms.mean(), np.float64)


def detrended_windows(
    family: Family, nn: NNSeries, windows: Windows, settings: MetricSettings
) -> Block:
    """Compute a family on each window's own detrended intervals.

    Parameters
    ----------
    family : callable
        Any family.
    nn, windows, settings
        As families take them.

    Returns
    -------
    Block
        The family's columns; the trend of a window does not see beyond it.
    """
    plain = replace(settings, detrend=DetrendSettings())
    blocks = []
    for j in range(len(windows)):
        lo, hi = int(windows.lo[j]), int(windows.hi[j])
        part = slice(lo, hi)
        joined = nn.joined[part].copy()
        joined[:1] = False
        x = without_trend(nn.nn_ms[part], nn.t_s[part], settings.detrend.smoothness)
        nothing = np.empty(0)
        own_nn = NNSeries(x, nn.t_s[part], joined, nothing, nothing, nn.rr, nn.method, nn.settings)
        one = Windows(
            windows.start_s[j : j + 1],
            windows.stop_s[j : j + 1],
            np.zeros(1, np.int64),
            np.array([hi - lo]),
        )
        blocks.append(family(own_nn, one, plain))
    blocks = blocks or [family(nn, windows, plain)]
    return Block(
        np.concatenate([b.values for b in blocks]), np.concatenate([b.reasons for b in blocks])
    )
