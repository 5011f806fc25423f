"""/v1/live: sessions that the service records itself, and what is marked in any live recording."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api import creation
from api.access import needs, principal_of
from api.errors import BUSY, CLOSED, CONFLICT, FORBIDDEN, INVALID, ProblemError
from api.live.order import find_replayed, protocol_options, source_name
from api.live.session import LiveSession
from api.routes import _docs as docs
from api.routes._find import find, find_subject
from api.routes._live_view import show, show_mark
from api.schemas.live import ActionIn, LiveDoseIn, Mark, SessionIn, Strap, Straps
from api.schemas.logs import Dose, DoseIn
from api.schemas.recordings import Live, MarkIn
from api.service import Service, Svc
from api.store import live_models, models
from api.store import sessions as rows
from api.store.types import new_id, now
from hrv._units import seconds

router = APIRouter(prefix="/v1/live", tags=["live"])
_BEGIN_S = 20.0
"""How long the answer waits for a session to begin; it begins all the same."""


@router.post(
    "",
    status_code=201,
    response_model=Live,
    responses=docs.made(404, 424),
    dependencies=needs("write"),
)
def start_session(
    request: Request, service: Svc, body: SessionIn, key: creation.Key = None
) -> Response:
    """Record a session here: from a strap by this machine's Bluetooth, the simulator or a replay.

    Its recording fills as beats come; what is recorded survives a restart of the service, which
    takes the session up again.
    """
    _admit(request, body.study_id)
    fingerprint = body.model_dump_json()
    if (replayed := creation.recall(service, request, key, fingerprint)) is not None:
        return replayed
    made: list[UUID] = []

    def work(session: Session) -> creation.Created:
        row = _order(service, session, body)
        made.append(row.id)
        return creation.Created(show(service, session, row), f"/v1/live/{row.id}", row.version)

    _check(service, body)
    answer = creation.create(service, request, key, fingerprint, work)
    if "Idempotency-Replayed" not in answer.headers:
        service.sessions.launch(made[-1])
    return answer


def _admit(request: Request, study_id: UUID) -> None:
    """Check the right to write in the study that the body names: the path names none."""
    request.state.asked.study = study_id
    if not principal_of(request).may("write", study_id):
        raise ProblemError(
            FORBIDDEN, "recording a session needs a role in its study that may write"
        )


def _check(service: Service, body: SessionIn) -> None:
    """Refuse what cannot be recorded before anything is stored."""
    name = source_name(body.source)
    if service.sessions.full:
        raise ProblemError(BUSY, "this server records as many sessions as it can; end one first")
    if name.scheme != "ble":
        return
    if (other := service.sessions.busy_with(body.source)) is not None:
        raise ProblemError(CONFLICT, f"{body.source!r} is being recorded already: {other}")
    service.sessions.submit(service.sessions.check_radio()).result(_BEGIN_S)


def _order(service: Service, session: Session, body: SessionIn) -> models.Recording:
    """Store a session's order and its empty recording."""
    find(session, models.Study, body.study_id)
    name, begun = source_name(body.source), now()
    replayed = find_replayed(session, body.study_id, name)
    duration_s = None if body.duration is None else seconds(body.duration, "duration")
    if duration_s is not None and duration_s <= 0:
        raise ProblemError(INVALID, f"duration {body.duration!r} must be longer than nothing")
    row = models.Recording(
        id=new_id(), study_id=body.study_id,
        subject_id=find_subject(session, body.study_id, body.subject).id,
        name=body.name or f"live {begun.isoformat(timespec='milliseconds')}",
        condition=body.condition, state="open", start=None, lost=[], options={},
        provenance={
            "source": body.source, "format": "journal",
            "unit": "1/1024 s (Bluetooth heart rate service)",
            "clock": "arrival of the notifications", "device": "", "notes": [],
        },
    )  # fmt: skip
    session.add(row)
    session.flush()
    options = {
        "replayed": None if replayed is None else str(replayed),
        "protocol": protocol_options(body.protocol),
        "duration_s": duration_s,
        "attended": body.attended,
    }
    session.add(
        live_models.LiveSession(
            recording_id=row.id, source=body.source, options=options, state="starting", says="",
            place=service.sessions.place, begun_at=begun,
        )
    )  # fmt: skip
    session.flush()
    return row


