"""Open mHealth: one data point an interval, schema ``omh:rr-interval:1.0``."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from hrv.errors import InputError
from hrv.types import RRSeries
from ingest.writers.base import Writer, Written

_SCHEMA = {"namespace": "omh", "name": "rr-interval", "version": "1.0"}
_LACKS = "whose beats they are: add a user before you send them"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://w3id.org/openmhealth")


def write(series: RRSeries) -> Written:
    """Write a JSON list of data points; each holds the time span of its interval.

    Raises
    ------
    InputError
        If the moment of the first beat is not known: a data point needs its time.
    """
    if series.start is None:
        raise InputError("Open mHealth's data points need a clock; give the recording's start")
    points = []
    for i, (begin_s, end_s, rr_ms) in enumerate(
        zip(series.begin_s.tolist(), series.t_s.tolist(), series.rr_ms.tolist(), strict=True)
    ):
        begin, end = (series.start + timedelta(seconds=s) for s in (begin_s, end_s))
        points.append(_point(i, begin.isoformat(), end.isoformat(), rr_ms, series))
    data = json.dumps(points, indent=1, ensure_ascii=False).encode() + b"\n"
    return Written({".omh.json": data}, (_LACKS,))


def _point(i: int, begin: str, end: str, rr_ms: float, series: RRSeries) -> dict[str, Any]:
    identity = uuid.uuid5(_NAMESPACE, f"{begin} {end} {rr_ms!r} {i}")  # same input, same file
    provenance: dict[str, Any] = {"modality": "sensed"}
    if series.provenance.device:
        provenance["source_name"] = series.provenance.device
    return {
        "header": {
            "id": str(identity),
            "creation_date_time": end,
            "schema_id": _SCHEMA,
            "acquisition_provenance": provenance,
        },
        "body": {
            "rr_interval": {"value": rr_ms, "unit": "ms"},
            "effective_time_frame": {
                "time_interval": {"start_date_time": begin, "end_date_time": end}
            },
        },
    }


WRITER = Writer("open_mhealth", "Open mHealth rr-interval data points", ".omh.json",
                "open_mhealth", write)  # fmt: skip
