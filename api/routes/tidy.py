"""/v1/studies/{id}/tidy: a whole study as long tables with a codebook, in one zip file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from api.access import needs
from api.routes import _docs as docs
from api.routes._find import find
from api.service import Svc
from api.store import models
from api.tidy import write_tidy

router = APIRouter(prefix="/v1/studies/{study_id}", tags=["exports"])
_IN_MEMORY = 16 * 2**20
_PART = 2**18


@router.get(
    "/tidy",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A zip file of CSV tables and their codebook.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **docs.problems(404),
    },
    dependencies=needs("export"),
)
def export_tidy(
    study_id: UUID,
    service: Svc,
    beats: Annotated[bool, Query(description="With every beat of every recording.")] = True,
) -> StreamingResponse:
    """Export everything of a study as long tables, with the codebook of every column.

    Recovery and quality are those of the last comparison, if it is of the present data.
    """
    out = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    try:
        with service.store.read() as session:
            study = find(session, models.Study, study_id)
            write_tidy(session, study, out, now=service.clock(), beats=beats)
    except BaseException:
        out.close()
        raise
    size = out.tell()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", study.title).strip("-").lower()[:60] or "study"
    headers = {
        "Content-Disposition": f'attachment; filename="{stem}.zip"',
        "Content-Length": str(size),
    }
    return StreamingResponse(_parts(out), media_type="application/zip", headers=headers)


def _parts(out: IO[bytes]) -> Iterator[bytes]:
    with out:
        out.seek(0)
        while part := out.read(_PART):
            yield part
