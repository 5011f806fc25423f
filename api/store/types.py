"""Column types and identities that every table shares."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Make an identity that sorts by time of making (UUID version 7, RFC 9562).

    Within a process the order is strict: the sub-millisecond bits count on where the clock
    stands still, so rows come back in the order in which they were put in.
    """
    global _last
    with _lock:
        now = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = now
    random = int.from_bytes(os.urandom(8)) & (2**62 - 1)
    value = (now >> 12) << 80 | 0x7 << 76 | (now & 0xFFF) << 64 | 0b10 << 62 | random
    return UUID(int=value)


def begin_after(identity: UUID) -> None:
    """Let every new identity sort after this one, even if the clock was set back since."""
    global _last
    at = (identity.int >> 80) << 12 | (identity.int >> 64) & 0xFFF
    with _lock:
        _last = max(_last, at)


class Moment(TypeDecorator[datetime]):
    """An aware moment as text that sorts by time and keeps its zone (RFC 9557).

    ``2026-03-04T16:37:00.000000Z[Europe/Berlin]``: the clock is UTC, the zone as it was given.
    """

    impl = String(80)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Compare byte by byte everywhere."""
        collation = "C" if dialect.name == "postgresql" else "BINARY"
        return dialect.type_descriptor(String(80, collation=collation))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """From text."""
        return None if value is None else from_text(value)


def to_text(moment: datetime) -> str:
    """Write a moment with its zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no zone")
    utc = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{utc}Z[{_zone_name(moment)}]"


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote."""
    clock, _, name = text.partition("Z[")
    return datetime.fromisoformat(clock).replace(tzinfo=UTC).astimezone(_zone(name[:-1]))


def _zone_name(moment: datetime) -> str:
    key = getattr(moment.tzinfo, "key", None)
    if isinstance(key, str):
        return key
    offset = moment.utcoffset() or timedelta(0)
    if not offset:
        return "UTC"
    sign, seconds = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    return f"{sign}{(datetime.min + seconds).time().isoformat()}"


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if name[0] not in "+-":
        return ZoneInfo(name)
    at = datetime.strptime(name[1:], "%H:%M:%S")
    offset = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
    return timezone(-offset if name[0] == "-" else offset)


def now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)
