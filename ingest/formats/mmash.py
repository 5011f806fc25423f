"""MMASH ``RR.csv``: unnamed index, ``ibi_s``, day number and time of day of each beat."""

from __future__ import annotations

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float, Provenance, RRSeries
from ingest import clock
from ingest.formats._lines import shown
from ingest.formats._options import fixed_unit
from ingest.formats._place import place
from ingest.formats._rows import Cells, has_head
from ingest.formats._unit import decide_unit, to_ms
from ingest.formats.base import Format, ReadOptions, Recording, Source

_DAY_S = 86_400.0


def sniff(head: bytes, name: str) -> bool:
    """Claim the column head."""
    del name
    return has_head(head, ",", "", "ibi_s", "day", "time")


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the beats of one person of MMASH.

    Dates are withheld in that data set (day 1, day 2), so only time since the first beat is
    known unless `start` gives it.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `start` is the moment of the first beat.

    Raises
    ------
    FormatError
        Naming the line.
    """
    fixed_unit(options, "s", "an MMASH file")
    cells = Cells.of(source, ",")
    if not cells.rows:
        raise FormatError("holds no RR interval after its head", source=source.name)
    ibi_s = cells.numbers("ibi_s")
    decide_unit(ibi_s, given=None, header="s", error_at=cells.error)
    decimals = max(len(text.partition(".")[2]) for text in cells.column("ibi_s"))
    rr_ms = to_ms(ibi_s, "s", decimals)
    at_s = _clock(cells)
    placed = place(rr_ms, at_s - at_s[0], 1.0)
    first = f"day {cells.column('day')[0]}, {cells.column('time')[0]}"
    provenance = Provenance(
        source=source.name, format="mmash", unit="s (format)",
        clock=f"none: {first}, the date is withheld (start= gives it)"
        if options.start is None else f"given (start=); the file says {first}",
        notes=(*placed.notes, *cells.notes),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=options.start, provenance=provenance)
    return Recording(series)


def _clock(cells: Cells) -> Float:
    day = cells.numbers("day")
    seconds = []
    for row, text in enumerate(cells.column("time")):
        second = clock.parse_time_of_day(text)
        if second is None or not 0 <= day[row] < 1000:
            raise cells.error(row, f"day {day[row]:g} with time {shown(text)} is no moment")
        seconds.append(second)
    at_s = np.array(seconds) + day * _DAY_S
    if (np.diff(at_s) < -1.0).any():
        row = int(np.argmax(np.diff(at_s) < -1.0)) + 1
        raise cells.error(row, f"time {cells.column('time')[row]} runs backwards; sort the lines")
    return at_s


FORMAT = Format(
    name="mmash",
    summary="MMASH data set RR.csv: intervals in s with day and time",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
