"""/v1/studies/{id}/outcomes and /v1/outcomes: scores, ratings and laboratory values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from uuid import UUID

from sqlalchemy.orm import Session

from api.routes._log import Log, copy_fields, log_router, no_check
from api.schemas.logs import Outcome, OutcomeIn
from api.store import models
from hrv.instruments import instrument
from ingest.formats.base import Source
from ingest.outcomes import read_outcomes


def fill(_session: Session, row: models.Outcome, body: OutcomeIn) -> None:
    """Fill a row, a known instrument's value within its range and in its unit.

    One outcome of one person is there once at one moment (a unique key).
    """
    copy_fields(row, body)
    known = instrument(body.name)
    if known is not None:
        row.name, row.unit = known.name, known.unit
        row.value = known.check(body.value, body.unit)
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
            unit=row["unit"],
            assay=row["assay"],
        )


router = log_router(
    Log("outcomes", "outcome", models.Outcome, OutcomeIn, Outcome, fill, no_check, read_table)
)
