"""/v1/studies/{id}/adverse_events and /v1/adverse_events: what went wrong with somebody."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from api.routes._log import Log, copy_fields, log_router, no_check
from api.schemas.logs import AdverseEvent, AdverseEventIn
from api.store import models
from ingest.formats.base import Source
from ingest.study_log import read_adverse_events


def fill(_session: Session, row: models.AdverseEvent, body: AdverseEventIn) -> None:
    """Fill a row."""
    copy_fields(row, body)


def read_table(
    source: Source, tz: str | None, subject: str | None, _recording_id: UUID | None
) -> Iterator[AdverseEventIn]:
    """Read the lines of a table of adverse events."""
    for row in read_adverse_events(source, tz=tz, subject=subject).to_dict(orient="records"):
        values = {str(name): value for name, value in row.items()}
        values["time"] = values["time"].to_pydatetime()
        values["end"] = None if values["end"] is pd.NaT else values["end"]
        yield AdverseEventIn(**values)


router = log_router(
    Log(
        "adverse_events", "adverse_event", models.AdverseEvent, AdverseEventIn, AdverseEvent, fill,
        no_check, read_table,
    )
)  # fmt: skip
