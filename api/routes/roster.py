"""/v1/studies/{id}/allocation, /v1/subjects/{id}/allocation and withdrawal: the roster."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation
from api.access import needs
from api.errors import NOT_FOUND, ProblemError
from api.routes import _docs as docs
from api.routes._find import find
from api.routes.subjects import show_in
from api.schemas.roster import (
    Allocation,
    AllocationIn,
    PlaceIn,
    PlaceOut,
    Stratum,
    WithdrawalIn,
)
from api.schemas.studies import Subject
from api.service import Svc
from api.store import models, roster

router = APIRouter(prefix="/v1", tags=["roster"])


def show(session: Session, row: models.Allocation) -> Allocation:
    """Show an allocation without a single place that nobody has."""
    counts = roster.counts_of(session, row)
    return Allocation(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        design=row.design,
        strata=row.strata,
        blinded=row.blinded,
        sha256=row.sha256,
        key_sha256=row.key_sha256,
        registration=row.registration,
        given=[Stratum(stratum=s, given=g, places=n) for s, (g, n) in counts.items()],
    )


@router.post(
    "/studies/{study_id}/allocation",
    status_code=201,
    response_model=Allocation,
    responses=docs.made(404),
    dependencies=needs("write"),
)
def draw_allocation(
    study_id: UUID, request: Request, service: Svc, body: AllocationIn, key: creation.Key = None
) -> Response:
    """Draw a concealed list of places: stratified, half a side, registered by its hash.

    Only the place that somebody is given is ever shown, one at a time, once they are enrolled.
    """

    def work(session: Session) -> creation.Created:
        study = find(session, models.Study, study_id)
        row = roster.draw_allocation(
            session, study, design=body.design, strata=body.strata, places=body.places,
            blinded=body.blinded, made=service.clock(),
        )  # fmt: skip
        at = f"/v1/studies/{study_id}/allocation"
        return creation.Created(show(session, row), at, row.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get(
    "/studies/{study_id}/allocation",
    response_model=Allocation,
    responses=docs.got(),
    dependencies=needs("read"),
)
def get_allocation(
    study_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read how the list was drawn and how many of its places are given."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        found = select(models.Allocation).where(models.Allocation.study_id == study_id)
        row = session.scalar(found)
        if row is None:
            raise ProblemError(NOT_FOUND, f"study {study_id} has no allocation")
        body = show(session, row).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_bytes(body))


@router.post(
    "/subjects/{subject_id}/allocation",
    status_code=201,
    response_model=PlaceOut,
    responses=docs.made(404),
    dependencies=needs("write"),
)
def allocate_subject(
    subject_id: UUID, request: Request, service: Svc, body: PlaceIn, key: creation.Key = None
) -> Response:
    """Give somebody who is enrolled the next place of their stratum."""

    def work(session: Session) -> creation.Created:
        subject = find(session, models.Subject, subject_id, with_for_update=True)
        place = roster.give_place(session, subject, body.strata, service.clock())
        assert place.taken_at is not None
        shown = PlaceOut(
            subject_id=subject_id, number=place.number, stratum=place.stratum, code=place.code,
            taken_at=place.taken_at,
        )  # fmt: skip
        return creation.Created(shown, f"/v1/subjects/{subject_id}")

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.post(
    "/subjects/{subject_id}/withdrawal",
    status_code=201,
    response_model=Subject,
    responses=docs.made(404),
    dependencies=needs("write"),
)
def withdraw_subject(
    subject_id: UUID, request: Request, service: Svc, body: WithdrawalIn, key: creation.Key = None
) -> Response:
    """Write down that somebody left, when and why; their data stays in the comparison.

    To delete it as well: ``DELETE /v1/subjects/{id}/data``.
    """

    def work(session: Session) -> creation.Created:
        subject = find(session, models.Subject, subject_id, with_for_update=True)
        roster.withdraw(subject, body.at, body.reason)
        session.flush()
        shown = show_in(session, subject)
        return creation.Created(shown, f"/v1/subjects/{subject_id}", subject.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.delete(
    "/subjects/{subject_id}/data",
    status_code=204,
    responses=docs.deleted(422),
    dependencies=needs("manage"),
)
def delete_subject_data(subject_id: UUID, service: Svc, if_match: cond.IfMatch = None) -> Response:
    """Delete everything measured or noted of somebody who withdrew; the roster keeps that they did.

    Results that were computed with it go too.
    """
    with service.store.write() as session:
        subject = find(session, models.Subject, subject_id, with_for_update=True)
        cond.require(if_match, subject.version)
        roster.delete_data(session, subject)
    service.forget()
    return Response(status_code=204)