@router.get(
    "/straps",
    response_model=Straps,
    responses=docs.problems(424),
    dependencies=needs("write"),
)
async def look_for_straps(
    service: Svc, seconds: Annotated[float, Query(ge=1, le=30, description="How long, s.")] = 8.0
) -> Response:
    """Listen for straps with this machine's Bluetooth."""
    found = await asyncio.wrap_future(service.sessions.submit(service.sessions.look(seconds)))
    straps = [
        Strap(
            name=f.name, address=f.address, rssi_dbm=f.rssi_dbm, connected=f.connected,
            source=f"ble:{f.address}",
        )
        for f in found
    ]  # fmt: skip
    return Response(Straps(straps=straps).model_dump_json(), media_type="application/json")


@router.post(
    "/{recording_id}/actions",
    response_model=Live,
    responses=docs.problems(400, 404, 409),
    dependencies=needs("write", own=True),
)
async def act_live(recording_id: UUID, service: Svc, body: ActionIn) -> Response:
    """Steer a session of the service's own; what comes of it stands in `session.vitals.news`."""
    session = await asyncio.to_thread(_running, service, recording_id)
    await asyncio.wrap_future(service.sessions.submit(session.act(body.action)))
    said = await asyncio.to_thread(_shown, service, recording_id)
    return Response(said, media_type="application/json")


def _running(service: Service, recording_id: UUID) -> LiveSession:
    running = service.sessions.get(recording_id)
    if running is None:
        with service.store.read() as session:
            find(session, models.Recording, recording_id)
        raise ProblemError(CONFLICT, f"this server records no session {recording_id} at present")
    return running


def _shown(service: Service, recording_id: UUID) -> str:
    with service.store.read() as session:
        row = find(session, models.Recording, recording_id)
        return show(service, session, row).model_dump_json()


@router.post(
    "/{recording_id}/marks",
    status_code=201,
    response_model=Mark,
    responses=docs.made(404),
    dependencies=needs("write", own=True),
)
def mark_live(
    recording_id: UUID, request: Request, service: Svc, body: MarkIn, key: creation.Key = None
) -> Response:
    """Set a mark while a session runs; one that ends a stretch makes an event of its subject."""
    _check_mark(body)
    fingerprint = body.model_dump_json()
    if (replayed := creation.recall(service, request, key, fingerprint)) is not None:
        return replayed
    with service.store.read() as session:
        find(session, models.Recording, recording_id)
    running = service.sessions.get(recording_id)
    numbers = [] if running is None else _mark_running(service, running, body)

    def work(session: Session) -> creation.Created:
        number = numbers[-1] if numbers else _mark_sent(session, recording_id, body)
        entry = session.get_one(live_models.LiveEntry, (recording_id, number))
        return creation.Created(show_mark(entry))

    answer = creation.create(service, request, key, fingerprint, work)
    service.hub.tell(f"live:{recording_id}")
    return answer


def _check_mark(body: MarkIn) -> None:
    start, end = body.start, body.end
    if end is not None and body.edge != "now":
        raise ProblemError(INVALID, f'edge "{body.edge}" marks one moment: give start alone')
    if end is not None and (end < (start or end) or (start is None and body.kind != "tag")):
        raise ProblemError(INVALID, "the stretch ends before it starts, or has no start")
    if body.edge == "now" and body.kind != "tag" and (start is None or end is None or end <= start):
        raise ProblemError(
            INVALID,
            f'only a "tag" is an instant; begin a {body.kind!r} with edge "start" and end it with '
            'edge "end", or give start and end',
        )
    if body.edge != "now" and body.kind == "tag":
        raise ProblemError(INVALID, 'a "tag" is an instant; give another kind to what lasts')


def _mark_running(service: Service, running: LiveSession, body: MarkIn) -> list[int]:
    """Set a mark through the station, in line with the strap's beats and in its journal."""
    whole = body.end is not None and body.start is not None and body.end > body.start
    edges: list[tuple[str, datetime | None]] = [(body.edge, body.start)]
    if whole:
        edges = [("start", body.start), ("end", body.end)]

    async def mark() -> list[int]:
        return [
            await running.mark(body.phase, kind=body.kind, edge=edge, note=body.note, at=at)
            for edge, at in edges
        ]

    return service.sessions.submit(mark()).result()


