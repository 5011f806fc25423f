"""Empatica E4 ``IBI.csv``: offset and interval in s; the wristband drops doubtful beats."""

from __future__ import annotations

import re

import numpy as np

from hrv.errors import FormatError
from hrv.types import Flag, Provenance, RRSeries
from ingest.formats._lines import Lines, head_lines, shown
from ingest.formats._options import absolute_start, fixed_unit
from ingest.formats._times import clock_note, overlap, settle
from ingest.formats._unit import decide_unit, to_ms
from ingest.formats.base import Format, ReadOptions, Recording, Source

_FIRST = re.compile(r"(\d{1,10}(?:\.\d{1,9})?)\s*,\s*IBI", re.I)
_TICK_S = 1 / 64
_LATEST = 4_102_444_800  # the year 2100: anything later is no session of an E4


def sniff(head: bytes, name: str) -> bool:
    """Claim text whose first line is ``<unix seconds>, IBI``."""
    del name
    lines = head_lines(head)
    return bool(lines) and _FIRST.fullmatch(lines[0]) is not None


def read(source: Source, options: ReadOptions) -> Recording:
    """Read an Empatica E4 IBI file.

    The offset is the time of the beat that ends an interval, in s since the moment in the
    first line; where the wristband left beats out, offsets leave a gap, and so does the
    series.  Time zero is the first beat.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` expresses the start (UTC in the file) in a zone.

    Raises
    ------
    FormatError
        Naming the line that is wrong.
    """
    fixed_unit(options, "s", "an Empatica IBI file")
    lines = Lines.of(source)
    lines, unix_s = _first_line(lines)
    rows = [row.replace(",", " ") for row in lines.rows()]
    if not rows:
        raise FormatError("holds no beat after its first line", source=source.name)
    table = lines.numbers(rows, 2)
    _, unit = decide_unit(table[:, 1], given=None, header="s", error_at=lines.error)
    rr_ms = to_ms(table[:, 1], "s", 6)
    row = overlap(table[:, 0], rr_ms, _TICK_S)
    if row is not None:
        raise lines.error(
            row, f"the beat at offset {table[row, 0]:g} s begins before the beat above it ends: "
            "delete the doubled lines"
        )  # fmt: skip
    end_s = settle(table[:, 0], rr_ms, _TICK_S)
    begin_s = float(end_s[0] - rr_ms[0] / 1000)
    start, says = absolute_start(unix_s + begin_s, options, "first line plus first offset")
    provenance = Provenance(
        source=source.name, format="empatica", clock=says, device="Empatica E4",
        unit=unit.replace("header of the file", "format") + ", 1/64 s resolution",
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, t_s=end_s - begin_s, start=start, provenance=provenance)
    return Recording(_noted(series, lines.cut, exact=np.array_equal(end_s, table[:, 0])))


def _first_line(lines: Lines) -> tuple[Lines, float]:
    for i, raw in enumerate(lines.lines):
        if raw.strip():
            match = _FIRST.fullmatch(raw.strip())
            if match is None or not 0 < float(match[1]) < _LATEST:
                raise FormatError(
                    f"{shown(raw.strip())} is not '<unix seconds>, IBI'",
                    source=lines.source, line=i + 1,
                )  # fmt: skip
            return lines.starting(i + 1), float(match[1])
    raise FormatError("the file is empty", source=lines.source)


def _noted(series: RRSeries, cut: tuple[str, ...], *, exact: bool) -> RRSeries:
    gaps = int(((series.flag & Flag.GAP) != 0).sum())
    notes = [
        clock_note(series.rr_ms, series.duration_s),
        f"{gaps} gaps where the wristband left beats out",
    ]
    if not exact:
        notes.append("beat times within 1/64 s of the running sum were joined to it")
    provenance = series.provenance.noting(*notes, *cut)
    return RRSeries(series.rr_ms, series.t_s, series.flag, series.start, provenance)


FORMAT = Format(
    name="empatica",
    summary="Empatica E4 IBI.csv: offset and interval, with the gaps it leaves",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
