"""One running session: a station of one strap, its journal, and what the store gets of it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.live.fold import Fold, Step
from api.live.order import Heard, Order
from api.store import sessions as rows
from api.store.live import MOST_BATCH, Batch, ClosedError, LiveWriter, UnknownRecordingError
from api.store.models import Recording, Study
from hrv.errors import HRVError, InputError
from ingest.ble.news import News
from ingest.ble.post import Post
from ingest.ble.station import Station
from ingest.ble.vitals import Vitals

NEWS_KEPT = 20
SILENT_S = 1.0
"""Without a packet for so long a listener is told how things stand all the same."""
RETRY_S = 1.0


class LiveSession:
    """A session that runs; lives on the loop of `api.live.sessions.Sessions`.

    Parameters
    ----------
    order : Order
        What it does.
    post : Post
        Source and journal; what the journal held is known to it already.
    fold : Fold
        The same, as the store keeps it.
    station : Station
        Over that one post.
    writer : LiveWriter
        Takes beats and happenings.
    tell : callable
        Called when there is something new to show.
    """

    def __init__(
        self, order: Order, post: Post, fold: Fold, station: Station, writer: LiveWriter,
        tell: Callable[[], None],
    ) -> None:  # fmt: skip
        self.order, self.post, self.station = order, post, station
        self._fold, self._writer, self._tell = fold, writer, tell
        self._news: deque[dict[str, Any]] = deque(maxlen=NEWS_KEPT)
        self._storing = asyncio.Lock()
        self._fresh = asyncio.Event()
        self._trouble, self._gone = "", ""
        self._over = False
        self._shown_s = 0.0
        self.version = 0
        self.vitals: dict[str, Any] = {}
        post.taken = self._taken
        station.on_packet, station.on_news = self._packet, self._told
        self.show()

    # running -------------------------------------------------------------------------------------

    async def run(self) -> tuple[str, str]:
        """Record to the end and store everything.

        Returns
        -------
        tuple of (str, str)
            ``"ended"`` or ``"failed"``, and the sentence that says why.
        """
        pump, shower = (asyncio.create_task(c) for c in (self._pump(), self._keep_showing()))
        try:
            outcome = await self._record()
            self._over = True
            self._fresh.set()
            await pump
            self._fold.lay(self.post.recorder.finish())
            self._fold.finish()
            await self.flush()
        finally:
            for helper in (pump, shower):
                helper.cancel()
            await asyncio.gather(pump, shower, return_exceptions=True)
        return ("failed", self._gone) if self._gone else outcome

    async def _record(self) -> tuple[str, str]:
        guide = self.station.guide
        if guide is not None and guide.done:  # a restart came between its end and the session's
            self.post.source.stop()
        try:
            await self.station.run()
        except HRVError as error:
            return "failed", str(error)
        except OSError as error:
            return "failed", f"the journal could not be written: {error.strerror or error}"
        return "ended", ""

    def _taken(self, record: Any, beats: Any) -> None:
        self._fold.feed(record, beats)
        self._fresh.set()

    async def _pump(self) -> None:
        while not self._over:
            await self._fresh.wait()
            self._fresh.clear()
            await self.flush()

    async def flush(self) -> None:
        """Store everything that came so far; it is durable when this returns."""
        async with self._storing:
            step = self._fold.take()
            if not step or self._gone:
                return
            try:
                await self._store(step)
            except (ClosedError, UnknownRecordingError) as error:
                self._gone = f"{error}; the session was ended"
                self.station.stop()

    async def _store(self, step: Step) -> None:
        identity, beats = self.order.recording_id, step.beats

        def also(session: Session) -> None:
            self._introduce(session)
            rows.keep(session, identity, step.entries)

        if not len(beats):
            await self._insist(lambda: self._writer.also(identity, also))
        for lo in range(0, len(beats), MOST_BATCH):
            part = beats.part(lo, lo + MOST_BATCH)
            batch = Batch(identity, step.first + lo, part.rr_ms, laid=part)
            await self._insist(partial(self._writer.append, batch, None if lo else also))

    async def _insist(self, send: Callable[[], Any]) -> None:
        """Send until the store takes it; the journal holds it meanwhile."""
        while True:
            try:
                await asyncio.wrap_future(send())
            except (SQLAlchemyError, OSError, queue.Full) as error:
                reason = str(getattr(error, "orig", None) or error) or "it is too busy"
                self._trouble = f"the store does not take beats ({reason}); the journal holds them"
                self.show()
                await asyncio.sleep(RETRY_S)
            else:
                self._trouble = ""
                return

    def _introduce(self, session: Session) -> None:
        """Say when the recording began and with which device, once that is known."""
        recording = session.get(Recording, self.order.recording_id)
        if recording is None:
            return
        if recording.start is None and self._fold.start is not None:
            study = session.get_one(Study, recording.study_id)
            zone = ZoneInfo(study.tz) if study.tz else UTC
            recording.start = self._fold.start.astimezone(zone)
        if self._fold.device and recording.provenance["device"] != self._fold.device:
            recording.provenance = {**recording.provenance, "device": self._fold.device}
        session.flush()

    # steering ------------------------------------------------------------------------------------

    async def mark(
        self, phase: str, *, kind: str = "tag", edge: str = "now", note: str = "",
        at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Set a mark; returns its number once it is in the journal and in the store.

        Raises
        ------
        InputError
            If no beat was heard yet, the mark lies ahead, or it does not fit those set before.
        """
        if edge == "end" and not self._fold.is_open(phase, kind):
            raise InputError(f"{phase!r} ({kind}) has not begun, so it cannot end")
        if edge == "start" and (running := self._fold.open_like(phase, kind)):
            raise InputError(f"{running!r} has begun already; end it first")
        number = self._fold.happened
        self.station.mark(
            phase, kind=kind, edge=edge, origin="service", note=note, ago_s=self._ago_s(at)
        )
        if kind == "stress":
            self._remember_stressor(phase, edge)
        await self.flush()
        self.show()
        return number

    def _ago_s(self, at: datetime | None) -> float:
        if at is None:
            return 0.0
        ago_s = self.post.source.now()[1] / 1e9 - at.timestamp()
        if ago_s < -1.0:
            raise InputError(f"the mark lies {-ago_s:.0f} s ahead; a mark is set when it happened")
        return max(ago_s, 0.0)

    def _remember_stressor(self, phase: str, edge: str) -> None:
        station = self.station
        if edge == "start":
            station.stressor, station.stress_since_s = phase, station.now_s
        elif edge == "end" and station.stressor == phase:
            station.stressor = ""

    async def act(self, action: str) -> None:
        """Do what a key would: ``"go"``, ``"skip"``, ``"check"`` or ``"stress"``.

        Raises
        ------
        InputError
            If no beat was heard yet.
        """
        {
            "go": self.station.go, "skip": self.station.skip, "check": self.station.check,
            "stress": self.station.stress,
        }[action]()  # fmt: skip
        await self.flush()
        self.show()

    # showing -------------------------------------------------------------------------------------

    def _packet(self, _post: Post) -> None:
        self.show(heard=True)

    def _told(self, news: News) -> None:
        said = {"at": datetime.now(UTC).isoformat(), "text": news.text, "level": news.level}
        self._news.append(said)
        self.show()

    async def _keep_showing(self) -> None:
        while True:
            await asyncio.sleep(SILENT_S / 2)
            if time.monotonic() - self._shown_s >= SILENT_S:
                self.show()

    def show(self, *, heard: bool = False) -> None:
        """Work out how things stand, and wake whoever listens."""
        self._shown_s = time.monotonic()
        vitals = self.post.watch.at(self.post.now_ns)
        objections = self.station.objections() if self.post.watch.heard else []
        self.version += 1
        self.vitals = {
            **_plain(vitals),
            "notified_at_ms": self._heard_ns() / 1e6 if heard else None,
            "go": self.post.watch.heard and not objections,
            "objections": objections,
            "stressor": self.station.stressor,
            "stressor_s": self.station.now_s - self.station.stress_since_s
            if self.station.stressor else 0.0,
            "protocol": self._protocol(),
            "news": list(self._news),
            "trouble": self._trouble,
        }  # fmt: skip
        self._tell()

    def _heard_ns(self) -> int:
        """Return the true moment at which the last notification came."""
        source = self.post.source
        return source.heard_ns if isinstance(source, Heard) else self._fold.last_wall_ns

    def _protocol(self) -> dict[str, Any] | None:
        guide = self.station.guide
        if guide is None:
            return None
        phase = guide.phase
        return {
            "title": guide.protocol.title,
            "index": guide.index,
            "phases": [
                {"name": p.name, "kind": p.kind, "duration_s": p.duration_s, "say": p.say}
                for p in guide.protocol.phases
            ],
            "phase": "" if phase is None else phase.name,
            "kind": "" if phase is None else phase.kind,
            "say": "" if phase is None else phase.say,
            "waiting": guide.waiting,
            "asks": guide.waiting and phase is not None and phase.check and self.station.attended,
            "left_s": guide.left_s(self.station.now_s),
            "done": guide.done,
        }

    async def stop(self) -> None:
        """Ask it to end; `run` returns soon after."""
        with contextlib.suppress(InputError):  # nothing was heard: nothing to mark the end of
            self.station.stop()


def _plain(vitals: Vitals) -> dict[str, Any]:
    """Vitals as JSON: what is no number is null."""
    return {
        "state": vitals.state,
        "device": vitals.device,
        "elapsed_s": vitals.elapsed_s,
        "hr_bpm": _number(vitals.hr_bpm),
        "rmssd_ms": _number(vitals.rmssd_ms),
        "why_no_rmssd": vitals.why_no_rmssd,
        "artefact_share": _number(vitals.artefact_share),
        "beats": vitals.beats,
        "packets": vitals.packets,
        "contact": vitals.contact.value,
        "battery_percent": vitals.battery_percent,
        "gaps": vitals.gaps,
        "lost_s": vitals.lost_s,
        "suspects": vitals.suspects,
        "malformed": vitals.malformed,
        "recent_rr_ms": list(vitals.recent_rr_ms),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
