"""All sessions of one server: begun on order, taken up after a restart, suspended at its end.

They share one thread with one event loop: some systems' Bluetooth knows no second one, and a
slow disk under a journal must not hold up the answers of the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from api.hub import Hub
from api.live.fold import Fold
from api.live.order import Order, open_ordered, order_of, probe
from api.live.session import LiveSession
from api.live.settle import settle
from api.settings import Settings
from api.store import Store, models
from api.store import sessions as rows
from api.store.live import LiveWriter
from hrv.errors import HRVError
from ingest.ble.post import Post
from ingest.ble.radio import Found, Radio
from ingest.ble.station import Station
from ingest.journal.reader import records
from ingest.journal.record import Kind, Record
from ingest.journal.writer import JournalWriter
from ingest.protocol import Guide

MOST = 64
"""Sessions at a time."""
AGAIN_S = 10.0
"""Pause before a session that failed with the store is written down again, s."""
END_S = 20.0
"""How long a session whose recording was deleted may take to end, s."""
_SUSPENDED = "CancelledError"
"""Reason with which a journal closes when the service ends while its session goes on."""
T = TypeVar("T")
_log = logging.getLogger("api")


def bleak_radio() -> Radio:
    """Return the Bluetooth of this machine."""
    from ingest.ble.strap import BleakRadio  # only who wants a strap pays for bleak

    return BleakRadio()


class Sessions:
    """Sessions of one server.

    Parameters
    ----------
    settings : Settings
        Where journals lie, and how long a session waits to be taken up.
    store : Store
        For orders, and for what is replayed.
    writer : LiveWriter
        Takes beats.
    hub : Hub
        Told of news, on the topic of the recording.
    radio : callable
        Makes the Bluetooth adapter to use.
    """

    def __init__(
        self, settings: Settings, store: Store, writer: LiveWriter, hub: Hub,
        radio: Callable[[], Radio] = bleak_radio,
    ) -> None:  # fmt: skip
        self._store, self._writer, self._hub = store, writer, hub
        self._resume_s = settings.live_resume_s
        self.folder = settings.live_journals(store.folder)
        self.place = f"{socket.gethostname()}:{self.folder}"
        self._make_radio = radio
        self._made_radio: Radio | None = None
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._running: dict[UUID, LiveSession] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._starting: set[UUID] = set()
        self._owed: set[asyncio.Task[None]] = set()

    # from any thread -----------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what an earlier run of the service left under way."""
        with self._store.read() as session:
            left = rows.under_way(session, self.place)
        for recording_id in left:
            self.submit(self._begin(recording_id))

    def launch(self, recording_id: UUID) -> Future[None]:
        """Begin a session whose order is stored; resolves once it records."""
        return self.submit(self._begin(recording_id))

    def get(self, recording_id: UUID) -> LiveSession | None:
        """Return a session that runs here."""
        return self._running.get(recording_id)

    def busy_with(self, source: str) -> UUID | None:
        """Return the recording of the session that uses this strap already."""
        return next(
            (
                identity
                for identity, running in tuple(self._running.items())
                if running.order.real_time and running.order.source.casefold() == source.casefold()
            ),
            None,
        )

    @property
    def full(self) -> bool:
        """Whether no more session finds room."""
        return len(self._running) + len(self._starting) >= MOST

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the sessions' loop."""
        return asyncio.run_coroutine_threadsafe(work, self._ready_loop())

    def drop_deleted(self) -> None:
        """End sessions whose recording was deleted, and take their journals away."""
        for path in self.folder.glob("*.hrvj"):
            with contextlib.suppress(ValueError):  # a file of somebody else
                identity = UUID(path.stem)
                with self._store.read() as session:
                    there = session.get(models.Recording, identity) is not None
                if there:
                    continue
                if identity in self._running:
                    self.submit(self.end(identity)).result(END_S)
                path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Suspend every session: the next run takes them up."""
        if self._loop is None or self._thread is None:
            return
        self.submit(self._suspend()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None

    def _ready_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="live sessions", daemon=True
                )
                self._thread.start()
            return self._loop

    # on the loop ---------------------------------------------------------------------------------

    async def look(self, seconds: float) -> list[Found]:
        """Straps in sight.

        Raises
        ------
        StrapError
            If Bluetooth does not answer.
        """
        return await self._radio().scan(seconds)

    async def check_radio(self) -> None:
        """Find out whether there is a Bluetooth adapter that works.

        Raises
        ------
        StrapError
            If not, with the mend.
        """
        if not any(running.order.real_time for running in self._running.values()):
            await probe(self._radio())

    async def end(self, recording_id: UUID) -> bool:
        """End a session and wait until it is stored; False if none of that name runs here."""
        session, task = self._running.get(recording_id), self._tasks.get(recording_id)
        if session is None or task is None:
            return False
        await session.stop()
        await asyncio.wait({task})
        return True

    def _radio(self) -> Radio:
        if self._made_radio is None:
            self._made_radio = self._make_radio()
        return self._made_radio

    async def _begin(self, recording_id: UUID) -> None:
        if recording_id in self._starting or recording_id in self._running:
            return
        self._starting.add(recording_id)
        try:
            task = await self._set_up(recording_id)
        except HRVError as error:
            _log.warning("live session %s does not begin: %s", recording_id, error)
            await self._give_up(recording_id, str(error))
        except Exception:
            _log.exception("live session %s does not begin", recording_id)
            says = "the session could not begin; the service's log says why"
            await self._give_up(recording_id, says)
        else:
            if task is not None:
                self._tasks[recording_id] = task
        finally:
            self._starting.discard(recording_id)
            self._hub.tell(f"live:{recording_id}")

    async def _set_up(self, recording_id: UUID) -> asyncio.Task[None] | None:
        ready = await asyncio.to_thread(self._prepare, recording_id)
        if ready is None:
            return None
        order, past, over, says = ready
        if over:
            fold = await asyncio.to_thread(_refold, past)
            await self._settle(order, fold, over, says)
            return None
        session = await asyncio.to_thread(self._open, order, past)
        self._running[recording_id] = session
        return asyncio.create_task(self._run(session))

    def _prepare(self, recording_id: UUID) -> tuple[Order, list[Record], str, str] | None:
        """Read the order and what its journal holds; say if the session is over already."""
        with self._store.write() as session:
            order = order_of(session, recording_id)
            if order is None:
                return None
            rows.change(session, recording_id, "running")
        path = self._path(recording_id)
        past = list(records(path)) if path.is_file() else []
        last = past[-1] if past else None
        if last is None or not any(r.kind is Kind.NOTIFICATION for r in past):
            return order, past, "", ""
        if last.kind is Kind.CLOSE and (why := str(last.fields.get("reason"))) != _SUSPENDED:
            return order, past, "ended" if why == "stopped" else "failed", _said(why)
        away_s = time.time() - path.stat().st_mtime
        if away_s > self._resume_s:
            says = (
                f"the service was away for {away_s / 60:.0f} min; everything recorded before is "
                "here"
            )
            return order, past, "interrupted", says
        return order, past, "", ""

    def _open(self, order: Order, past: list[Record]) -> LiveSession:
        """Open source and journal, and know what the journal holds."""
        source = open_ordered(order, self._store, past, self._radio)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        said = {"person": order.person, "title": order.title, "source": order.source}
        journal = JournalWriter(self._path(order.recording_id), session=said)
        try:
            post = Post(source, journal, person=order.person, session=order.title)
            fold = Fold()
            post.taken = fold.feed
            guide = None if order.protocol is None else Guide(order.protocol)
            for record in records(journal.path):
                post.take_up([record])
                fields = record.fields if record.kind is Kind.MARKER else {}
                if guide is not None and fields.get("origin") == "protocol":
                    at_s = post.watch.elapsed_s(record.mono_ns)
                    guide = guide.told(str(fields["phase"]), str(fields["edge"]), at_s)
            station = Station([post], order.protocol, order.duration_s, attended=order.attended)
            station.guide = guide
            if fold.stressor is not None:
                station.stressor = fold.stressor[0]
                station.stress_since_s = post.watch.elapsed_s(fold.stressor[1])
            topic = f"live:{order.recording_id}"
            return LiveSession(
                order, post, fold, station, self._writer, lambda: self._hub.tell(topic)
            )
        except BaseException:
            journal.abandon()
            raise

    async def _run(self, session: LiveSession) -> None:
        order = session.order
        try:
            state, says = await session.run()
            await self._settle(order, None, state, says)
        except Exception:
            _log.exception("live session %s failed; its journal is kept", order.recording_id)
            says = "the session failed; the service's log says where, the journal holds the beats"
            await self._give_up(order.recording_id, says)
        finally:
            self._running.pop(order.recording_id, None)
            self._tasks.pop(order.recording_id, None)
            self._hub.tell(f"live:{order.recording_id}")

    async def _settle(self, order: Order, fold: Fold | None, state: str, says: str) -> None:
        """Close the recording: every beat in the store, the journal beside them."""
        await settle(
            self._store, self._writer, order.recording_id, self._path(order.recording_id),
            state, says, fold,
        )  # fmt: skip
        self._hub.tell(f"live:{order.recording_id}")

    async def _give_up(self, recording_id: UUID, says: str) -> None:
        """Say that a session failed; while the store takes no word, go on trying beside."""
        if not await self._wrote_off(recording_id, says):
            task = asyncio.create_task(self._write_off_later(recording_id, says))
            self._owed.add(task)
            task.add_done_callback(self._owed.discard)

    async def _write_off_later(self, recording_id: UUID, says: str) -> None:
        wrote = False
        while not wrote:
            await asyncio.sleep(AGAIN_S)
            wrote = await self._wrote_off(recording_id, says)
        self._hub.tell(f"live:{recording_id}")

    async def _wrote_off(self, recording_id: UUID, says: str) -> bool:
        try:
            await asyncio.to_thread(self._write_off, recording_id, says)
        except Exception:
            _log.exception(
                "live session %s could not be written down as failed; it is tried again",
                recording_id,
            )
            return False
        return True

    def _write_off(self, recording_id: UUID, says: str) -> None:
        with self._store.write() as session:
            rows.change(session, recording_id, "failed", says)
        with contextlib.suppress(HRVError):  # deleted meanwhile
            self._writer.finish(recording_id).result()

    async def _suspend(self) -> None:
        tasks = [*self._tasks.values(), *self._owed]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _path(self, recording_id: UUID) -> Path:
        return self.folder / f"{recording_id}.hrvj"


def _refold(past: list[Record]) -> Fold:
    """Fold a whole journal, to its end."""
    from ingest.ble.clock import Lookahead
    from ingest.ble.stream import BeatStream

    fold, stream = Fold(), BeatStream(Lookahead.LIVE)
    for record in past:
        fold.feed(record, stream.feed(record))
    fold.lay(stream.finish())
    fold.finish()
    return fold


def _said(reason: str) -> str:
    return "" if reason == "stopped" else reason.partition(": ")[2] or reason
