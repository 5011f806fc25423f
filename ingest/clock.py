"""Local clock times and zones: the one place where a wall clock becomes an aware moment."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hrv.errors import InputError

_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def zone(tz: str) -> tzinfo:
    """Return the IANA zone called `tz`.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"no time zone is called {tz!r}; use an IANA name such as Europe/Berlin or UTC"
        ) from None


def localise(naive: datetime, tz: str) -> tuple[datetime, str]:
    """Give a wall-clock time its zone.

    Parameters
    ----------
    naive : datetime
        Wall-clock time without a zone.
    tz : str
        IANA zone.

    Returns
    -------
    datetime
        The aware moment.
    str
        What a careful reader should know: an hour that occurred twice is taken as the first
        of the two; empty otherwise.

    Raises
    ------
    InputError
        If the clocks jumped over that time, or no such zone exists.
    """
    if not _FIRST_YEAR <= naive.year < _LAST_YEAR:
        raise InputError(f"{naive.isoformat(' ')} is no plausible time of a recording")
    first = naive.replace(tzinfo=zone(tz), fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first, ""
    if first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) != naive:
        raise InputError(
            f"{naive.isoformat(' ')} did not exist in {tz}: the clocks were put forward"
        )
    return first, (
        f"{naive.isoformat(' ')} occurred twice in {tz} (clocks put back); the first is taken"
    )


def in_zone(moment: datetime, tz: str | None) -> datetime:
    """Express an aware moment in the zone `tz`; unchanged without one."""
    return moment if tz is None else moment.astimezone(zone(tz))


def parse_iso(text: str) -> datetime | None:
    """Parse an ISO 8601 date *with* a time of day, zone optional; None if it is none.

    Years outside 1900-2200 are typing errors, not recordings.
    """
    text = text.strip()
    if len(text) < 16 or ":" not in text[10:]:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if _FIRST_YEAR <= moment.year < _LAST_YEAR else None
