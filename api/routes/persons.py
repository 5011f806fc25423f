"""/v1/subjects/{id}/export: everything the service holds about one person, to take along."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO
from uuid import UUID

import pandas as pd
from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from api.access import needs
from api.delimited import csv_text
from api.routes import _docs as docs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.store import recordings as stored
from api.store.persons import everything

router = APIRouter(prefix="/v1", tags=["subjects"])
_PART = 1 << 18
ABOUT = """\
Everything this service holds about one person.

person.json            every row about them, table by table; times in UTC with their zone;
                       audit says who did what with their data
recordings/ID/beats.csv  t_s: end of each interval, s since the recording's start; rr_ms: the
                       interval, ms; flag: what is known of it (0: nothing)
recordings/ID/file     the file as it was sent, byte for byte; its name stands in person.json

Results of whole studies hold many persons and are not in here.
"""


@router.get(
    "/subjects/{subject_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A zip file.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **docs.problems(404),
    },
    dependencies=needs("export", own=True),
)
def export_subject(subject_id: UUID, service: Svc) -> StreamingResponse:
    """Take out everything about one person: every row, every beat, every file as it was sent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent; has no name on disk
    try:
        with service.store.read() as session:
            _pack(session, find(session, models.Subject, subject_id), file)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": "attachment", "Content-Length": str(file.tell())}
    return StreamingResponse(_sent(file), media_type="application/zip", headers=headers)


def _pack(session: Session, subject: models.Subject, file: IO[bytes]) -> None:
    own = select(models.Recording).where(models.Recording.subject_id == subject.id)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ABOUT.txt", ABOUT)
        rows = json.dumps(everything(session, subject), indent=1, ensure_ascii=False)
        archive.writestr("person.json", rows)
        for row in session.scalars(own.order_by(models.Recording.id)):
            place = f"recordings/{row.id}"  # names that people gave do not become paths
            beats = pd.DataFrame(stored.table(stored.read_beats(session, row.id)))
            archive.writestr(f"{place}/beats.csv", csv_text(beats, index=False))
            if row.upload_id is not None:
                with archive.open(f"{place}/file", "w", force_zip64=True) as out:
                    for part in stored.read_upload(session, row.upload_id):
                        out.write(part)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(_PART):
            yield part
