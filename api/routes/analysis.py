"""/v1/recordings/{id}/windows, summary, recovery and more: what is computed of one recording."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import Response

from api import conditions as cond
from api import paging, work
from api.access import needs
from api.errors import CONFLICT, ProblemError
from api.representations import TABLES, choose
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.base import Table
from api.service import Service, Svc
from api.store import models
from api.store.types import to_text

router = APIRouter(prefix="/v1/recordings/{recording_id}", tags=["analysis"])

Metrics = Annotated[
    str,
    Query(
        description="Comma-separated; see /v1/catalogue/metrics.",
        examples=["rmssd,sdnn"],
        max_length=2000,
    ),
]
Cleaner = Annotated[
    str, Query(description="Artefact handling; see /v1/catalogue/cleaners.", max_length=100)
]
Force = Annotated[
    bool, Query(description="Compute on too short windows as well, and say so in `flag`.")
]
Length = Annotated[
    str, Query(description="A time such as 5min, 90s or 1h.", max_length=40, examples=["5min"])
]
DEFAULT_METRICS = "mean_nn,mean_hr,sdnn,rmssd,ln_rmssd,pnn50,sd1,sd2"


@router.get(
    "/windows",
    response_model=Table,
    responses=docs.tabled(409),
    dependencies=needs("read", own=True),
)
async def get_windows(
    recording_id: UUID,
    request: Request,
    service: Svc,
    width: Length = "5min",
    step: Length = "1min",
    metrics: Metrics = "rmssd,sdnn,mean_hr",
    clean: Cleaner = "lipponen_tarvainen",
    force: Force = False,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Compute metrics over sliding windows; null exactly where `reason` names the metric."""
    parameters = {
        "width": width, "step": step, "metrics": _names(metrics), "clean": clean, "force": force,
    }  # fmt: skip
    return await _answer(request, service, recording_id, "windows", parameters)


@router.get(
    "/summary",
    response_model=Table,
    responses=docs.tabled(409),
    dependencies=needs("read", own=True),
)
async def get_summary(
    recording_id: UUID,
    request: Request,
    service: Svc,
    metrics: Metrics = DEFAULT_METRICS,
    clean: Cleaner = "lipponen_tarvainen",
    force: Force = False,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Compute metrics over the whole recording: name, value, unit, and the reason of a null."""
    parameters = {"metrics": _names(metrics), "clean": clean, "force": force}
    return await _answer(request, service, recording_id, "summary", parameters)


@router.get(
    "/recovery",
    response_model=Table,
    responses=docs.tabled(409),
    dependencies=needs("read", own=True),
)
async def get_recovery(
    recording_id: UUID,
    request: Request,
    service: Svc,
    clean: Cleaner = "lipponen_tarvainen",
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Compute how the heart came back after each stressor: one row an episode."""
    return await _answer(request, service, recording_id, "recovery", {"clean": clean})


@router.get(
    "/cleaned", response_model=Table, responses=docs.tabled(409), dependencies=needs("read")
)
async def get_cleaned(
    recording_id: UUID,
    request: Request,
    service: Svc,
    clean: Cleaner = "lipponen_tarvainen",
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Read every interval with what the cleaner made of it.

    `kind` is empty for a normal interval, else why it was left out; `gap`: beats were lost before.
    """
    return await _answer(request, service, recording_id, "cleaned", {"clean": clean})


@router.get("/phases", response_model=Table, responses=docs.tabled(409), dependencies=needs("read"))
async def get_recording_phases(
    recording_id: UUID,
    request: Request,
    service: Svc,
    clean: Cleaner = "lipponen_tarvainen",
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Find baseline, stressor and recovery of each episode, and what bounds them."""
    return await _answer(request, service, recording_id, "phases", {"clean": clean})


@router.get(
    "/poincare", response_model=Table, responses=docs.tabled(409), dependencies=needs("read")
)
async def get_poincare(
    recording_id: UUID,
    request: Request,
    service: Svc,
    clean: Cleaner = "lipponen_tarvainen",
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Pair each interval with the next it is joined to; the ellipse is in `settings`."""
    return await _answer(request, service, recording_id, "poincare", {"clean": clean})


class Estimate(StrEnum):
    """How power spectra are estimated."""

    WELCH = "welch"
    AR = "ar"
    LOMB = "lomb"


@router.get(
    "/spectrum", response_model=Table, responses=docs.tabled(409), dependencies=needs("read")
)
async def get_spectrum(
    recording_id: UUID,
    request: Request,
    service: Svc,
    method: Annotated[
        Estimate, Query(description="Welch, autoregression or Lomb–Scargle.")
    ] = Estimate.WELCH,
    clean: Cleaner = "lipponen_tarvainen",
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Compute the power spectral density that vlf, lf and hf are integrals of."""
    parameters = {"method": method.value, "clean": clean}
    return await _answer(request, service, recording_id, "spectrum", parameters)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


async def _answer(
    request: Request,
    service: Service,
    recording_id: UUID,
    what: str,
    parameters: Mapping[str, Any],
) -> Response:
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise paging.not_acceptable(TABLES)
    key = await asyncio.to_thread(_key, service, recording_id, what, parameters, media)
    tag = f'"{key[:32]}"'
    if cond.not_modified(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag, "Vary": "Accept"})
    body = service.cache.get(key)
    if body is None:
        place = work.place_of(service.store)
        future = service.pool.submit(work.table, place, recording_id, what, parameters, media)
        found = await asyncio.wrap_future(future)
        if isinstance(found, work.Failed):
            raise found.raised()
        body = bytes(found)
        service.cache.put(key, body)
    return Response(body, media_type=media, headers={"ETag": tag, "Vary": "Accept"})


def _key(
    service: Service, recording_id: UUID, what: str, parameters: Mapping[str, Any], media: str
) -> str:
    """Hash everything that the answer depends on."""
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        if row.state != "closed":
            raise ProblemError(
                CONFLICT, f"recording {recording_id} is still open; end it before it is analysed"
            )
        said: list[Any] = [
            version("hrv-recovery"), what, media, sorted(parameters.items()), row.beats_sha256,
            row.provenance, None if row.start is None else to_text(row.start),
        ]  # fmt: skip
        if what in ("recovery", "phases"):
            own = models.Event.subject_id == row.subject_id
            counted = select(func.count(), func.max(models.Event.updated_at)).where(own)
            said += [str(value) for value in session.execute(counted).one()]
            said.append(find(session, models.Study, row.study_id).tz)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
