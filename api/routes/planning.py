"""/v1/plans/proposal, /v1/plans and the files of a plan: from a question to a drawn study."""

from __future__ import annotations

import asyncio
import functools
import mimetypes
from datetime import time
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import conditions as cond
from api import creation, plan_words, work
from api.access import needs, principal_of
from api.errors import NOT_FOUND, ProblemError
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.plans import (
    DesignOfPlan,
    Detects,
    PlanFileOut,
    Planned,
    PlannedIn,
    Proposal,
    ProposalIn,
)
from api.service import Service, Svc
from api.store import models, planned
from hrv.plan.design import Plan
from hrv.plan.proposal import looks_of, title_of
from ingest.clock import zone
from ingest.plan_calendar import Practical

router = APIRouter(prefix="/v1/plans", tags=["plans"])


def declared(body: DesignOfPlan) -> dict[str, Any]:
    """Say what a body declares in the words of `hrv.plan.Plan`."""
    zone(body.tz)
    return {
        "substance": body.substance, "direction": body.direction,
        "start_reason": body.start_reason, "first_day": body.first_day, "tz": body.tz,
        "subjects": tuple(body.people), "endpoint": body.endpoint,
        "secondary": tuple(body.secondary), "swc": body.swc, "comparator": body.comparator,
        "n_blocks": body.blocks, "block_days": body.block_days, "washin_days": body.washin_days,
        "max_run": body.max_run, "familiarisation": body.familiarisation,
        "tests_a_day": body.tests_a_day, "looks": tuple(body.looks), "spending": body.spending,
    }  # fmt: skip


@router.post(
    "/proposal",
    response_model=Proposal,
    responses=docs.problems(400, 404, 413),
    dependencies=needs("enter"),
)
async def propose(request: Request, service: Svc, body: ProposalIn) -> Proposal:
    """Say what a design asks of people and what it can detect; nothing is drawn or stored."""
    run_in = None if body.run_in is None else await asyncio.to_thread(
        _readable, request, service, body.run_in
    )  # fmt: skip
    said = declared(body)
    plan = await asyncio.to_thread(lambda: Plan(**said))
    looks = await asyncio.to_thread(looks_of, plan)
    future = service.pool.submit(
        functools.partial(work.detectable, beside=body.beside, run_in=run_in),
        said,
        body.simulations,
    )
    found = await asyncio.wrap_future(future)
    if isinstance(found, work.Failed):
        raise found.raised()
    return Proposal(
        title=title_of(plan),
        what=plan_words.what(plan),
        when=plan_words.when(plan, looks),
        opens=looks[-1].time,
        total_days=plan.total_days,
        block_days=plan.days,
        washin_days=plan.washin,
        possible_orders=len(plan.orders),
        bear_in_mind=plan_words.notes(plan),
        variation=found["variation"],
        chances=found["chances"],
        designs=[Detects(**row) for row in found["designs"]],
    )


def _readable(request: Request, service: Service, study_id: UUID) -> tuple[str, UUID]:
    """Return where a study is that who asks may read, for a worker."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
    if not principal_of(request).may("read", study.id):
        raise ProblemError(NOT_FOUND, f"there is no study {study_id}")
    return work.place_of(service.store), study.id


@router.post(
    "",
    status_code=201,
    response_model=Planned,
    responses=docs.made(),
    dependencies=needs("create"),
)
def draw_plan(
    request: Request, service: Svc, body: PlannedIn, key: creation.Key = None
) -> Response:
    """Draw a plan, register it by its hash, and make the study it becomes.

    The effect stays sealed until the planned end; the key of a blinded study is kept as long.
    """
    plan = Plan(**declared(body))
    practical = Practical(
        time.fromisoformat(body.dose_time), time.fromisoformat(body.test_time), body.amount,
        body.unit, body.basis, body.product,
    )  # fmt: skip

    def make(session: Any) -> creation.Created:
        made = planned.store_plan(
            session, plan, practical, blinded=body.blinded, made=service.clock()
        )
        shown = Planned(
            study_id=made.study.id,
            plan_id=made.plan.id,
            title=made.study.title,
            sha256=made.proposal.sha256,
            opens=made.proposal.looks[-1].time,
            blinded=body.blinded,
            files=[show_file(file) for file in planned.files_of(session, made.plan.id)],
        )
        return creation.Created(shown, f"/v1/plans/{made.plan.id}", made.plan.version)

    return creation.create(service, request, key, body.model_dump_json(), make)


def show_file(file: models.PlanFile) -> PlanFileOut:
    """Show what there is."""
    purpose = planned.purpose_of(file.name) or ""
    return PlanFileOut(name=file.name, size=len(file.data), purpose=purpose)


@router.get(
    "/{plan_id}/files",
    response_model=list[PlanFileOut],
    responses=docs.got(),
    dependencies=needs("read"),
)
def list_plan_files(plan_id: UUID, service: Svc) -> list[PlanFileOut]:
    """List the files that go with a plan: calendar, sheet to print, registration."""
    with service.store.read() as session:
        find(session, models.Plan, plan_id)
        return [show_file(file) for file in planned.files_of(session, plan_id)]


@router.get(
    "/{plan_id}/files/{name}",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                "text/plain": {"schema": {"type": "string"}},
                "text/calendar": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
                "application/json": {"schema": {}},
            },
        },
        304: {"description": "You hold it (If-None-Match)."},
        **docs.problems(404),
    },
    dependencies=needs("read"),
)
def get_plan_file(
    plan_id: UUID, name: str, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read a file that goes with a plan."""
    with service.store.read() as session:
        find(session, models.Plan, plan_id)
        file = session.get(models.PlanFile, (plan_id, name))
    if file is None:
        raise ProblemError(NOT_FOUND, f"the plan has no file {name[:80]!r}")
    media = "text/calendar" if name.endswith(".ics") else mimetypes.guess_type(name)[0]
    said = {"Content-Disposition": f'attachment; filename="{name}"'}
    tag = cond.tag_of_bytes(file.data)
    return cond.tagged(request, file.data, media or "application/octet-stream", tag, **said)
