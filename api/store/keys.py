"""The key of a blinded study, kept shut until its planned end; earlier only on the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.store.models import HeldKey


def held_key(session: Session, study_id: UUID) -> HeldKey | None:
    """Return the key that the store keeps for a study, shut or open."""
    return session.get(HeldKey, study_id)


def is_open(held: HeldKey, now: datetime) -> bool:
    """Say whether the moment has come at which a key may be used by anybody."""
    return held.opens_at is not None and held.opens_at <= now


def opened_key(session: Session, study_id: UUID, now: datetime) -> Mapping[str, Any] | None:
    """Return the key that a comparison uses by itself: the kept one, once its time has come."""
    held = held_key(session, study_id)
    return None if held is None or not is_open(held, now) else as_mapping(held)


def as_mapping(held: HeldKey) -> dict[str, Any]:
    """Codes and nonce, as a comparison takes them."""
    return {"codes": dict(held.codes), "nonce": held.nonce}
