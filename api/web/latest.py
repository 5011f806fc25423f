"""The last comparison of a study, as /v1 gives it, and whether it is of what is stored now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import zstandard
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.service import Service
from api.store import models
from api.store.keys import as_mapping, held_key, is_open
from api.store.studies import content_key


@dataclass(frozen=True)
class Latest:
    """A finished comparison.

    Parameters
    ----------
    id : UUID
        Where it is: /v1/comparisons/{id}.
    made : datetime
        When.
    current : bool
        False if the study changed since, or a declared look has come.
    whole : dict
        What /v1/comparisons/{id} answers.
    """

    id: UUID
    made: datetime
    current: bool
    whole: dict[str, Any]

    @property
    def sealed_until(self) -> datetime | None:
        """When the effect of a registered study may be seen; None where nothing is sealed."""
        until = self.whole["details"].get("sealed_until")
        return None if until is None else datetime.fromisoformat(until)


def latest(session: Session, study: models.Study, service: Service) -> Latest | None:
    """Find the last comparison; None before the first, or after a change of the software."""
    kind = models.ComparisonResult
    query = select(kind).where(kind.study_id == study.id).order_by(kind.id.desc())
    now = service.clock()
    held = held_key(session, study.id)
    # what was compared by name, with the key, goes before what was compared in codes
    keys = [content_key(session, study, now, None if held is None else as_mapping(held))]
    if held is not None and not is_open(held, now):
        keys.append(content_key(session, study, now))
    # one of the present content may be older than the last: a change was taken back
    present = (session.scalar(query.where(kind.key == key).limit(1)) for key in keys)
    row = next((found for found in present if found is not None), None)
    current = row is not None
    row = row or session.scalar(query.limit(1))
    if row is None:
        return None
    whole = orjson.loads(zstandard.ZstdDecompressor().decompress(row.data))
    if "words" not in whole:  # made by a version that had no pages
        return None
    return Latest(row.id, row.created_at, current, whole)
