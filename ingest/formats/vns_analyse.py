"""VNS Analyse: RR in s under section titles, notes behind a tab; the raw block is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from hrv.errors import FormatError
from hrv.types import Float, Provenance, RRSeries
from ingest.formats._lines import NUMBER, Lines, head_lines, shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._parts import tags
from ingest.formats._unit import decide_unit, to_ms
from ingest.formats.base import Format, ReadOptions, Recording, Source

_TITLES = ("rr-intervalle", "rr intervals")
_RAW = ("rohwerte", "uncorrected")
_NOTE = "notiz:"
_NAME = re.compile(r"(\d{2})\.(\d{2})\.(\d{4}) (\d{2})\.(\d{2})")


def sniff(head: bytes, name: str) -> bool:
    """Claim text that speaks of VNS Analyse or has a section of raw RR intervals."""
    del name
    lines = [line.lower() for line in head_lines(head)]
    return any("vns analyse" in line or _is_raw_title(line) for line in lines)


def _is_raw_title(line: str) -> bool:
    return line.startswith(_TITLES) and any(word in line for word in _RAW)


@dataclass(frozen=True)
class _Block:
    lines: list[int]
    texts: list[str]
    notes: list[tuple[int, str]]


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the raw block of a VNS Analyse export and its notes as events.

    Parameters
    ----------
    source : Source
        The file; a clock such as ``15.03.2025 09.07`` in its name is the start.
    options : ReadOptions
        `tz` is the zone of that clock.

    Raises
    ------
    FormatError
        If there is no raw block, or naming the line.
    """
    fixed_unit(options, "s", "a VNS Analyse file")
    lines = Lines.of(source)
    block = _raw_block(lines)
    rr_ms = _rr_ms(block, source.name)
    start, says = aware_start(_clock_of(source.name), options, "file name (whole minutes)")
    provenance = Provenance(
        source=source.name, format="vns_analyse", unit="s (format)", clock=says,
        notes=("the raw block was read, the program's corrected one was not", *lines.cut),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, start=start, provenance=provenance)
    return Recording(series, events=_events(block, series))


def _raw_block(lines: Lines) -> _Block:
    block, inside = _Block([], [], []), False
    for i, raw in enumerate(lines.lines, start=1):
        line = raw.strip()
        if not line:
            continue
        if line[0].isalpha():
            if inside:
                break
            inside = _is_raw_title(line.lower())
        elif inside:
            value, _, note = line.partition("\t")
            if note.strip():
                if not note.strip().lower().startswith(_NOTE):
                    raise FormatError(
                        f"{shown(note.strip())} is no note (Notiz: …)",
                        source=lines.source, line=i,
                    )  # fmt: skip
                text = note.strip()[len(_NOTE) :].strip() or "note"
                block.notes.append((len(block.texts), text))
            block.texts.append(value.strip())
            block.lines.append(i)
    if not block.texts:
        raise FormatError("has no block 'RR-Intervalle - Rohwerte'", source=lines.source)
    return block


def _rr_ms(block: _Block, source: str) -> Float:
    def error_at(i: int, message: str) -> FormatError:
        return FormatError(message, source=source, line=block.lines[i])

    for i, text in enumerate(block.texts):
        if not NUMBER.fullmatch(text):
            raise error_at(i, f"{shown(text)} is not a number")
    texts = [text.replace(",", ".") for text in block.texts]
    values = np.array([float(text) for text in texts])
    decide_unit(values, given=None, header="s", error_at=error_at)
    return to_ms(values, "s", max(len(text.partition(".")[2]) for text in texts))


def _clock_of(name: str) -> datetime | None:
    match = _NAME.search(name)
    if match is None:
        return None
    day, month, year, hour, minute = (int(match[i]) for i in range(1, 6))
    try:
        return datetime(year, month, day, hour, minute)
    except ValueError:
        return None


def _events(block: _Block, series: RRSeries) -> pd.DataFrame:
    """Place each note at the beat that ends its interval."""
    found: list[tuple[str, datetime | float]] = []
    for at, text in block.notes:
        after_s = float(series.t_s[at])
        found.append((text, after_s if series.start is None
                      else series.start + timedelta(seconds=after_s)))  # fmt: skip
    return tags(found)


FORMAT = Format(
    name="vns_analyse",
    summary="VNS Analyse: raw RR in s with notes",
    suffixes=(".txt",),
    sniff=sniff,
    read=read,
)
