"""`/plan` and `/studies/{id}/plan`: propose a design, draw it, and what was registered."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import Select, func, or_, select
from starlette.responses import HTMLResponse

from api.access import needs, principal_of
from api.routes._find import find
from api.service import Svc
from api.store import keys, models, planned
from api.store.studies import latest_plan
from api.web.rendering import page
from hrv.endpoints import title
from hrv.instruments import INSTRUMENTS
from hrv.plan.registration import WORDS
from hrv.recovery import MEASURES

router = APIRouter(include_in_schema=False)
_MOST = 200


@router.get("/plan", dependencies=needs("enter"))
def plan(request: Request, service: Svc) -> HTMLResponse:
    """Plan a study that can answer."""
    measures = [(m.name, m.label) for m in MEASURES]
    scores = [(i.name, i.label) for i in INSTRUMENTS if not i.derived]
    first = service.clock().date() + timedelta(days=7)
    with service.store.read() as session:
        run_ins = [
            (str(study.id), study.title, who)
            for study, who in session.execute(_run_ins())
            if principal_of(request).may("read", study.id)
        ]
    return page(
        request, "plan.html.j2", title="Plan a study", measures=measures, scores=scores,
        first=first.isoformat(), run_ins=run_ins,
    )  # fmt: skip


def _run_ins() -> Select[models.Study, str]:
    """Select studies that may be somebody's run-in: of one person, and not planned themselves."""
    study, person = models.Study, models.Subject
    alone = select(person.study_id).group_by(person.study_id).having(func.count() == 1)
    has = [
        select(kind.id).where(kind.study_id == study.id).exists()
        for kind in (models.Recording, models.Outcome)
    ]
    planned_itself = select(models.Plan.id).where(models.Plan.study_id == study.id).exists()
    return (
        select(study, person.name)
        .join(person, person.study_id == study.id)
        .where(study.id.in_(alone), or_(*has), ~planned_itself)
        .order_by(study.id.desc())
        .limit(_MOST)
    )


@router.get("/studies/{study_id}/plan", dependencies=needs("read"))
def planned_study(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """Show what was registered, its files, its calendar, and who knows the key."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        found = latest_plan(session, study_id)
        now = service.clock().astimezone(UTC if study.tz is None else ZoneInfo(study.tz))
        held = keys.held_key(session, study_id)
        disclosure, phase = models.Disclosure, models.Phase
        told = session.scalars(select(disclosure).where(disclosure.study_id == study_id)).all()
        phases = session.scalars(
            select(phase).where(phase.study_id == study_id).order_by(phase.start)
        ).all()
        names = {
            s.id: s.name
            for s in session.scalars(
                select(models.Subject).where(models.Subject.study_id == study_id)
            )
        }
        files = [] if found is None else planned.files_of(session, found.id)
        return page(
            request, "planned.html.j2", title="Plan", study=study, plan=found, now=now, held=held,
            told=told, opened=held is not None and keys.is_open(held, now), phases=phases,
            names=names, files=[(f.name, planned.purpose_of(f.name), len(f.data)) for f in files],
            endpoint=title(study.declared["primary"]), words=WORDS,
            looks=[] if found is None else found.content["record"]["looks"],
        )  # fmt: skip
