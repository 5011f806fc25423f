"""HRV Logger: ``date, rr, since start`` in ms, with annotations in a sibling Events file."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pandas as pd

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._parts import in_ms, tags
from ingest.formats._place import place
from ingest.formats._rows import Cells, has_head
from ingest.formats.base import Format, ReadOptions, Recording, Source

_BEATS = ("date", "rr", "since start")
_EVENTS = ("date", "timestamp", "annotation", "manual")


def sniff(head: bytes, name: str) -> bool:
    """Claim the two column heads of HRV Logger, beats and events."""
    del name
    return has_head(head, ",", *_BEATS) or has_head(head, ",", *_EVENTS)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read beats, and the annotations of the Events file beside them.

    Parameters
    ----------
    source : Source
        The RR file, or an Events file on its own (its times then need a zone).
    options : ReadOptions
        `tz` shows the start in a zone, or gives the zone where the dates carry none.

    Raises
    ------
    FormatError
        Naming the line.
    """
    fixed_unit(options, "ms", "an HRV Logger file")
    cells = Cells.of(source, ",")
    if "rr" not in cells.head:
        return Recording(None, events=_events(cells, options), notes=cells.notes)
    if not cells.rows:
        raise FormatError("holds no RR interval after its head", source=source.name)
    rr_ms = in_ms(cells.numbers("rr"), cells.error)
    placed = place(rr_ms, cells.numbers("since start") / 1000, 0.001, elapsed=True)
    first = cells.moments("date", [0])[0]
    origin = first - timedelta(milliseconds=float(cells.numbers("since start", [0])[0]))
    start, says = aware_start(
        origin + timedelta(seconds=placed.begin_s), options, "first date less time since start"
    )
    beside = _sibling(source)
    events = pd.DataFrame()
    notes = [*placed.notes, *cells.notes]
    if beside is not None:
        events = _events(
            Cells.of(beside, ","), options, zero=origin + timedelta(seconds=placed.begin_s)
        )
        notes.append(f"{len(events)} annotations from {beside.name}")
    provenance = Provenance(
        source=source.name, format="hrv_logger", unit="ms (format)", clock=says, notes=tuple(notes)
    )
    series = RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=start, provenance=provenance)
    return Recording(series, events=events)


def _sibling(source: Source) -> Source | None:
    """Find the Events file that was exported with an RR file."""
    for old, new in (("_RR", "_Events"), ("_rr", "_events"), ("RR", "Events")):
        name = re.sub(rf"{old}(?=[^A-Za-z]|$)", new, source.name, count=1)
        if name != source.name and (found := source.sibling(name)) is not None:
            return found
    return None


def _events(cells: Cells, options: ReadOptions, zero: datetime | None = None) -> pd.DataFrame:
    """Annotations as moments; where no zone is known, as seconds since `zero`, the first beat."""
    found: list[tuple[str, datetime | float]] = []
    names = [name or "annotation" for name in cells.column("annotation")]
    for name, naive in zip(names, cells.moments("date"), strict=True):
        moment, _ = aware_start(naive, ReadOptions(tz=options.tz), "date")
        if moment is not None:
            found.append((name, moment))
        elif zero is not None and zero.utcoffset() is None:
            after_s = (naive - zero).total_seconds()
            start = options.start
            found.append((name, after_s if start is None else start + timedelta(seconds=after_s)))
        else:
            raise FormatError("its dates have no zone; give tz=", source=cells.source)
    return tags(found)


FORMAT = Format(
    name="hrv_logger",
    summary="HRV Logger: RR with time since start, and its Events file",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
