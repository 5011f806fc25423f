"""Open mHealth: data points of the schema ``omh:rr-interval``, one an interval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float, Provenance, RRSeries
from ingest import clock
from ingest.formats._json import documents, load, number
from ingest.formats._lines import decode, is_binary, shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._place import place
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

SCHEMA = "rr-interval"
_PER_MS = {"ms": 1.0, "sec": 1000.0, "s": 1000.0}


def sniff(head: bytes, name: str) -> bool:
    """Claim JSON that names the schema."""
    del name
    if is_binary(head):
        return False
    text = decode(head).lstrip()
    return text.startswith(("{", "[")) and f'"{SCHEMA}"' in text and '"resourceType"' not in text


def read(source: Source, options: ReadOptions) -> Recording:
    """Read data points in the order of their times.

    Parameters
    ----------
    source : Source
        A list of data points, or one a line.
    options : ReadOptions
        `tz` shows the start in a zone, `start` overrides it.

    Raises
    ------
    FormatError
        Naming the data point that lacks an interval or its time.
    """
    fixed_unit(options, "ms", "Open mHealth data")
    text = load(source)
    points: list[Any] = []
    for document in documents(text, source.name):
        points += document if isinstance(document, list) else [document]
    rows = [_row(i, point, source.name) for i, point in enumerate(points, 1) if _is_rr(point)]
    if not rows:
        raise FormatError(f"holds no data point of the schema {SCHEMA}", source=source.name)
    rows.sort(key=lambda row: row[0])
    zero = rows[0][0]
    rr_ms = np.array([row[1] for row in rows], dtype=np.float64)
    end_s = np.array([(row[0] - zero).total_seconds() for row in rows], dtype=np.float64)
    start, says, t_s, notes = _placed(rr_ms, end_s, zero, options, source.name)
    left = len(points) - len(rows)
    if left:
        notes = (*notes, f"{left} data points of other schemas were left out")
    provenance = Provenance(
        source=source.name, format="open_mhealth", unit="ms (schema)", clock=says,
        device=rows[0][2], notes=notes,
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, t_s=t_s, start=start, provenance=provenance))


def _placed(
    rr_ms: Float, end_s: Float, zero: datetime, options: ReadOptions, name: str
) -> tuple[datetime | None, str, Float, tuple[str, ...]]:
    def error_at(i: int, message: str) -> FormatError:
        return FormatError(f"interval {i + 1}: {message}", source=name)

    decide_unit(rr_ms, given=None, header="ms", error_at=error_at)
    placed = place(rr_ms, end_s, 1e-6, end=True)
    first = zero + timedelta(seconds=placed.begin_s)
    start, says = aware_start(first, options, "effective time frames")
    return start, says, placed.t_s, placed.notes


def _is_rr(point: Any) -> bool:
    return isinstance(point, dict) and isinstance(point.get("body"), dict) and (
        "rr_interval" in point["body"]
    )  # fmt: skip


def _row(i: int, point: dict[str, Any], name: str) -> tuple[datetime, float, str]:
    """Moment of the beat that ends an interval, the interval (ms), and the source's name."""
    body = point["body"]
    interval = body["rr_interval"] if isinstance(body["rr_interval"], dict) else {}
    value, unit = number(interval.get("value")), interval.get("unit")
    if value is None or unit not in _PER_MS:
        raise FormatError(f"data point {i} has no interval in ms or sec", source=name)
    rr_ms = value * _PER_MS[unit]
    frame = body.get("effective_time_frame")
    end = _end(frame if isinstance(frame, dict) else {}, rr_ms)
    if end is None or end.utcoffset() is None:
        raise FormatError(
            f"data point {i} has no effective_time_frame with a zone ({shown(str(frame))})",
            source=name,
        )
    header = point.get("header")
    acquired = header.get("acquisition_provenance") if isinstance(header, dict) else None
    device = acquired.get("source_name", "") if isinstance(acquired, dict) else ""
    return end, rr_ms, str(device)


def _end(frame: dict[str, Any], rr_ms: float) -> datetime | None:
    """Moment of the beat that ends an interval, by its end, or its start and length."""
    span = frame.get("time_interval")
    texts = span if isinstance(span, dict) else {"end_date_time": frame.get("date_time")}
    end, start = texts.get("end_date_time"), texts.get("start_date_time")
    if isinstance(end, str):
        return clock.parse_iso(end)
    moment = clock.parse_iso(start) if isinstance(start, str) else None
    return None if moment is None else moment + timedelta(milliseconds=rr_ms)


FORMAT = Format(
    name="open_mhealth",
    summary="Open mHealth data points of the schema rr-interval",
    suffixes=(".json", ".jsonl"),
    sniff=sniff,
    read=read,
)
