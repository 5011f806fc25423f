"""/v1/recordings/{id}/export: a recording in the formats that other programs read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api import conditions as cond
from api.access import needs
from api.errors import CONFLICT, ProblemError
from api.routes import _docs as docs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.store.recordings import read_series
from ingest.writers import WRITERS

router = APIRouter(prefix="/v1/recordings/{recording_id}", tags=["exports"])
_MEDIA = {".json": "application/json", ".parquet": "application/vnd.apache.parquet"}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


class Target(StrEnum):
    """Formats with one file each."""

    FHIR = "fhir"
    OPEN_MHEALTH = "open_mhealth"
    KUBIOS = "kubios"
    HRV_LOGGER = "hrv_logger"
    TEXT = "text"


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "description": "The recording.",
            "content": {"application/json": {"schema": {}}, "text/plain": _BINARY},
        },
        304: {"description": "You hold it (If-None-Match)."},
        **docs.problems(404, 409),
    },
    dependencies=needs("export", own=True),
)
def export_recording(
    recording_id: UUID,
    request: Request,
    service: Svc,
    to: Annotated[Target, Query(description="Format to write.")] = Target.FHIR,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Write a recording for other programs: FHIR R5 Observation, Open mHealth, Kubios, text.

    The values are written as they were read; whose they are only the receiver adds.
    """
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        if row.state != "closed":
            raise ProblemError(CONFLICT, f"recording {recording_id} is still open; end it first")
        series = read_series(session, row)
    writer = next(w for w in WRITERS if w.name == to.value)
    suffix, data = next(iter(writer.write(series).files.items()))
    media = "application/json" if suffix.endswith(".json") else "text/plain"
    return cond.tagged(request, data, media, cond.tag_of_bytes(data))
