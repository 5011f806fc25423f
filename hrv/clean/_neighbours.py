"""The neighbours that percentage rules compare an interval with."""

from __future__ import annotations

import numpy as np

from hrv.clean.base import breaks, to_nn
from hrv.types import Bool, Flag, Float, NNSeries, RRSeries


def before(series: RRSeries) -> Float:
    """float64[n]: interval before each, ms; NaN where beats were lost between."""
    out = np.roll(series.rr_ms, 1)
    out[breaks(series)] = np.nan
    return out


def after(series: RRSeries) -> Float:
    """float64[n]: interval after each, ms; NaN where beats were lost between."""
    out = np.roll(series.rr_ms, -1)
    out[np.roll(breaks(series), -1)] = np.nan
    return out


def without(series: RRSeries, wrong: Bool, method: str, **settings: float) -> NNSeries:
    """NN intervals of `series` after `Flag.ARTEFACT` is set where `wrong`."""
    flag = series.flag | np.where(wrong, np.uint16(Flag.ARTEFACT), np.uint16(0))
    return to_nn(series, flag, method, settings)
