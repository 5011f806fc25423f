"""The three estimators of a power spectral density, one signature: table `ESTIMATORS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hrv.metrics.base import Codes, MetricSettings
from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral import autoregressive, lomb, welch
from hrv.metrics.spectral.timeline import Timeline
from hrv.types import Float, NNSeries, Windows

Power = Callable[[NNSeries, Timeline, Windows, MetricSettings, Float], tuple[Float, Codes]]
"""(intervals, their timeline, k windows, settings, weights[b, r]) -> (values[k, r], reasons[k])."""


@dataclass(frozen=True)
class Estimator:
    """One way to a power spectral density.

    Parameters
    ----------
    frequencies : callable
        ``SpectralSettings -> float64[b]``: where the density is computed, Hz.
    power : callable
        `Power`: weighted sums of each window's density (ms²/Hz).
    """

    frequencies: Callable[[SpectralSettings], Float]
    power: Power


ESTIMATORS: Mapping[str, Estimator] = {
    "welch": Estimator(welch.frequencies, welch.power),
    "ar": Estimator(autoregressive.frequencies, autoregressive.power),
    "lomb": Estimator(lomb.frequencies, lomb.power),
}
