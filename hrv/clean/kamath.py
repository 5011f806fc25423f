"""Uneven limits: an interval may grow by 32.5 % over the one before it, or shrink by 24.5 %."""

from __future__ import annotations

from hrv.clean._neighbours import before, without
from hrv.clean.base import Cleaner, CleanSettings
from hrv.types import NNSeries, RRSeries

LONGER, SHORTER = 0.325, 0.245
"""Shares of the interval before that the next may be longer, or shorter."""


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Remove intervals over 32.5 % longer, or over 24.5 % shorter, than the one before.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: the limits are the method.

    Notes
    -----
    Kamath & Fallen 1995, in Malik & Camm (eds), Heart Rate Variability, Futura, p. 75.  As with
    Malik's rule the interval after an artefact is compared with the artefact.
    """
    del settings
    earlier = before(series)
    change = series.rr_ms - earlier
    wrong = (change > LONGER * earlier) | (-change > SHORTER * earlier)
    return without(series, wrong, "kamath", longer=LONGER, shorter=SHORTER)


CLEANER = Cleaner(
    "kamath",
    "remove intervals over 32.5 % longer or 24.5 % shorter than the one before",
    "Kamath & Fallen 1995, in Malik & Camm (eds), Heart Rate Variability, p. 75",
    apply,
    reach=1,
)
