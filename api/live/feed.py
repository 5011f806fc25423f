"""Server-sent events of a live recording, each with what a listener needs to go on behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson
from fastapi.sse import format_sse_event
from sqlalchemy.orm import Session

from api.service import Service
from api.store import live_models, models
from api.store import sessions as rows
from api.store.beats import Beats
from api.store.recordings import beats_since
from hrv.live import Row, Stream

LOOK_AGAIN_S = 15.0
MOST_BEATS = 4096
MOST_ENTRIES = 500
RETRY_MS = 500
METRICS = ("rmssd", "mean_hr")
_EVERY = 4


@dataclass
class Place:
    """How far a listener is: beats and entries that it has."""

    beats: int = 0
    entries: int = 0

    @classmethod
    def parse(cls, last: str | None) -> Place:
        """Read an event's id; from the beginning where it is none."""
        try:
            beats, _, entries = (last or "0/0").partition("/")
            return cls(max(0, int(beats)), max(0, int(entries or 0)))
        except ValueError:
            return cls()

    def __str__(self) -> str:
        return f"{self.beats}/{self.entries}"


@dataclass(frozen=True)
class News:
    """What came since, read at one moment."""

    beats: Beats
    entries: list[live_models.LiveEntry]
    over: bool
    state: str
    says: str


async def follow(
    service: Service, recording_id: UUID, last: str | None, width: str, step: str
) -> AsyncIterator[bytes]:
    """Yield events, as they are sent, until the recording ends or the service does.

    ``vitals`` tells how a session of the service's own stands and has no id: it is of the moment.
    ``beats``, ``window``, ``mark`` and ``state`` are read from the store, so that nobody who was
    away, or whose server was, misses one.
    """
    place = Place.parse(last)
    windows = _Windows(width, step)
    shown = -1
    yield _comment("beats, windows, marks and state follow", retry=RETRY_MS)
    if place.beats:
        await asyncio.to_thread(_catch_up, service, recording_id, windows, place.beats)
    with service.hub.listen(f"live:{recording_id}") as ear:
        while not service.hub.closed:
            running = service.sessions.get(recording_id)
            if running is not None and running.version != shown:
                shown = running.version
                yield _said("vitals", running.vitals)
            news = await asyncio.to_thread(_news, service, recording_id, place)
            for event in _events(news, place, windows):
                yield event
            if news.over:
                for row in windows.finish():
                    yield _said("window", row)
                closed = {"recording_id": str(recording_id), "state": news.state, "says": news.says}
                yield _said("closed", closed)
                return
            quiet = not len(news.beats) and not news.entries
            if quiet and not await ear.wait(LOOK_AGAIN_S):
                yield _comment("still here")  # proxies cut what is silent


def _events(news: News, place: Place, windows: _Windows) -> list[bytes]:
    """Events of what came; windows go ahead of the beats that complete them.

    So a listener cut off between the two gets the window again, and never misses it.
    """
    events = []
    if len(news.beats):
        events += [_said("window", row) for row in windows.add(news.beats)]
        beats = news.beats
        first, place.beats = place.beats, place.beats + len(beats)
        columns = {"first": first, "t_s": beats.t_s, "rr_ms": beats.rr_ms, "flag": beats.flag}
        events.append(_said("beats", columns, place))
    for entry in news.entries:
        place.entries = entry.number + 1
        said = {"number": entry.number, "at": entry.at, **entry.data}
        if entry.event_id is not None:
            said["event_id"] = str(entry.event_id)
        events.append(_said(entry.kind, said, place))
    return events


def _comment(text: str, retry: int | None = None) -> bytes:
    return format_sse_event(data_str=None, comment=text, retry=retry)


def _said(event: str, data: object, place: Place | None = None) -> bytes:
    text = orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z).decode()
    return format_sse_event(data_str=text, event=event, id=None if place is None else str(place))


def _news(service: Service, recording_id: UUID, place: Place) -> News:
    with service.store.read() as session:
        recording = session.get(models.Recording, recording_id)
        beats = beats_since(session, recording_id, place.beats, MOST_BEATS)
        entries = list(rows.entries_since(session, recording_id, place.entries, MOST_ENTRIES))
        state, says, over = _stands(session, recording_id, recording)
        more = len(beats) or entries
        return News(beats, entries, over and not more, state, says)


def _stands(
    session: Session, recording_id: UUID, recording: models.Recording | None
) -> tuple[str, str, bool]:
    """State and sentence of a session, and whether it is over."""
    if recording is None:
        return "failed", "the recording was deleted", True
    own = session.get(live_models.LiveSession, recording_id)
    if own is not None:
        over = recording.state == "closed" and own.state not in rows.UNDER_WAY
        return own.state, own.says, over
    return ("running", "", False) if recording.state == "open" else ("ended", "", True)


class _Windows:
    """The windows of one listener, from the beats it gets."""

    def __init__(self, width: str, step: str) -> None:
        self._stream = Stream(width, step, METRICS, every=_EVERY)

    def add(self, beats: Beats) -> list[Row]:
        out: list[Row] = []
        for rr_ms, t_s, flag in zip(
            beats.rr_ms.tolist(), beats.t_s.tolist(), beats.flag.tolist(), strict=True
        ):
            out += self._stream.add(rr_ms, t_s, flag)
        return out

    def finish(self) -> list[Row]:
        return self._stream.finish()


def _catch_up(service: Service, recording_id: UUID, windows: _Windows, count: int) -> None:
    """Take in the beats that a listener has already, so that its windows go on exactly."""
    at = 0
    while at < count:
        with service.store.read() as session:
            beats = beats_since(session, recording_id, at, min(MOST_BEATS, count - at))
        if not len(beats):
            return
        windows.add(beats)
        at += len(beats)
