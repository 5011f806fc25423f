"""How a live recording is shown over the wire."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import Session

from api.routes._find import find
from api.schemas.live import Mark, SessionOut, Vitals
from api.schemas.recordings import Live, Lost
from api.service import Service
from api.store import live_models, models
from api.store.tail import position


def show(service: Service, session: Session, row: models.Recording) -> Live:
    """Show an open recording, and the session that makes it if it is one of the service's own."""
    stands = position(session, row.id)
    return Live(
        recording_id=row.id,
        study_id=row.study_id,
        subject=find(session, models.Subject, row.subject_id).name,
        name=row.name,
        state="open" if row.state == "open" else "closed",
        start=row.start,
        next_sequence=stands.next_sequence,
        end_s=stands.end_s or 0.0,
        lost=[Lost(first=lo, last=hi) for lo, hi in row.lost],
        session=_session(service, session.get(live_models.LiveSession, row.id)),
    )


def _session(service: Service, row: live_models.LiveSession | None) -> SessionOut | None:
    if row is None:
        return None
    running = service.sessions.get(row.recording_id)
    return SessionOut(
        source=row.source,
        state=cast(Any, row.state),
        says=row.says,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        protocol=row.options.get("protocol"),
        vitals=None if running is None else Vitals(**running.vitals),
    )


def show_mark(entry: live_models.LiveEntry) -> Mark:
    """Show a mark."""
    said = entry.data
    return Mark(
        number=entry.number, at=entry.at, phase=said["phase"], kind=said["kind"],
        edge=said["edge"], origin=said.get("origin", ""), note=said.get("note", ""),
        event_id=entry.event_id,
    )  # fmt: skip
