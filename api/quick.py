"""Reads of one row: done where the request is, if the store lies in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from api.service import Service


def quick(route: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """Let a route that reads one row by its identity do without a thread on an embedded store.

    The row is there in microseconds, and readers of SQLite wait for no writer; to hand the
    request to a thread and its answer back takes longer, the more so while others compute.  On
    PostgreSQL, or while every connection is in use, the read is a thread's as any other.
    """

    @wraps(route)
    async def answered(*, service: Service, **given: object) -> Response:
        if service.store.at_hand:
            return route(service=service, **given)
        return await run_in_threadpool(route, service=service, **given)

    return answered
