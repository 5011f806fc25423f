"""/v1/studies/{id}/doses and /v1/doses: what was planned, taken or missed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from api.routes._log import Log, copy_fields, log_router, no_check
from api.schemas.logs import Dose, DoseIn
from api.store import models
from ingest.events import read_doses
from ingest.formats.base import Source


def fill(_session: Session, row: models.Dose, body: DoseIn) -> None:
    """Fill a row."""
    copy_fields(row, body)


def read_table(
    source: Source, tz: str | None, subject: str | None, _recording_id: UUID | None
) -> Iterator[DoseIn]:
    """Read the lines of a doses table."""
    for row in read_doses(source, tz=tz, subject=subject).to_dict(orient="records"):
        values = {str(name): value for name, value in row.items()}
        for name in ("amount", "elemental_share", "bioavailability"):
            values[name] = None if math.isnan(values[name]) else float(values[name])
        values["time"] = values["time"].to_pydatetime()
        yield DoseIn(**values)


router = log_router(Log("doses", "dose", models.Dose, DoseIn, Dose, fill, no_check, read_table))
