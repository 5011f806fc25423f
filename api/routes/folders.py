"""/v1/studies/{id}/folder and inspections: many files at once, and what was understood of them."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api.access import needs
from api.folder import Taken, described, take_folder
from api.inspect_words import lines_of
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.base import Name
from api.schemas.folders import FolderTaken, InspectionOut, Line, TakenRecording
from api.service import Svc
from api.store import models
from api.store import recordings as stored
from hrv.errors import InputError
from ingest.clock import zone
from ingest.formats.base import Recording, Source
from ingest.inspect import Inspection, inspect
from ingest.reading import open_recording

router = APIRouter(prefix="/v1", tags=["recordings"])
_MOST_PARTS = 12
Zone = Annotated[
    str | None,
    Form(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$", description="Of clock times."),
]


def shown(file: str, found: Inspection) -> InspectionOut:
    """Say what was understood in the words of ``hrv inspect``."""
    lines = lines_of(found, moment=lambda at: f"{at:%Y-%m-%d %H:%M:%S %z}")
    return InspectionOut(file=file, lines=[Line(what=w, said=s) for w, s in lines])


@router.post(
    "/studies/{study_id}/folder",
    response_model=FolderTaken,
    responses=docs.problems(400, 404, 409, 413, 507),
    dependencies=needs("write"),
)
def import_folder(
    study_id: UUID,
    service: Svc,
    files: Annotated[
        list[UploadFile],
        File(description="Any exports; a path in a file's name is its place in the folder."),
    ],
    subject: Annotated[Name | None, Form(description="Whose they are; default: P01.")] = None,
    subject_pattern: Annotated[
        Name | None,
        Form(description="Regular expression that finds the subject in a file's path instead."),
    ] = None,
    tz: Zone = None,
) -> FolderTaken:
    """Bring a phone's folder into the study: recordings, events and scores, each once.

    The same as ``hrv import``: what is there already is skipped, so sending it again is safe.
    """
    with service.store.read() as session:
        found = find(session, models.Study, study_id)
    if (tz or found.tz) is not None:
        zone(str(tz or found.tz))
    with tempfile.TemporaryDirectory(prefix="hrv-sent-") as place:
        folder = Path(place)
        for number, file in enumerate(files):
            path = folder / placed(file.filename or f"file-{number + 1}")
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(file, path)
        taken = take_folder(
            service.store, study_id, folder, subject=subject, subject_pattern=subject_pattern,
            tz=tz,
        )  # fmt: skip
    return _show(taken)


def placed(name: str) -> PurePosixPath:
    """Place of a file below the folder, whatever its name pretends.

    Raises
    ------
    InputError
        If nothing is left of the name.
    """
    parts = [p for p in name.replace("\\", "/").split("/") if p not in ("", ".", "..")]
    parts = ["".join(c for c in part if c.isprintable())[:120] for part in parts[-_MOST_PARTS:]]
    if not parts or not all(parts):
        raise InputError(f"{name[:80]!r} is no name of a file")
    return PurePosixPath(*parts)


def _write(file: UploadFile, path: Path) -> None:
    try:
        with path.open("xb") as out:
            while part := file.file.read(stored.PART_BYTES):
                out.write(part)
    except FileExistsError:
        raise InputError(f"two of the files are called {path.name!r} in one folder") from None


def _show(taken: Taken) -> FolderTaken:
    return FolderTaken(
        recordings=[
            TakenRecording(id=made, name=e.recording, file=e.file, subject=e.subject)
            for e, made in taken.made
        ],
        inspections=[shown(name, found) for name, found in taken.inspections.items()],
        people=taken.people,
        **described(taken.report),
    )


@router.post(
    "/inspections",
    response_model=InspectionOut,
    responses=docs.problems(400, 413),
    dependencies=needs("enter"),
)
def inspect_file(
    file: Annotated[UploadFile, File(description="A recording, or any export.")],
    tz: Zone = None,
) -> InspectionOut:
    """Say what is in a file and what a study could use it for; nothing is stored."""
    name = str(placed(file.filename or "file"))
    opened = open_recording(Source(name, content=file.file.read()), tz=tz)
    return shown(name, inspect(opened, source=name))


@router.get(
    "/recordings/{recording_id}/inspection",
    response_model=InspectionOut,
    responses=docs.got(),
    dependencies=needs("read", own=True),
)
def inspect_recording(
    recording_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Say what was understood of a recording, in the words of ``hrv inspect``."""
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        found = _inspected(session, row)
    body = found.model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_bytes(body))


def _inspected(session: Session, row: models.Recording) -> InspectionOut:
    if row.state != "closed" or row.beats == 0:
        why = "it is still being recorded" if row.state != "closed" else "it holds no beats"
        return InspectionOut(file=row.name, lines=[Line(what="note", said=why)])
    rr = stored.read_series(session, row)
    return shown(row.name, inspect(Recording(rr), source=row.name))
