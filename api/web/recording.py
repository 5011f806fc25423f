"""`/recordings/{id}`: one recording beat by beat, and the shape of its variability."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.web.rendering import page

router = APIRouter(prefix="/recordings/{recording_id}", include_in_schema=False)
LONG_S = 3600.0
"""From this length on windows are five minutes wide, below one minute."""


@router.get("", dependencies=needs("read"))
def recording(recording_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the tachogram with its windows, artefacts and phases."""
    with service.store.read() as session:
        shown = shown_of(session, recording_id)
        width = "5min" if shown["recording"].duration_s >= LONG_S else "1min"
        return page(request, "recording.html.j2", title="Recording", width=width, **shown)


@router.get("/variability", dependencies=needs("read"))
def variability(recording_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the Poincaré plot and the spectrum."""
    with service.store.read() as session:
        shown = shown_of(session, recording_id)
        return page(request, "variability.html.j2", title="Variability", **shown)


def shown_of(session: Session, recording_id: UUID) -> dict[str, Any]:
    """Return what both pages need of a recording: itself, its person and its study."""
    row = find(session, models.Recording, recording_id)
    return {
        "recording": row,
        "person": find(session, models.Subject, row.subject_id),
        "study": find(session, models.Study, row.study_id),
    }
