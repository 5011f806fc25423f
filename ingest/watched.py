"""A file that tells how far it has been read."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.formats.base import Source


def _nowhere(done: int) -> None:
    del done


@dataclass(frozen=True)
class Watched(Source):
    """A file whose reading is told to `tick`: bytes from its begin."""

    tick: Callable[[int], None] = _nowhere

    def open(self) -> Any:
        """Open it, watched."""
        assert self.path is not None
        return io.BufferedReader(_Counter(self.path, self.tick), 1 << 18)


class _Counter(io.FileIO):
    def __init__(self, path: Path, tick: Callable[[int], None]) -> None:
        super().__init__(path, "rb")
        self._tick = tick

    def readinto(self, buffer: Any, /) -> int | None:
        count = super().readinto(buffer)
        self._tick(self.tell())
        return count
