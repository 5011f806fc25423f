"""JSON that strangers wrote: parsed with limits, every failure one sentence."""

from __future__ import annotations

import json
from typing import Any

from hrv.errors import FormatError
from ingest.formats._lines import decode, is_binary
from ingest.formats.base import Source

LARGEST = 1 << 29
"""Bytes; a larger document is refused, since JSON must be held in memory as a whole."""


def load(source: Source) -> str:
    """Read JSON text of a tolerable size."""
    with source.open() as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FormatError(f"is larger than {LARGEST >> 20} MB of JSON", source=source.name)
    if is_binary(data):
        raise FormatError("holds binary data, not JSON", source=source.name)
    return decode(data)


def parse(text: str, name: str, line: int | None = None) -> Any:
    """Parse one document; NaN and infinities are refused."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise FormatError("is nested too deeply to be a recording", source=name) from None
    except ValueError as error:
        where = line or getattr(error, "lineno", None)
        raise FormatError(
            f"is no whole JSON document ({error}); it was cut short or edited",
            source=name, line=where,
        ) from None  # fmt: skip


def documents(text: str, name: str) -> list[Any]:
    """Parse one document, or one a line."""
    lines = [(i, line.strip()) for i, line in enumerate(text.splitlines(), start=1)]
    lines = [(i, line) for i, line in lines if line]
    if len(lines) > 1 and all(line[0] in "{[" and line[-1] in "}]" for _, line in lines):
        return [parse(line, name, number) for number, line in lines]
    return [parse(text, name)]


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def number(value: object) -> float | None:
    """Return a JSON number as float; None for anything else (true is not one)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
