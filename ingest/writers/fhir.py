"""FHIR R5: one Observation whose value is SampledData with the offset of every beat."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hrv.types import RRSeries
from ingest.formats.fhir import CODE, SYSTEM
from ingest.writers.base import Writer, Written, decimal, in_ms

_LACKS = "whose beats they are: add a subject before you send it"
_CONCEPT = {
    "coding": [
        {
            "system": SYSTEM,
            "code": CODE,
            "display": "RR Interval",
        }
    ],
    "text": "R-R interval",
}


def write(series: RRSeries) -> Written:
    """Write an Observation; ``offsets`` (new in R5) are beat times, ms after the first beat."""
    offsets = " ".join(decimal(in_ms(t)) for t in series.t_s.tolist())
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": _CONCEPT,
        "valueSampledData": {
            "origin": {"value": 0, "unit": "ms", "system": "http://unitsofmeasure.org",
                       "code": "ms"},
            "intervalUnit": "ms",
            "dimensions": 1,
            "offsets": offsets,
            "data": " ".join(decimal(rr) for rr in series.rr_ms.tolist()),
        },
        "note": [{"text": note} for note in series.provenance.notes],
    }  # fmt: skip
    if not observation["note"]:
        del observation["note"]
    if series.provenance.device:
        observation["device"] = {"display": series.provenance.device}
    if series.start is not None:
        end = series.start + timedelta(seconds=float(series.t_s[-1]))
        observation["effectivePeriod"] = {
            "start": series.start.isoformat(), "end": end.isoformat()
        }  # fmt: skip
    data = json.dumps(observation, indent=2, ensure_ascii=False).encode() + b"\n"
    return Written({".fhir.json": data}, (_LACKS,))


WRITER = Writer("fhir", "FHIR R5 Observation with SampledData", ".fhir.json", "fhir", write)
