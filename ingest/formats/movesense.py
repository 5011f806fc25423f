"""Movesense: JSON with ``rrData`` in ms, one document or one a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest.formats._json import documents, load, number
from ingest.formats._lines import decode, is_binary
from ingest.formats._options import fixed_unit
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

_KEY = "rrData"
_DEEPEST = 20
_CUT = "the last line has no line end; if the file was cut short, it is incomplete"


def sniff(head: bytes, name: str) -> bool:
    """Claim JSON that speaks of ``rrData``."""
    del name
    if is_binary(head):
        return False
    text = decode(head).lstrip()
    return text.startswith(("{", "[")) and f'"{_KEY}"' in text


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the intervals in the order in which they stand; the file has no clock for them.

    Parameters
    ----------
    source : Source
        One JSON document, or one a line.
    options : ReadOptions
        `start` is the moment of the first beat.

    Raises
    ------
    FormatError
        If it is no JSON, or naming the interval that is none.
    """
    fixed_unit(options, "ms", "a Movesense file")
    text = load(source)
    values: list[float] = []
    for document in documents(text, source.name):
        _collect(document, values, source.name, 0)
    if not values:
        raise FormatError(f"holds no interval under {_KEY!r}", source=source.name)

    cut = () if text.endswith("\n") else (_CUT,)

    def error_at(i: int, message: str) -> FormatError:
        return FormatError(f"interval {i + 1}: {message}", source=source.name)

    rr_ms = np.array(values, dtype=np.float64)
    decide_unit(rr_ms, given=None, header="ms", error_at=error_at)
    provenance = Provenance(
        source=source.name, format="movesense", unit="ms (format)", device="Movesense",
        clock="given (start=)" if options.start else
        "none: only the order of beats is known (start= gives it)",
        notes=("no clock beside the intervals: lost beats cannot be seen", *cut),
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, start=options.start, provenance=provenance))


def _collect(node: Any, values: list[float], name: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise FormatError("is nested too deeply to be a Movesense file", source=name)
    if isinstance(node, list):
        for child in node:
            _collect(child, values, name, depth + 1)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key != _KEY:
                _collect(child, values, name, depth + 1)
                continue
            for value in child if isinstance(child, list) else [child]:
                found = number(value)
                if found is None:
                    raise FormatError(f"{value!r} under {_KEY!r} is no number", source=name)
                values.append(found)


FORMAT = Format(
    name="movesense",
    summary="Movesense JSON with rrData in ms",
    suffixes=(".json", ".jsonl"),
    sniff=sniff,
    read=read,
)
