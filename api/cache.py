"""Computed bytes kept in memory under the hash of what they were computed from."""

from __future__ import annotations

import threading
from collections import OrderedDict


class ByteCache:
    """The most recently used answers, up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._held = most_bytes, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()
            self._held = 0

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes, letting go of what was not used for longest; too large ones are not kept."""
        if len(data) > self._most:
            return
        with self._lock:
            self._held += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while self._held > self._most:
                _, gone = self._kept.popitem(last=False)
                self._held -= len(gone)
