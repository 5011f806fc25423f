"""/v1/studies/{id}/events and /v1/events: stressors, rests, motion and tags."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import CONFLICT, INVALID, ProblemError
from api.routes._find import find
from api.routes._log import Log, copy_fields, log_router
from api.schemas.logs import Event, EventIn
from api.store import models
from hrv.errors import FormatError
from ingest.events import read_events
from ingest.formats.base import Source


def fill(session: Session, row: models.Event, body: EventIn) -> None:
    """Fill a row; its recording must be the same person's."""
    if body.recording_id is not None:
        recording = find(session, models.Recording, body.recording_id)
        if recording.subject_id != row.subject_id:
            raise ProblemError(
                INVALID, f"recording {recording.id} is not of subject {body.subject!r}"
            )
    copy_fields(row, body)


def check(session: Session, _study: UUID, subjects: set[UUID]) -> None:
    """Refuse two stressors of one person at one time."""
    query = select(models.Event).where(
        models.Event.subject_id.in_(subjects), models.Event.kind == "stress"
    )
    groups: dict[Any, list[tuple[Any, Any, models.Event]]] = {}
    for row in session.scalars(query):
        if row.start is not None:
            groups.setdefault(row.subject_id, []).append((row.start, row.end, row))
        else:
            groups.setdefault(row.recording_id, []).append((row.start_s, row.end_s, row))
    for rows in groups.values():
        rows.sort(key=lambda r: r[0])
        for (_, end, one), (start, _, other) in pairwise(rows):
            if start < end:
                raise ProblemError(
                    CONFLICT,
                    f"stressor {other.phase!r} ({_said(start)}) begins before {one.phase!r} ends "
                    f"({_said(end)}); stressors of one person must not overlap",
                )


def _said(time: Any) -> str:
    return time.isoformat() if isinstance(time, datetime) else f"{time:g} s"


def read_table(
    source: Source, tz: str | None, subject: str | None, recording_id: UUID | None
) -> Iterator[EventIn]:
    """Read the lines of an events table."""
    frame = read_events(source, tz=tz, subject=subject)
    seconds = bool(len(frame)) and frame["start"].dtype.kind == "f"
    if seconds and recording_id is None:
        raise FormatError(
            "has times in seconds since the recording's start; say of which one with "
            "?recording_id=",
            source=source.name,
        )
    for row in frame.to_dict(orient="records"):
        who = {c: row[c] for c in ("subject", "phase", "kind", "session", "note") if c in row}
        if seconds:
            yield EventIn(**who, recording_id=recording_id, start_s=row["start"], end_s=row["end"])
        else:
            yield EventIn(**who, start=row["start"].to_pydatetime(), end=row["end"].to_pydatetime())


router = log_router(Log("events", "event", models.Event, EventIn, Event, fill, check, read_table))
