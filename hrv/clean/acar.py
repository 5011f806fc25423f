"""An interval may not differ by more than 20 % from the mean of the last nine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hrv.clean._neighbours import without
from hrv.clean.base import Cleaner, CleanSettings, breaks
from hrv.types import Bool, Float, NNSeries, RRSeries

LIMIT, LAST = 0.2, 9
"""Share of the mean that an interval may differ from it, and how many intervals make the mean."""


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Remove intervals that differ by 20 % or more from the mean of the last nine.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: the limit is the method.

    Notes
    -----
    Acar, Savelieva, Hemingway & Malik 2000, doi:10.1016/S0169-2607(00)00081-X.  Removed ones
    among the nine do not count.  The first nine of a recording, or after a loss of beats, have
    nothing to be judged by and stay; so do nine after nine removed in a row, where hrv-analysis
    removes everything that follows.
    """
    del settings
    wrong = np.zeros(len(series), np.bool_)
    edges = [*np.flatnonzero(breaks(series)).tolist(), len(series)]
    for a, b in pairwise(edges):
        wrong[a:b] = _judge(series.rr_ms[a:b])
    return without(series, wrong, "acar", limit=LIMIT, last=LAST)


def _judge(rr_ms: Float) -> Bool:
    """bool[n]: what to remove of intervals between which nothing was lost."""
    wrong = np.zeros(rr_ms.size, np.bool_)
    recent, held, unseen = [0.0] * LAST, 0, LAST  # a removed interval stands as 0 among the nine
    for i, value in enumerate(rr_ms.tolist()):
        if held == 0:
            unseen = unseen or LAST
        if unseen:
            unseen -= 1
        else:
            mean = sum(recent) / held
            wrong[i] = abs(value - mean) >= LIMIT * mean
        kept = 0.0 if wrong[i] else value
        held += (kept > 0) - (recent[i % LAST] > 0)
        recent[i % LAST] = kept
    return wrong


CLEANER = Cleaner(
    "acar",
    "remove intervals that differ by 20 % or more from the mean of the last nine",
    "Acar et al. 2000, doi:10.1016/S0169-2607(00)00081-X",
    apply,
)
