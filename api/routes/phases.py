"""/v1/studies/{id}/phases and /v1/phases: when each person was under which condition."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import CONFLICT, ProblemError
from api.routes._log import Log, copy_fields, log_router
from api.schemas.logs import Phase, PhaseIn
from api.store import models
from ingest.events import read_phases
from ingest.formats.base import Source


def fill(_session: Session, row: models.Phase, body: PhaseIn) -> None:
    """Fill a row."""
    copy_fields(row, body)


def check(session: Session, _study: UUID, subjects: set[UUID]) -> None:
    """Refuse two phases of one person at one time."""
    query = select(models.Phase).where(models.Phase.subject_id.in_(subjects))
    rows = session.scalars(query.order_by(models.Phase.subject_id, models.Phase.start)).all()
    for one, other in pairwise(rows):
        if one.subject_id == other.subject_id and other.start < one.stop:
            raise ProblemError(
                CONFLICT,
                f"phase {other.condition!r} from {other.start.isoformat()} begins before phase "
                f"{one.condition!r} stops ({one.stop.isoformat()}); phases of one person must "
                "not overlap",
            )


def read_table(
    source: Source, tz: str | None, subject: str | None, _recording_id: UUID | None
) -> Iterator[PhaseIn]:
    """Read the lines of a phases table."""
    for row in read_phases(source, tz=tz, subject=subject).to_dict(orient="records"):
        yield PhaseIn(
            subject=row["subject"],
            condition=row["condition"],
            start=row["start"].to_pydatetime(),
            stop=row["stop"].to_pydatetime(),
            block=int(row["block"]),
            randomised=bool(row["randomised"]),
        )


router = log_router(
    # not the participants' own: it says what they are under, which they may be blind to
    Log("phases", "phase", models.Phase, PhaseIn, Phase, fill, check, read_table, own=False)
)
