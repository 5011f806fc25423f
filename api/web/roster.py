"""`/studies/{id}/participants`: who takes part, where the drawn list put them, who has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find
from api.service import Svc
from api.store import keys, models, roster
from api.web.rendering import page

router = APIRouter(prefix="/studies/{study_id}/participants", include_in_schema=False)


@router.get("", dependencies=needs("read"))
def participants(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the roster, enrol, allocate, withdraw."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        subject = models.Subject
        query = select(subject).where(subject.study_id == study_id).order_by(subject.name)
        people = session.scalars(query).all()
        places = roster.places_of(session, study_id)
        drawn = session.scalar(
            select(models.Allocation).where(models.Allocation.study_id == study_id)
        )
        held = keys.held_key(session, study_id)
        disclosure = models.Disclosure
        told = session.scalars(select(disclosure).where(disclosure.study_id == study_id)).all()
        return page(
            request, "roster.html.j2", title="Participants", study=study, people=people,
            places=places, drawn=drawn, held=held, told=told,
            counts=roster.counts_of(session, drawn) if drawn else {},
            recordings=_recordings(session, study_id), flow=flow(people, places),
            today=today(service.clock(), study.tz), suggested=suggested(people),
        )  # fmt: skip


def today(now: datetime, tz: str | None) -> date:
    """Return the day it is in the study's zone."""
    return (now if tz is None else now.astimezone(ZoneInfo(tz))).date()


def suggested(people: Sequence[models.Subject]) -> str:
    """Propose the next pseudonym of the usual pattern, such as P02 after P01."""
    numbers = [int(p.name[1:]) for p in people if p.name[:1] == "P" and p.name[1:].isdigit()]
    return f"P{max(numbers, default=0) + 1:02d}"


def flow(
    people: Sequence[models.Subject], places: dict[UUID, models.Place]
) -> list[tuple[str, int]]:
    """Count the flow of participants: each stage with its number."""
    left = Counter(p.data_deleted for p in people if p.withdrawn_at is not None)
    counted = [("enrolled", len(people))]
    if places:
        counted.append(("allocated", len(places)))
    counted.append(("withdrawn, data kept", left[False]))
    counted.append(("withdrawn, data deleted", left[True]))
    return [*counted, ("taking part", len(people) - left.total())]


def _recordings(session: Session, study_id: UUID) -> dict[UUID, int]:
    kind = models.Recording
    query = select(kind.subject_id, func.count()).where(kind.study_id == study_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(kind.subject_id))}
