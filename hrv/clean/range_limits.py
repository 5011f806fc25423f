"""Remove intervals outside fixed limits: a plausibility check, not an artefact detector."""

from __future__ import annotations

import numpy as np

from hrv.clean.base import Cleaner, CleanSettings, to_nn
from hrv.types import Flag, NNSeries, RRSeries


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Flag intervals shorter than `low_ms` or longer than `high_ms` (`Flag.RANGE`).

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        ``low_ms``, ``high_ms``; the limits themselves are kept.

    Notes
    -----
    300 to 2000 ms (200 to 30 bpm) are the limits used most often; Task Force 1996
    (doi:10.1161/01.CIR.93.5.1043) asks for exclusion of non-sinus beats without naming any.
    """
    outside = (series.rr_ms < settings.low_ms) | (series.rr_ms > settings.high_ms)
    flag = series.flag | np.where(outside, np.uint16(Flag.RANGE), np.uint16(0))
    limits = {"low_ms": settings.low_ms, "high_ms": settings.high_ms}
    return to_nn(series, flag, "range", limits)


CLEANER = Cleaner(
    "range",
    "remove intervals outside fixed limits (300 to 2000 ms)",
    "",
    apply,
    reach=0,
)
