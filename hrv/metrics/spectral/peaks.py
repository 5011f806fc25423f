"""Where the spectrum peaks: peak_lf, peak_hf, and breathing from respiratory sinus arrhythmia."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Codes, Metric, MetricSettings, Reason, ratio
from hrv.metrics.spectral.bands import band_weights, spectra
from hrv.metrics.spectral.estimators import ESTIMATORS
from hrv.types import Float, NNSeries, Windows

COLUMNS = ("peak_lf", "peak_hf", "respiration_rate", "respiration_quality")
AROUND_HZ = 0.03
"""Power this close to the respiratory peak counts as breathing."""
CHUNK = 20_000
"""Windows whose whole spectra are held at a time."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Peak frequencies of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    windows : Windows
        k spans.
    settings : MetricSettings
        `spectral` and `detrend`.

    Returns
    -------
    Block
        float64[k, 4], columns as in `COLUMNS`: Hz, Hz, breaths a minute, %.

    Notes
    -----
    A peak is the highest local maximum of the density inside the band; a band whose density
    only falls or rises has none.  ``respiration_rate`` is 60 times the peak of HF: breathing
    slower than 9 or faster than 24 a minute is not seen there.  ``respiration_quality`` is the
    percentage of the power from the lower edge of LF to the upper edge of HF that lies within
    0.03 Hz of that peak: white noise reaches 20 to 25 %, so that below some 30 % the peak may not
    be breathing at all.
    """
    knobs = settings.spectral
    frequency = ESTIMATORS[knobs.method].frequencies(knobs)
    identity = np.eye(frequency.size)
    both = band_weights(frequency, ((knobs.lf_hz[0], knobs.hf_hz[1]),))[:, 0]
    values = np.full((len(windows), len(COLUMNS)), np.nan)
    reasons = np.zeros(values.shape, np.uint8)
    for a in range(0, len(windows), CHUNK):
        rows = slice(a, a + CHUNK)
        density, why = spectra(nn, windows.take(rows), settings, identity)
        density[why != Reason.OK] = 0.0
        lf = _peak(density, frequency, knobs.lf_hz)
        hf = _peak(density, frequency, knobs.hf_hz)
        values[rows] = np.column_stack((lf, hf, 60 * hf, _quality(density, frequency, hf, both)))
        reasons[rows] = _reasons(values[rows], density, why)
    return Block(values, reasons)


def _reasons(values: Float, density: Float, why: Codes) -> Codes:
    flat = ~density.any(axis=1)
    missing = np.where(flat, Reason.NO_VARIATION, Reason.NO_PEAK)
    missing = np.where(why != Reason.OK, why, missing)
    return np.where(np.isnan(values), missing[:, None], Reason.OK).astype(np.uint8)


def _peak(density: Float, frequency: Float, band: tuple[float, float]) -> Float:
    """float64[k]: frequency of the highest local maximum strictly inside the band, or NaN."""
    inner = density[:, 1:-1]
    summit = (inner > density[:, :-2]) & (inner >= density[:, 2:])
    at = frequency[1:-1]
    summit &= (at > band[0]) & (at < band[1])
    height = np.where(summit, inner, -1.0)
    best = height.argmax(axis=1)
    return np.where(summit.any(axis=1), at[best], np.nan)


def _quality(density: Float, frequency: Float, peak: Float, both: Float) -> Float:
    near = np.abs(frequency[None, :] - np.nan_to_num(peak)[:, None]) <= AROUND_HZ + 1e-9
    share = ratio(100 * (density * both * near).sum(axis=1), density @ both)
    return np.where(np.isnan(peak), np.nan, share)


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"
_SCHAEFER = "Schäfer & Kratky 2008, Ann Biomed Eng 36:476, doi:10.1007/s10439-007-9428-1"

_metric = partial(Metric, family=compute, columns=COLUMNS, rounding=1e-9)
METRICS = (
    _metric("peak_lf", "Hz", 120.0, 2, _TASK_FORCE, "frequency of the highest peak of LF"),
    _metric("peak_hf", "Hz", 60.0, 2, _TASK_FORCE, "frequency of the highest peak of HF"),
    _metric(
        "respiration_rate", "breaths/min", 60.0, 2, _SCHAEFER,
        "breathing rate from the peak of HF (9 to 24 a minute)",
    ),
    _metric(
        "respiration_quality", "%", 60.0, 2, _SCHAEFER,
        "share of the LF and HF power that lies about the respiratory peak",
    ),
)  # fmt: skip
