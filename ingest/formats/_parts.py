"""Small tables and series that readers build alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from hrv.errors import FormatError
from hrv.types import Float
from ingest import clock
from ingest.columns import EVENT_COLUMNS, OUTCOME_COLUMNS, TAG
from ingest.formats._unit import ErrorAt, decide_unit
from ingest.formats.base import ReadOptions


def tags(found: Sequence[tuple[str, datetime | float]]) -> pd.DataFrame:
    """Make events of instants: (name, aware moment or seconds since the first beat)."""
    rows = [("", name, TAG, when, when) for name, when in found]
    frame = pd.DataFrame(rows, columns=list(EVENT_COLUMNS))
    return frame if rows else frame.iloc[:0]


def outcomes(found: Sequence[tuple[datetime, str, float]]) -> pd.DataFrame:
    """Make a table of outcomes: (aware moment, name, value)."""
    frame = pd.DataFrame(
        {
            "subject": [""] * len(found),
            "time": pd.to_datetime([moment.astimezone(UTC) for moment, _, _ in found], utc=True),
            "name": [name for _, name, _ in found],
            "value": np.array([value for _, _, value in found], dtype=np.float64),
            "unit": [""] * len(found),
            "assay": [""] * len(found),
        }
    )
    return frame[list(OUTCOME_COLUMNS)]


def in_ms(rr_ms: Float, error_at: ErrorAt) -> Float:
    """Check intervals of a format that is always in ms; return them."""
    decide_unit(rr_ms, given=None, header="ms", error_at=error_at)
    return rr_ms


def seconds_of(moments: Sequence[datetime], options: ReadOptions, source: str) -> tuple[Float, str]:
    """Seconds from the first of a run of times to each, daylight saving counted if `tz` is known.

    Returns
    -------
    float64[n], str
        Seconds, and a note or "".

    Raises
    ------
    FormatError
        If the times run backwards by more than a second.
    """
    says = ""
    if moments and moments[0].utcoffset() is None and options.tz is not None:
        moments, says = clock.localise_all(moments, options.tz)
    if moments and moments[0].utcoffset() is None:
        zero = moments[0]
        seconds = np.array([(moment - zero).total_seconds() for moment in moments])
    else:
        stamps = [moment.timestamp() for moment in moments]
        seconds = np.array(stamps) - stamps[0]
    back = np.flatnonzero(np.diff(seconds) < -1.0)
    if back.size:
        i = int(back[0]) + 1
        raise FormatError(
            f"its clock runs backwards from {moments[i - 1].isoformat(' ')} to "
            f"{moments[i].isoformat(' ')}; sort the lines, or give tz= if clocks were put back",
            source=source,
        )
    return np.maximum.accumulate(seconds), says
