"""`/studies/{id}/data`: files in, a REDCap project in, everything out as long tables."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.web.rendering import page
from hrv.instruments import INSTRUMENTS

router = APIRouter(prefix="/studies/{study_id}/data", include_in_schema=False)


@router.get("", dependencies=needs("read"))
def data(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Bring files and tables in, take everything out."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        query = select(models.Subject.name).where(models.Subject.study_id == study_id)
        people = session.scalars(query.order_by(models.Subject.name)).all()
        held = select(func.count()).where(models.Recording.study_id == study_id)
        return page(
            request, "data.html.j2", title="Data", study=study, people=people,
            recordings=session.scalar(held) or 0,
            instruments=[i for i in INSTRUMENTS if not i.derived],
            most_mb=service.settings.max_upload_mb,
        )  # fmt: skip
