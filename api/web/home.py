"""`/`: the studies there are, or what to do where there is none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import RedirectResponse, Response

from api.access import needs, principal_of
from api.service import Svc
from api.store import models
from api.web.rendering import page

router = APIRouter(include_in_schema=False)
_MOST = 500


@dataclass(frozen=True)
class Line:
    """A study as the list shows it; `whole` where it is shown to who asks, else their own log."""

    id: UUID
    whole: bool
    title: str
    made: datetime
    participants: int
    recordings: int
    last: datetime | None


@router.get("/", dependencies=needs("read", own=True))
def home(request: Request, service: Svc) -> Response:
    """List the studies, the newest first; a participant of one is led to their log."""
    who = principal_of(request)
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
            Line(
                study.id, who.may("read", study.id), study.title, study.created_at,
                people or 0, count or 0, last,
            )
            for study, people, count, last in session.execute(query)
        ]  # fmt: skip
    if len(lines) == 1 and not lines[0].whole:
        return RedirectResponse(f"/studies/{lines[0].id}/log", 303)
    return page(request, "home.html.j2", title="Studies", lines=lines, most=_MOST)
