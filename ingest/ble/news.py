"""What a station tells people: one sentence each, worked out of its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class News:
    """Something worth telling a person.

    Parameters
    ----------
    at_s : float
        Time since the first packet of the station, s.
    who : str
        Post it is about; "" for all.
    text : str
        One sentence.
    level : str
        ``"info"``, ``"cue"`` (the person has something to do) or ``"warning"``.
    """

    at_s: float
    who: str
    text: str
    level: str = "info"


def of_event(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Sentence and level for an EVENT record; an empty sentence where there is nothing to say."""
    event, says = str(fields.get("event", "")), str(fields.get("says", ""))
    if event in ("lost", "stalled", "fault"):
        return says or event, "warning"
    if event == "connecting" and fields.get("strap"):
        return f"connecting to {fields['strap']}", "info"
    if event == "connected":
        return "connected", "info"
    if event == "stream":
        return f"Polar {fields.get('stream')} is recorded", "info"
    return "", "info"


def of_marker(fields: Mapping[str, Any], say: str = "") -> tuple[str, str]:
    """Sentence and level for a MARKER record; `say` is what its phase tells the person."""
    words = {"start": "begins", "end": "ends"}
    text = f"{fields.get('phase')} {words.get(str(fields.get('edge')), '(marked)')}"
    if say:
        text += f": {say}"
    if fields.get("note"):
        text += f" ({fields['note']})"
    begins = fields.get("origin") == "protocol" and fields.get("edge") == "start"
    return text, "cue" if begins else "info"
