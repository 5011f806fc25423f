"""Times as they come in tables: aware datetimes taken apart into UTC and the wall clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.types import Float, Int

DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, eq=False)
class Moments:
    """A column of aware times, taken apart.

    Parameters
    ----------
    utc_ns : int64[n]
        Nanoseconds since 1970 in UTC.
    local_ns : int64[n]
        The same as the wall clock showed it where the time was given.
    """

    utc_ns: Int
    local_ns: Int

    @property
    def day(self) -> Int:
        """int64[n]: local calendar day, counted from 1970-01-01."""
        return self.local_ns // DAY_NS

    @property
    def hour(self) -> Float:
        """float64[n]: local time of day, h."""
        return np.asarray((self.local_ns % DAY_NS) / (DAY_NS / 24), dtype=np.float64)


def moments(column: pd.Series, what: str) -> Moments:
    """Read a column of aware datetimes (or ISO text with an offset).

    Raises
    ------
    InputError
        If a time is missing, unreadable or has no zone; `what` names it in the sentence.
    """
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        stamps = [_stamp(value, f"{what} {i + 1}") for i, value in enumerate(column)]
        utc = np.array([s.value for s in stamps], dtype=np.int64)
        local = np.array([s.tz_localize(None).value for s in stamps], dtype=np.int64)
        return Moments(utc, local)
    if column.isna().any():
        raise InputError(f"{what} {int(np.argmax(column.isna())) + 1} is missing; give its time")
    exact = column.dt.as_unit("ns")
    utc = exact.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype(np.int64)
    return Moments(utc, exact.dt.tz_localize(None).to_numpy().astype(np.int64))


def _stamp(value: object, place: str) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(value)  # type: ignore[arg-type]  # whatever it is, it is tried
    except (ValueError, TypeError) as error:
        raise InputError(f"{place} ({value!r}) is not a date and time") from error
    if pd.isna(stamp):
        raise InputError(f"{place} is missing; give its time")
    if stamp.tzinfo is None:
        raise InputError(
            f"{place} ({stamp}) has no time zone; give aware datetimes, "
            "for example with .dt.tz_localize('Europe/Berlin')"
        )
    return stamp.as_unit("ns")


def utc_ns(column: pd.Series) -> Int:
    """Return nanoseconds since 1970 of a UTC column."""
    values = column.dt.tz_localize(None).astype("datetime64[ns]").to_numpy()
    return np.asarray(values.astype(np.int64), dtype=np.int64)
