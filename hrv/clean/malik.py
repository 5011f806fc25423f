"""The 20 % rule: an interval may not differ by more from the one before it."""

from __future__ import annotations

import numpy as np

from hrv.clean._neighbours import before, without
from hrv.clean.base import Cleaner, CleanSettings
from hrv.types import NNSeries, RRSeries

LIMIT = 0.2
"""Share of the interval before that the next may differ from it."""


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Remove intervals that differ by more than 20 % from the one before.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: the limit is the method.

    Notes
    -----
    Malik, Farrell, Cripps & Camm 1989, Eur Heart J 10:1060.  The interval after an artefact is
    compared with the artefact and goes with it: the rule loses one good interval with each bad
    one.  hrv-analysis keeps it unseen, and so keeps the pause after an ectopic beat too.
    """
    del settings
    earlier = before(series)
    wrong = np.abs(series.rr_ms - earlier) > LIMIT * earlier
    return without(series, wrong, "malik", limit=LIMIT)


CLEANER = Cleaner(
    "malik",
    "remove intervals that differ by more than 20 % from the one before",
    "Malik et al. 1989, Eur Heart J 10:1060",
    apply,
    reach=1,
)
