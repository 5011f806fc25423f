"""`/studies/{id}`: the verdict at a glance, and the recovery curves behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.web.effect import effect
from api.web.latest import latest
from api.web.rendering import page
from hrv.endpoints import title

router = APIRouter(prefix="/studies/{study_id}", include_in_schema=False)


@dataclass(frozen=True)
class Person:
    """A participant as the list shows them."""

    id: UUID
    name: str
    recordings: int
    last: datetime | None


@router.get("", dependencies=needs("read"))
def overview(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the verdict, or what is still missing for one."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        found = latest(session, study, service)
        conditions = conditions_of(study, found.whole if found else None)
        return page(
            request,
            "study.html.j2",
            title="Overview",
            study=study,
            latest=found,
            conditions=conditions,
            effect=effect(found.whole, conditions) if found else None,
            people=people(session, study_id),
            counts=counts(session, study_id),
            running=running(session, study_id),
            endpoint=title(study.declared["primary"]),
        )


@router.get("/recovery", dependencies=needs("read"))
def recovery(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show the recovery curves of both conditions, overlaid."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        found = latest(session, study, service)
        conditions = conditions_of(study, found.whole if found else None)
        return page(
            request, "recovery.html.j2", title="Recovery", study=study, latest=found,
            conditions=conditions, moments=moments(found.whole["curves"]) if found else {},
        )  # fmt: skip


def conditions_of(study: models.Study, whole: dict[str, Any] | None) -> Sequence[str]:
    """Both conditions, the reference first: as analysed (blinded ones are codes), else declared."""
    said = whole["settings"].get("conditions") if whole else None
    return list(said or study.declared["conditions"])


def people(session: Session, study_id: UUID) -> list[Person]:
    """Everyone in a study, by pseudonym."""
    query = (
        select(
            models.Subject.id, models.Subject.name,
            func.count(models.Recording.id), func.max(models.Recording.start),
        )
        .outerjoin(models.Recording, models.Recording.subject_id == models.Subject.id)
        .where(models.Subject.study_id == study_id)
        .group_by(models.Subject.id, models.Subject.name)
        .order_by(models.Subject.name)
    )  # fmt: skip
    return [Person(*row) for row in session.execute(query)]


def counts(session: Session, study_id: UUID) -> dict[str, int]:
    """How many there are of what an answer needs."""
    wanted = {
        "participants": select(func.count()).where(models.Subject.study_id == study_id),
        "recordings": select(func.count()).where(models.Recording.study_id == study_id),
        "stressors": select(func.count()).where(
            models.Event.study_id == study_id, models.Event.kind == "stress"
        ),
        "phases": select(func.count()).where(models.Phase.study_id == study_id),
        "scores": select(func.count()).where(models.Outcome.study_id == study_id),
    }
    return {name: session.scalar(query) or 0 for name, query in wanted.items()}


def running(session: Session, study_id: UUID) -> models.Job | None:
    """Find the last job, while it runs or if it failed."""
    query = select(models.Job).where(models.Job.study_id == study_id)
    job = session.scalar(query.order_by(models.Job.id.desc()).limit(1))
    return job if job is not None and job.state in ("queued", "running", "failed") else None


MOMENTS_S = (0, 30, 60, 120, 180, 300, 600)
"""Times after the stressor that the table beside the curves shows."""


def moments(curves: Sequence[dict[str, Any]]) -> dict[float, dict[str, dict[str, Any]]]:
    """Rows of the curves at a few moments: ``{t_s: {condition: row}}``."""
    table: dict[float, dict[str, dict[str, Any]]] = {}
    for row in curves:
        if row["t_s"] in MOMENTS_S:
            table.setdefault(row["t_s"], {})[row["condition"]] = row
    return dict(sorted(table.items()))
