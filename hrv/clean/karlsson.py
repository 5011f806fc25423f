"""An interval may not differ by more than 20 % from the mean of its two neighbours."""

from __future__ import annotations

import numpy as np

from hrv.clean._neighbours import after, before, without
from hrv.clean.base import Cleaner, CleanSettings
from hrv.types import NNSeries, RRSeries

LIMIT = 0.2
"""Share of the neighbours' mean that an interval may differ from it."""


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Remove intervals that differ by 20 % or more from the mean of both neighbours.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: the limit is the method.

    Notes
    -----
    Karlsson, Hörnsten, Rydberg & Wiklund 2012, doi:10.1186/1475-925X-11-2.  One pass over the
    intervals as recorded, as in hrv-analysis; the paper repeats it with limits of 10 to 50 %
    chosen by age.  An interval with beats lost on either side has no mean to differ from and stays.
    """
    del settings
    middle = (before(series) + after(series)) / 2
    wrong = np.abs(series.rr_ms - middle) >= LIMIT * middle
    return without(series, wrong, "karlsson", limit=LIMIT)


CLEANER = Cleaner(
    "karlsson",
    "remove intervals that differ by 20 % or more from the mean of their two neighbours",
    "Karlsson et al. 2012, doi:10.1186/1475-925X-11-2",
    apply,
    reach=1,
)
