"""What the logs of a study share: events, phases, interventions, doses and outcomes.

One `Log` describes a log; `log_router` makes its routes: list, make one, take a whole table, read,
replace, delete.  (No postponed annotations here: the routes' types are values of this module.)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation, paging
from api.access import needs
from api.routes import _docs as docs
from api.routes._find import find, find_subject, subject_names
from api.schemas.base import Page
from api.schemas.logs import Imported
from api.service import Svc
from api.store import models
from hrv.errors import FormatError
from ingest.formats.base import Source

Bodies = Iterable[BaseModel]


@dataclass(frozen=True)
class Log:
    """One log of a study.

    Parameters
    ----------
    name, one : str
        Plural as in the path, and what one entry is called.
    model : type
        Its table.
    given, shown : type
        Wire types of a new and of a stored entry.
    fill : callable
        ``(Session, row, body)``: puts a body into a row, checking it against the store.
    check : callable
        ``(Session, study_id, subject ids)``: refuses entries that contradict each other.
    read_table : callable or None
        ``(Source, tz, subject, recording_id) -> bodies``; None: the log takes no table.
    own : bool
        True if a participant reads and adds their own entries.
    """

    name: str
    one: str
    model: type[Any]
    given: type[BaseModel]
    shown: type[BaseModel]
    fill: Callable[[Session, Any, Any], None]
    check: Callable[[Session, UUID, set[UUID]], None]
    read_table: Callable[[Source, str | None, str | None, UUID | None], Bodies] | None = None
    own: bool = True


def copy_fields(row: Any, body: BaseModel) -> None:
    """Put every field but the subject into the column of its name."""
    for name, value in body:
        if name != "subject" and getattr(row, name) != value:
            setattr(row, name, value)


def no_check(_session: Session, _study: UUID, _subjects: set[UUID]) -> None:
    """Find nothing wrong: entries of this log cannot contradict each other."""


def log_router(log: Log) -> APIRouter:
    """Make the routes of a log."""
    router = APIRouter(prefix="/v1", tags=[log.name])
    _add_collection(router, log)
    _add_single(router, log)
    if log.read_table is not None:
        _add_table(router, log)
    return router


def _show(log: Log, row: Any, names: dict[UUID, str]) -> BaseModel:
    fields = log.shown.model_fields
    values = {name: getattr(row, name) for name in fields if name != "subject"}
    return log.shown.model_construct(**values, subject=names[row.subject_id])


def _put(log: Log, session: Session, study_id: UUID, body: Any) -> Any:
    subject = find_subject(session, study_id, body.subject)
    row = log.model(study_id=study_id, subject_id=subject.id)
    log.fill(session, row, body)
    session.add(row)
    return row


def _add_collection(router: APIRouter, log: Log) -> None:
    path, given, shown = f"/studies/{{study_id}}/{log.name}", log.given, log.shown

    @router.post(
        path,
        name=f"create_{log.one}",
        summary=f"Add one {log.one}",
        status_code=201,
        response_model=shown,
        responses=docs.made(404),
        dependencies=needs("write", own=log.own),
    )
    def create(
        study_id: UUID,
        request: Request,
        service: Svc,
        body: given,  # type: ignore[valid-type]  # a value of this call
        key: creation.Key = None,
    ) -> Response:
        def work(session: Session) -> creation.Created:
            find(session, models.Study, study_id)
            row = _put(log, session, study_id, body)
            session.flush()
            log.check(session, study_id, {row.subject_id})
            names = {row.subject_id: body.subject}  # type: ignore[attr-defined]
            shown_row = _show(log, row, names)
            return creation.Created(shown_row, f"/v1/{log.name}/{row.id}", row.version)

        said = body.model_dump_json()  # type: ignore[attr-defined]
        return creation.create(service, request, key, said, work)

    @router.get(
        path,
        name=f"list_{log.name}",
        summary=f"List the {log.name} of a study",
        response_model=Page[shown],  # type: ignore[valid-type]  # a value of this call
        responses=docs.listed(),
        dependencies=needs("read", own=log.own),
    )
    def entries(
        study_id: UUID,
        request: Request,
        service: Svc,
        subject: Annotated[
            str | None, Query(max_length=200, description="Only of this pseudonym.")
        ] = None,
        limit: paging.Limit = 100,
        cursor: paging.Cursor = None,
        _held: cond.IfNoneMatch = None,
    ) -> Response:
        with service.store.read() as session:
            find(session, models.Study, study_id)
            query = select(log.model).where(log.model.study_id == study_id)
            if subject is not None:
                whose = find_subject(session, study_id, subject)
                query = query.where(log.model.subject_id == whose.id)
            names = subject_names(session, study_id)
            wanted = paging.Slice(limit, cursor)
            return paging.page(
                request, session, query, log.model, wanted, shown,
                lambda row: _show(log, row, names),
            )  # fmt: skip


def _add_single(router: APIRouter, log: Log) -> None:
    path, given, shown = f"/{log.name}/{{entry_id}}", log.given, log.shown

    @router.get(
        path,
        name=f"get_{log.one}",
        summary=f"Read one {log.one}",
        response_model=shown,
        responses=docs.got(),
        dependencies=needs("read", own=log.own, entry=log.model),
    )
    def get(
        entry_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
    ) -> Response:
        with service.store.read() as session:
            row = find(session, log.model, entry_id)
            names = subject_names(session, row.study_id)
        body = _show(log, row, names).model_dump_json().encode()
        return cond.tagged(request, body, "application/json", cond.tag_of_version(row.version))

    @router.put(
        path,
        name=f"replace_{log.one}",
        summary=f"Replace one {log.one}",
        response_model=shown,
        responses=docs.changed(),
        dependencies=needs("write", own=log.own, entry=log.model),
    )
    def replace(
        entry_id: UUID,
        service: Svc,
        body: given,  # type: ignore[valid-type]  # a value of this call
        if_match: cond.IfMatch = None,
    ) -> Response:
        with service.store.write() as session:
            row = find(session, log.model, entry_id, with_for_update=True)
            cond.require(if_match, row.version)
            whose = find_subject(session, row.study_id, body.subject)  # type: ignore[attr-defined]
            row.subject_id = whose.id
            log.fill(session, row, body)
            session.flush()
            log.check(session, row.study_id, {row.subject_id})
            said = _show(log, row, {whose.id: whose.name}).model_dump_json()
            tag = cond.tag_of_version(row.version)
        return Response(said, media_type="application/json", headers={"ETag": tag})

    @router.delete(
        path,
        name=f"delete_{log.one}",
        summary=f"Delete one {log.one}",
        status_code=204,
        responses=docs.deleted(),
        dependencies=needs("delete", entry=log.model),
    )
    def delete(entry_id: UUID, service: Svc, if_match: cond.IfMatch = None) -> Response:
        with service.store.write() as session:
            row = find(session, log.model, entry_id, with_for_update=True)
            cond.require(if_match, row.version)
            session.delete(row)
        return Response(status_code=204)


def _add_table(router: APIRouter, log: Log) -> None:
    read_table = log.read_table
    assert read_table is not None

    @router.post(
        f"/studies/{{study_id}}/{log.name}/table",
        name=f"import_{log.name}",
        summary=f"Take a whole table of {log.name} (CSV)",
        status_code=201,
        response_model=Imported,
        responses=docs.made(404, 415),
        dependencies=needs("write"),
    )
    def import_table(
        study_id: UUID,
        request: Request,
        service: Svc,
        body: Annotated[
            bytes,
            Body(
                media_type="text/csv",
                description="The same columns as the command line reads; all lines or none.",
            ),
        ],
        name: Annotated[
            str, Query(max_length=200, description="File name, for messages.")
        ] = "table.csv",
        subject: Annotated[
            str | None, Query(max_length=200, description="Whose lines without a subject are.")
        ] = None,
        recording_id: Annotated[
            UUID | None, Query(description="For times in seconds: of which recording.")
        ] = None,
        key: creation.Key = None,
    ) -> Response:
        def work(session: Session) -> creation.Created:
            study = find(session, models.Study, study_id)
            source = Source(name, content=body)
            bodies = _bodies(read_table(source, study.tz, subject, recording_id), name)
            rows = [_put(log, session, study_id, entry) for entry in bodies]
            session.flush()
            log.check(session, study_id, {row.subject_id for row in rows})
            made = Imported(rows=len(rows), ids=[row.id for row in rows])
            return creation.Created(made, f"/v1/studies/{study_id}/{log.name}")

        said = f"{name}\0{subject}\0{recording_id}\0{body.hex()}"
        return creation.create(service, request, key, said, work)


def _bodies(found: Bodies, name: str) -> list[BaseModel]:
    """Make the wire types of a table's lines, or say what is wrong with one of them."""
    try:
        return list(found)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("subject",):
            said = "a line has no subject; say whose such lines are with ?subject="
        else:
            said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise FormatError(said, source=name) from None