def _mark_sent(session: Session, recording_id: UUID, body: MarkIn) -> int:
    """Set a mark in a recording whose beats are sent to the service."""
    row = find(session, models.Recording, recording_id, with_for_update=True)
    if row.state != "open":
        raise ProblemError(
            CLOSED, f"recording {recording_id} is closed; add an event to the study instead"
        )
    start, open_marks = body.start or now(), rows.open_marks(session, recording_id)
    same = open_marks.get((body.phase, body.kind))
    span = None
    if body.edge == "end":
        if same is None or same.at >= start:
            raise ProblemError(CONFLICT, f"{body.phase!r} ({body.kind}) has not begun before that")
        span = rows.Span(body.phase, body.kind, same.at, start, note=body.note)
    elif body.edge == "now":
        span = rows.Span(body.phase, body.kind, start, body.end or start, note=body.note)
    elif same is not None or (
        body.kind == "stress" and any(kind == "stress" for _, kind in open_marks)
    ):
        raise ProblemError(CONFLICT, "a stretch of that kind has begun already; end it first")
    number = rows.last_number(session, recording_id) + 1
    said = {"phase": body.phase, "kind": body.kind, "edge": body.edge, "origin": "service"}
    if body.note:
        said["note"] = body.note
    rows.keep(session, recording_id, [rows.Entry(number, start, rows.MARK, said, span)])
    made = session.get_one(live_models.LiveEntry, (recording_id, number))
    if span is not None and made.event_id is None:
        raise ProblemError(CONFLICT, f"{body.phase!r}: {made.data['note']}")
    return number


@router.post(
    "/{recording_id}/doses",
    status_code=201,
    response_model=Dose,
    responses=docs.made(404),
    dependencies=needs("write", own=True),
)
def dose_live(
    recording_id: UUID, request: Request, service: Svc, body: LiveDoseIn, key: creation.Key = None
) -> Response:
    """Log a dose taken while a session runs: a dose of its subject, and a mark in the recording."""
    running = service.sessions.get(recording_id)
    moment = body.time or now()

    def work(session: Session) -> creation.Created:
        recording = find(session, models.Recording, recording_id, with_for_update=True)
        if recording.state != "open":
            raise ProblemError(
                CLOSED, f"recording {recording_id} is closed; add a dose to the study instead"
            )
        subject = find(session, models.Subject, recording.subject_id)
        dose = _dose(session, recording, subject, body, moment)
        if running is None:
            number = rows.last_number(session, recording_id) + 1
            said = {"phase": "dose taken", "kind": "dose", "edge": "now", "origin": "service",
                    "note": _words(body)}  # fmt: skip
            rows.keep(session, recording_id, [rows.Entry(number, moment, rows.MARK, said)])
        return creation.Created(dose, f"/v1/doses/{dose.id}", dose.version)

    answer = creation.create(service, request, key, body.model_dump_json(), work)
    if running is not None and "Idempotency-Replayed" not in answer.headers:
        mark = running.mark("dose taken", kind="dose", note=_words(body), at=body.time)
        service.sessions.submit(mark).result()
    service.hub.tell(f"live:{recording_id}")
    return answer


def _dose(
    session: Session, recording: models.Recording, subject: models.Subject, body: LiveDoseIn,
    moment: datetime,
) -> Dose:  # fmt: skip
    said = DoseIn(
        **body.model_dump(exclude={"time"}), subject=subject.name, time=moment, status="taken"
    )
    row = models.Dose(study_id=recording.study_id, subject_id=subject.id)
    for name, value in said:
        if name != "subject":
            setattr(row, name, value)
    session.add(row)
    session.flush()
    return Dose(
        **said.model_dump(), id=row.id, version=row.version, created_at=row.created_at,
        updated_at=row.updated_at, study_id=row.study_id,
    )  # fmt: skip


def _words(body: LiveDoseIn) -> str:
    amount = "" if body.amount is None else f" {body.amount:g} {body.unit}"
    return f"{body.substance}{amount}"
