"""/v1/studies/{id}/interventions and /v1/interventions: what someone started."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.routes._log import Log, copy_fields, log_router, no_check
from api.schemas.logs import Intervention, InterventionIn
from api.store import models


def fill(_session: Session, row: models.Intervention, body: InterventionIn) -> None:
    """Fill a row."""
    copy_fields(row, body)


router = log_router(
    Log(
        "interventions", "intervention", models.Intervention, InterventionIn, Intervention, fill,
        no_check,
    )
)  # fmt: skip
