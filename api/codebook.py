"""The codebook of the tidy export: every table, every column, and what an empty cell means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NEVER = "never empty"
UNKNOWN = "empty: not known or not given"
REFUSED = "empty: the data cannot support it, see reason"


@dataclass(frozen=True)
class Entry:
    """One column.

    Parameters
    ----------
    meaning, unit, kind : str
        What it is; unit or ""; text, number, whole number, time, true/false.
    source : str
        Who says so: entered, file, drawn, computed.
    missing : str
        What an empty cell means.
    """

    meaning: str
    unit: str = ""
    kind: str = "text"
    source: str = "entered"
    missing: str = UNKNOWN


_SUBJECT = Entry("pseudonym of the person", missing=NEVER)
_TIME = "time"
_NUMBER, _WHOLE, _TRUTH = "number", "whole number", "true/false"
_DOSE_BASIS = "what the amount weighs: elemental, compound or unknown; never guessed"

CODEBOOK: Mapping[str, Mapping[str, Entry]] = {
    "participants": {
        "subject": _SUBJECT,
        "enrolled": Entry("when the person was enrolled", "ISO 8601", _TIME),
        "strata": Entry("levels the person was allocated by, as name: level"),
        "place": Entry("arm or sequence of the drawn list: a code, or a condition",
                       source="drawn", missing="empty: not allocated"),
        "withdrawn": Entry("when the person left", "ISO 8601", _TIME, missing="empty: did not"),
        "withdrawal_reason": Entry("why the person left"),
        "data": Entry("kept, or deleted on withdrawal", missing=NEVER),
        "note": Entry("a note of the desk"),
    },
    "recordings": {
        "subject": _SUBJECT,
        "recording": Entry("name, unique in the study", missing=NEVER),
        "start": Entry("moment of t_s = 0", "ISO 8601", _TIME, "file",
                       "empty: only the order of beats is known"),
        "duration_s": Entry("from the first beat to the last", "s", _NUMBER, "computed", NEVER),
        "beats": Entry("RR intervals", "count", _WHOLE, "computed", NEVER),
        "condition": Entry("condition of the whole recording", missing="empty: phases say it"),
        "period": Entry("baseline, 1, 2 … of people drawn to arms or sequences"),
        "file": Entry("file it was read from", source="file"),
        "format": Entry("format it was read as", source="file"),
        "device": Entry("device the file names", source="file"),
        "unit_rule": Entry("unit in the file, and the rule that decided it", source="computed"),
        "clock_rule": Entry("where the start comes from", source="computed"),
        "beats_sha256": Entry("hash of the very bits of the beats", source="computed"),
    },
    "beats": {
        "recording": Entry("name of the recording", missing=NEVER),
        "t_s": Entry("end of the interval since the recording's start", "s", _NUMBER, "file",
                     NEVER),
        "rr_ms": Entry("RR interval as read, never corrected", "ms", _NUMBER, "file", NEVER),
        "flag": Entry("sum of: 1 ectopic, 2 missed beat, 4 extra beat, 8 artefact, 16 out of "
                      "range, 32 beats lost before, 64 timing suspect, 128 time unsure; 0 normal",
                      "", _WHOLE, "file", NEVER),
    },
    "events": {
        "subject": _SUBJECT,
        "phase": Entry("name of the stressor, rest or mark", missing=NEVER),
        "kind": Entry("stress makes an episode; motion and exercise bound one; tag is an instant",
                      missing=NEVER),
        "start": Entry("begin by the clock", "ISO 8601", _TIME,
                       missing="empty: in seconds of a recording"),
        "end": Entry("end by the clock", "ISO 8601", _TIME,
                     missing="empty: in seconds of a recording"),
        "recording": Entry("recording whose seconds are meant", missing="empty: by the clock"),
        "start_s": Entry("begin since that recording's start", "s", _NUMBER,
                         missing="empty: by the clock"),
        "end_s": Entry("end since that recording's start", "s", _NUMBER,
                       missing="empty: by the clock"),
        "session": Entry("session it belongs to", missing="empty: by time"),
        "note": Entry("a note"),
    },
    "phases": {
        "subject": _SUBJECT,
        "condition": Entry("condition, or its code while nobody may know", missing=NEVER),
        "start": Entry("begin, included", "ISO 8601", _TIME, missing=NEVER),
        "stop": Entry("end, not included", "ISO 8601", _TIME, missing=NEVER),
        "block": Entry("number of the block", "", _WHOLE, missing="empty: by order of time"),
        "randomised": Entry("true if its place was drawn", "", _TRUTH, missing=NEVER),
    },
    "interventions": {
        "subject": _SUBJECT,
        "name": Entry("what was started", missing=NEVER),
        "kind": Entry("supplement, drug, therapy, exercise, breathing, diet or other",
                      missing=NEVER),
        "start": Entry("begin", "ISO 8601", _TIME, missing=NEVER),
        "stop": Entry("end", "ISO 8601", _TIME, missing="empty: goes on"),
        "note": Entry("a note"),
    },
    "doses": {
        "subject": _SUBJECT,
        "time": Entry("when it was, or was to be, taken", "ISO 8601", _TIME, missing=NEVER),
        "substance": Entry("substance, or the bottle's code", missing=NEVER),
        "form": Entry("chemical or pharmaceutical form"),
        "product": Entry("product"),
        "lot": Entry("lot of the product"),
        "amount": Entry("amount of the dose, in the row's unit", "see unit", _NUMBER),
        "unit": Entry("unit of the amount"),
        "basis": Entry(_DOSE_BASIS, missing=NEVER),
        "elemental_share": Entry("share of the compound that is the element", "0 to 1", _NUMBER),
        "elemental_source": Entry("label or certificate that says so"),
        "bioavailability": Entry("share that is taken up", "0 to 1", _NUMBER),
        "bioavailability_source": Entry("who says so"),
        "route": Entry("route"),
        "status": Entry("planned, taken or missed", missing=NEVER),
        "note": Entry("a note"),
    },
    "outcomes": {
        "subject": _SUBJECT,
        "time": Entry("when it was measured", "ISO 8601", _TIME, missing=NEVER),
        "name": Entry("outcome; instruments.csv tells the known ones", missing=NEVER),
        "value": Entry("score, rating or laboratory value, in the row's unit", "see unit",
                       _NUMBER, missing=NEVER),
        "unit": Entry("unit of the value", missing="empty: none"),
        "assay": Entry("how a laboratory measured it"),
    },
    "adverse_events": {
        "subject": _SUBJECT,
        "time": Entry("onset", "ISO 8601", _TIME, missing=NEVER),
        "end": Entry("end", "ISO 8601", _TIME, missing="empty: goes on, or not known"),
        "term": Entry("what happened", missing=NEVER),
        "severity": Entry("mild, moderate or severe"),
        "component": Entry("what it is put down to"),
    },
    "recovery": {
        "subject": _SUBJECT,
        "session": Entry("recording", source="file", missing=NEVER),
        "time": Entry("begin of the stressor", "ISO 8601", _TIME, "computed",
                      "empty: no clock"),
        "condition": Entry("condition at that time", source="computed",
                           missing="empty: no phase, or sealed until the planned end"),
        "block": Entry("block at that time; -1: none, or sealed", "", _WHOLE, "computed"),
        "label": Entry("name of the stressor", missing=NEVER),
        "onset_s": Entry("begin since the recording's start", "s", _NUMBER, missing=NEVER),
        "offset_s": Entry("end since the recording's start", "s", _NUMBER, missing=NEVER),
        "measure": Entry("measure; measures.csv says what it is", missing=NEVER),
        "value": Entry("its value", "see measures.csv", _NUMBER, "computed", REFUSED),
        "low": Entry("lower end of its 95 % interval", "see measures.csv", _NUMBER, "computed",
                     "empty: the measure has none"),
        "high": Entry("upper end of its 95 % interval", "see measures.csv", _NUMBER, "computed",
                      "empty: the measure has none"),
        "standard_error": Entry("standard error within the episode", "see measures.csv", _NUMBER,
                                "computed", "empty: the measure has none"),
        "censored": Entry("true: known only as at least that long", "", _TRUTH, "computed",
                          "empty: the measure cannot be"),
        "reason": Entry("why values of this episode were refused", source="computed",
                        missing="empty: nothing was refused"),
        "excluded": Entry("why the episode is left out of the comparison", source="computed",
                          missing="empty: it is used"),
    },
    "quality": {
        "subject": _SUBJECT,
        "session": Entry("recording", source="file", missing=NEVER),
        "start": Entry("moment of the first beat", "ISO 8601", _TIME, "file", "empty: no clock"),
        "duration_s": Entry("from the first beat to the last", "s", _NUMBER, "computed", NEVER),
        "beats": Entry("RR intervals", "count", _WHOLE, "computed", NEVER),
        "coverage": Entry("share of the time with normal beats", "0 to 1", _NUMBER, "computed",
                          NEVER),
        "corrected": Entry("share of intervals that cleaning flagged", "0 to 1", _NUMBER,
                           "computed", NEVER),
        "gaps": Entry("stretches without beats", "count", _WHOLE, "computed", NEVER),
        "longest_gap_s": Entry("the longest of them", "s", _NUMBER, "computed", NEVER),
        "suspect": Entry("intervals with suspect timing", "count", _WHOLE, "computed", NEVER),
        "notes": Entry("what the reader noted", source="computed", missing="empty: nothing"),
        "episodes": Entry("stressors in the recording", "count", _WHOLE, "computed", NEVER),
    },
    "instruments": {
        "name": Entry("name in outcomes.csv", missing=NEVER),
        "label": Entry("what it is", missing=NEVER),
        "unit": Entry("unit it is kept in", missing="empty: none"),
        "low": Entry("least value that can be true", "see unit", _NUMBER, missing="empty: none"),
        "high": Entry("greatest value that can be true", "see unit", _NUMBER,
                      missing="empty: none"),
        "loinc": Entry("LOINC code", missing="empty: none verified"),
        "source": Entry("publication or owner", missing=NEVER),
    },
    "measures": {
        "name": Entry("name in recovery.csv", missing=NEVER),
        "label": Entry("what it is", missing=NEVER),
        "unit": Entry("unit", missing="empty: logarithm of ms"),
        "summary": Entry("how it is computed", missing=NEVER),
        "source": Entry("publication", missing=NEVER),
    },
    "codebook": {
        "table": Entry("file without .csv", missing=NEVER),
        "column": Entry("column", missing=NEVER),
        "meaning": Entry("what it is", missing=NEVER),
        "unit": Entry("unit", missing="empty: none"),
        "type": Entry("text, number, whole number, time or true/false", missing=NEVER),
        "source": Entry("entered, file, drawn or computed", missing=NEVER),
        "missing": Entry("what an empty cell means", missing=NEVER),
    },
}  # fmt: skip
"""Tables of the export, in the order of their columns."""
