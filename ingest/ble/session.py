"""One strap's session: find, connect, subscribe, watch, reconnect; everything becomes a Record.

Knows no Bluetooth library: it drives a `Radio` by a `Time`, both injected.  Within the radio's
callback a packet is only stamped and queued.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from typing import Any

from ingest.ble.faults import LASTING, Fault, StrapError
from ingest.ble.measurement import (
    BATTERY_LEVEL,
    BODY_SENSOR_LOCATION,
    DEVICE_INFORMATION,
    HEART_RATE_MEASUREMENT,
    PacketError,
    decode_body_location,
    decode_text,
)
from ingest.ble.polar import Stream
from ingest.ble.polar_session import start_streams
from ingest.ble.radio import Found, Link, Radio, choose
from ingest.journal.record import Kind, Record, of_fields
from ingest.timing import SystemTime, Time


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How patient a session is; times in s.

    Parameters
    ----------
    find_s : float
        How long to listen for the strap before each connection.
    silence_s : float
        Without any notification for so long the connection is taken for dead.
    first_attempts : int
        Attempts before the first beat; afterwards it is tried until stopped.
    backoff_s, backoff_max_s : float
        First and longest pause before another attempt; doubled each time, with jitter.
    battery_every_s : float
        Pause between two readings of the battery.
    polar : tuple of Stream
        Polar's own streams to record beside the heart rate; a strap that refuses them is
        recorded without.
    """

    find_s: float = 10.0
    silence_s: float = 8.0
    first_attempts: int = 3
    backoff_s: float = 1.0
    backoff_max_s: float = 30.0
    battery_every_s: float = 300.0
    polar: tuple[Stream, ...] = ()


