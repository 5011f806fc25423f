"""From RR as recorded to normal-to-normal intervals: the table `CLEANERS`, one file a method."""

from __future__ import annotations

from hrv.clean import (
    acar,
    kamath,
    karlsson,
    lipponen_tarvainen,
    malik,
    moving_median,
    none,
    range_limits,
)
from hrv.clean.base import Cleaner, CleanSettings, to_nn
from hrv.errors import InputError
from hrv.types import NNSeries, RRSeries

CLEANERS: tuple[Cleaner, ...] = (
    lipponen_tarvainen.CLEANER,
    moving_median.CLEANER,
    karlsson.CLEANER,
    malik.CLEANER,
    kamath.CLEANER,
    acar.CLEANER,
    range_limits.CLEANER,
    none.CLEANER,
)

MOST_BEATS, MARGIN = 1 << 18, 4096
"""Intervals judged at a time (days), and those on either side that are judged with them:
many times any cleaner's reach, runs of artefacts included."""


def clean(
    series: RRSeries,
    method: str = "lipponen_tarvainen",
    settings: CleanSettings | None = None,
) -> NNSeries:
    """Find artefacts and leave them out.

    Parameters
    ----------
    series : RRSeries
        n intervals as recorded.
    method : str
        Name in `hrv.CLEANERS`; ``"none"`` keeps every interval.
    settings : CleanSettings, optional
        Knobs of the methods.

    Returns
    -------
    NNSeries
        The valid intervals.  ``.rr`` is the recording with a flag on everything removed, and
        ``.filled_ms`` what stands in for it on the timeline.  Empty if nothing was valid.

    Raises
    ------
    InputError
        If no method has that name.
    """
    settings = settings or CleanSettings()
    for cleaner in CLEANERS:
        if cleaner.name == method:
            if cleaner.reach and len(series) > MOST_BEATS:
                return _by_parts(series, cleaner, settings)
            return cleaner.apply(series, settings)
    known = ", ".join(cleaner.name for cleaner in CLEANERS)
    raise InputError(f"no cleaning method is called {method!r}; there are {known}")


def _by_parts(series: RRSeries, cleaner: Cleaner, settings: CleanSettings) -> NNSeries:
    """Judge a long recording by parts, so that memory does not grow with it; the same verdicts."""
    flag = series.flag.copy()
    made_with: dict[str, object] = {}
    for first in range(0, len(series), MOST_BEATS):
        stop = min(first + MOST_BEATS, len(series))
        low, high = max(first - MARGIN, 0), min(stop + MARGIN, len(series))
        part = RRSeries(series.rr_ms[low:high], series.t_s[low:high], series.flag[low:high])
        nn = cleaner.apply(part, settings)
        flag[first:stop] |= nn.rr.flag[first - low : stop - low]
        made_with |= nn.settings
    return to_nn(series, flag, cleaner.name, made_with)
