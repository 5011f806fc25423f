"""BITalino and OpenSignals text: a JSON head behind ``#``, then columns of samples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import Provenance
from ingest import clock
from ingest.formats._ecg import first_peak, to_series
from ingest.formats._json import number, parse
from ingest.formats._lines import Lines, head_lines
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

_FIRST = "# opensignals text file format"
_END = "# endofheader"
_ECG = re.compile(r"ECG|EKG", re.I)


def sniff(head: bytes, name: str) -> bool:
    """Claim the first line of an OpenSignals file."""
    del name
    lines = head_lines(head)
    return bool(lines) and lines[0].lower().startswith(_FIRST)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the ECG channel and find its R peaks.

    Parameters
    ----------
    source : Source
        The file; its head names the device, rate, channels and sensors.
    options : ReadOptions
        `tz` is the zone of the head's date and time; `channel` names a column where the
        sensors do not tell which is the ECG.

    Raises
    ------
    FormatError
        If the head is incomplete, or naming the line.
    """
    lines = Lines.of(source)
    head, at = _head(lines)
    device, about = next(iter(head.items()))
    if not isinstance(about, dict):
        raise FormatError("its head does not describe a device", source=source.name, line=2)
    rate = number(about.get("sampling rate"))
    columns = about.get("column")
    if rate is None or rate <= 0 or not isinstance(columns, list):
        raise FormatError("its head names no sampling rate or no columns", source=source.name,
                          line=2)  # fmt: skip
    body = lines.starting(at)
    rows = body.rows()
    if not rows:
        raise FormatError("holds no sample after its head", source=source.name)
    column = _column(about, [str(c) for c in columns], options, source.name)
    table = body.numbers([row.replace("\t", " ") for row in rows], len(columns))
    start, says = first_peak(*aware_start(_moment(about), options, "date and time of the head"))
    ecg = ECG(np.ascontiguousarray(table[:, column]), rate, start, str(columns[column]))
    provenance = Provenance(
        source=source.name, format="opensignals", clock=says,
        device=f"{about.get('device', 'BITalino')} {device}", notes=body.cut,
    )  # fmt: skip
    return Recording(to_series(ecg, provenance), ecg=ecg)


def _head(lines: Lines) -> tuple[Mapping[str, Any], int]:
    head: object = None
    for i, raw in enumerate(lines.lines):
        line = raw.strip()
        if line.lower().startswith(_END):
            if not isinstance(head, dict) or not head:
                break
            return head, i + 1
        if line.startswith("#") and "{" in line:
            head = parse(line.lstrip("# "), lines.source, i + 1)
        elif line and not line.startswith("#"):
            break
    raise FormatError("its head (# {…} and # EndOfHeader) is incomplete", source=lines.source)


def _column(about: Mapping[str, Any], columns: list[str], options: ReadOptions, source: str) -> int:
    if options.channel is not None:
        if options.channel not in columns:
            raise FormatError(
                f"has no column {options.channel!r}; the columns are {', '.join(columns)}",
                source=source,
            )
        return columns.index(options.channel)
    sensors, labels = about.get("sensor"), about.get("label")
    named: list[str] = [name for name in columns if _ECG.search(name)]
    if isinstance(sensors, list) and isinstance(labels, list):
        named += [str(label) for sensor, label in zip(sensors, labels, strict=False)
                  if _ECG.search(str(sensor)) and str(label) in columns]  # fmt: skip
    named = list(dict.fromkeys(named))
    if len(named) != 1:
        raise FormatError(
            f"{len(named)} of its channels are an ECG; say which of {', '.join(columns)} with "
            "channel=", source=source
        )  # fmt: skip
    return columns.index(named[0])


def _moment(about: Mapping[str, Any]) -> datetime | None:
    """Moment of the head; its parts are not padded with zeros (``9:3:7.25``)."""
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", str(about.get("date", "")))
    time = ":".join(part.zfill(2) for part in str(about.get("time", "")).split(":"))
    second = clock.parse_time_of_day(time)
    if match is None or second is None:
        return None
    text = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}T{time}"
    return clock.parse_iso(text.replace(",", "."))


FORMAT = Format(
    name="opensignals",
    summary="BITalino / OpenSignals text (R peaks are found)",
    suffixes=(".txt",),
    sniff=sniff,
    read=read,
    takes=("channel",),
)
