"""What the routes work with: the store, live beats, jobs and listeners of one running service."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api import work
from api.cache import ByteCache
from api.hub import Hub
from api.jobs import JobRunner
from api.pool import Pool
from api.settings import Settings
from api.store import Store
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
        self.pool = Pool(self.settings.workers)
        self.jobs = JobRunner(self.store, self.pool, self.hub, self.identity, self.clock)
        self.live = LiveWriter(self.store, lambda recording: self.hub.tell(f"live:{recording}"))

    def start(self) -> None:
        """Take up what an earlier run left unfinished."""
        self.jobs.start()
        self.pool.warm(work.warm)

    def stop(self) -> None:
        """End: what was accepted is written, what was computing is put back."""
        self.hub.close()
        self.live.stop()
        self.jobs.stop()
        self.pool.stop()
        self.store.close()


def of_request(request: Request) -> Service:
    """Return the service a request came to."""
    service: Service = request.app.state.service
    return service


Svc = Annotated[Service, Depends(of_request)]
