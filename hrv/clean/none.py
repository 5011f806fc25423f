"""Keep every interval: for series cleaned elsewhere and for comparison with other tools."""

from __future__ import annotations

import numpy as np

from hrv.clean.base import Cleaner, CleanSettings, breaks
from hrv.types import NNSeries, RRSeries


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Take all intervals as normal, whatever their flags; gaps still part neighbours.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used.
    """
    del settings
    nothing = np.empty(0)
    return NNSeries(series.rr_ms, series.t_s, ~breaks(series), nothing, nothing, series, "none", {})


CLEANER = Cleaner("none", "keep every interval", "", apply, reach=0)
