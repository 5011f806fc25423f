"""`/`: the studies there are, or what to do where there is none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import HTMLResponse

from api.access import needs
from api.service import Svc
from api.store import models
from api.web.rendering import page

router = APIRouter(include_in_schema=False)
_MOST = 500


@dataclass(frozen=True)
class Line:
    """A study as the list shows it."""

    id: UUID
    title: str
    made: datetime
    participants: int
    recordings: int
    last: datetime | None


@router.get("/", dependencies=needs("read"))
def home(request: Request, service: Svc) -> HTMLResponse:
    """List the studies, the newest first."""
    recordings = (
        select(
            models.Recording.study_id,
            func.count().label("count"),
            func.max(models.Recording.start).label("last"),
        )
        .group_by(models.Recording.study_id)
        .subquery()
    )
    people = (
        select(models.Subject.study_id, func.count().label("count"))
        .group_by(models.Subject.study_id)
        .subquery()
    )
    query = (
        select(models.Study, people.c.count, recordings.c.count, recordings.c.last)
        .outerjoin(people, people.c.study_id == models.Study.id)
        .outerjoin(recordings, recordings.c.study_id == models.Study.id)
        .order_by(models.Study.id.desc())
        .limit(_MOST)
    )
    with service.store.read() as session:
        lines = [
            Line(study.id, study.title, study.created_at, who or 0, count or 0, last)
            for study, who, count, last in session.execute(query)
        ]
    return page(request, "home.html.j2", title="Studies", lines=lines, most=_MOST)
