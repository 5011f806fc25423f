"""Who waits for news, and of what: threads tell, event streams listen.

Only "there is something new" travels here; what it is, a listener reads from the store.  So a
listener that was away loses nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Hub:
    """Topics with their listeners; `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ears: dict[str, set[Ear]] = {}
        self.closed = False

    def tell(self, topic: str) -> None:
        """Wake everyone who listens to a topic."""
        with self._lock:
            ears = tuple(self._ears.get(topic, ()))
        for ear in ears:
            ear.wake()

    def close(self) -> None:
        """Wake everyone for the last time: the service ends."""
        self.closed = True
        with self._lock:
            ears = [ear for group in self._ears.values() for ear in group]
        for ear in ears:
            ear.wake()

    @contextmanager
    def listen(self, topic: str) -> Iterator[Ear]:
        """Listen to a topic; call it inside the event loop."""
        ear = Ear(asyncio.get_running_loop())
        with self._lock:
            self._ears.setdefault(topic, set()).add(ear)
        try:
            yield ear
        finally:
            with self._lock:
                self._ears[topic].discard(ear)
                if not self._ears[topic]:
                    del self._ears[topic]


class Ear:
    """One listener."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._news = loop, asyncio.Event()

    def wake(self) -> None:
        """Tell it that there is news."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for news; False if there was none in time."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        self._news.clear()
        return True
