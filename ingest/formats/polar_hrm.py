"""Polar HRM: INI sections; ``Interval=238`` means that ``[HRData]`` holds RR intervals in ms."""

from __future__ import annotations

import re
from datetime import datetime

from hrv.errors import FormatError
from hrv.types import Provenance, RRSeries
from ingest.formats._lines import Lines, head_lines, shown
from ingest.formats._options import fixed_unit, local_start
from ingest.formats._times import clock_note
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

_RR = "238"


def sniff(head: bytes, name: str) -> bool:
    """Claim text that opens with the section ``[Params]``."""
    del name
    lines = head_lines(head)
    return bool(lines) and lines[0].lower() == "[params]"


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the RR intervals of a Polar HRM file.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` is the zone of ``Date`` and ``StartTime``; without it the start stays unknown.

    Raises
    ------
    FormatError
        If it holds averaged heart rate (any ``Interval`` but 238), or naming the bad line.
    """
    fixed_unit(options, "ms", "a Polar HRM file of RR intervals")
    lines = Lines.of(source)
    params, data_at = _sections(lines)
    _check_interval(params, lines.source)
    if data_at is None:
        raise FormatError("has no section [HRData]: it was cut short", source=lines.source)
    data = lines.starting(data_at)
    rows = data.rows()
    if not rows:
        raise FormatError("its section [HRData] is empty", source=lines.source)
    rr_ms = data.numbers(rows, 1)[:, 0]
    _, unit = decide_unit(rr_ms, given=None, header="ms", error_at=data.error)
    start, says = _start(params, options, lines.source)
    length_s = _seconds(params.get("length", ("", 0))[0])
    notes = (clock_note(rr_ms, length_s),) if length_s else ()
    provenance = Provenance(
        source=source.name, format="polar_hrm", unit=unit.replace("header of the file", "format"),
        clock=says, device=_device(params), notes=(*notes, *lines.cut),
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, start=start, provenance=provenance))


def _sections(lines: Lines) -> tuple[dict[str, tuple[str, int]], int | None]:
    """Keys of ``[Params]`` with their line numbers, and the index where the beats begin."""
    params: dict[str, tuple[str, int]] = {}
    section = ""
    for i, raw in enumerate(lines.lines):
        line = raw.strip()
        if line.startswith("["):
            section = line.lower()
            if section == "[hrdata]":
                return params, i + 1
        elif section == "[params]" and "=" in line:
            key, _, value = line.partition("=")
            params[key.strip().lower()] = (value.strip(), i + 1)
    return params, None


def _check_interval(params: dict[str, tuple[str, int]], source: str) -> None:
    if "interval" not in params:
        raise FormatError("[Params] has no Interval=, so beats cannot be told", source=source)
    value, line = params["interval"]
    if value != _RR:
        raise FormatError(
            f"Interval={value} means averaged heart rate, not beats (only {_RR} holds RR "
            "intervals); set the recorder to R-R data", source=source, line=line
        )  # fmt: skip


def _start(
    params: dict[str, tuple[str, int]], options: ReadOptions, source: str
) -> tuple[datetime | None, str]:
    date, line = params.get("date", ("", 0))
    time, _ = params.get("starttime", ("", 0))
    if not date or not time:
        says = "none: only the order of beats is known (start= gives it)"
        return options.start, "given (start=)" if options.start else says
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?", time)
    try:
        if match is None:
            raise ValueError
        parts = int(match[1]), int(match[2]), int(match[3]), int((match[4] or "0").ljust(6, "0"))
        day = datetime.strptime(date, "%Y%m%d")
        naive = day.replace(hour=parts[0], minute=parts[1], second=parts[2], microsecond=parts[3])
    except ValueError:
        raise FormatError(
            f"Date={shown(date)} with StartTime={shown(time)} is no moment",
            source=source,
            line=line,
        ) from None
    return local_start(naive, options, "Date and StartTime")


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d{1,6})?)", text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else 0.0


def _device(params: dict[str, tuple[str, int]]) -> str:
    return f"Polar (monitor {params['monitor'][0]})" if "monitor" in params else "Polar"


FORMAT = Format(
    name="polar_hrm",
    summary="Polar HRM with R-R data (Interval=238)",
    suffixes=(".hrm",),
    sniff=sniff,
    read=read,
)
