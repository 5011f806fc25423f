"""Polar account export: a training session as JSON, RR as durations such as ``PT0.6S``.

Polar Flow's own RR text (elapsed time and interval) is the format `text`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Provenance, RRSeries
from ingest import clock
from ingest.formats._json import load, number, parse
from ingest.formats._lines import decode, is_binary, shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._times import clock_note
from ingest.formats.base import Format, ReadOptions, Recording, Source

_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6})(?:\.(\d{1,9}))?S)?")


def sniff(head: bytes, name: str) -> bool:
    """Claim JSON with exercises and ISO 8601 durations."""
    del name
    if is_binary(head):
        return False
    text = decode(head).lstrip()
    return text.startswith("{") and '"exercises"' in text and '"PT' in text


@dataclass
class _Beats:
    rr_ms: list[float] = field(default_factory=list)
    t_s: list[float] = field(default_factory=list)
    now_s: float = 0.0
    offline: int = 0


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the RR samples of every exercise of a session.

    A sample marked offline is time without beats: it becomes a gap.

    Parameters
    ----------
    source : Source
        ``training-session-….json`` of the account export.
    options : ReadOptions
        `tz` is the zone of ``startTime`` where the file gives no offset.

    Raises
    ------
    FormatError
        If it holds no RR samples, or naming the sample that is none.
    """
    fixed_unit(options, "ms", "a Polar account export")
    document = parse(load(source), source.name)
    exercises = document.get("exercises") if isinstance(document, dict) else None
    if not isinstance(exercises, list):
        raise FormatError("has no list of exercises", source=source.name)
    beats, first, wall_s = _Beats(), None, 0.0
    for exercise in exercises:
        samples = _samples(exercise, source.name)
        if not samples:
            continue
        moment = _moment(exercise, source.name)
        if first is None:
            first = moment
        elif moment is None:
            raise FormatError("an exercise has no startTime", source=source.name)
        else:
            beats.now_s = max(beats.now_s, _between(first, moment, source.name))
        _append(beats, samples, source.name)
        wall_s += _seconds(exercise.get("duration")) or 0.0
    if not beats.rr_ms:
        raise FormatError(
            "holds no RR samples: record with an H10 strap, or use another export",
            source=source.name,
        )
    rr_ms, t_s = np.array(beats.rr_ms), np.array(beats.t_s)
    lead_s = t_s[0] - rr_ms[0] / 1000
    if first is not None:
        first += timedelta(seconds=lead_s)
    start, says = aware_start(first, options, "startTime")
    notes = [clock_note(rr_ms, wall_s)] if wall_s > 0 else []
    if beats.offline:
        notes.append(f"{beats.offline} gaps where the strap was offline")
    provenance = Provenance(
        source=source.name, format="polar_flow", unit="s (ISO 8601 durations)", clock=says,
        device=str(document.get("deviceId", "") or "Polar"), notes=tuple(notes),
    )  # fmt: skip
    series = RRSeries.from_ms(rr_ms, t_s=t_s - lead_s, start=start, provenance=provenance)
    return Recording(series)


def _samples(exercise: Any, name: str) -> list[Any]:
    samples = exercise.get("samples") if isinstance(exercise, dict) else None
    rr = samples.get("rr") if isinstance(samples, dict) else None
    if rr is not None and not isinstance(rr, list):
        raise FormatError("its RR samples are no list", source=name)
    return rr or []


def _moment(exercise: dict[str, Any], name: str) -> datetime | None:
    text = exercise.get("startTime")
    if not isinstance(text, str):
        return None
    moment = clock.parse_iso(text)
    if moment is None:
        raise FormatError(f"startTime {shown(text)} is no ISO 8601 time", source=name)
    offset = number(exercise.get("timezoneOffset"))
    if moment.utcoffset() is None and offset is not None and abs(offset) < 24 * 60:
        moment = moment.replace(tzinfo=timezone(timedelta(minutes=round(offset))))
    return moment


def _between(first: datetime, moment: datetime, name: str) -> float:
    if (first.utcoffset() is None) != (moment.utcoffset() is None):
        raise FormatError("some exercises have a zone and some have none", source=name)
    return (moment - first).total_seconds()


def _append(beats: _Beats, samples: list[Any], name: str) -> None:
    for i, sample in enumerate(samples):
        seconds = _seconds(sample.get("duration")) if isinstance(sample, dict) else None
        if seconds is None:
            raise FormatError(f"RR sample {i + 1} has no duration such as PT0.6S", source=name)
        beats.now_s += seconds
        if sample.get("offline") is True:
            beats.offline += 1
            continue
        rr_ms = round(seconds * 1e6) / 1e3
        if not 0 < rr_ms <= RR_MAX_MS:
            raise FormatError(f"RR sample {i + 1} lasts {seconds:g} s: no interval", source=name)
        beats.rr_ms.append(rr_ms)
        beats.t_s.append(beats.now_s)


def _seconds(text: object) -> float | None:
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or text == "PT":
        return None
    whole = int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + int(match[3] or 0)
    return float(f"{whole}.{match[4] or '0'}")


FORMAT = Format(
    name="polar_flow",
    summary="Polar account export: training session JSON with RR samples",
    suffixes=(".json",),
    sniff=sniff,
    read=read,
)
