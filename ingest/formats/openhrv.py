"""OpenHRV: ``event,value,timestamp``, one line an event; ``IBI`` lines are the beats."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pandas as pd

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest import clock
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._parts import in_ms, seconds_of, tags
from ingest.formats._place import place
from ingest.formats._rows import Cells, has_head
from ingest.formats.base import Format, ReadOptions, Recording, Source

_BEAT = "ibi"
_MARK = "annotation"


def sniff(head: bytes, name: str) -> bool:
    """Claim the column head."""
    del name
    return has_head(head, ",", "event", "value", "timestamp")


def read(source: Source, options: ReadOptions) -> Recording:
    """Read beats and annotations; other events (means, pacer) are counted and left out.

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
    fixed_unit(options, "ms", "an OpenHRV file")
    cells = Cells.of(source, ",")
    kinds = [kind.lower() for kind in cells.column("event")]
    beats = [i for i, kind in enumerate(kinds) if kind == _BEAT]
    if not beats:
        raise FormatError("holds no line with the event IBI", source=source.name)
    rr_ms = in_ms(cells.numbers("value", beats), lambda i, message: cells.error(beats[i], message))
    moments = cells.moments("timestamp", beats)
    at_s, twice = seconds_of(moments, options, source.name)
    placed = place(rr_ms, at_s, 0.000001)
    start, says = aware_start(
        moments[0] + timedelta(seconds=placed.begin_s), options, "timestamp of the first beat"
    )
    others = Counter(kind for kind in kinds if kind not in (_BEAT, _MARK))
    left = ", ".join(f"{kind} {count}x" for kind, count in sorted(others.items()))
    notes = (*placed.notes, *([f"other events left out: {left}"] if left else []))
    provenance = Provenance(
        source=source.name, format="openhrv", unit="ms (format)",
        clock=f"{says}; {twice}" if twice else says, notes=(*notes, *cells.notes),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=start, provenance=provenance)
    zero = moments[0] + timedelta(seconds=placed.begin_s)
    return Recording(series, events=_marks(cells, kinds, zero, start, options))


def _marks(
    cells: Cells, kinds: list[str], zero: datetime, start: datetime | None, options: ReadOptions
) -> pd.DataFrame:
    rows = [i for i, kind in enumerate(kinds) if kind == _MARK]
    names = [name or _MARK for name in cells.column("value", rows)]
    moments = cells.moments("timestamp", rows)
    when: list[datetime | float] = []
    for moment in moments:
        if moment.utcoffset() is None and options.tz is not None:
            moment, _ = clock.localise(moment, options.tz)
        if moment.utcoffset() is not None:
            when.append(moment)
        elif zero.utcoffset() is None:  # no zone known: seconds since the first beat, or `start`
            after_s = (moment - zero).total_seconds()
            when.append(after_s if start is None else start + timedelta(seconds=after_s))
    return tags(list(zip(names, when, strict=True)))


FORMAT = Format(
    name="openhrv",
    summary="OpenHRV: one line an event, IBI in ms at local time",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
