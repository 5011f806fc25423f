"""`/studies/{id}/subjects/{id}`: one person on one calendar, and their recordings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs
from api.errors import NOT_FOUND, ProblemError
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.web.calendar import Logged, calendar
from api.web.latest import latest
from api.web.rendering import page
from api.web.study import conditions_of
from hrv.endpoints import title

router = APIRouter(prefix="/studies/{study_id}/subjects/{subject_id}", include_in_schema=False)


@router.get("", dependencies=needs("read"))
def subject(study_id: UUID, subject_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show one person: score by day, doses, phases, adverse events, recordings."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        person = find(session, models.Subject, subject_id)
        if person.study_id != study_id:
            raise ProblemError(NOT_FOUND, f"subject {subject_id} is not of this study")
        found = latest(session, study, service)
        logged = logged_of(session, person)
        whole = found.whole if found else None
        days = [d for d in whole["days"] if d["subject"] == person.name] if whole else []
        return page(
            request, "subject.html.j2", title=person.name, study=study, person=person,
            latest=found, logged=logged, days=days,
            calendar=calendar(logged, days, conditions_of(study, whole)),
            conditions=conditions_of(study, whole), endpoint=title(study.declared["primary"]),
        )  # fmt: skip


def logged_of(session: Session, person: models.Subject) -> Logged:
    """Read what is stored of a person."""

    def rows(kind: type[Any], order: Any) -> Any:
        return session.scalars(select(kind).where(kind.subject_id == person.id).order_by(order))

    recordings = rows(models.Recording, models.Recording.id).all()
    return Logged(
        phases=rows(models.Phase, models.Phase.start).all(),
        doses=rows(models.Dose, models.Dose.time).all(),
        adverse=rows(models.AdverseEvent, models.AdverseEvent.time).all(),
        recordings=sorted(recordings, key=lambda r: (r.start is not None, r.start), reverse=True)
        if all(r.start is not None for r in recordings)
        else list(reversed(recordings)),
    )
