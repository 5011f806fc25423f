"""What a live display shows of one strap, worked out of its records; pure, constant memory."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hrv.clean import clean, lipponen_tarvainen
from hrv.metrics import select
from hrv.metrics.base import MetricSettings
from hrv.metrics.engine import evaluate
from hrv.metrics.words import reasons
from hrv.types import NNSeries, Provenance
from hrv.windows import spans
from ingest.ble.check import Signal, SignalCheck
from ingest.ble.clock import Beat
from ingest.ble.measurement import (
    BATTERY_LEVEL,
    HEART_RATE_MEASUREMENT,
    TICKS_PER_S,
    Contact,
    Measurement,
    PacketError,
    decode,
    decode_battery,
)
from ingest.ble.series import SeriesBuilder
from ingest.journal.record import Kind, Record

WINDOW_S = 60.0
_CONTEXT = 3 * (lipponen_tarvainen.CLEANER.reach or 0) + 8
"""Intervals kept before the window: what the verdict on its own can depend on."""
_RECENT = 60
"""Intervals kept for the picture of the last beats."""
_STATES = {
    "connecting": "connecting", "connected": "connected", "subscribed": "connected",
    "lost": "lost", "stalled": "lost", "disconnected": "ended",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vitals:
    """One strap at one moment.

    Parameters
    ----------
    state : str
        ``"waiting"``, ``"connecting"``, ``"connected"``, ``"lost"`` or ``"ended"``.
    device : str
        How the strap introduced itself, "" before.
    elapsed_s : float
        Time since the first packet, s; 0 before it.
    hr_bpm : float
        The strap's own heart rate; of its last five intervals where it tells none; NaN without.
    rmssd_ms : float
        RMSSD of the minute that ends with the newest settled beat, cleaned as in analysis
        (the newest beats' verdict may still change); NaN with `why_no_rmssd`.
    artefact_share : float
        Share of that minute's intervals that cleaning leaves out, 0 to 1; NaN without any.
    beats, packets : int
        Intervals received, and notifications.
    contact : Contact
        As last told.
    battery_percent : int or None
        As last read.
    gaps : int
        Runs that began after a loss, a drop or a break; `lost_s` is their length in all.
    suspects : int
        Intervals before which beats may be missing without proof.
    malformed : int
        Packets that did not decode.
    recent_rr_ms : tuple of float
        The last intervals, oldest first.
    why_no_rmssd : str
        Reason, "" if there is a value.
    """

    state: str
    device: str
    elapsed_s: float
    hr_bpm: float
    rmssd_ms: float
    artefact_share: float
    beats: int
    packets: int
    contact: Contact
    battery_percent: int | None
    gaps: int
    lost_s: float
    suspects: int
    malformed: int
    recent_rr_ms: tuple[float, ...]
    why_no_rmssd: str = ""


@dataclass(slots=True)
class VitalsWatch:
    """Follows one strap's records and settled beats."""

    check: SignalCheck = field(default_factory=SignalCheck)
    _builder: SeriesBuilder = field(default_factory=SeriesBuilder)
    _measurement: Measurement | None = None
    _first_ns: int | None = None
    _last_ns: int = 0
    _past_ns: int = 0  # what earlier runs of a replayed journal took, by clocks of their own
    _state: str = "waiting"
    _device: str = ""
    _battery: int | None = None
    _ticks: list[int] = field(default_factory=list)
    _beats: int = 0
    _packets: int = 0
    _malformed: int = 0
    _gaps: int = 0
    _lost_ns: int = 0
    _suspects: int = 0
    _minute: tuple[float, float, str] = (math.nan, math.nan, "no beat yet")
    _stale: bool = False
    _since: int = 0

    @property
    def heard(self) -> bool:
        """True once a heart rate packet came."""
        return self._packets > 0

    def feed(self, record: Record, beats: Sequence[Beat]) -> None:
        """Take a record and the beats that it settled."""
        self.check.feed(record)
        if record.kind is Kind.SESSION and self._first_ns is not None:
            self._past_ns += self._last_ns - self._first_ns
            self._first_ns = None
        elif record.kind is Kind.EVENT:
            self._state = _STATES.get(str(record.fields.get("event", "")), self._state)
        elif record.kind is Kind.DEVICE:
            self._device = _introduction(record)
        elif record.kind is Kind.READING and record.channel == BATTERY_LEVEL:
            self._read_battery(record.payload)
        elif record.kind is Kind.NOTIFICATION and record.channel == HEART_RATE_MEASUREMENT:
            self._packet(record)
        for beat in beats:
            self._beat(beat)

    def elapsed_s(self, now_ns: int) -> float:
        """Time since the first packet, s."""
        running_ns = 0 if self._first_ns is None else max(now_ns - self._first_ns, 0)
        return (self._past_ns + running_ns) / 1e9

    def signal(self, now_ns: int) -> Signal:
        """Go or no-go at `now_ns` on the records' monotonic clock."""
        return self.check.verdict(now_ns)

    def at(self, now_ns: int) -> Vitals:
        """Everything at `now_ns` on the records' monotonic clock."""
        if self._stale:
            self._minute, self._stale = last_minute(self._builder), False
        rmssd, share, why = self._minute
        return Vitals(
            state=self._state, device=self._device, elapsed_s=self.elapsed_s(now_ns),
            hr_bpm=self._heart_rate(), rmssd_ms=rmssd, artefact_share=share, beats=self._beats,
            packets=self._packets, battery_percent=self._battery, gaps=self._gaps,
            contact=self._measurement.contact if self._measurement else Contact.UNSUPPORTED,
            lost_s=self._lost_ns / 1e9, suspects=self._suspects, malformed=self._malformed,
            recent_rr_ms=tuple(t * 1000 / TICKS_PER_S for t in self._ticks), why_no_rmssd=why,
        )  # fmt: skip

    def _packet(self, record: Record) -> None:
        self._packets += 1
        self._state = "connected"
        self._first_ns = record.mono_ns if self._first_ns is None else self._first_ns
        self._last_ns = record.mono_ns
        try:
            self._measurement = decode(record.payload)
        except PacketError:
            self._malformed += 1
            return
        self._beats += len(self._measurement.rr_ticks)
        self._ticks = [*self._ticks, *self._measurement.rr_ticks][-_RECENT:]

    def _read_battery(self, packet: bytes) -> None:
        try:
            self._battery = decode_battery(packet)
        except PacketError:
            self._battery = None

    def _beat(self, beat: Beat) -> None:
        if beat.gap_ns is not None and not beat.suspect:
            self._gaps += 1
            self._lost_ns += max(beat.gap_ns, 0)
        self._suspects += beat.suspect
        interval = self._builder.add(beat)
        if interval is not None:
            self._stale = True
            self._since += 1
            if self._since > _CONTEXT:  # now and then: looking for the window's begin takes time
                self._forget(interval.t_s - WINDOW_S)

    def _forget(self, window_s: float) -> None:
        times = [interval.t_s for interval in self._builder.intervals]
        first = max(bisect_left(times, window_s) - _CONTEXT, 0)
        self._builder.forget(times[first])
        self._since = 0

    def _heart_rate(self) -> float:
        if self._measurement is None:
            return math.nan
        if self._measurement.hr_bpm:
            return float(self._measurement.hr_bpm)
        last = self._ticks[-5:]
        return 60 * TICKS_PER_S * len(last) / sum(last) if last else math.nan


def last_minute(builder: SeriesBuilder) -> tuple[float, float, str]:
    """RMSSD (ms) and share of removed intervals of the last minute laid, and why no RMSSD.

    The numbers of `hrv.windows` over ``hrv.clean`` for that very minute, given the beats so far.
    """
    nn = clean(builder.series(None, Provenance(source="live")))
    stop_s = float(nn.rr.t_s[-1])
    begin_s = float(nn.rr.begin_s[0])
    in_window = nn.rr.t_s > stop_s - WINDOW_S
    removed = int(in_window.sum()) - int(np.sum(nn.t_s > stop_s - WINDOW_S))
    share = removed / int(in_window.sum())
    if stop_s - begin_s < WINDOW_S:
        return math.nan, share, f"in {WINDOW_S - (stop_s - begin_s):.0f} s"
    rmssd, why = _rmssd(nn, stop_s)
    return rmssd, share, why


def _rmssd(nn: NNSeries, stop_s: float) -> tuple[float, str]:
    stop_s += 1e-3  # windows are half open: the newest beat lies within
    where = spans(nn, np.array([stop_s - WINDOW_S]), np.array([stop_s]))
    result = evaluate(nn, where, select("rmssd"), MetricSettings())
    return float(result.column("rmssd")[0]), str(reasons(result)[0])


def _introduction(record: Record) -> str:
    fields = record.fields
    name = str(fields.get("name", "")) or str(fields.get("model", ""))
    return name or str(fields.get("address", ""))
