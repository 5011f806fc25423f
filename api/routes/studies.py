"""/v1/studies: what is asked, and what was declared beforehand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

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
from api.schemas.studies import Study, StudyIn
from api.service import Svc
from api.store import models
from hrv.clean import CLEANERS
from hrv.compare import METHODS
from hrv.tables import pick
from ingest import clock

router = APIRouter(prefix="/v1/studies", tags=["studies"])


def show(row: models.Study) -> Study:
    """Show a stored study."""
    said = row.declared
    return Study(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        title=row.title,
        tz=row.tz,
        endpoint={k: said[k] for k in ("primary", "direction", "secondary", "swc")},
        design={
            k: said[k]
            for k in (
                "conditions", "method", "washin_days", "familiarisation", "start_reason",
                "randomisation",
            )
        },
        clean={"method": said["cleaner"]},
        seed=said["seed"],
    )  # fmt: skip


def _fill(row: models.Study, body: StudyIn) -> None:
    if body.tz is not None:
        clock.zone(body.tz)
    pick(body.design.method, METHODS, "method")
    pick(body.clean.method, CLEANERS, "cleaner")
    said: dict[str, Any] = {
        **body.endpoint.model_dump(),
        **body.design.model_dump(),
        "cleaner": body.clean.method,
        "seed": body.seed,
    }
    row.title, row.tz = body.title, body.tz
    if row.declared != said:
        row.declared = said


@router.post(
    "", status_code=201, response_model=Study, responses=docs.made(), dependencies=needs("create")
)
def create_study(
    request: Request, service: Svc, body: StudyIn, key: creation.Key = None
) -> Response:
    """Make a study."""

    def work(session: Session) -> creation.Created:
        row = models.Study(declared={})
        _fill(row, body)
        session.add(row)
        session.flush()
        return creation.Created(show(row), f"/v1/studies/{row.id}", row.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get("", response_model=Page[Study], responses=docs.listed(), dependencies=needs("read"))
def list_studies(
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List studies in the order in which they were made."""
    with service.store.read() as session:
        wanted = paging.Slice(limit, cursor)
        return paging.page(
            request, session, select(models.Study), models.Study, wanted, Study, show
        )


@router.get("/{study_id}", response_model=Study, responses=docs.got(), dependencies=needs("read"))
@quick
def get_study(
    study_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read a study."""
    with service.store.read() as session:
        row = find(session, models.Study, study_id)
    body = show(row).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_version(row.version))


@router.put(
    "/{study_id}", response_model=Study, responses=docs.changed(), dependencies=needs("write")
)
def replace_study(
    study_id: UUID, request: Request, service: Svc, body: StudyIn, if_match: cond.IfMatch = None
) -> Response:
    """Replace what is declared."""
    with service.store.write() as session:
        row = find(session, models.Study, study_id, with_for_update=True)
        cond.require(if_match, row.version)
        _fill(row, body)
        session.flush()
        shown, tag = show(row), cond.tag_of_version(row.version)
    return Response(shown.model_dump_json(), media_type="application/json", headers={"ETag": tag})


@router.delete(
    "/{study_id}", status_code=204, responses=docs.deleted(), dependencies=needs("manage")
)
def delete_study(study_id: UUID, service: Svc, if_match: cond.IfMatch = None) -> Response:
    """Delete a study with everything that belongs to it."""
    with service.store.write() as session:
        row = find(session, models.Study, study_id, with_for_update=True)
        cond.require(if_match, row.version)
        session.delete(row)
    return Response(status_code=204)
