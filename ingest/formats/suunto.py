"""Suunto ``.sml``: RR in ms under ``<R-R><Data>``."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest import clock
from ingest.formats import _xml
from ingest.formats._lines import decode, is_binary, is_whole, shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._times import clock_note
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source


def sniff(head: bytes, name: str) -> bool:
    """Claim XML with the root element ``sml``."""
    del name
    if is_binary(head):
        return False
    text = decode(head).lstrip()
    return text.startswith("<") and "<sml" in text.lower()


class _Log:
    """What one pass over the file collects."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.data: list[str] = []
        self.header: dict[str, list[str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self.path.append(name)

    def end(self, name: str) -> None:
        del name
        self.path.pop()

    def text(self, text: str) -> None:
        if self.path[-2:] == ["R-R", "Data"]:
            self.data.append(text)
        elif self.path[-2:-1] == ["Header"] or self.path[-2:-1] == ["Device"]:
            self.header.setdefault(self.path[-1], []).append(text)

    def value(self, key: str) -> str:
        return "".join(self.header.get(key, [])).strip()


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the intervals of a Suunto log.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` is the zone of ``DateTime``, which is local time.

    Raises
    ------
    FormatError
        If it is no whole XML, holds no RR, or naming the value that is none.
    """
    fixed_unit(options, "ms", "a Suunto file")
    log = _Log()
    with source.open() as file:
        _xml.stream(file, source.name, start=log.start, end=log.end, text=log.text)
    words = " ".join(log.data).split()
    if not words:
        raise FormatError(
            "holds no RR intervals (<R-R><Data>); newer devices keep them in FIT files",
            source=source.name,
        )

    def error_at(i: int, message: str) -> FormatError:
        return FormatError(f"interval {i + 1}: {message}", source=source.name)

    for i, word in enumerate(words):
        if not is_whole(word):
            raise error_at(i, f"{shown(word)} is no whole number of ms")
    rr_ms = np.array([int(word) for word in words], dtype=np.float64)
    decide_unit(rr_ms, given=None, header="ms", error_at=error_at)
    start, says = aware_start(_moment(log, source.name), options, "DateTime")
    wall = log.value("Duration")
    notes = (clock_note(rr_ms, float(wall)),) if _is_seconds(wall) else ()
    provenance = Provenance(
        source=source.name, format="suunto", unit="ms (format)", clock=says,
        device=" ".join(("Suunto", log.value("Name"))).strip(), notes=notes,
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, start=start, provenance=provenance))


def _is_seconds(text: str) -> bool:
    whole, _, part = text.partition(".")
    return is_whole(whole) and len(whole) < 9 and (not part or is_whole(part))


def _moment(log: _Log, source: str) -> datetime | None:
    text = log.value("DateTime")
    if not text:
        return None
    moment = clock.parse_iso(text)
    if moment is None:
        raise FormatError(f"DateTime {shown(text)} is no ISO 8601 time", source=source)
    return moment


FORMAT = Format(
    name="suunto",
    summary="Suunto sml: RR in ms",
    suffixes=(".sml",),
    sniff=sniff,
    read=read,
)
