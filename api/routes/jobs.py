"""/v1/jobs: work under way, its progress as events, and how to call it off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import format_sse_event
from sqlalchemy import select
from starlette.responses import Response

from api import conditions as cond
from api import paging
from api.access import needs
from api.jobs import ENDED
from api.quick import quick
from api.routes import _docs as docs
from api.routes._events import UNCACHED, Events
from api.routes._find import find
from api.schemas.base import Page
from api.schemas.results import Job
from api.service import Service, Svc
from api.store import models

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_LOOK_AGAIN_S = 15.0


def show(row: models.Job, service: Service) -> Job:
    """Show a job, with the progress of the moment."""
    progress = service.jobs.progress(row.id)
    done, total = (row.done, row.total) if row.state in ENDED or progress is None else progress
    started = row.state == "queued" and progress is not None and progress[1] > 0
    return Job(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        kind=row.kind,
        state="running" if started else row.state,
        done=done,
        total=total,
        comparison_id=row.comparison_id,
        problem=row.problem,
    )


@router.get("", response_model=Page[Job], responses=docs.listed(), dependencies=needs("read"))
def list_jobs(
    request: Request,
    service: Svc,
    study_id: Annotated[UUID | None, Query(description="Only of this study.")] = None,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List jobs in the order in which they were asked for."""
    with service.store.read() as session:
        query = select(models.Job)
        if study_id is not None:
            query = query.where(models.Job.study_id == study_id)
        return paging.page(
            request, session, query, models.Job, paging.Slice(limit, cursor), Job,
            lambda row: show(row, service),
        )  # fmt: skip


@router.get("/{job_id}", response_model=Job, responses=docs.got(), dependencies=needs("read"))
@quick
def get_job(
    job_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read how far a job is, and where its result lies."""
    with service.store.read() as session:
        row = find(session, models.Job, job_id)
    body = show(row, service).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_bytes(body))


@router.post(
    "/{job_id}/cancel",
    response_model=Job,
    responses=docs.problems(404, 507),
    dependencies=needs("write"),
)
def cancel_job(job_id: UUID, service: Svc) -> Response:
    """Call a job off; one that has ended stays as it is."""
    with service.store.write() as session:
        row = find(session, models.Job, job_id, with_for_update=True)
        service.jobs.cancel(session, row)
    service.hub.tell(f"job:{job_id}")
    return Response(show(row, service).model_dump_json(), media_type="application/json")


def _known(job_id: UUID, service: Svc) -> UUID:
    with service.store.read() as session:
        find(session, models.Job, job_id)
    return job_id


@router.get(
    "/{job_id}/events",
    response_class=Events,
    responses=docs.problems(404),
    dependencies=needs("read"),
)
async def follow_job(service: Svc, known: Annotated[UUID, Depends(_known)]) -> Response:
    """Follow a job as server-sent events: `progress` until `ended`."""
    return Events(_follow(service, known), headers=UNCACHED)


async def _follow(service: Service, known: UUID) -> AsyncIterator[bytes]:
    last = ""
    with service.hub.listen(f"job:{known}") as ear:
        while not service.hub.closed:
            job = await asyncio.to_thread(_look, service, known)
            said = job.model_dump_json()
            if said != last:
                name = "ended" if job.state in ENDED else "progress"
                yield format_sse_event(data_str=said, event=name)
                last = said
            if job.state in ENDED:
                return
            if not await ear.wait(_LOOK_AGAIN_S):
                yield format_sse_event(data_str=None, comment="still here")


def _look(service: Service, job_id: UUID) -> Job:
    with service.store.read() as session:
        return show(find(session, models.Job, job_id), service)
