"""/v1/studies/{id}/plans and /v1/plans: what was planned before the first measurement."""

from __future__ import annotations

from uuid import UUID

import pandas as pd
from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation, paging
from api.access import needs
from api.quick import quick
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.base import Page
from api.schemas.results import Plan, PlanIn
from api.service import Svc
from api.store import models
from hrv import study as core
from ingest.registration import registered

router = APIRouter(prefix="/v1", tags=["plans"])


def show(row: models.Plan) -> Plan:
    """Show a stored plan."""
    return Plan(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        title=row.title,
        content=row.content,
    )


@router.post(
    "/studies/{study_id}/plans",
    status_code=201,
    response_model=Plan,
    responses=docs.made(404),
    dependencies=needs("write"),
)
def create_plan(
    study_id: UUID, request: Request, service: Svc, body: PlanIn, key: creation.Key = None
) -> Response:
    """Keep a plan; it does not change afterwards, and the study is analysed as it registered."""
    # refused now rather than at the end of the study
    registered(core.Study(title="", sessions=(), phases=pd.DataFrame()), body.content, None)

    def work(session: Session) -> creation.Created:
        find(session, models.Study, study_id)
        row = models.Plan(study_id=study_id, title=body.title, content=body.content)
        session.add(row)
        session.flush()
        return creation.Created(show(row), f"/v1/plans/{row.id}", row.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get(
    "/studies/{study_id}/plans",
    response_model=Page[Plan],
    responses=docs.listed(),
    dependencies=needs("read"),
)
def list_plans(
    study_id: UUID,
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List the plans of a study."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        query = select(models.Plan).where(models.Plan.study_id == study_id)
        wanted = paging.Slice(limit, cursor)
        return paging.page(request, session, query, models.Plan, wanted, Plan, show)


@router.get(
    "/plans/{plan_id}", response_model=Plan, responses=docs.got(), dependencies=needs("read")
)
@quick
def get_plan(
    plan_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read a plan."""
    with service.store.read() as session:
        row = find(session, models.Plan, plan_id)
    body = show(row).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_version(row.version))
