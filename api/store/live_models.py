"""Tables of sessions that the service records itself, and of what happens in live recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models import Base
from api.store.types import now


class LiveSession(Base):
    """A live recording that the service makes itself: from a strap, a replay or the simulator."""

    __tablename__ = "live_session"
    recording_id: Mapped[UUID] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[str]
    options: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), index=True)
    says: Mapped[str] = mapped_column(default="")
    place: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class LiveEntry(Base):
    """Something that happened in a live recording: a mark, or a change of the connection."""

    __tablename__ = "live_entry"
    recording_id: Mapped[UUID] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    data: Mapped[dict[str, Any]]
    event_id: Mapped[UUID | None]
