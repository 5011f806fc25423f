"""`/studies/{id}`: one study at a glance."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.web.rendering import page

router = APIRouter(prefix="/studies/{study_id}", include_in_schema=False)


@router.get("", dependencies=needs("read"))
def overview(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show a study."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        kind = models.Subject
        query = select(kind).where(kind.study_id == study_id).order_by(kind.name)
        subjects = session.scalars(query).all()
        return page(request, "study.html.j2", title="Overview", study=study, subjects=subjects)
