"""What time it is: the one place where the command line asks."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the aware time in UTC."""
    return datetime.now(UTC)
