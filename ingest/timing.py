"""The clocks a session runs by, injected so that tests need neither patching nor waiting."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Time(Protocol):
    """Two clocks and a way to wait."""

    def mono_ns(self) -> int:
        """Monotonic clock, ns; its origin means nothing."""
        ...

    def wall_ns(self) -> int:
        """Time since 1970-01-01 UTC, ns; may step."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux: a monotonic clock that also counts while the machine sleeps, as a heart does."""


class SystemTime:
    """The machine's clocks."""

    def mono_ns(self) -> int:
        """Monotonic clock, ns; counts through the machine's sleep where the system offers it."""
        if _BOOT_CLOCK is not None:
            return time.clock_gettime_ns(_BOOT_CLOCK)
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Time since 1970-01-01 UTC, ns."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        await asyncio.sleep(seconds)
