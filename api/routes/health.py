"""/healthz, /readyz and /metrics: for who runs the service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from api.access import needs
from api.service import Service, Svc
from api.store import audit, migrate, models

router = APIRouter(include_in_schema=False)


@router.get("/healthz", dependencies=needs("open"))
async def health() -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", dependencies=needs("open"))
def ready(request: Request) -> Response:
    """Say whether requests can be served: the store answers, beats can be written."""
    wrong = _wrong(request.app.state.service)
    said: dict[str, Any] = {"status": "not ready", "why": wrong} if wrong else {"status": "ready"}
    return JSONResponse(said, 503 if wrong else 200)


def _wrong(service: Service) -> str:
    if service.hub.closed:
        return "shutting down"
    if not service.live.alive:
        return "the writer of live beats has ended"
    try:
        with service.store.engine.connect() as connection:
            if migrate.current(connection) != migrate.head():
                return "the store's tables are of another version"
    except (SQLAlchemyError, OSError):
        return "the store cannot be reached"
    return ""


@router.get("/metrics", dependencies=needs("enter"))
def metrics(request: Request, service: Svc) -> Response:
    """Give the metrics in Prometheus' text form."""
    found = request.app.state.metrics
    counted = select(func.count()).select_from(models.Recording)
    with service.as_itself().store.read() as session:
        opened = session.scalar(counted.where(models.Recording.state == "open")) or 0
        found.open_recordings.set(opened)
        found.audit_entries.set(audit.head(session).number)
    found.running_jobs.set(service.jobs.running)
    return Response(generate_latest(found.registry), media_type=CONTENT_TYPE_LATEST)
