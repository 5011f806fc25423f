"""Play a journal, or any recording, as if it were a strap: the same records by the same path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from hrv.types import Flag, RRSeries
from ingest.ble.measurement import (
    BATTERY_LEVEL,
    HEART_RATE_MEASUREMENT,
    TICKS_PER_S,
    Contact,
    Measurement,
    encode,
)
from ingest.journal.reader import Walk, with_losses
from ingest.journal.record import Kind, Record, of_fields
from ingest.timing import SystemTime, Time

_SECOND_NS = 1_000_000_000
_BASE_NS = 1_000 * _SECOND_NS
"""Monotonic time of a synthetic strap's first beat."""


class Replay:
    """Records played by their own stamps.

    Parameters
    ----------
    label : str
        What is played.
    source : iterable of Record
        Records in order; a SESSION record begins a run with a clock of its own.
    speed : float or None
        1 as recorded, N times as fast, None as fast as possible.
    time : Time
        Clock to wait by.
    """

    def __init__(
        self, label: str, source: Iterable[Record], *, speed: float | None = 1.0,
        time: Time | None = None,
    ) -> None:  # fmt: skip
        self.label = label
        self._source = source
        self._speed = speed
        self._time = time or SystemTime()
        self._stopped = False
        self._now = (0, 0)
        self._played_ns: int | None = None  # when that was, by the clock that is waited by
        self._next_ns = 0

    def stop(self) -> None:
        """End before the next record."""
        self._stopped = True

    def now(self) -> tuple[int, int]:
        """Monotonic and wall stamp (ns): "now" of what is played, between two records as well."""
        if self._speed is None or self._played_ns is None:
            return self._now
        since_ns = round((self._time.mono_ns() - self._played_ns) * self._speed)
        since_ns = max(min(since_ns, self._next_ns - 1 - self._now[0]), 0)
        return self._now[0] + since_ns, self._now[1] + since_ns

    async def records(self) -> AsyncGenerator[Record, None]:
        """Yield every record when its time comes, bit for bit as it was recorded."""
        began_ns = first_ns = None
        for record in self._source:
            self._next_ns = record.mono_ns
            if record.kind is Kind.SESSION:
                began_ns = None
            elif self._speed is None:
                await asyncio.sleep(0)  # several that play side by side keep in step
            elif began_ns is None or first_ns is None:
                began_ns, first_ns = self._time.mono_ns(), record.mono_ns
            else:
                due_ns = began_ns + (record.mono_ns - first_ns) / self._speed
                wait_ns = due_ns - self._time.mono_ns()
                if wait_ns > 0:
                    await self._time.sleep(wait_ns / _SECOND_NS)
            if self._stopped:
                return
            self._now = (record.mono_ns, record.wall_ns)
            self._played_ns = self._time.mono_ns()
            yield record


def behind(source: Iterable[Record], played: Iterable[Record]) -> Iterator[Record]:
    """Yield what of `source` was not played yet, given the journal of what was."""
    rest = iter(source)
    following = next(rest, None)
    for record in played:
        if following is not None and _same(record, following):
            following = next(rest, None)
    if following is not None:
        yield following
        yield from rest


def _same(one: Record, other: Record) -> bool:
    """Whether two records say the same, whenever they were played."""
    return (one.kind, one.mono_ns, one.channel, one.payload) == (
        other.kind, other.mono_ns, other.channel, other.payload,
    )  # fmt: skip


def journal_records(path: str | Path) -> Iterator[Record]:
    """Yield the records of the journal at `path` that a strap or a person made; no CLOSE.

    The first SESSION is left out, since whoever records the replay opens a session of its own;
    a later one tells of a restart and is kept.
    """
    path = Path(path)
    first = True
    for record in with_losses(Walk(path.read_bytes(), path.name)):
        if record.kind is Kind.CLOSE or (first and record.kind is Kind.SESSION):
            first = False
            continue
        yield record


