"""Bodies of requests for the fuzzer: good ones by their JSON schema, and places of them spoilt."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, -(2**63), 10**400, 1e308, -1e-308, math.nan, math.inf, "", " ",
    "\x00", "a" * 300, "a\r\nb", "=1+1", "\ud800", "\u202e", "../../etc/passwd", "1e999", "NaN",
    [], {}, [[]], [{}], [None], {"": 1}, [1] * 600, "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23", "2026-03-29T02:30:00",
    "00000000-0000-0000-0000-000000000000", "5min", "-1s", "1e9d",
)  # fmt: skip


LATER = {"stop": "2026-03-30T08:00:00+01:00"}
TOGETHER: dict[str, dict[str, Any]] = {
    "EventIn": {"start": None, "end": None, "end_s": 900.0},
    "InterventionIn": LATER,
    "PhaseIn": LATER,
}
"""Fields of good bodies that must go together, which no JSON schema says."""


class NotJSONError(Exception):
    """What FastAPI itself refuses."""


def any_json(data: bytes) -> Any:
    """Read JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise NotJSONError from None


def example(schema: dict[str, Any], within: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """Something that fits a JSON schema, mostly."""
    whole = schema if within is None else within
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole, depth + 1)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example(schema[key][0], whole, depth)
    kind = schema.get("type")
    if kind == "object":
        return {name: example(part, whole, depth + 1)
                for name, part in schema.get("properties", {}).items() if depth < 8}  # fmt: skip
    if kind == "array":
        least = max(1, schema.get("minItems", 1))
        items = [example(schema.get("items", {}), whole, depth + 1) for _ in range(least)]
        return ["ab"[i] if one == "a" else one for i, one in enumerate(items)]
    formats = {"date-time": "2026-03-04T08:00:00Z", "date": "2026-03-04",
               "uuid": "01900000-0000-7000-8000-000000000000"}  # fmt: skip
    if kind == "string":
        plain = schema.get("default") or "a" * max(1, schema.get("minLength", 1))
        return formats.get(schema.get("format", ""), plain)
    if kind in ("integer", "number"):
        usual = max(schema.get("minimum", 1), {"integer": 1, "number": 800.0}[kind])
        return min(usual, schema.get("maximum", usual))
    return {"boolean": True}.get(str(kind))


def mutated(value: Any, data: bytes) -> Any:
    """Replace up to four places of a body by junk, each chosen by two bytes."""
    body = copy.deepcopy(value)
    for place, pick in zip(data[0:8:2], data[1:8:2], strict=False):
        here, key = _place(body, place)
        if pick < len(JUNK):
            here[key] = copy.deepcopy(JUNK[pick])
        elif pick < 0xA0 and isinstance(here, dict):
            del here[key]
        else:
            here[key] = data[8:].decode("utf-8", "surrogateescape")
        if not body:
            break
    return body


def _place(body: Any, number: int) -> tuple[Any, Any]:
    """A container within a body that is not empty, and a key of it."""
    here = body
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        number, at = divmod(number, len(keys))
        within = here[keys[at]]
        if not number or not isinstance(within, dict | list) or not within:
            return here, keys[at]
        here = within