class StrapSession:
    """Everything one strap sends, as records, through any number of connections.

    Parameters
    ----------
    radio : Radio
        Adapter to use; several sessions may share one.
    wanted : str
        Address, name or part of the name; "" for the only strap in sight.
    settings : SessionSettings
        How patient to be.
    time : Time
        Clocks for stamps and pauses.
    rng : random.Random
        Source of the pauses' jitter.
    """

    def __init__(
        self, radio: Radio, wanted: str, *, settings: SessionSettings | None = None,
        time: Time | None = None, rng: random.Random | None = None,
    ) -> None:  # fmt: skip
        self.wanted = wanted
        self._radio = radio
        self._settings = settings or SessionSettings()
        self._time = time or SystemTime()
        self._rng = rng or random.Random()
        self._queue: asyncio.Queue[Record | None] = asyncio.Queue()
        self._stop = asyncio.Event()
        self._found: Found | None = None
        self._heard_ns: int | None = None
        self._packets = 0

    @property
    def label(self) -> str:
        """Name of the strap as far as known."""
        return self._found.label if self._found else self.wanted

    def now(self) -> tuple[int, int]:
        """Monotonic and wall stamp (ns) for something that happens now."""
        return self._time.mono_ns(), self._time.wall_ns()

    def stop(self) -> None:
        """Ask the session to end; `records` then ends after the last record."""
        self._stop.set()

    async def records(self) -> AsyncGenerator[Record, None]:
        """Yield every record in order until `stop`, or until the strap cannot be had at all.

        Raises
        ------
        StrapError
            If the first connection fails for good; the sentence says what to do.
        """
        worker = asyncio.create_task(self._run())
        try:
            while (record := await self._queue.get()) is not None:
                yield record
            await worker
        finally:
            self.stop()
            if not worker.done():
                await asyncio.wait({worker}, timeout=self._settings.find_s)
                worker.cancel()
            with contextlib.suppress(asyncio.CancelledError, StrapError):
                await worker

    async def _run(self) -> None:
        failures = 0
        try:
            while not self._stop.is_set():
                before = self._packets
                try:
                    await self._one_connection()
                except StrapError as error:
                    self._event("fault", fault=error.fault.value, says=str(error))
                    hopeless = error.fault in LASTING
                    if not self._packets and (
                        hopeless or failures + 1 >= self._settings.first_attempts
                    ):
                        raise
                failures = 0 if self._packets > before else failures + 1
                if not self._stop.is_set():
                    await self._pause(failures)
        finally:
            self._queue.put_nowait(None)

    async def _one_connection(self) -> None:
        """Find the strap anew, connect, and attend to it until the connection ends."""
        found = await self._find()
        if found is None:
            return
        self._found = found
        # an event of this connection alone: stacks tell of disconnects that were asked for, too
        lost = asyncio.Event()
        link = self._radio.link(found, lost.set)
        self._event("connecting", strap=found.label, address=found.address)
        try:
            await self._unless_stopped(link.connect(), None)
            if self._stop.is_set():
                return
            self._event("connected", strap=found.label)
            await self._subscribe(link)
            await self._introduce(link, found)
            await self._start_polar(link)
            await self._attend(link, lost)
        except StrapError as error:
            if error.fault is not Fault.LOST and not lost.is_set():
                raise
            self._event("lost", says=str(error))
        finally:
            await link.disconnect()

    async def _find(self) -> Found | None:
        """Scan for the strap (anew each time: BlueZ forgets devices); None once stopped."""
        wanted = self._found.address if self._found else self.wanted
        straps = await self._unless_stopped(
            self._radio.scan(self._settings.find_s, until=wanted), []
        )
        if self._stop.is_set():
            return None
        try:
            return choose(straps, wanted, self._settings.find_s)
        except StrapError:
            if self._found is None:
                raise
            raise StrapError(Fault.NOT_FOUND, self.label, seconds=self._settings.find_s) from None

    async def _subscribe(self, link: Link) -> None:
        self._heard_ns = self._time.mono_ns()
        await link.subscribe(HEART_RATE_MEASUREMENT, self._on_heart_rate)
        self._event("subscribed", characteristic=f"{HEART_RATE_MEASUREMENT:04x}")

    def _on_heart_rate(self, packet: bytes) -> None:
        self._heard_ns = self._on_packet(HEART_RATE_MEASUREMENT, packet)
        self._packets += 1

    def _on_packet(self, channel: int, packet: bytes) -> int:
        mono_ns, wall_ns = self.now()
        self._queue.put_nowait(Record(Kind.NOTIFICATION, mono_ns, wall_ns, packet, channel))
        return mono_ns

    async def _start_polar(self, link: Link) -> None:
        if not self._settings.polar:
            return
        with self._optional("Polar streams"):
            used = await start_streams(link, self._settings.polar, self._on_packet)
            for stream, settings in used.items():
                values = {setting.name.lower(): value for setting, value in settings.items()}
                self._event("stream", stream=stream.name.lower(), **values)

    async def _introduce(self, link: Link, found: Found) -> None:
        """Record who the strap is and how its battery stands; what it withholds is left out."""
        fields: dict[str, Any] = {"address": found.address, "name": found.name}
        for name, channel in DEVICE_INFORMATION:
            with self._optional(name):
                if (raw := await link.read(channel)) is not None:
                    fields[name] = decode_text(raw)
        with self._optional("body location"):
            if (raw := await link.read(BODY_SENSOR_LOCATION)) is not None:
                fields["body_location"] = decode_body_location(raw).name.lower()
        self._put(Kind.DEVICE, **fields)
        await self._read_battery(link)

    async def _read_battery(self, link: Link) -> None:
        with self._optional("battery"):
            if (raw := await link.read(BATTERY_LEVEL)) is not None:
                self._queue.put_nowait(Record(Kind.READING, *self.now(), raw, BATTERY_LEVEL))

    @contextlib.contextmanager
    def _optional(self, what: str) -> Any:
        """Record a refusal of something that beats do not depend on, and go on."""
        try:
            yield
        except PacketError as error:
            self._event("fault", fault="unreadable", says=f"{what}: {error}")
        except StrapError as error:
            if error.fault is Fault.LOST:
                raise
            self._event("fault", fault=error.fault.value, says=f"{what}: {error}")

    async def _attend(self, link: Link, lost: asyncio.Event) -> None:
        """Wait until the connection ends, falls silent or is no longer wanted."""
        battery_ns = self._time.mono_ns()
        while True:
            now_ns = self._time.mono_ns()
            assert self._heard_ns is not None
            left_s = self._settings.silence_s - (now_ns - self._heard_ns) / 1e9
            if self._stop.is_set():
                self._event("disconnected", says="asked for")
                return
            if lost.is_set():
                self._event("lost", says=str(StrapError(Fault.LOST, self.label)))
                return
            if left_s <= 0:
                silent = f"no notification for {self._settings.silence_s:g} s; connecting anew"
                self._event("stalled", says=silent)
                return
            due_s = self._settings.battery_every_s - (now_ns - battery_ns) / 1e9
            if due_s <= 0:
                battery_ns = now_ns
                await self._read_battery(link)
                continue
            await _first(lost.wait(), self._stop.wait(), self._time.sleep(min(left_s, due_s)))

    async def _pause(self, failures: int) -> None:
        """Wait before another attempt: doubled each time, capped, 50 to 100 % of it."""
        longest = self._settings.backoff_max_s
        base = min(self._settings.backoff_s * 2 ** min(failures, 16), longest)
        await _first(self._stop.wait(), self._time.sleep(base * self._rng.uniform(0.5, 1.0)))

    async def _unless_stopped(self, work: Awaitable[Any], otherwise: Any) -> Any:
        task = asyncio.ensure_future(work)
        await _first(self._stop.wait(), _finished(task))
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, StrapError):
            await task
        return otherwise

    def _event(self, event: str, **fields: Any) -> None:
        self._put(Kind.EVENT, event=event, **fields)

    def _put(self, kind: Kind, /, **fields: Any) -> None:
        self._queue.put_nowait(of_fields(kind, *self.now(), **fields))


async def _finished(task: asyncio.Future[Any]) -> None:
    await asyncio.wait({task})


async def _first(*waits: Awaitable[Any]) -> None:
    """Return when the first of `waits` does; the others are cancelled."""
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
