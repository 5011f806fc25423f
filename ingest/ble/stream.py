"""Records of a session -> beats: the one path for a live strap, a replay and a journal file.

Pure: no clock is read, nothing is awaited.  Where the stream breaks (a new run, a lost or new
connection, a change of skin contact, a packet that does not decode) the beats after it form an
independent segment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ingest.ble.clock import Beat, BeatClock, Lookahead
from ingest.ble.measurement import (
    HEART_RATE_MEASUREMENT,
    Contact,
    Measurement,
    PacketError,
    decode,
)
from ingest.journal.record import Kind, Record

BREAKS = frozenset({"connected", "lost", "stalled", "disconnected"})
"""Events (by their field ``event``) that end a segment."""


@dataclass(slots=True)
class BeatStream:
    """Beats of one strap, fed record by record.

    Parameters
    ----------
    lookahead : Lookahead
        ``LIVE`` for displays, ``FULL`` for files; see `BeatClock`.

    Attributes
    ----------
    measurement : Measurement or None
        The latest packet that decoded.
    packets : int
        Heart rate notifications seen.
    malformed : list of PacketError
        Packets that did not decode (the first 100; `counts` has them all).
    counts : Counter
        How often each kind of break occurred.
    anchor : (int, int) or None
        Monotonic and wall stamp (ns) of the first notification: beats of later runs are
        given on the monotonic clock of the first.
    """

    lookahead: Lookahead = Lookahead.FULL
    measurement: Measurement | None = None
    packets: int = 0
    malformed: list[PacketError] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    anchor: tuple[int, int] | None = None
    _clock: BeatClock = field(init=False)
    _shift_ns: int | None = None
    _first_segment: int = 0
    _last: Beat | None = None
    _reason: str = ""
    _contact: Contact | None = None

    def __post_init__(self) -> None:
        self._clock = BeatClock(self.lookahead)

    def feed(self, record: Record) -> list[Beat]:
        """Take the next record; return the beats that became due, in order."""
        if record.kind is Kind.SESSION:
            return self._new_run()
        if record.kind is Kind.EVENT:
            event = str(record.fields.get("event", ""))
            return self._break(event) if event in BREAKS else []
        if record.kind is Kind.NOTIFICATION and record.channel == HEART_RATE_MEASUREMENT:
            return self._packet(record)
        return []

    def finish(self) -> list[Beat]:
        """Give out the beats still held."""
        return self._renumbered(self._clock.finish())

    def _packet(self, record: Record) -> list[Beat]:
        self.packets += 1
        if self._shift_ns is None:
            if self.anchor is None:
                self.anchor = (record.mono_ns, record.wall_ns)
            self._shift_ns = (record.wall_ns - record.mono_ns) - (self.anchor[1] - self.anchor[0])
        try:
            value = decode(record.payload)
        except PacketError as error:
            if len(self.malformed) < 100:
                self.malformed.append(error)
            return self._break("malformed packet")
        beats: list[Beat] = []
        if self._contact not in (None, value.contact):
            beats += self._break(f"contact {value.contact.value}")
        self._contact, self.measurement = value.contact, value
        return beats + self._renumbered(self._clock.push(record.mono_ns, value.rr_ticks))

    def _break(self, reason: str) -> list[Beat]:
        self.counts[reason] += 1
        return self._renumbered(self._clock.boundary(reason))

    def _new_run(self) -> list[Beat]:
        """Begin a run of the recorder: its monotonic clock may have another origin."""
        beats = self.finish()
        self._clock, self._contact, self._shift_ns = BeatClock(self.lookahead), None, None
        if self._last is not None:
            self.counts["recorder restarted"] += 1
            self._first_segment, self._reason = self._last.segment + 1, "recorder restarted"
        return beats

    def _renumbered(self, beats: list[Beat]) -> list[Beat]:
        """Carry segments and the clock on from the runs before."""
        if not beats or not self._first_segment:
            self._last = beats[-1] if beats else self._last
            return beats
        out, shift_ns = [], self._shift_ns or 0
        for beat in beats:
            beat = replace(
                beat,
                t_ns=beat.t_ns + shift_ns,
                arrival_ns=beat.arrival_ns + shift_ns,
                segment=beat.segment + self._first_segment,
            )
            if self._reason and self._last is not None:
                begin_ns = beat.t_ns - beat.rr_ticks * 1_953_125 // 2
                beat = replace(beat, boundary=self._reason, gap_ns=begin_ns - self._last.t_ns)
                self._reason = ""
            out.append(beat)
            self._last = beat
        return out
