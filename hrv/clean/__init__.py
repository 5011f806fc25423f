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
from hrv.clean.base import Cleaner, CleanSettings
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
    for cleaner in CLEANERS:
        if cleaner.name == method:
            return cleaner.apply(series, settings or CleanSettings())
    known = ", ".join(cleaner.name for cleaner in CLEANERS)
    raise InputError(f"no cleaning method is called {method!r}; there are {known}")
