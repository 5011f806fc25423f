"""Records of a strap -> what the store keeps of them; pure, so that a journal read again agrees.

Every interval and every happening gets its number by counting.  After a crash the same records
come out of the journal under the same numbers, and the store takes what it does not have yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from api.store.beats import Beats
from api.store.sessions import MARK, STATE, Entry, Span
from ingest.ble.clock import Beat
from ingest.ble.series import Interval, SeriesBuilder
from ingest.columns import TAG
from ingest.journal.record import Kind, Record

_KEPT_S = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD = {"connecting", "connected", "lost", "stalled", "disconnected", "fault"}


@dataclass(frozen=True, eq=False)
class Step:
    """What came since the last look.

    Parameters
    ----------
    first : int
        Number of the first beat.
    beats : Beats
        New beats; may be none.
    entries : list of Entry
        New happenings.
    """

    first: int
    beats: Beats
    entries: list[Entry]

    def __bool__(self) -> bool:
        return bool(len(self.beats) or self.entries)


@dataclass(slots=True)
class Fold:
    """Follows one strap's records.

    Parameters
    ----------
    session : str
        Name of the session, kept with its events.

    Attributes
    ----------
    start : datetime or None
        Moment of ``t_s = 0``; None before the first beat is placed.
    device : str
        How the strap introduced itself.
    """

    session: str = ""
    start: datetime | None = None
    device: str = ""
    _builder: SeriesBuilder = field(default_factory=SeriesBuilder)
    _fresh: list[Interval] = field(default_factory=list)
    _entries: list[Entry] = field(default_factory=list)
    _begun: dict[tuple[str, str], Record] = field(default_factory=dict)
    _beats: int = 0
    _happened: int = 0
    _first_offset_ns: int | None = None  # wall - monotonic clock, where the first packet came
    _offset_ns: int | None = None  # the same of this run
    _last_wall_ns: int = 0
    _said: str = ""

    def feed(self, record: Record, beats: Sequence[Beat]) -> None:
        """Take a record and the beats that it settled."""
        self._last_wall_ns = record.wall_ns
        if record.kind is Kind.SESSION:
            self._offset_ns = None
            run = int(record.fields.get("run", 1))
            self._happen(record, STATE, {"event": "begun" if run == 1 else "resumed", "run": run})
        elif record.kind is Kind.NOTIFICATION and self._offset_ns is None:
            self._offset_ns = record.wall_ns - record.mono_ns
            if self._first_offset_ns is None:
                self._first_offset_ns = self._offset_ns
        elif record.kind is Kind.DEVICE:
            self._meet(record)
        elif record.kind is Kind.EVENT:
            self._connection(record)
        elif record.kind is Kind.MARKER:
            self._mark(record)
        self.lay(beats)

    def lay(self, beats: Sequence[Beat]) -> None:
        """Take beats; at the end of a recording those that were still held."""
        for beat in beats:
            interval = self._builder.add(beat)
            if interval is not None:
                self._fresh.append(interval)
                self._beats += 1
        if self.start is None and self._builder.origin_ns is not None:
            assert self._first_offset_ns is not None
            self.start = _moment(self._builder.origin_ns + self._first_offset_ns)
        if len(self._builder.intervals) > 4096:
            self._builder.forget(self._builder.intervals[-1].t_s - _KEPT_S)

    def finish(self) -> None:
        """End what was begun and never ended: it stays in the log as a tag, as in the journal."""
        for (phase, kind), record in self._begun.items():
            moment = self._when(record)
            note = f"{kind} begun, its end is not recorded"
            data = {"phase": phase, "kind": kind, "edge": "end", "origin": "service", "note": note}
            span = Span(phase, TAG, moment, moment, self.session, note)
            self._append(Entry(self._happened, _moment(self._last_wall_ns), MARK, data, span))
        self._begun.clear()

    def take(self) -> Step:
        """Hand out what came since the last time."""
        fresh, entries = self._fresh, self._entries
        self._fresh, self._entries = [], []
        beats = Beats(
            np.array([i.rr_ms for i in fresh], dtype=np.float64),
            np.array([i.t_s for i in fresh], dtype=np.float64),
            np.array([int(i.flag) for i in fresh], dtype=np.uint16),
        )
        return Step(self._beats - len(fresh), beats, entries)

    @property
    def last_wall_ns(self) -> int:
        """Wall clock of the last record, ns."""
        return self._last_wall_ns

    @property
    def stressor(self) -> tuple[str, int] | None:
        """Stressor that somebody began by hand, with its monotonic stamp; None without."""
        for (phase, kind), record in self._begun.items():
            if kind == "stress" and record.fields.get("origin") in ("service", "keyboard"):
                return phase, record.mono_ns
        return None

    def is_open(self, phase: str, kind: str) -> bool:
        """Whether a mark has begun and not ended."""
        return (phase, kind) in self._begun

    def open_like(self, phase: str, kind: str) -> str:
        """Name of what runs and leaves no room for this mark: itself, or another stressor."""
        for name, of_kind in self._begun:
            if (name, of_kind) == (phase, kind) or kind == of_kind == "stress":
                return name
        return ""

    @property
    def happened(self) -> int:
        """How many happenings there were."""
        return self._happened

    # happenings ----------------------------------------------------------------------------------

    def _meet(self, record: Record) -> None:
        fields = record.fields
        names = (fields.get("manufacturer"), fields.get("name") or fields.get("model"))
        said = " ".join(str(part) for part in names if part)
        if said and said != self.device:
            self.device = self.device or said
            self._happen(record, STATE, {"event": "device", "name": said})

    def _connection(self, record: Record) -> None:
        event, says = str(record.fields.get("event", "")), str(record.fields.get("says", ""))
        if event not in _TOLD or f"{event} {says}" == self._said:  # the same again: told once
            return
        self._said = f"{event} {says}"
        self._happen(record, STATE, {"event": event} | ({"says": says} if says else {}))

    def _mark(self, record: Record) -> None:
        fields = record.fields
        phase, kind = str(fields.get("phase", "")), str(fields.get("kind", TAG))
        edge, note = str(fields.get("edge", "now")), str(fields.get("note", ""))
        data = {"phase": phase, "kind": kind, "edge": edge, "origin": str(fields.get("origin", ""))}
        if note:
            data["note"] = note
        moment, span = self._when(record), None
        if edge == "start":
            self._begun[phase, kind] = record
        elif edge == "end" and (begun := self._begun.pop((phase, kind), None)) is not None:
            start = self._when(begun)
            noted = "; ".join(filter(None, (str(begun.fields.get("note", "")), note)))
            if start < moment:
                span = Span(phase, kind, start, moment, self.session, noted)
        elif edge == "now":
            span = Span(phase, TAG, moment, moment, self.session, note)
        self._append(Entry(self._happened, moment, MARK, data, span))

    def _happen(self, record: Record, kind: str, data: dict[str, Any]) -> None:
        self._append(Entry(self._happened, _moment(record.wall_ns), kind, data))

    def _append(self, entry: Entry) -> None:
        self._happened += 1
        self._entries.append(entry)

    def _when(self, record: Record) -> datetime:
        """Moment of a marker on the time axis of the beats: the clock may step, that axis not."""
        if self._offset_ns is None:
            return _moment(record.wall_ns)
        return _moment(record.mono_ns + self._offset_ns)


def _moment(wall_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=wall_ns // 1000)
