"""/v1/studies/{id}/outcomes and /v1/outcomes: scores, ratings and laboratory values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from uuid import UUID

from sqlalchemy.orm import Session

from api.routes._log import Log, copy_fields, log_router, no_check
from api.schemas.logs import Outcome, OutcomeIn
from api.store import models
from ingest.events import read_outcomes
from ingest.formats.base import Source


def fill(_session: Session, row: models.Outcome, body: OutcomeIn) -> None:
    """Fill a row; one outcome of one person is there once at one moment (a unique key)."""
    copy_fields(row, body)
    row.utc = body.time.astimezone(UTC).isoformat()


def read_table(
    source: Source, tz: str | None, subject: str | None, _recording_id: UUID | None
) -> Iterator[OutcomeIn]:
    """Read the lines of an outcomes table."""
    for row in read_outcomes(source, tz=tz, subject=subject).to_dict(orient="records"):
        yield OutcomeIn(
            subject=row["subject"],
            time=row["time"].to_pydatetime(),
            name=row["name"],
            value=float(row["value"]),
        )


router = log_router(
    Log("outcomes", "outcome", models.Outcome, OutcomeIn, Outcome, fill, no_check, read_table)
)
