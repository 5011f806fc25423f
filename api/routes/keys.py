"""/v1/studies/{id}/key and disclosures: what the codes of a blinded study mean, and who knows."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation, paging
from api.access import needs
from api.errors import NOT_FOUND, SEALED, ProblemError
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.base import Page
from api.schemas.results import KeyIn
from api.schemas.roster import Disclosed, Disclosure, DisclosureIn
from api.service import Svc
from api.store import keys, models

router = APIRouter(prefix="/v1/studies/{study_id}", tags=["keys"])


def show(row: models.Disclosure) -> Disclosure:
    """Show who was told."""
    return Disclosure(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        told=row.told,
        reason=row.reason,
    )


def _held(session: Session, study_id: UUID) -> models.HeldKey:
    find(session, models.Study, study_id)
    held = keys.held_key(session, study_id)
    if held is None:
        raise ProblemError(NOT_FOUND, f"no key is kept here for study {study_id}")
    return held


@router.get("/key", response_model=KeyIn, responses=docs.got(409), dependencies=needs("manage"))
def get_key(
    study_id: UUID, request: Request, service: Svc, _held_tag: cond.IfNoneMatch = None
) -> Response:
    """Read what the codes mean, once the planned end has come; before it: a disclosure."""
    with service.store.read() as session:
        held = _held(session, study_id)
    if not keys.is_open(held, service.clock()):
        until = "somebody is told" if held.opens_at is None else f"{held.opens_at:%Y-%m-%d}"
        raise ProblemError(
            SEALED,
            f"the key stays shut until {until}; to open it before, write down who is told and "
            f"why, POST /v1/studies/{study_id}/disclosures",
        )
    body = KeyIn(**keys.as_mapping(held)).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_bytes(body))


@router.post(
    "/disclosures",
    status_code=201,
    response_model=Disclosed,
    responses=docs.made(404),
    dependencies=needs("manage"),
)
def disclose_key(
    study_id: UUID, request: Request, service: Svc, body: DisclosureIn, key: creation.Key = None
) -> Response:
    """Tell somebody what the codes mean, and keep on record whom and why."""

    def work(session: Session) -> creation.Created:
        held = _held(session, study_id)
        row = models.Disclosure(study_id=study_id, told=body.told, reason=body.reason)
        session.add(row)
        session.flush()
        shown = Disclosed(disclosure=show(row), key=KeyIn(**keys.as_mapping(held)))
        return creation.Created(shown, f"/v1/studies/{study_id}/disclosures")

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get(
    "/disclosures",
    response_model=Page[Disclosure],
    responses=docs.listed(),
    dependencies=needs("read"),
)
def list_disclosures(
    study_id: UUID,
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held_tag: cond.IfNoneMatch = None,
) -> Response:
    """List who was told what the codes mean."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        kind = models.Disclosure
        query = select(kind).where(kind.study_id == study_id)
        wanted = paging.Slice(limit, cursor)
        return paging.page(request, session, query, kind, wanted, Disclosure, show)
