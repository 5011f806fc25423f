"""/v1/live: recordings while they are being made; beats come in, events go out."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Depends, Header, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation, paging
from api.access import deed_of, needs
from api.errors import CONFLICT, ProblemError
from api.live.feed import METRICS, follow
from api.routes import _docs as docs
from api.routes._events import UNCACHED, Events
from api.routes._find import find, find_subject
from api.routes._live_view import show
from api.routes.analysis import Length
from api.routes.recordings import show_in
from api.schemas.base import Page
from api.schemas.recordings import BeatsIn, BeatsTaken, Live, LiveIn, Lost, Recording
from api.service import Service, Svc
from api.store import live_models, models
from api.store.live import Batch
from api.store.sessions import UNDER_WAY
from api.store.types import new_id, now
from hrv.live import Stream

router = APIRouter(prefix="/v1", tags=["live"])


@router.post(
    "/studies/{study_id}/live",
    status_code=201,
    response_model=Live,
    responses=docs.made(404),
    dependencies=needs("write", own=True),
)
def start_live(
    study_id: UUID, request: Request, service: Svc, body: LiveIn, key: creation.Key = None
) -> Response:
    """Open a recording that beats will be sent to."""

    def work(session: Session) -> creation.Created:
        find(session, models.Study, study_id)
        start = body.start or now()
        row = models.Recording(
            id=new_id(),
            study_id=study_id,
            subject_id=find_subject(session, study_id, body.subject).id,
            name=body.name or f"live {start.isoformat(timespec='milliseconds')}",
            condition=body.condition,
            state="open",
            start=start,
            provenance={
                "source": "streamed in over REST", "format": "live", "unit": "ms (given)",
                "clock": "start as given" if body.start else "start as the service saw it",
                "device": body.device, "notes": [],
            },
            lost=[],
            options={},
        )  # fmt: skip
        session.add(row)
        session.flush()
        return creation.Created(show(service, session, row), f"/v1/live/{row.id}", row.version)

    return creation.create(service, request, key, body.model_dump_json(), work)


@router.get(
    "/studies/{study_id}/live",
    response_model=Page[Live],
    responses=docs.listed(),
    dependencies=needs("read", own=True),
)
def list_live(
    study_id: UUID,
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List the recordings of a study that are open."""
    with service.store.read() as session:
        find(session, models.Study, study_id)
        kind = models.Recording
        query = select(kind).where(kind.study_id == study_id, kind.state == "open")
        return paging.page(
            request, session, query, kind, paging.Slice(limit, cursor), Live,
            lambda row: show(service, session, row),
        )  # fmt: skip


@router.get(
    "/live/{recording_id}",
    response_model=Live,
    responses=docs.got(),
    dependencies=needs("read", own=True),
)
def get_live(
    recording_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read where a live session stands: send on from `next_sequence`."""
    with service.store.read() as session:
        shown = show(service, session, find(session, models.Recording, recording_id))
    body = shown.model_dump_json().encode()
    return cond.tagged(request, body, "application/json", cond.tag_of_bytes(body))


@router.post(
    "/live/{recording_id}/beats",
    response_model=BeatsTaken,
    responses=docs.problems(400, 404, 409, 413, 507),
    dependencies=needs("write", own=True),
)
async def send_beats(recording_id: UUID, request: Request, service: Svc, body: BeatsIn) -> Response:
    """Send beats; the answer comes when they are on the disk.

    Sequence numbers make it safe to send again: what was stored is absorbed, what is missing is
    told (409 with `expected`), and beats that are gone for good are said so with `begin_s`.
    """
    if service.sessions.get(recording_id) is not None:
        raise ProblemError(CONFLICT, "the service itself records this session; it takes no beats")
    rr_ms = np.array(body.rr_ms, dtype=np.float64)
    batch = Batch(recording_id, body.first, rr_ms, body.begin_s, deed_of(request))
    taken = await asyncio.wrap_future(service.live.append(batch))
    request.app.state.metrics.live_beats.inc(taken.stored)
    said = BeatsTaken(
        stored=taken.stored,
        duplicates=taken.duplicates,
        lost=None if taken.lost is None else Lost(first=taken.lost[0], last=taken.lost[1]),
        next_sequence=taken.next_sequence,
        end_s=taken.end_s,
    )
    return Response(said.model_dump_json(), media_type="application/json")


@router.post(
    "/live/{recording_id}/stop",
    response_model=Recording,
    responses=docs.problems(404, 409, 507),
    dependencies=needs("write", own=True),
)
async def stop_live(recording_id: UUID, request: Request, service: Svc) -> Response:
    """End a live session; sent again it changes nothing."""
    if not await asyncio.wrap_future(service.sessions.submit(service.sessions.end(recording_id))):
        await asyncio.to_thread(_refuse_elsewhere, service, recording_id)
        await asyncio.wrap_future(service.live.finish(recording_id, deed_of(request)))
    said = await asyncio.to_thread(_closed, service, recording_id)
    return Response(said, media_type="application/json")


def _refuse_elsewhere(service: Service, recording_id: UUID) -> None:
    with service.store.read() as session:
        own = session.get(live_models.LiveSession, recording_id)
        if own is not None and own.state in UNDER_WAY:
            raise ProblemError(
                CONFLICT, "another server records this session, or it only begins; end it there"
            )


def _closed(service: Service, recording_id: UUID) -> str:
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        return show_in(session, row).model_dump_json()


def _known(recording_id: UUID, service: Svc) -> UUID:
    with service.store.read() as session:
        find(session, models.Recording, recording_id)
    return recording_id


def _readable(width: Length = "1min", step: Length = "5s") -> tuple[str, str]:
    """Refuse windows that are none before the stream begins."""
    Stream(width, step, METRICS)
    return width, step


@router.get(
    "/live/{recording_id}/events",
    response_class=Events,
    responses=docs.problems(404),
    dependencies=needs("read", own=True),
)
async def follow_live(
    service: Svc,
    known: Annotated[UUID, Depends(_known)],
    windows: Annotated[tuple[str, str], Depends(_readable)],
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            max_length=100,
            description="Go on behind this event; browsers send it by themselves.",
        ),
    ] = None,
) -> Response:
    """Follow a session as server-sent events, from its beginning or behind `Last-Event-ID`.

    `beats` (numbered from `first`), `window` (RMSSD, heart rate and coverage, as soon as no
    later beat can change them), `mark` and `state` come from the store: a listener that was
    away misses none, and may see a window twice.  `vitals` tells how a session of the service's
    own stands at this moment.  `closed` is the last.
    """
    return Events(follow(service, known, last_event_id, *windows), headers=UNCACHED)
