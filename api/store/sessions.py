"""Rows of the sessions that the service records itself, and of what happens in live recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.live_models import LiveEntry, LiveSession
from api.store.models import Event, Recording
from api.store.types import now

MARK, STATE = "mark", "state"
"""Kinds of entries: what happened to the person, and what happened to the connection."""
UNDER_WAY = ("starting", "running")
"""States of a session that has not ended."""


@dataclass(frozen=True)
class Span:
    """What a mark means for analysis: an event by the clock."""

    phase: str
    kind: str
    start: datetime
    end: datetime
    session: str = ""
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """Something that happened, under its number within the recording."""

    number: int
    at: datetime
    kind: str
    data: dict[str, Any]
    span: Span | None = None


def keep(session: Session, recording_id: UUID, entries: Iterable[Entry]) -> None:
    """Store entries, and the events they complete; what is stored already stays as it is."""
    entries = list(entries)
    if not entries:
        return
    recording = session.get(Recording, recording_id)
    if recording is None:
        return
    last = last_number(session, recording_id)
    for entry in entries:
        if entry.number <= last:
            continue
        data, event_id = entry.data, None
        if entry.span is not None:
            event_id, data = _event(session, recording, entry)
        session.add(
            LiveEntry(
                recording_id=recording_id, number=entry.number, at=entry.at, kind=entry.kind,
                data=data, event_id=event_id,
            )
        )  # fmt: skip
    session.flush()


def _event(
    session: Session, recording: Recording, entry: Entry
) -> tuple[UUID | None, dict[str, Any]]:
    """Make the event of a mark; two stressors of one person at a time cannot be one each."""
    span = entry.span
    assert span is not None
    if span.kind == "stress" and (other := _overlapping(session, recording.subject_id, span)):
        why = f"no event of its own: it overlaps the stressor {other!r}"
        return None, {**entry.data, "note": "; ".join(filter(None, (entry.data.get("note"), why)))}
    event = Event(
        study_id=recording.study_id, subject_id=recording.subject_id, phase=span.phase,
        kind=span.kind, start=span.start, end=span.end, session=span.session, note=span.note,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event.id, entry.data


def _overlapping(session: Session, subject_id: UUID, span: Span) -> str:
    query = select(Event).where(
        Event.subject_id == subject_id, Event.kind == "stress", Event.start.is_not(None)
    )
    for row in session.scalars(query):
        assert row.start is not None
        assert row.end is not None
        if row.start < span.end and span.start < row.end:
            return row.phase
    return ""


def last_number(session: Session, recording_id: UUID) -> int:
    """Return the number of the last entry; -1 before the first."""
    query = select(func.max(LiveEntry.number)).where(LiveEntry.recording_id == recording_id)
    found = session.scalar(query)
    return -1 if found is None else int(found)


def entries_since(
    session: Session, recording_id: UUID, number: int, most: int
) -> Sequence[LiveEntry]:
    """Read at most `most` entries from that number on."""
    return session.scalars(
        select(LiveEntry)
        .where(LiveEntry.recording_id == recording_id, LiveEntry.number >= number)
        .order_by(LiveEntry.number)
        .limit(most)
    ).all()


def open_marks(session: Session, recording_id: UUID) -> dict[tuple[str, str], LiveEntry]:
    """Return the marks that began and have not ended, by phase and kind."""
    query = select(LiveEntry).where(LiveEntry.recording_id == recording_id, LiveEntry.kind == MARK)
    begun: dict[tuple[str, str], LiveEntry] = {}
    for row in session.scalars(query.order_by(LiveEntry.number)):
        key = (str(row.data.get("phase")), str(row.data.get("kind")))
        if row.data.get("edge") == "start":
            begun[key] = row
        elif row.data.get("edge") == "end":
            begun.pop(key, None)
    return begun


def change(session: Session, recording_id: UUID, state: str, says: str = "") -> None:
    """Say how a session stands; one that was deleted meanwhile needs no word."""
    row = session.get(LiveSession, recording_id)
    if row is not None:
        row.state, row.says = state, says or row.says
        row.ended_at = None if state in UNDER_WAY else now()
        session.flush()


def under_way(session: Session, place: str) -> list[UUID]:
    """Return recordings whose sessions began at this place and go on, oldest first."""
    query = select(LiveSession.recording_id).where(
        LiveSession.place == place, LiveSession.state.in_(UNDER_WAY)
    )
    return list(session.scalars(query.order_by(LiveSession.begun_at)))
