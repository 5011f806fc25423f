"""`/studies/{id}/log`: what is taken, how it was, and what went wrong, on the day it happens.

A participant's page too: with their key it shows, and takes, what is their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find, find_subject
from api.service import Svc
from api.store import models
from api.web.rendering import page
from hrv.instruments import INSTRUMENTS
from hrv.metrics import METRICS
from hrv.recovery import MEASURES

router = APIRouter(prefix="/studies/{study_id}/log", include_in_schema=False)
_LATEST = 12
_MOST_DUE = 40


@dataclass(frozen=True)
class Line:
    """Something that was logged."""

    time: datetime
    kind: str
    what: str
    detail: str


@router.get("", dependencies=needs("read", own=True))
def log(
    study_id: UUID,
    request: Request,
    service: Svc,
    subject: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """Show what is due and what was logged, and take more."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        kind = models.Subject
        query = select(kind).where(kind.study_id == study_id, kind.withdrawn_at.is_(None))
        people = session.scalars(query.order_by(kind.name)).all()
        chosen = find_subject(session, study_id, subject) if subject else next(iter(people), None)
        now = service.clock().astimezone(UTC if study.tz is None else ZoneInfo(study.tz))
        data: dict[str, Any] = {
            "due": [], "coming": None, "lines": [], "substances": [], "midnight": now,
        }  # fmt: skip
        if chosen is not None:
            data = _of(session, chosen, now)
        return page(
            request, "log.html.j2", title="Log", study=study, people=people, chosen=chosen,
            now=now, scores=scores(study), names=[i.name for i in INSTRUMENTS if not i.derived],
            **data,
        )  # fmt: skip


def scores(study: models.Study) -> list[str]:
    """Endpoints of the study that somebody enters: no recovery measure, no metric."""
    computed = {m.name for m in MEASURES} | {m.name for m in METRICS}
    declared = study.declared
    named = [declared["primary"], *declared["secondary"]]
    return [n for n in named if n not in computed and n.removeprefix("ln_") not in computed]


def _of(session: Session, person: models.Subject, now: datetime) -> dict[str, Any]:
    dose = models.Dose
    begin, midnight = (
        datetime.combine(now.date() + timedelta(days=n), time(), tzinfo=now.tzinfo) for n in (0, 1)
    )
    planned = select(dose).where(dose.subject_id == person.id, dose.status == "planned")
    due = session.scalars(
        planned.where(dose.time < midnight).order_by(dose.time.desc()).limit(_MOST_DUE)
    ).all()
    coming = session.scalar(planned.where(dose.time >= midnight).order_by(dose.time).limit(1))
    substances = session.scalars(
        select(dose.substance).where(dose.subject_id == person.id).distinct()
    ).all()
    return {
        "due": list(reversed(due)), "coming": coming, "lines": _lines(session, person, now),
        "midnight": begin,
        "substances": sorted(substances),
    }  # fmt: skip


def _lines(session: Session, person: models.Subject, now: datetime) -> list[Line]:
    """Collect what was logged last, of every kind, the newest first."""

    def latest(kind: type[Any]) -> Any:
        own = select(kind).where(kind.subject_id == person.id, kind.time <= now)
        if kind is models.Dose:
            own = own.where(kind.status != "planned")
        return session.scalars(own.order_by(kind.time.desc()).limit(_LATEST))

    found = [
        Line(d.time, f"dose {d.status}", d.substance,
             "" if d.amount is None else f"{d.amount:g} {d.unit}")
        for d in latest(models.Dose)
    ]  # fmt: skip
    found += [
        Line(o.time, "score", o.name, f"{o.value:g} {o.unit}".strip())
        for o in latest(models.Outcome)
    ]
    found += [
        Line(a.time, "adverse event", a.term, a.severity) for a in latest(models.AdverseEvent)
    ]
    return sorted(found, key=lambda line: line.time, reverse=True)[:_LATEST]
