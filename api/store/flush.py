"""Waits for the disk on behalf of those whose changes are committed, so that no other writer does.

A commit that syncs holds SQLite's one place for a writer until the disk answers, and whoever only
wants to read waits for it too: their entry in the audit log is a write.  Here the commit is
quick, and what must be durable before it is acknowledged is, by a sync of the write-ahead log
after it; all who wait at that moment share one.
"""

from __future__ import annotations

import errno
import os
import queue
import threading
from collections.abc import Callable

from api.store.database import Store

After = Callable[[Exception | None], None]
"""Called once the disk holds what was committed before, or with why it may not."""


class Flusher:
    """A thread that syncs an embedded store.

    Parameters
    ----------
    store : Store
        Where commits go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[After | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def after(self, tell: After) -> None:
        """Call `tell` when everything that is committed now is on the disk."""
        self._waiting.put(tell)

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Sync what is waiting, then end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        ending = False
        while not ending:
            group = [self._waiting.get()]
            while not self._waiting.empty():
                group.append(self._waiting.get())
            ending = None in group
            error = self._sync()
            for tell in group:
                if tell is not None:
                    tell(error)

    def _sync(self) -> Exception | None:
        """Sync the log; once that failed, trust the log again only when it is empty.

        What a failed sync left out is not written again by a later one, and commits that lie
        behind it in the log would be lost with it; the database file gets them all instead.
        Others who commit durably see to that, too: see `Store.write`.
        """
        try:
            if self._store.in_doubt.is_set() and not self._store.scrub():
                return OSError(errno.EIO, os.strerror(errno.EIO))
            self._store.flush()
        except Exception as error:
            self._store.in_doubt.set()
            return error
        return None
