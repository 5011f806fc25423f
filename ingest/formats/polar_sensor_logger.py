"""Polar Sensor Logger: ``Phone timestamp;RR-interval [ms]``, the phone's time without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float, Provenance, RRSeries
from ingest import clock
from ingest.formats._lines import shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._parts import in_ms, seconds_of
from ingest.formats._place import place
from ingest.formats._rows import Cells, has_head
from ingest.formats.base import Format, ReadOptions, Recording, Source

_SEPARATORS = (";", ",")
_TIME, _RR = "phone timestamp", "rr-interval [ms]"


def sniff(head: bytes, name: str) -> bool:
    """Claim the column head."""
    del name
    return any(has_head(head, separator, _TIME, _RR) for separator in _SEPARATORS)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the RR file of a Polar strap.

    The phone's time is the moment when an interval was received.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` is the zone of the phone's clock.

    Raises
    ------
    FormatError
        Naming the line.
    """
    fixed_unit(options, "ms", "a Polar Sensor Logger file")
    with source.open() as file:
        head = file.read(256)
    cells = Cells.of(source, ";" if b";" in head.splitlines()[0] else ",")
    if not cells.rows:
        raise FormatError("holds no RR interval after its head", source=source.name)
    rr_ms = in_ms(cells.numbers(_RR), cells.error)
    first, at_s, says = _clock(cells, options)
    placed = place(rr_ms, at_s, 0.001)
    zero = None if first is None else first + timedelta(seconds=placed.begin_s)
    start, origin = aware_start(zero, options, "phone timestamp of the first interval")
    provenance = Provenance(
        source=source.name, format="polar_sensor_logger", unit="ms (format)",
        clock=f"{origin}; {says}" if says else origin, device="Polar",
        notes=(*placed.notes, *cells.notes),
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, t_s=placed.t_s, start=start, provenance=provenance))


def _clock(cells: Cells, options: ReadOptions) -> tuple[datetime | None, Float, str]:
    """First moment (None for times of day), s from it to each line, and what to say of it."""
    texts = cells.column(_TIME)
    if clock.parse_time_of_day(texts[0]) is None:
        moments = cells.moments(_TIME)
        at_s, twice = seconds_of(moments, options, cells.source)
        return moments[0], at_s, twice
    seconds: list[float] = []
    for row, text in enumerate(texts):
        second = clock.parse_time_of_day(text)
        if second is None:
            raise cells.error(row, f"{_TIME} {shown(text)} is no time of day")
        seconds.append(second)
    at_s = np.array(clock.unroll(seconds)) - seconds[0]
    if (np.diff(at_s) < -1.0).any():
        row = int(np.argmax(np.diff(at_s) < -1.0)) + 1
        raise cells.error(row, f"{_TIME} {shown(texts[row])} runs backwards; sort the lines")
    says = f"the file holds times of day only (first {texts[0]}), no date; start= gives it"
    return None, np.maximum.accumulate(at_s), says


FORMAT = Format(
    name="polar_sensor_logger",
    summary="Polar Sensor Logger: phone time and RR in ms",
    suffixes=(".txt", ".csv"),
    sniff=sniff,
    read=read,
)
