"""FHIR: an Observation of R-R intervals as SampledData with the offset of every beat (R5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import Float, Provenance, RRSeries
from ingest import clock
from ingest.formats._json import load, number, parse
from ingest.formats._lines import decode, is_binary, shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats._times import clock_note
from ingest.formats._unit import decide_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

CODE = "omh:rr-interval:1.0"
SYSTEM = "https://w3id.org/openmhealth"
_PER_S = {"ms": 1000.0, "s": 1.0}
_NO_VALUE = frozenset("EUL")


def sniff(head: bytes, name: str) -> bool:
    """Claim a JSON object with a ``resourceType``."""
    del name
    if is_binary(head):
        return False
    text = decode(head).lstrip()
    return text.startswith("{") and '"resourceType"' in text


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the one Observation of R-R intervals in a resource or bundle.

    Parameters
    ----------
    source : Source
        An Observation, or a Bundle that holds one, as JSON.
    options : ReadOptions
        `tz` shows the start in a zone, `start` overrides it.

    Raises
    ------
    FormatError
        If there is none or several, or its SampledData has no offsets: without them the
        samples are a signal at a fixed rate, not beats.
    """
    fixed_unit(options, "ms", "an Observation of R-R intervals")
    observation = _observation(parse(load(source), source.name), source.name)
    sampled = observation["valueSampledData"]
    rr_ms, t_s, left = _beats(sampled, source.name)
    moment = _effective(observation, source.name)
    start, says = aware_start(moment, options, "effective time of the Observation")
    device = observation.get("device")
    notes = [each.get("text") for each in observation.get("note", []) if isinstance(each, dict)]
    if left:
        notes.append(f"{left} samples without a value (E, U or L) were left out")
    provenance = Provenance(
        source=source.name, format="fhir", unit="ms (SampledData)", clock=says,
        device=str(device.get("display", "")) if isinstance(device, dict) else "",
        notes=(clock_note(rr_ms, float(t_s[-1])), *(note for note in notes if note)),
    )  # fmt: skip
    return Recording(RRSeries.from_ms(rr_ms, t_s=t_s, start=start, provenance=provenance))


def _observation(document: Any, name: str) -> dict[str, Any]:
    resources = [document]
    if isinstance(document, dict) and document.get("resourceType") == "Bundle":
        entries = document.get("entry")
        resources = [e.get("resource") for e in entries or [] if isinstance(e, dict)]
    found = [r for r in resources if isinstance(r, dict) and _is_rr(r)]
    if len(found) != 1:
        how = "several Observations" if found else "no Observation"
        raise FormatError(f"holds {how} of R-R intervals (code {CODE}) with SampledData",
                          source=name)  # fmt: skip
    return found[0]


def _is_rr(resource: dict[str, Any]) -> bool:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    codes = [c.get("code") for c in codings or [] if isinstance(c, dict)]
    return (
        resource.get("resourceType") == "Observation"
        and CODE in codes
        and isinstance(resource.get("valueSampledData"), dict)
    )


def _beats(sampled: dict[str, Any], name: str) -> tuple[Float, Float, int]:
    """Intervals (ms), times of the beats that end them (s), and samples without a value."""
    origin = sampled.get("origin")
    origin = origin if isinstance(origin, dict) else {}
    unit, interval_unit = origin.get("code"), sampled.get("intervalUnit")
    if unit not in _PER_S or interval_unit not in _PER_S or sampled.get("dimensions") != 1:
        raise FormatError("its SampledData must have one dimension and units ms or s", source=name)
    offsets, data = _words(sampled, "offsets", name), _words(sampled, "data", name)
    if len(offsets) != len(data):
        raise FormatError(f"{len(data)} values for {len(offsets)} offsets", source=name)
    kept = [i for i, word in enumerate(data) if word not in _NO_VALUE]
    if not kept:
        raise FormatError("holds no R-R interval", source=name)
    zero, factor = number(origin.get("value", 0)), number(sampled.get("factor", 1))
    if zero is None or factor is None:
        raise FormatError("origin or factor is no number", source=name)
    values = _numbers([data[i] for i in kept], "value", name) * factor + zero
    times = _numbers([offsets[i] for i in kept], "offset", name)
    rr_ms = values if unit == "ms" else values * 1000.0

    def error_at(i: int, message: str) -> FormatError:
        return FormatError(f"value {kept[i] + 1}: {message}", source=name)

    decide_unit(rr_ms, given=None, header="ms", error_at=error_at)
    return rr_ms, times / _PER_S[interval_unit], len(data) - len(kept)


def _words(sampled: dict[str, Any], key: str, name: str) -> list[str]:
    text = sampled.get(key)
    if not isinstance(text, str) or not text.strip():
        raise FormatError(f"its SampledData has no {key}", source=name)
    return text.split()


def _numbers(words: list[str], what: str, name: str) -> Float:
    try:
        values = np.array([float(word) for word in words], dtype=np.float64)
    except ValueError:
        values = np.array([np.nan])
    wrong = ~np.isfinite(values) | (np.abs(values) > 1e15)
    if wrong.any():
        raise FormatError(f"an {what} is no number" if what == "offset" else f"a {what} is no "
                          "number", source=name)  # fmt: skip
    return values


def _effective(observation: dict[str, Any], name: str) -> datetime | None:
    period = observation.get("effectivePeriod")
    text = period.get("start") if isinstance(period, dict) else None
    text = text or observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    if text is None:
        return None
    moment = clock.parse_iso(text) if isinstance(text, str) else None
    if moment is None:
        raise FormatError(f"its effective time {shown(str(text))} is none", source=name)
    return moment


FORMAT = Format(
    name="fhir",
    summary="FHIR Observation of R-R intervals as SampledData with offsets",
    suffixes=(".json",),
    sniff=sniff,
    read=read,
)
