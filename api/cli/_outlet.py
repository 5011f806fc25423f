"""Writing to a terminal from a thread of its own: one that stalls never halts a recorder."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

_FRAMES_HELD = 4


class Outlet:
    """Runs what is handed to it in order, on its own thread.

    Parameters
    ----------
    latest_only : bool
        True drops what was not begun when something newer comes: frames of a picture.
    """

    def __init__(self, *, latest_only: bool = False) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._latest_only = latest_only
        self._broken = False
        self._thread = threading.Thread(target=self._work, name="outlet", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], object]) -> None:
        """Have `job` done soon; of frames that nobody looks at, few are held."""
        if not (self._latest_only and self._jobs.qsize() > _FRAMES_HELD):
            self._jobs.put(job)

    def close(self, patience_s: float) -> None:
        """Do what is left, for at most `patience_s` if the terminal stalls."""
        self._jobs.put(None)
        self._thread.join(patience_s)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._broken or (self._latest_only and not self._jobs.empty()):
                continue
            try:
                job()
            except OSError:  # whoever read us went away; the recording goes on
                self._broken = True
