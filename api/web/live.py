"""`/studies/{id}/live`: begin a session, and what one has open beside the participant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs, principal_of
from api.errors import NOT_FOUND, ProblemError
from api.routes._find import find, subject_names
from api.service import Service, Svc
from api.store import live_models, models
from api.web.rendering import page
from hrv.types import Flag

router = APIRouter(prefix="/studies/{study_id}/live", include_in_schema=False)
_MOST = 50


@dataclass(frozen=True)
class Line:
    """A session as the list shows it."""

    id: UUID
    person: str
    name: str
    begun: datetime
    state: str
    source: str
    says: str


@router.get("", dependencies=needs("read"))
def sessions(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the sessions that run, the last ones that ended, and the form to begin one."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        lines = _lines(session, study_id)
        recordings = session.execute(
            select(models.Recording.id, models.Recording.name)
            .where(models.Recording.study_id == study_id, models.Recording.state == "closed")
            .order_by(models.Recording.id.desc())
            .limit(200)
        ).all()
        return page(
            request, "live.html.j2", title="Live", study=study,
            running=[line for line in lines if line.state in ("starting", "running")],
            over=[line for line in lines if line.state not in ("starting", "running")][:10],
            people=sorted(subject_names(session, study_id).values()),
            recordings=[(str(row.id), row.name) for row in recordings],
            may_write=principal_of(request).may("write", study_id),
        )  # fmt: skip


def _lines(session: Session, study_id: UUID) -> list[Line]:
    names = subject_names(session, study_id)
    own, recording = live_models.LiveSession, models.Recording
    query = (
        select(recording, own)
        .outerjoin(own, own.recording_id == recording.id)
        .where(
            recording.study_id == study_id,
            own.recording_id.is_not(None) | (recording.state == "open"),
        )
        .order_by(models.Recording.id.desc())
        .limit(_MOST)
    )
    return [
        Line(
            row.id, names.get(row.subject_id, ""), row.name,
            row.start or (made.begun_at if made else row.created_at),
            made.state if made else "running", words_of(made.source if made else ""),
            made.says if made else "",
        )
        for row, made in session.execute(query)
    ]  # fmt: skip


def words_of(source: str) -> str:
    """Say what a session is recorded from."""
    scheme, _, target = source.partition(":")
    if scheme == "ble":
        return f"strap {target}" if target else "chest strap"
    return {"sim": "simulated strap", "replay": "replay"}.get(scheme, "sent by a device")


@router.get("/{recording_id}", dependencies=needs("read"))
def session_page(
    study_id: UUID, recording_id: UUID, request: Request, service: Svc
) -> HTMLResponse:
    """Show one session while it runs, and what came of it once it has ended."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        row = find(session, models.Recording, recording_id)
        if row.study_id != study_id:
            raise ProblemError(NOT_FOUND, f"there is no recording {recording_id} in this study")
        own = session.get(live_models.LiveSession, recording_id)
        person = find(session, models.Subject, row.subject_id).name
        return page(
            request, "session.html.j2", title=f"{person} live", study=study, row=row, own=own,
            person=person, steered=own is not None,
            may_write=principal_of(request).may("write", study_id),
            setup=_setup(service, row, own),
        )  # fmt: skip


def _setup(service: Service, row: models.Recording, own: live_models.LiveSession | None) -> str:
    """Write what the page's script begins with, as JSON."""
    running = service.sessions.get(row.id)
    said: dict[str, Any] = {
        "recording_id": str(row.id),
        "study_id": str(row.study_id),
        "own": own is not None,
        "gap_flag": int(Flag.GAP),
        "protocol": own.options.get("protocol") if own else None,
        "vitals": running.vitals if running else None,
    }
    return orjson.dumps(said).decode()
