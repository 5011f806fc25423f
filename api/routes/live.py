"""/v1/live: recordings while they are being made; beats and marks come in, events go out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import conditions as cond
from api import creation, paging
from api.access import deed_of, needs
from api.errors import CLOSED, INVALID, ProblemError
from api.routes import _docs as docs
from api.routes._find import find, find_subject
from api.routes.events import check as check_events
from api.routes.recordings import show_in
from api.schemas.base import Page
from api.schemas.logs import Event
from api.schemas.recordings import (
    BeatsIn,
    BeatsTaken,
    Live,
    LiveIn,
    Lost,
    MarkIn,
    Recording,
)
from api.service import Service, Svc
from api.store import models
from api.store.live import Batch, position
from api.store.recordings import beats_since
from api.store.types import new_id, now

router = APIRouter(prefix="/v1", tags=["live"])
_LOOK_AGAIN_S = 15.0
_MOST_EVENT_BEATS = 4096


def _show(session: Session, row: models.Recording) -> Live:
    stands = position(session, row.id)
    return Live(
        recording_id=row.id,
        study_id=row.study_id,
        subject=find(session, models.Subject, row.subject_id).name,
        name=row.name,
        state="open" if row.state == "open" else "closed",
        start=row.start,
        next_sequence=stands.next_sequence,
        end_s=stands.end_s or 0.0,
        lost=[Lost(first=lo, last=hi) for lo, hi in row.lost],
    )


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
        return creation.Created(_show(session, row), f"/v1/live/{row.id}", row.version)

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
            lambda row: _show(session, row),
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
        shown = _show(session, find(session, models.Recording, recording_id))
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
    "/live/{recording_id}/marks",
    status_code=201,
    response_model=Event,
    responses=docs.made(404),
    dependencies=needs("write", own=True),
)
def mark_live(
    recording_id: UUID, request: Request, service: Svc, body: MarkIn, key: creation.Key = None
) -> Response:
    """Set a mark while a session runs: an event of its subject, by the clock."""

    def work(session: Session) -> creation.Created:
        row = find(session, models.Recording, recording_id)
        if row.state != "open":
            raise ProblemError(
                CLOSED, f"recording {recording_id} is closed; add an event to the study instead"
            )
        start = body.start or now()
        end = body.end or start
        if end < start or (end == start and body.kind != "tag"):
            raise ProblemError(INVALID, 'only a "tag" is an instant; give an end after the start')
        event = models.Event(
            study_id=row.study_id, subject_id=row.subject_id, phase=body.phase, kind=body.kind,
            start=start, end=end,
        )  # fmt: skip
        session.add(event)
        session.flush()
        check_events(session, row.study_id, {row.subject_id})
        subject = find(session, models.Subject, row.subject_id).name
        shown = Event(
            id=event.id, version=event.version, created_at=event.created_at,
            updated_at=event.updated_at, study_id=event.study_id, subject=subject,
            phase=event.phase, kind=event.kind, start=start, end=end,
        )  # fmt: skip
        return creation.Created(shown, f"/v1/events/{event.id}", event.version)

    response = creation.create(service, request, key, body.model_dump_json(), work)
    service.hub.tell(f"live:{recording_id}")
    return response


@router.post(
    "/live/{recording_id}/stop",
    response_model=Recording,
    responses=docs.problems(404, 507),
    dependencies=needs("write", own=True),
)
async def stop_live(recording_id: UUID, request: Request, service: Svc) -> Response:
    """End a live session; sent again it changes nothing."""
    await asyncio.wrap_future(service.live.finish(recording_id, deed_of(request)))
    said = await asyncio.to_thread(_closed, service, recording_id)
    return Response(said, media_type="application/json")


def _closed(service: Service, recording_id: UUID) -> str:
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        return show_in(session, row).model_dump_json()


def _known(recording_id: UUID, service: Svc) -> UUID:
    with service.store.read() as session:
        find(session, models.Recording, recording_id)
    return recording_id


@router.get(
    "/live/{recording_id}/events",
    response_class=EventSourceResponse,
    responses=docs.problems(404),
    dependencies=needs("read", own=True),
)
async def follow_live(
    service: Svc,
    known: Annotated[UUID, Depends(_known)],
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            max_length=100,
            description="Go on behind this event; browsers send it by themselves.",
        ),
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Follow a session as server-sent events: `beats`, `mark`, and `closed` at the end.

    The id of an event is how many beats came before its end and the last mark, so that a
    listener that was away goes on where it was.
    """
    seen, mark = _parse(last_event_id)
    with service.hub.listen(f"live:{known}") as ear:
        while not service.hub.closed:
            events, seen, mark, state = await asyncio.to_thread(_news, service, known, seen, mark)
            for event in events:
                yield event
            if state == "closed" and not events:
                yield ServerSentEvent(data={"recording_id": str(known)}, event="closed")
                return
            if not events:
                await ear.wait(_LOOK_AGAIN_S)


def _parse(last: str | None) -> tuple[int, UUID | None]:
    try:
        seen, _, mark = (last or "0").partition("/")
        return max(0, int(seen)), UUID(mark) if mark else None
    except ValueError:
        return 0, None


def _news(
    service: Service, recording_id: UUID, seen: int, mark: UUID | None
) -> tuple[list[ServerSentEvent], int, UUID | None, str]:
    """Read what came since: beats first, then marks."""
    events = []
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        beats = beats_since(session, recording_id, seen, _MOST_EVENT_BEATS)
        if len(beats):
            seen += len(beats)
            columns = {"t_s": beats.t_s, "rr_ms": beats.rr_ms, "flag": beats.flag}
            text = orjson.dumps(columns, option=orjson.OPT_SERIALIZE_NUMPY).decode()
            events.append(ServerSentEvent(raw_data=text, event="beats", id=_id(seen, mark)))
        kind = models.Event
        since = select(kind).where(kind.subject_id == row.subject_id, kind.start.is_not(None))
        if row.start is not None:
            since = since.where(kind.created_at >= row.created_at - timedelta(seconds=1))
        if mark is not None:
            since = since.where(kind.id > mark)
        for event in session.scalars(since.order_by(kind.id)):
            mark = event.id
            assert event.start is not None
            assert event.end is not None
            said = {
                "phase": event.phase, "kind": event.kind,
                "start": event.start.isoformat(), "end": event.end.isoformat(),
            }  # fmt: skip
            events.append(ServerSentEvent(data=said, event="mark", id=_id(seen, mark)))
        return events, seen, mark, row.state


def _id(seen: int, mark: UUID | None) -> str:
    return f"{seen}/{mark}" if mark else str(seen)
