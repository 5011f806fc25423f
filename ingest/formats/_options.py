"""Options that a format does not take are refused, never ignored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hrv.errors import InputError
from ingest import clock
from ingest.formats.base import ReadOptions

_LATEST_S = 2**33  # the year 2242


def fixed_unit(options: ReadOptions, unit: str, what: str) -> None:
    """Refuse a `unit` that contradicts a format whose unit is fixed."""
    if options.unit is not None and options.unit != unit:
        raise InputError(f"{what} is always in {unit}; leave out unit={options.unit!r}")


def local_start(naive: datetime, options: ReadOptions, origin: str) -> tuple[datetime | None, str]:
    """Start of a recording whose clock is local time without a zone.

    Parameters
    ----------
    naive : datetime
        Wall-clock time in the source.
    options : ReadOptions
        `start` overrides it, `tz` is its zone.
    origin : str
        Where it stood, e.g. ``"file name"``.

    Returns
    -------
    datetime or None
        None without `start` or `tz`: a local time of unknown zone is no moment.
    str
        Text for `Provenance.clock`.
    """
    if options.start is not None:
        return options.start, f"given (start=); {origin} says {naive.isoformat(' ')}"
    if options.tz is None:
        says = f"{origin} {naive.isoformat(' ')}, local time of unknown zone; tz= gives the zone"
        return None, says
    moment, twice = clock.localise(naive, options.tz)
    return moment, f"{origin}, zone {options.tz} (tz=){'; ' + twice if twice else ''}"


def aware_start(
    moment: datetime | None, options: ReadOptions, origin: str
) -> tuple[datetime | None, str]:
    """Start of a recording whose clock may or may not name its zone; None: there is no clock."""
    if moment is None:
        says = "none: only the order of beats is known (start= gives it)"
        return options.start, "given (start=)" if options.start else says
    if moment.utcoffset() is None:
        return local_start(moment, options, origin)
    if options.start is not None:
        return options.start, f"given (start=); {origin} says {moment.isoformat(' ')}"
    shown_in = f", shown in {options.tz} (tz=)" if options.tz else ""
    return clock.in_zone(moment, options.tz), f"{origin}, zone in the file{shown_in}"


def absolute_start(unix_s: float, options: ReadOptions, origin: str) -> tuple[datetime, str]:
    """Start of a recording whose clock is absolute (seconds since 1970, UTC)."""
    if not 0 <= unix_s < _LATEST_S:
        raise InputError(f"the clock of the file ({origin}) is no plausible time: {unix_s:.0f} s")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=unix_s)
    if options.start is not None:
        return options.start, f"given (start=); {origin} says {moment.isoformat(' ')}"
    shown_in = f", shown in {options.tz} (tz=)" if options.tz else ""
    return clock.in_zone(moment, options.tz), f"{origin}, UTC{shown_in}"
