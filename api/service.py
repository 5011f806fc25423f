"""What the routes work with: the store, live beats, jobs and listeners of one running service."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api import work
from api.access.view import view_of
from api.cache import ByteCache
from api.hub import Hub
from api.jobs import JobRunner
from api.live.sessions import Sessions
from api.pool import Pool
from api.retention import Housekeeper
from api.settings import Settings
from api.store import Store
from api.store.database import View
from api.store.live import LiveWriter
from api.store.types import now

Clock = Callable[[], datetime]
"""Gives the present moment, aware."""


@dataclass
class Service:
    """One running service; made by `api.app.create_app`."""

    settings: Settings
    store: Store
    clock: Clock = now
    hub: Hub = field(default_factory=Hub)
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        self.cache = ByteCache(self.settings.cache_mb * 2**20)
        self.pool = _pool(self.settings)
        self.jobs = JobRunner(self.store, self.pool, self.hub, self.identity, self.clock)
        self.housekeeper = Housekeeper(self.store, self.settings, self.clock, self.forget)
        self.live = LiveWriter(self.store, lambda recording: self.hub.tell(f"live:{recording}"))
        self.sessions = Sessions(self.settings, self.store, self.live, self.hub)

    def seen_by(self, view: View) -> Service:
        """Return the same service with the store as a view shows it."""
        seen = copy.copy(self)
        seen.store = self.store.seen_by(view)
        return seen

    def as_itself(self) -> Service:
        """Return the service with the whole store and nothing written down for who asks."""
        return self.seen_by(View())

    def forget(self) -> None:
        """Let nothing that was deleted linger: in memory, in workers, in the write-ahead log."""
        self.cache.clear()
        self.sessions.drop_deleted()
        work.forget()
        self.pool.renew()
        self.store.scrub()

    def start(self) -> None:
        """Take up what an earlier run left unfinished."""
        self.jobs.start()
        self.sessions.start()
        self.housekeeper.start()
        self.pool.warm(work.warm)

    def stop(self) -> None:
        """End: what was accepted is written, what was computing is put back."""
        self.hub.close()
        self.sessions.stop()
        self.housekeeper.stop()
        self.live.stop()
        self.jobs.stop()
        self.pool.stop()
        self.store.close()


def _pool(settings: Settings) -> Pool:
    if not settings.scheduler:
        return Pool(settings.workers)
    from api.cluster import ClusterPool

    return ClusterPool(settings.workers, settings.scheduler, settings.cluster_from)


async def of_request(request: Request) -> Service:
    """Return the service as who asks sees it; what they change is written down with it."""
    service: Service = request.app.state.service
    asked = request.state.asked
    return service.seen_by(replace(view_of(asked.who), record=asked.record))


Svc = Annotated[Service, Depends(of_request)]
