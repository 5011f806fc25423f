"""HRV4Training: one line a morning measurement, no RR; it enters as outcomes, never as beats."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from hrv.errors import FormatError
from ingest import clock
from ingest.formats._lines import head_lines, shown
from ingest.formats._rows import Cells, names
from ingest.formats._summaries import read_summaries
from ingest.formats.base import Format, ReadOptions, Recording, Source

_STAMP, _DATE, _TIME = "timestamp_measurement", "date", "time"
_NEEDED = {"hr", "avnn", "sdnn", "rmssd"}
_DATE_PARTS = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")


def sniff(head: bytes, name: str) -> bool:
    """Claim a head with the app's clock and its four time-domain columns."""
    del name
    lines = head_lines(head)
    found = set(names(lines[0], ",")) if lines else set()
    return found.issuperset(_NEEDED) and (_STAMP in found or found.issuperset({_DATE, _TIME}))


def read(source: Source, options: ReadOptions) -> Recording:
    """Read measurements as outcomes named ``hrv4training_rmssd``, ``hrv4training_hr`` and so on.

    Android's export has date and time in two columns and a date that is not ISO 8601; the
    order of day and month is then taken from the file's own dates, and refused where none of
    them tells it.

    Parameters
    ----------
    source : Source
        The file; its times are local and carry no zone.
    options : ReadOptions
        `tz` is that zone.

    Raises
    ------
    FormatError
        Naming the line.
    """
    cells = Cells.of(source, ",")
    split = _DATE in cells.head and _TIME in cells.head
    moments = _split_moments(cells) if split else _moments(cells)
    return read_summaries(cells, moments, "hrv4training", options, (_STAMP, _DATE, _TIME))


def _moments(cells: Cells) -> list[datetime]:
    found = []
    for row, text in enumerate(cells.column(_STAMP)):
        moment = clock.parse_iso(text)
        if moment is None:
            raise cells.error(row, f"{_STAMP} {shown(text)} is no ISO 8601 time")
        found.append(moment)
    return found


def _split_moments(cells: Cells) -> list[datetime]:
    dates = cells.column(_DATE)
    order = _order(cells, dates)
    found = []
    for row, (date, time) in enumerate(zip(dates, cells.column(_TIME), strict=True)):
        parts = _DATE_PARTS.fullmatch(date)
        second = clock.parse_time_of_day(time if time.count(":") > 1 else f"{time}:00")
        try:
            if parts is None or second is None:
                raise ValueError
            day = datetime(*(int(parts[i]) for i in order))  # type: ignore[arg-type]
        except ValueError:
            raise cells.error(row, f"{shown(date)} with {shown(time)} is no moment") from None
        found.append(day + timedelta(seconds=second))
    return found


def _order(cells: Cells, dates: list[str]) -> tuple[int, int, int]:
    """Which parts of the dates are year, month and day (counted from one)."""
    parts = [match for date in dates if (match := _DATE_PARTS.fullmatch(date))]
    if not parts:
        raise (
            cells.error(0, f"date {shown(dates[0])} is no date")
            if dates
            else FormatError("holds no line after its head", source=cells.source)
        )
    if all(len(match[1]) == 4 for match in parts):
        return 1, 2, 3
    day_first = any(int(match[1]) > 12 for match in parts)
    month_first = any(int(match[2]) > 12 for match in parts)
    if day_first == month_first:
        raise cells.error(
            0, f"date {dates[0]!r} does not tell day from month, nor does any other line; write "
            "the dates as 2024-03-01"
        )  # fmt: skip
    return (3, 2, 1) if day_first else (3, 1, 2)


FORMAT = Format(
    name="hrv4training",
    summary="HRV4Training measurements: outcomes, no beats",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
