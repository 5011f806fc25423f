"""FatMaxxer: ``timestamp,rr,since_start`` with unix ms at which each interval was received."""

from __future__ import annotations

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest.formats._options import absolute_start, fixed_unit
from ingest.formats._parts import in_ms
from ingest.formats._place import place
from ingest.formats._rows import Cells, has_head
from ingest.formats.base import Format, ReadOptions, Recording, Source


def sniff(head: bytes, name: str) -> bool:
    """Claim the column head."""
    del name
    return has_head(head, ",", "timestamp", "rr", "since_start")


def read(source: Source, options: ReadOptions) -> Recording:
    """Read a FatMaxxer log.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` expresses the start (UTC in the file) in a zone.

    Raises
    ------
    FormatError
        Naming the line.
    """
    fixed_unit(options, "ms", "a FatMaxxer log")
    cells = Cells.of(source, ",")
    if not cells.rows:
        raise FormatError("holds no RR interval after its head", source=source.name)
    rr_ms = in_ms(cells.numbers("rr"), cells.error)
    stamp_s = cells.numbers("timestamp") / 1000
    cells.numbers("since_start")
    placed = place(rr_ms, stamp_s - stamp_s[0], 0.001)
    start, says = absolute_start(float(stamp_s[0]) + placed.begin_s, options, "timestamp")
    provenance = Provenance(
        source=source.name, format="fatmaxxer", unit="ms (format)", clock=says,
        notes=(*placed.notes, *cells.notes),
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=start, provenance=provenance))


FORMAT = Format(
    name="fatmaxxer",
    summary="FatMaxxer: unix time of arrival and RR in ms",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
