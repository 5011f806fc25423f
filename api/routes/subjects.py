"""/v1/studies/{id}/subjects and /v1/subjects: persons, by pseudonym."""

from __future__ import annotations

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
from api.schemas.studies import Subject, SubjectIn
from api.service import Svc
from api.store import models
from api.store.persons import draw_pseudonym, erase
from api.store.roster import places_of

router = APIRouter(prefix="/v1", tags=["subjects"])


def show(row: models.Subject, place: models.Place | None = None) -> Subject:
    """Show a stored subject."""
    return Subject(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        name=row.name,
        note=row.note,
        enrolled_at=row.enrolled_at,
        strata=row.strata,
        place=None if place is None else place.code,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
        data_deleted=row.data_deleted,
    )


def show_in(session: Session, row: models.Subject) -> Subject:
    """Show a stored subject, looking up its place."""
    place = select(models.Place).where(models.Place.subject_id == row.id)
    return show(row, session.scalar(place))


@router.post(
    "/studies/{study_id}/subjects",
    status_code=201,
    response_model=Subject,
    responses=docs.made(404),
    dependencies=needs("write"),
)
def create_subject(
    study_id: UUID, request: Request, service: Svc, body: SubjectIn, key: creation.Key = None
) -> Response:
    """Make a subject; without a name it gets a pseudonym drawn at random."""

    def work(session: Session) -> creation.Created:
        find(session, models.Study, study_id)
        row = models.Subject(
            study_id=study_id, name=body.name or draw_pseudonym(session, study_id),
            note=body.note, enrolled_at=body.enrolled_at, strata={},
        )  # fmt: skip
        session.add(row)
        session.flush()
        return creation.Created(show(row), f"/v1/subjects/{row.id}", row.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get(
    "/studies/{study_id}/subjects",
    response_model=Page[Subject],
    responses=docs.listed(),
    dependencies=needs("read"),
)
def list_subjects(
    study_id: UUID,
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List the subjects of a study."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        query = select(models.Subject).where(models.Subject.study_id == study_id)
        places = places_of(session, study_id)
        return paging.page(
            request, session, query, models.Subject, paging.Slice(limit, cursor), Subject,
            lambda row: show(row, places.get(row.id)),
        )  # fmt: skip


@router.get(
    "/subjects/{subject_id}",
    response_model=Subject,
    responses=docs.got(),
    dependencies=needs("read", own=True),
)
@quick
def get_subject(
    subject_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read a subject."""
    with service.store.read() as session:
        row = find(session, models.Subject, subject_id)
        body = show_in(session, row).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_version(row.version))


@router.put(
    "/subjects/{subject_id}",
    response_model=Subject,
    responses=docs.changed(),
    dependencies=needs("write"),
)
def replace_subject(
    subject_id: UUID, service: Svc, body: SubjectIn, if_match: cond.IfMatch = None
) -> Response:
    """Change pseudonym, note or the day of enrolment."""
    with service.store.write() as session:
        row = find(session, models.Subject, subject_id, with_for_update=True)
        cond.require(if_match, row.version)
        row.name, row.note = body.name or row.name, body.note
        row.enrolled_at = body.enrolled_at
        session.flush()
        shown, tag = show_in(session, row), cond.tag_of_version(row.version)
    return Response(shown.model_dump_json(), media_type="application/json", headers={"ETag": tag})


@router.delete(
    "/subjects/{subject_id}",
    status_code=204,
    responses=docs.deleted(),
    dependencies=needs("manage"),
)
def delete_subject(subject_id: UUID, service: Svc, if_match: cond.IfMatch = None) -> Response:
    """Delete a person with everything of theirs, so that no byte of it is left in the store.

    Results of the study go too; they are computed again without the person.
    """
    with service.store.write() as session:
        row = find(session, models.Subject, subject_id, with_for_update=True)
        cond.require(if_match, row.version)
        erase(session, row)
        session.delete(row)
    service.forget()
    return Response(status_code=204)
