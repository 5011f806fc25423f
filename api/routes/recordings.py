"""/v1/studies/{id}/recordings and /v1/recordings: files taken in, their beats and the way back."""

from __future__ import annotations

from typing import Annotated, Any, BinaryIO
from uuid import UUID

import pandas as pd
from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from api import conditions as cond
from api import creation, paging
from api.access import needs
from api.quick import quick
from api.representations import TABLES, Described, choose, encode
from api.routes import _docs as docs
from api.routes._find import find, find_subject, subject_names
from api.schemas.base import Name, Page, Table, Text, Time
from api.schemas.recordings import Lost, ProvenanceOut, Recording, RecordingEdit
from api.service import Service, Svc
from api.store import models
from api.store import recordings as stored
from api.store.types import new_id
from hrv.types import RRSeries
from ingest import ReadOptions
from ingest.formats.base import Source
from ingest.reading import read

router = APIRouter(prefix="/v1", tags=["recordings"])
_ZONE = r"^[A-Za-z][A-Za-z0-9_+/-]*$"
_CHOICES = {"format", "unit", "tz", "start", "sampling_rate_hz", "channel"}


def show(row: models.Recording, subject: str, upload_sha256: str | None) -> Recording:
    """Show a stored recording."""
    return Recording(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        study_id=row.study_id,
        subject=subject,
        name=row.name,
        condition=row.condition,
        period=row.period,
        state="open" if row.state == "open" else "closed",
        start=row.start,
        beats=row.beats,
        duration_s=row.duration_s,
        lost=[Lost(first=lo, last=hi) for lo, hi in row.lost],
        provenance=ProvenanceOut(**row.provenance),
        beats_sha256=row.beats_sha256,
        upload_sha256=upload_sha256,
    )


def show_in(session: Session, row: models.Recording) -> Recording:
    """Show a stored recording, looking up its subject and its file."""
    name = find(session, models.Subject, row.subject_id).name
    return show(row, name, _sha256(session, row))


def _sha256(session: Session, row: models.Recording) -> str | None:
    if row.upload_id is None:
        return None
    return session.scalar(select(models.Upload.sha256).where(models.Upload.id == row.upload_id))


@router.post(
    "/studies/{study_id}/recordings",
    status_code=201,
    response_model=Recording,
    responses=docs.made(404, 415),
    dependencies=needs("write", own=True),
)
def upload_recording(
    study_id: UUID,
    request: Request,
    service: Svc,
    file: Annotated[UploadFile, File(description="A recording in any of the known formats.")],
    subject: Annotated[Name, Form(description="Pseudonym of a subject of the study.")],
    name: Annotated[
        Name | None, Form(description="Unique in the study; default: the file's name.")
    ] = None,
    condition: Annotated[Text, Form(description="Only for studies without dated phases.")] = "",
    period: Annotated[
        Text, Form(description="baseline, 1 or 2: only for people drawn to arms or sequences.")
    ] = "",
    format: Annotated[
        Name | None, Form(description="Instead of detecting it; see /v1/catalogue/formats.")
    ] = None,
    unit: Annotated[Name | None, Form(description="ms, s or 1/1024 s.")] = None,
    tz: Annotated[
        str | None,
        Form(max_length=64, pattern=_ZONE, description="Zone of clock times without one."),
    ] = None,
    start: Annotated[Time | None, Form(description="For files without any clock.")] = None,
    sampling_rate_hz: Annotated[float | None, Form(gt=0, le=1e6)] = None,
    channel: Annotated[Name | None, Form()] = None,
    key: creation.Key = None,
) -> Response:
    """Take a recording in: the beats are read, the file is kept byte for byte beside them.

    A file that cannot be read is refused with the line and the value; nothing is stored.
    """
    options = ReadOptions(unit, tz, start, sampling_rate_hz, channel)
    content: BinaryIO = file.file
    size, sha256 = stored.hashed(content)
    filename = (file.filename or "recording").replace("\\", "/").rpartition("/")[2] or "recording"
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        find_subject(session, study_id, subject)
    series = _read(content, filename, format, options, study.tz)
    recording = models.Recording(
        id=new_id(),
        study_id=study_id,
        name=name or filename,
        condition=condition,
        period=period,
        options=_said(format, options),
        lost=[],
    )
    chunks = stored.add_beats(recording, series)  # packed before the store is held
    media = file.content_type or "application/octet-stream"
    upload = models.Upload(
        id=new_id(), study_id=study_id, name=filename, media_type=media, size=size, sha256=sha256
    )

    def work(session: Session) -> creation.Created:
        recording.subject_id = find_subject(session, study_id, subject).id
        recording.upload_id = upload.id
        stored.add_upload(session, upload, content)
        session.add(recording)
        session.flush()
        session.add_all(chunks)
        session.flush()
        shown = show(recording, subject, sha256)
        return creation.Created(shown, f"/v1/recordings/{recording.id}", recording.version)

    said = f"{sha256}{filename}{subject}{recording.name}{condition}{period}{_said(format, options)}"
    return creation.create(service, request, key, said, work)


def _read(
    content: BinaryIO, name: str, form: str | None, options: ReadOptions, tz: str | None
) -> RRSeries:
    content.seek(0)
    return read(
        Source(name, content=content.read()),
        format=form,
        unit=options.unit,
        tz=options.tz or tz,
        start=options.start,
        sampling_rate_hz=options.sampling_rate_hz,
        channel=options.channel,
    )


