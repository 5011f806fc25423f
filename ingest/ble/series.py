"""Beats -> RRSeries: ticks to ms, one time axis, and a flag wherever beats were lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hrv.errors import FormatError
from hrv.types import CONTIGUITY_S, RR_MAX_MS, Flag, Provenance, RRSeries
from ingest.ble.clock import Beat

_SLEW_S = 0.95 * CONTIGUITY_S
"""Within a segment a beat follows its interval to within this, else a series would see a gap."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval as an `RRSeries` holds it."""

    rr_ms: float
    t_s: float
    flag: Flag


@dataclass(slots=True)
class SeriesBuilder:
    """Lay beats on one time axis whose zero is the first beat.

    A segment's first interval may begin no earlier than the last beat before it; within a
    segment times follow the beat clock by steps of at most 1.9 ms a beat.

    Attributes
    ----------
    intervals : list of Interval
        Everything laid so far.
    origin_ns : int or None
        Monotonic time of the first beat, ns.
    overlong : int
        Intervals longer than 10 s, which are no heartbeat: left out, the next one flagged.
    """

    intervals: list[Interval] = field(default_factory=list)
    origin_ns: int | None = None
    overlong: int = 0
    _broken: bool = False

    def add(self, beat: Beat) -> Interval | None:
        """Lay one beat; None where its interval is too long to be one."""
        rr_ms = beat.rr_ticks * 1000 / 1024
        if rr_ms > RR_MAX_MS:
            self.overlong, self._broken = self.overlong + 1, True
            return None
        if self.origin_ns is None:
            self.origin_ns = beat.t_ns - beat.rr_ticks * 1_953_125 // 2
        t_s = (beat.t_ns - self.origin_ns) / 1e9
        flag = Flag.SUSPECT if beat.suspect else Flag.NORMAL
        if beat.unsure:
            flag |= Flag.UNSURE
        if self.intervals:
            follows_s = self.intervals[-1].t_s + rr_ms / 1000
            if beat.boundary or self._broken:
                t_s, flag = max(t_s, follows_s), flag | Flag.GAP
            else:
                t_s = min(max(t_s, follows_s - _SLEW_S), follows_s + _SLEW_S)
        self._broken = False
        interval = Interval(rr_ms, t_s, flag)
        self.intervals.append(interval)
        return interval

    def forget(self, before_s: float) -> None:
        """Let go of intervals that end before `before_s`, so that a live view does not grow."""
        keep = next((i for i, x in enumerate(self.intervals) if x.t_s >= before_s), None)
        if keep is None:  # the last one places the next
            keep = max(len(self.intervals) - 1, 0)
        del self.intervals[:keep]

    def series(self, start: datetime | None, provenance: Provenance) -> RRSeries:
        """Return everything laid so far.

        Raises
        ------
        FormatError
            If there is no interval yet.
        """
        if not self.intervals:
            raise FormatError("no RR interval was received", source=provenance.source)
        return RRSeries.from_ms(
            [i.rr_ms for i in self.intervals],
            start=start,
            t_s=[i.t_s for i in self.intervals],
            flag=[int(i.flag) for i in self.intervals],
            provenance=provenance,
        )
