"""`/studies/{id}/recordings`: every recording of a study and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse

from api.access import needs
from api.routes._find import find, subject_names
from api.service import Svc
from api.store import models
from api.web.latest import latest
from api.web.rendering import page

router = APIRouter(prefix="/studies/{study_id}/recordings", include_in_schema=False)
MOST = 2000


@dataclass(frozen=True)
class Line:
    """A recording, and what the comparison found of its quality (None before one)."""

    row: models.Recording
    subject: str
    quality: dict[str, Any] | None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a careful reader looks at first."""
        q, said = self.quality, []
        if self.row.lost:
            said.append("beats lost on the way")
        if q is None:
            return tuple(said)
        if q["coverage"] is not None and q["coverage"] < 0.9:
            said.append("much is missing")
        if q["corrected"] is not None and q["corrected"] > 0.05:
            said.append("many artefacts")
        if q["longest_gap_s"] and q["longest_gap_s"] >= 60:
            said.append("a long gap")
        if q["suspect"]:
            said.append("doubtful timing")
        return tuple(said)


@router.get("", dependencies=needs("read"))
def recordings(study_id: UUID, request: Request, service: Svc) -> HTMLResponse:
    """List recordings with coverage, artefacts and gaps, and what is missing by condition."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        found = latest(session, study, service)
        names = subject_names(session, study_id)
        kind = models.Recording
        query = select(kind).where(kind.study_id == study_id).order_by(kind.id.desc()).limit(MOST)
        told = {(q["subject"], q["session"]): q for q in found.whole["quality"]} if found else {}
        lines = [
            Line(row, names[row.subject_id], told.get((names[row.subject_id], row.name)))
            for row in session.scalars(query)
        ]
        lines.sort(key=lambda line: (line.row.start is None, line.row.start), reverse=False)
        return page(
            request, "recordings.html.j2", title="Recordings", study=study, latest=found,
            lines=lines, most=MOST, rates=found.whole["rates"] if found else [],
        )  # fmt: skip
