"""Beat clock: RR intervals are the truth, arrival times only place them (pure, incremental).

A strap emits packet i after its last reported beat and before the next one.  With ``S`` the sum
of all RR intervals so far, that beat lies at ``c + S`` and every prompt packet that arrives at
``a`` bounds the offset ``c`` of a loss-free run:

    a - S - r_next - LATENCY  <  c  <=  a - S

Older bounds are relaxed by ``DRIFT`` x age (clock error, rounding in the strap).  Bounds that no
longer intersect *prove* that intervals were lost.  A run between losses is a segment; beats of a
segment sit at ``S`` plus an offset curve of slope <= DRIFT below every upper bound: half-way
between the curves through the upper and the lower bounds, since the strap's phase is anywhere
between them, and on the upper curve where jitter makes them cross.

A packet that never came shows in the cadence too (`ingest.ble.cadence`).  Where the packets of the
next seconds do not show that no beat was lost with it, a segment begins there as well, so that a
loss that cannot be proved (one packet at 60 beats a minute) does not misplace what follows; its
first beat is `suspect`, and the gap is not claimed proved.

All arithmetic is on integers (half picoseconds), so results do not depend on the origin of the
clock and the online form equals the slow offline form exactly (``tests/beat_oracle.py``).
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from hrv.errors import InputError
from ingest.ble.cadence import Cadence
from ingest.ble.segment import (
    LATENCY_NS,
    NS,
    TICK,
    Bounds,
    Group,
    Segment,
    Waiting,
    feasible,
    surplus,
)

BURST_NS = 250_000_000
"""Packets closer than this are one delivery after a stall: only the last was prompt."""
BURST_MAX_NS = 10_000_000_000
"""A delivery never lasts longer, so that a fast talker cannot grow one without end."""
SETTLE_NS = 5_000_000_000
"""Older packets never move to another segment."""
SUSPECTED = "suspected loss"
"""`Beat.boundary` where a loss is likely but not proved."""
UNSURE_NS = 100_000_000
"""Half the room that packets leave for a beat, from which on its time is unsure."""


class Lookahead(enum.Enum):
    """When a beat is given out, and so which later packets may still refine its time."""

    LIVE = "live"  #: about 5 s after its arrival, as soon as its segment is settled
    FULL = "full"  #: when no possible later packet can move it any more (minutes), or at a boundary


@dataclass(frozen=True, slots=True)
class Beat:
    """One RR interval, placed.

    Parameters
    ----------
    rr_ticks : int
        Interval that this beat ends, 1/1024 s.
    t_ns : int
        Time of the beat on the monotonic clock that stamped the arrivals, ns.
    arrival_ns : int
        Arrival of its packet, ns.
    segment : int
        Number of the loss-free run, from 0; differences within one only.
    boundary : str
        Why this beat begins a segment: ``"loss"`` (proved by the bounds), `SUSPECTED` (likely,
        not proved; `suspect` is set) or the reason of the hard boundary; empty within a segment.
    gap_ns : int or None
        Time between the last segment's last beat and the start of this interval; None within a
        segment and in the first.
    suspect : bool
        The packets' cadence hints that beats were lost just before, without proof.
    unsure : bool
        Packets leave more than ±`UNSURE_NS` of room for the time (not for the interval): too few
        of them in its run, or all at one phase of the heart cycle, or pauses too many to tell
        which of them was a loss.
    """

    rr_ticks: int
    t_ns: int
    arrival_ns: int
    segment: int
    boundary: str = ""
    gap_ns: int | None = None
    suspect: bool = False
    unsure: bool = False


class BeatClock:
    """Turn (arrival, RR ticks) of one strap into placed beats, in constant memory.

    Every tick handed in comes out exactly once and in order.  Segments, losses and `suspect`
    are the same for both kinds of `lookahead` and settle about 5 s after arrival.

    Parameters
    ----------
    lookahead : Lookahead
        ``FULL`` for files: the best times.  ``LIVE`` for displays: every beat after about 5 s,
        its time refined by the packets of those 5 s only (the strap's phase may then be known
        to some tenths of a second only, so a step between two beats may differ from RR).
    """

    def __init__(self, lookahead: Lookahead = Lookahead.FULL) -> None:
        self._lookahead = lookahead
        self._open: Group | None = None
        self._recent: deque[Group] = deque()
        self._head = Bounds()
        self._segment = Segment(0, "start")
        self._cadence = Cadence()
        self._last_beat_ns: int | None = None

    def push(self, arrival_ns: int, rr_ticks: Sequence[int]) -> list[Beat]:
        """Take one packet, with or without RR intervals; return the beats that became due.

        Parameters
        ----------
        arrival_ns : int
            Arrival on a monotonic clock, ns; never before the last one.
        rr_ticks : sequence of int
            RR intervals, oldest first, 1/1024 s.

        Raises
        ------
        InputError
            If arrivals run backwards.
        """
        group = self._open
        if group is not None:
            if arrival_ns < group.at_ns:
                raise InputError(
                    f"packet arrival {arrival_ns} ns is before the last one ({group.at_ns} ns); "
                    "use one monotonic clock, or a new BeatClock after a restart"
                )
            if arrival_ns - group.at_ns < BURST_NS and arrival_ns - group.first_ns <= BURST_MAX_NS:
                group.at_ns = arrival_ns
                group.ticks += tuple(rr_ticks)
                group.packets += 1
                return []
        self._open = Group(arrival_ns, tuple(rr_ticks), arrival_ns)
        return [] if group is None else self._admit(group)

    def boundary(self, reason: str) -> list[Beat]:
        """End the segment here (reconnect, contact lost): what follows is an independent run.

        Parameters
        ----------
        reason : str
            Shown as `Beat.boundary` of the next beat.
        """
        beats = self.finish()
        number = self._segment.number
        if self._segment.settled:
            number += 1
        elif number:
            reason = self._segment.boundary or reason
        self._begin(number, reason if number else "start")
        self._cadence = Cadence()
        return beats

    def finish(self) -> list[Beat]:
        """Give out every beat still held; what follows needs a `boundary` first."""
        beats: list[Beat] = []
        if self._open is not None:
            group, self._open = self._open, None
            beats += self._admit(group)
        beats += self._close()
        return beats

    def _begin(self, number: int, boundary: str) -> None:
        self._segment = Segment(number, boundary)
        self._head = Bounds()

    def _admit(self, group: Group) -> list[Beat]:
        self._cadence.hear(group)
        self._recent.append(group)
        beats: list[Beat] = []
        if not self._head.admit(group):
            beats += self._split()
        horizon_ns = group.at_ns - SETTLE_NS
        while self._recent[0].at_ns < horizon_ns:
            beats += self._settle()
        if self._lookahead is Lookahead.FULL:
            for item, offset, width in self._segment.take_final(everything=False):
                beats += self._give_out(item, offset, width)
        return beats

    def _settle(self) -> list[Beat]:
        """Move the oldest unsettled group into its segment, or into a new one after a doubt."""
        group = self._recent[0]
        beats: list[Beat] = []
        missing_ns = self._cadence.missing_before(group)
        group.suspect = missing_ns > 0 and self._segment.heard_ns is not None
        if group.suspect and not self._segment.joins(self._recent):
            if self._cadence.regular() and missing_ns > 2 * LATENCY_NS:
                beats += self._soften()
            else:  # jitter can do this, or a strap that is silent now and then
                self._segment.doubtful = True
        group.unsure = self._segment.doubtful
        self._segment.settle(self._recent.popleft())
        if self._lookahead is Lookahead.LIVE:
            for item, offset, width in self._segment.take_live(self._recent):
                beats += self._give_out(item, offset, width)
        return beats

    def _soften(self) -> list[Beat]:
        """End the segment where a loss is likely: what follows is placed by its own packets."""
        beats = self._release()
        self._begin(self._segment.number + 1, SUSPECTED)
        for group in self._recent:
            self._head.admit(group)
        return beats

    def _release(self) -> list[Beat]:
        """Give out all that has settled."""
        beats: list[Beat] = []
        for item, offset, width in self._segment.take_final(everything=True):
            beats += self._give_out(item, offset, width)
        return beats

    def _close(self) -> list[Beat]:
        """Settle and give out all that is left of the current segment."""
        beats: list[Beat] = []
        while self._recent:
            beats += self._settle()
        return beats + self._release()

    def _split(self) -> list[Beat]:
        """Beats were lost: split the unsettled groups where a loss explains most."""
        groups = list(self._recent)
        cut = self._best_cut(groups)
        self._recent = deque(groups[:cut])
        beats = self._close()
        self._begin(self._segment.number + 1, "loss")
        self._recent = deque(groups[cut:])
        for group in self._recent:
            self._head.admit(group)
        return beats

    def _best_cut(self, groups: list[Group]) -> int:
        latest = groups[-1].at_ns
        best, best_score = len(groups) - 1, None
        heard_ns = self._segment.heard_ns
        for cut, group in enumerate(groups):
            if not group.ticks:
                continue
            first_of_segment = heard_ns is None
            score = 0 if heard_ns is None else surplus(group, heard_ns)
            heard_ns = group.at_ns
            if first_of_segment or latest - group.at_ns > SETTLE_NS:
                continue
            if (best_score is None or score > best_score) and feasible(groups[cut:]):
                best, best_score = cut, score
        return best

    def _give_out(self, item: Waiting, offset: int, width: int) -> list[Beat]:
        beats = []
        segment, suspect = self._segment, item.group.suspect
        fresh = segment.placed is None
        unsure = item.group.unsure or width > 2 * UNSURE_NS * NS
        for ticks, t_ns in segment.place(item, offset):
            gap_ns = None
            if fresh and self._last_beat_ns is not None:
                gap_ns = t_ns - ticks * TICK // NS - self._last_beat_ns
            boundary = segment.boundary if fresh else ""
            at_ns, number = item.group.at_ns, segment.number
            beats.append(Beat(ticks, t_ns, at_ns, number, boundary, gap_ns, suspect, unsure))
            fresh = suspect = False
            self._last_beat_ns = t_ns
        return beats