def _said(form: str | None, options: ReadOptions) -> dict[str, Any]:
    """Collect what the caller decided, so that the file can be read again alike."""
    values = {"format": form, **vars(options)}
    values["start"] = None if options.start is None else options.start.isoformat()
    return {name: value for name, value in values.items() if value is not None}


@router.get(
    "/studies/{study_id}/recordings",
    response_model=Page[Recording],
    responses=docs.listed(),
    dependencies=needs("read", own=True),
)
def list_recordings(
    study_id: UUID,
    request: Request,
    service: Svc,
    subject: Annotated[
        str | None, Query(max_length=200, description="Only of this pseudonym.")
    ] = None,
    name: Annotated[
        str | None, Query(max_length=200, description="Only the one of this name.")
    ] = None,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List the recordings of a study."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        query = select(models.Recording).where(models.Recording.study_id == study_id)
        if subject is not None:
            whose = find_subject(session, study_id, subject)
            query = query.where(models.Recording.subject_id == whose.id)
        if name is not None:
            query = query.where(models.Recording.name == name)
        names = subject_names(session, study_id)
        return paging.page(
            request, session, query, models.Recording, paging.Slice(limit, cursor), Recording,
            lambda row: show(row, names[row.subject_id], _sha256(session, row)),
        )  # fmt: skip


@router.get(
    "/recordings/{recording_id}",
    response_model=Recording,
    responses=docs.got(),
    dependencies=needs("read", own=True),
)
@quick
def get_recording(
    recording_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read what is known of a recording."""
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        body = show_in(session, row).model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_version(row.version))


@router.put(
    "/recordings/{recording_id}",
    response_model=Recording,
    responses=docs.changed(),
    dependencies=needs("write"),
)
def edit_recording(
    recording_id: UUID, service: Svc, body: RecordingEdit, if_match: cond.IfMatch = None
) -> Response:
    """Change a recording's name, condition or period; its beats never change."""
    with service.store.write() as session:
        row = find(session, models.Recording, recording_id, with_for_update=True)
        cond.require(if_match, row.version)
        row.name, row.condition, row.period = body.name, body.condition, body.period
        session.flush()
        said = show_in(session, row).model_dump_json()
        tag = cond.tag_of_version(row.version)
    return Response(said, media_type="application/json", headers={"ETag": tag})


@router.delete(
    "/recordings/{recording_id}",
    status_code=204,
    responses=docs.deleted(),
    dependencies=needs("delete"),
)
def delete_recording(recording_id: UUID, service: Svc, if_match: cond.IfMatch = None) -> Response:
    """Delete a recording, its beats, its file and the events in its seconds."""
    with service.store.write() as session:
        row = find(session, models.Recording, recording_id, with_for_update=True)
        cond.require(if_match, row.version)
        upload = row.upload_id
        session.delete(row)
        session.flush()
        if upload is not None:
            session.delete(find(session, models.Upload, upload))
    return Response(status_code=204)


@router.get(
    "/recordings/{recording_id}/beats",
    response_model=Table,
    responses=docs.tabled(),
    dependencies=needs("read", own=True),
)
def get_beats(
    recording_id: UUID,
    request: Request,
    service: Svc,
    from_s: Annotated[
        float | None, Query(ge=-1e9, le=1e9, description="First time, s since start.")
    ] = None,
    to_s: Annotated[
        float | None, Query(ge=-1e9, le=1e9, description="Time before which it ends, s.")
    ] = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Read beats: t_s (end of the interval, s since start), rr_ms and flag, of [from_s, to_s)."""
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise paging.not_acceptable(TABLES)
    low = -float("inf") if from_s is None else from_s
    high = float("inf") if to_s is None else to_s
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        beats = stored.read_beats(session, recording_id, low, high)
    units = {"t_s": "s", "rr_ms": "ms"}
    start = None if row.start is None else row.start.isoformat()
    frame = pd.DataFrame(stored.table(beats), copy=False)
    body = encode(Described(frame, units, {"start": start}), media)
    return cond.tagged(request, body, media, cond.tag_of_bytes(media.encode(), body))


@router.get(
    "/recordings/{recording_id}/file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, byte for byte.",
            "content": {
                "application/octet-stream": docs.OTHER_TABLES["application/vnd.apache.parquet"]
            },
        },
        304: {"description": "You hold it (If-None-Match)."},
        **docs.problems(404),
    },
    dependencies=needs("export", own=True),
)
def get_file(
    recording_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Give back the file that a recording was read from, exactly as it came."""
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        upload = _upload_of(session, row)
    tag = f'"{upload.sha256}"'
    if cond.not_modified(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    headers = {
        "ETag": tag,
        "Content-Length": str(upload.size),
        "Content-Disposition": "attachment",
    }
    return StreamingResponse(
        _parts(service, upload.id), media_type="application/octet-stream", headers=headers
    )


def _upload_of(session: Session, row: models.Recording) -> models.Upload:
    from api.errors import NOT_FOUND, ProblemError

    if row.upload_id is None:
        raise ProblemError(NOT_FOUND, f"recording {row.id} was streamed in; there is no file")
    return find(session, models.Upload, row.upload_id)


def _parts(service: Service, upload: UUID) -> Any:
    with service.store.read() as session:
        yield from stored.read_upload(session, upload)