def synthetic_records(
    series: RRSeries, *, wall_ns: int, device: str = "", contact: Contact = Contact.UNSUPPORTED,
    battery_percent: int | None = None,
) -> Iterator[Record]:  # fmt: skip
    """Notifications of a strap that beats like `series`: one a second, as a Polar H10 sends.

    Intervals that are no whole ticks are rounded at the beats, so that rounding never adds up;
    a gap is told as a lost connection.

    Parameters
    ----------
    series : RRSeries
        Any recording.
    wall_ns : int
        Wall clock of the first beat, ns since 1970, where `series` has no start.
    device : str
        Name to introduce itself with.
    contact : Contact
        What every packet says about skin contact.
    battery_percent : int, optional
        Told once at the begin.
    """
    if series.start is not None:
        wall_ns = round(series.start.timestamp() * 1e6) * 1000
    shift_ns = wall_ns - _BASE_NS
    yield _said(Kind.DEVICE, _BASE_NS, shift_ns, name=device or series.provenance.source)
    if battery_percent is not None:
        level = bytes([battery_percent])
        yield Record(Kind.READING, _BASE_NS, _BASE_NS + shift_ns, level, BATTERY_LEVEL)
    broken = np.flatnonzero((series.flag & Flag.GAP) != 0)
    edges = [0, *broken[broken > 0].tolist(), len(series)]
    last_ns = _BASE_NS
    for lo, hi in pairwise(edges):
        if lo:
            yield _said(Kind.EVENT, last_ns, shift_ns, event="lost", says="a gap in the recording")
        for at_ns, ticks in _packets(series, lo, hi):
            if lo and ticks is None:
                yield _said(Kind.EVENT, at_ns, shift_ns, event="connected")
            if ticks is not None:
                yield _notification(at_ns, shift_ns, ticks, contact)
            last_ns = at_ns


def _packets(series: RRSeries, lo: int, hi: int) -> Iterator[tuple[int, tuple[int, ...] | None]]:
    """(stamp, ticks) of one gapless run, every second; first (stamp, None)."""
    begin_s = float(series.t_s[lo]) - float(series.rr_ms[lo]) / 1000
    total = np.rint(np.cumsum(series.rr_ms[lo:hi]) * TICKS_PER_S / 1000).astype(np.int64)
    ticks = np.maximum(np.diff(total, prepend=0), 1)
    second = np.ceil(begin_s + np.cumsum(ticks) / TICKS_PER_S).astype(np.int64)
    yield _BASE_NS + int(second[0]) * _SECOND_NS, None
    for at_s in range(int(second[0]), int(second[-1]) + 1):
        first, last = np.searchsorted(second, [at_s, at_s + 1])
        yield _BASE_NS + at_s * _SECOND_NS, tuple(ticks[first:last].tolist())


def _notification(at_ns: int, shift_ns: int, ticks: tuple[int, ...], contact: Contact) -> Record:
    rate = min(round(60 * TICKS_PER_S * len(ticks) / sum(ticks)), 0xFFFF) if ticks else 0
    packet = encode(Measurement(rate, ticks, contact))
    return Record(Kind.NOTIFICATION, at_ns, at_ns + shift_ns, packet, HEART_RATE_MEASUREMENT)


def _said(kind: Kind, at_ns: int, shift_ns: int, /, **fields: str) -> Record:
    return of_fields(kind, at_ns, at_ns + shift_ns, **fields)


def with_markers(
    records: Iterable[Record], phases: Iterable[tuple[str, str, float, float]]
) -> Iterator[Record]:
    """Weave markers into a synthetic strap's records.

    Parameters
    ----------
    records : iterable of Record
        From `synthetic_records`.
    phases : iterable of (name, kind, start_s, end_s)
        Seconds since the first beat.
    """
    waiting = sorted(
        (_BASE_NS + round(at_s * _SECOND_NS), name, kind, edge)
        for name, kind, start_s, end_s in phases
        for at_s, edge in ((start_s, "start"), (end_s, "end"))
    )
    shift_ns = 0
    for record in records:
        shift_ns = record.wall_ns - record.mono_ns
        while waiting and waiting[0][0] <= record.mono_ns:
            yield _marker(waiting.pop(0), shift_ns)
        yield record
    for item in waiting:
        yield _marker(item, shift_ns)


def _marker(item: tuple[int, str, str, str], shift_ns: int) -> Record:
    at_ns, phase, kind, edge = item
    fields = {"phase": phase, "kind": kind, "edge": edge, "origin": "simulation"}
    return of_fields(Kind.MARKER, at_ns, at_ns + shift_ns, **fields)
