"""The spectrum itself, for a picture: the density that the bands are integrals of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.metrics.base import MetricSettings
from hrv.metrics.spectral.bands import spectra
from hrv.metrics.spectral.estimators import ESTIMATORS
from hrv.types import NNSeries
from hrv.windows import summary, whole


def spectrum(nn: NNSeries, settings: MetricSettings | None = None) -> pd.DataFrame:
    """Estimate the power spectral density of a whole recording.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    settings : MetricSettings, optional
        `spectral` and `detrend`; the same that make `vlf`, `lf` and `hf`.

    Returns
    -------
    DataFrame
        ``frequency_hz`` and ``density`` (ms²/Hz); ``attrs`` hold units, and the bands' edges
        and the estimator as settings.

    Raises
    ------
    NotComputableError
        Where power in the HF band would be refused, with the same reason.
    """
    chosen = settings or MetricSettings()
    knobs = chosen.spectral
    refused = summary(nn, metrics=["hf"], settings=chosen).attrs["reasons"]
    if refused:
        raise NotComputableError(f"there is no spectrum: {'; '.join(refused.values())}")
    frequency_hz = ESTIMATORS[knobs.method].frequencies(knobs)
    density, _ = spectra(nn, whole(nn), chosen, np.eye(len(frequency_hz)))
    table = pd.DataFrame({"frequency_hz": frequency_hz, "density": density[0]})
    table.attrs["units"] = {"frequency_hz": "Hz", "density": "ms²/Hz"}
    table.attrs["settings"] = {
        "method": knobs.method,
        "detrend": str(chosen.detrend),
        "bands_hz": {"vlf": knobs.vlf_hz, "lf": knobs.lf_hz, "hf": knobs.hf_hz},
    }
    return table
