"""Local clock times and zones: the one place where a wall clock becomes an aware moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hrv.errors import InputError

_HALF_DAY_S = 43_200.0
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


_SPACED_ZONE = re.compile(r"(?<!\s)\s+([+-]\d{2}:?\d{2}|Z)$")


def zone(tz: str) -> tzinfo:
    """Return the IANA zone called `tz`.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
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


def localise_all(naive: Sequence[datetime], tz: str) -> tuple[list[datetime], str]:
    """Give a run of wall-clock times their zone, in an hour that occurred twice by their order.

    Parameters
    ----------
    naive : sequence of datetime
        Wall-clock times in the order in which they were written.
    tz : str
        IANA zone.

    Returns
    -------
    list of datetime
        Aware moments; where a time could be either of two, the first that does not run
        backwards.
    str
        What a careful reader should know, or empty.
    """
    moments: list[datetime] = []
    says = ""
    for time in naive:
        moment, twice = localise(time, tz)
        if twice and moments and moment.timestamp() < moments[-1].timestamp():
            moment = moment.replace(fold=1)
        says = says or twice
        moments.append(moment)
    return moments, says


_TIME = re.compile(
    r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s*([AaPp])?(?:\.?\s*[Mm]\.?)?", re.UNICODE
)


def parse_time_of_day(text: str) -> float | None:
    """Parse a time of day, 24-hour or with AM/PM, to seconds since midnight; None if it is none.

    Understood are ``20:14:07.68``, ``6:14:48.94 PM`` and ``08:34:05,10``, with any space
    (U+202F too) before AM.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    half = (match[5] or "").lower()
    if minute > 59 or second > 59 or hour > (12 if half else 23) or (half and hour == 0):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    digits = match[4] or "0"
    return float(f"{hour * 3600 + minute * 60 + second}.{digits}")


def unroll(seconds: Sequence[float]) -> list[float]:
    """Make times of day rise over midnight: a fall of more than 12 h is a new day."""
    days, unrolled = 0, []
    for i, second in enumerate(seconds):
        if i and second < seconds[i - 1] - _HALF_DAY_S:
            days += 1
        unrolled.append(second + days * 2 * _HALF_DAY_S)
    return unrolled


def in_zone(moment: datetime, tz: str | None) -> datetime:
    """Express an aware moment in the zone `tz`; unchanged without one."""
    return moment if tz is None else moment.astimezone(zone(tz))


def parse_iso(text: str) -> datetime | None:
    """Parse an ISO 8601 date *with* a time of day, zone optional; None if it is none.

    Years outside 1900-2200 are typing errors, not recordings.
    """
    text = _SPACED_ZONE.sub(r"\1", text.strip())
    if len(text) < 16 or ":" not in text[10:]:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if _FIRST_YEAR <= moment.year < _LAST_YEAR else None
