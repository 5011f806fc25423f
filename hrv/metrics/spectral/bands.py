"""Power in bands: vlf, lf, hf, total_power, lf_nu, hf_nu, lf_hf."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Codes, Metric, MetricSettings, Reason, ratio
from hrv.metrics.spectral.estimators import ESTIMATORS
from hrv.metrics.spectral.timeline import timeline
from hrv.types import Float, NNSeries, Windows

COLUMNS = ("vlf", "lf", "hf", "total_power", "lf_nu", "hf_nu", "lf_hf")


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Band powers (ms²) and their ratios for every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; interpolated ones stand where the cleaner removed beats, for the timeline.
    windows : Windows
        k spans.
    settings : MetricSettings
        `spectral` and `detrend`.

    Returns
    -------
    Block
        float64[k, 7], columns as in `COLUMNS`.

    Notes
    -----
    A band's power is the integral of the power spectral density over it, by trapezoids whose
    ends are interpolated at the band's edges.  ``total_power`` runs from the lower edge of VLF
    to the upper edge of HF; ``lf_nu = 100 lf / (total_power - vlf)``, likewise hf_nu;
    ``lf_hf = lf / hf``.  Task Force 1996, doi:10.1161/01.CIR.93.5.1043.  Intervals that do not
    vary have zero power and no ratio.
    """
    knobs = settings.spectral
    estimator = ESTIMATORS[knobs.method]
    weights = band_weights(
        estimator.frequencies(knobs),
        (knobs.vlf_hz, knobs.lf_hz, knobs.hf_hz, (knobs.vlf_hz[0], knobs.hf_hz[1])),
    )
    power, reasons = spectra(nn, windows, settings, weights)
    vlf, lf, hf, total = power.T
    short = lf + hf
    block = Block.of(
        (vlf, lf, hf, total, ratio(100 * lf, short), ratio(100 * hf, short), ratio(lf, hf)),
        Reason.NO_VARIATION,
    )
    refused = reasons != Reason.OK
    block.values[refused] = np.nan
    block.reasons[refused] = reasons[refused, None]
    return block


def spectra(
    nn: NNSeries, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    """Weighted sums of each window's power spectral density.

    Parameters
    ----------
    nn, windows, settings
        As in `compute`.
    weights : float64[b, r]
        Over the estimator's b frequencies; the identity gives the densities, ms²/Hz.

    Returns
    -------
    values : float64[k, r]
        Zero where the intervals do not vary; NaN where refused.
    reasons : uint8[k]
        `Reason` codes.
    """
    line = timeline(nn)
    values, reasons = ESTIMATORS[settings.spectral.method].power(
        nn, line, windows, settings, weights
    )
    flat = (reasons == Reason.OK) & ~line.varied(*line.knots(windows))
    values[flat] = 0.0
    return values, reasons


def band_weights(frequency_hz: Float, bands: tuple[tuple[float, float], ...]) -> Float:
    """Weights whose sum with a density is its integral over each band.

    Parameters
    ----------
    frequency_hz : float64[b]
        Where the density is known, ascending.
    bands : tuple of (low, high)
        Edges, Hz, within the frequencies' range (what lies outside holds nothing).

    Returns
    -------
    float64[b, len(bands)]
        The density between two frequencies is the line that joins them.
    """
    weights = np.zeros((frequency_hz.size, len(bands)))
    for column, (low, high) in enumerate(bands):
        for i in range(frequency_hz.size - 1):
            left, right = frequency_hz[i], frequency_hz[i + 1]
            a, b = max(low, left), min(high, right)
            if b > a:
                middle = ((a + b) / 2 - left) / (right - left)
                weights[i, column] += (b - a) * (1 - middle)
                weights[i + 1, column] += (b - a) * middle
    return weights


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"

_metric = partial(Metric, family=compute, columns=COLUMNS, source=_TASK_FORCE, rounding=1e-9)
METRICS = (
    _metric(
        "vlf", "ms²", 1800.0, 2,
        summary="power below 0.04 Hz; six cycles of 0.0033 Hz take half an hour",
    ),
    _metric("lf", "ms²", 120.0, 2, summary="power of 0.04 to 0.15 Hz"),
    _metric("hf", "ms²", 60.0, 2, summary="power of 0.15 to 0.4 Hz"),
    _metric("total_power", "ms²", 300.0, 2, summary="power up to 0.4 Hz"),
    _metric("lf_nu", "%", 120.0, 2, summary="lf in percent of total_power - vlf"),
    _metric("hf_nu", "%", 120.0, 2, summary="hf in percent of total_power - vlf"),
    _metric(
        "lf_hf", "1", 120.0, 2,
        summary="lf / hf; no measure of sympatho-vagal balance (Billman 2013)",
    ),
)  # fmt: skip
