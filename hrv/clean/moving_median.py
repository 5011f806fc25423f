"""An interval may not differ by more than a quarter from the median of those around it."""

from __future__ import annotations

import numpy as np

from hrv.clean._neighbours import without
from hrv.clean.base import Cleaner, CleanSettings, stretches
from hrv.clean.rolling import rolling_quantiles
from hrv.types import NNSeries, RRSeries

LIMIT, WIDTH = 0.25, 11
"""Share of the median that an interval may differ from it, and how many intervals it is of."""


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Remove intervals that differ by more than 25 % from the median of the 11 around them.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: width and limit are the method.

    Notes
    -----
    The threshold correction of Kubios HRV (Tarvainen et al. 2014,
    doi:10.1016/j.cmpb.2013.07.024) at its middle level, 0.25 s at 60 bpm, read as a share of the
    local median so that it follows the heart rate.  A median ignores up to five wrong intervals
    of eleven.  Short losses of beats do not part the eleven, losses over a minute do.
    """
    del settings
    middle = np.empty(len(series))
    for part in stretches(series):
        middle[part] = rolling_quantiles(series.rr_ms[part], WIDTH, (0.5,))[0]
    wrong = np.abs(series.rr_ms - middle) > LIMIT * middle
    return without(series, wrong, "moving_median", limit=LIMIT, width=WIDTH)


CLEANER = Cleaner(
    "moving_median",
    "remove intervals that differ by more than 25 % from the median of the 11 around them",
    "Tarvainen et al. 2014, doi:10.1016/j.cmpb.2013.07.024",
    apply,
    reach=WIDTH // 2,
)
