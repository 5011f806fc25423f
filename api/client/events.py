"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LiveEvent:
    """One event of a live recording.

    Parameters
    ----------
    kind : str
        ``"beats"``, ``"window"``, ``"mark"``, ``"state"``, ``"vitals"`` or ``"closed"``.
    data : dict
        What it says; see docs/live.md.
    id : str
        To go on behind it: the last id there was, if the event has none of its own.
    """

    kind: str
    data: dict[str, Any]
    id: str


def read_events(lines: Iterable[str], last: str = "") -> Iterator[LiveEvent]:
    """Put events together from the lines of a stream; one cut off by the end is left out."""
    kind, data = "message", []
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            last = value
        elif not line:
            if data:
                yield LiveEvent(kind, json.loads("\n".join(data)), last)
            kind, data = "message", []
