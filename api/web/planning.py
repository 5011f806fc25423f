"""`/plan` and `/studies/{id}/plan`: propose a design, draw it, and what was registered."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse

from api.access import needs
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


@router.get("/plan", dependencies=needs("enter"))
def plan(request: Request, service: Svc) -> HTMLResponse:
    """Plan a study that can answer."""
    measures = [(m.name, m.label) for m in MEASURES]
    scores = [(i.name, i.label) for i in INSTRUMENTS if not i.derived]
    first = service.clock().date() + timedelta(days=7)
    return page(
        request, "plan.html.j2", title="Plan a study", measures=measures, scores=scores,
        first=first.isoformat(),
    )  # fmt: skip


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
