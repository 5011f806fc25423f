"""A loss-free run of beats: what packets say about its offset, and where its beats then lie.

See `ingest.ble.clock` for the reasoning.  All arithmetic is on integers (half picoseconds).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

NS = 2000
"""Units (half picoseconds) per ns: 1/1024 s and DRIFT x 1 ns are then whole numbers."""
TICK = 1_953_125 * 1000
"""Units per 1/1024 s."""
DRIFT = 2
"""Units a ns that the offset may drift: 1e-3."""
LATENCY_NS = 350_000_000
"""Variation of the delay accepted for prompt packets."""
_FAR = 1 << 100


@dataclass(slots=True)
class Group:
    """Packets of one delivery."""

    at_ns: int
    ticks: tuple[int, ...]
    first_ns: int
    packets: int = 1
    suspect: bool = False
    unsure: bool = False
    pause_ns: int = 0
    """Since the group before it."""
    overdue_ns: int = 0
    """Pause before it, and before groups without RR just ahead, beyond what is usual."""


@dataclass(slots=True)
class Bounds:
    """Interval of the offset that a run of groups allows, in units."""

    low: int = -_FAR
    high: int = _FAR
    sum_ticks: int = 0
    ceiling: int = _FAR
    """Upper bound set by the latest packet alone."""
    at_ns: int | None = None

    def floor(self, group: Group) -> int:
        """Lower bound `group` adds, before LATENCY: its first beat followed the last packet."""
        if not group.ticks or self.ceiling == _FAR:
            return -_FAR
        return self.ceiling - group.ticks[0] * TICK

    def admit(self, group: Group) -> bool:
        """Take `group` in; False if the bounds no longer intersect."""
        if self.at_ns is not None:
            slack = (group.at_ns - self.at_ns) * DRIFT
            self.low -= slack
            self.high += slack
        self.at_ns = group.at_ns
        self.low = max(self.low, self.floor(group) - LATENCY_NS * NS)
        self.sum_ticks += sum(group.ticks)
        if self.sum_ticks:
            self.ceiling = group.at_ns * NS - self.sum_ticks * TICK
            if group.ticks:
                self.high = min(self.high, self.ceiling)
        return self.low <= self.high


def _between(upper: int, lower: int) -> tuple[int, int]:
    """Offset half-way between the curves, and the room between them."""
    if lower <= -_FAR // 2:
        return upper, _FAR
    return (upper, 0) if lower >= upper else ((upper + lower) // 2, upper - lower)


@dataclass(slots=True)
class Waiting:
    """A settled group whose offset later packets may refine."""

    number: int
    group: Group
    sum_ticks: int
    upper: int
    lower: int


@dataclass(slots=True)
class Segment:
    """One loss-free run: settled groups, their bounds and the beats already given out."""

    number: int
    boundary: str
    bounds: Bounds = field(default_factory=Bounds)
    waiting: deque[Waiting] = field(default_factory=deque)
    least_upper: deque[tuple[int, int]] = field(default_factory=deque)
    most_lower: deque[tuple[int, int]] = field(default_factory=deque)
    upper: int = _FAR
    lower: int = -_FAR
    settled: int = 0
    heard_ns: int | None = None
    """Arrival of the last settled group with RR intervals."""
    doubtful: bool = False
    """Whether beats may have been lost within it, from here on."""
    placed: tuple[int, int] | None = None
    """Arrival (ns) and offset of the group given out last."""

    def settle(self, group: Group) -> None:
        """Take in a group that stays in this segment; O(1) amortised (monotone queues)."""
        last_ns, floor = self.bounds.at_ns, self.bounds.floor(group)
        self.bounds.admit(group)
        slack = 0 if last_ns is None else (group.at_ns - last_ns) * DRIFT
        self.upper, self.lower = self.upper + slack, max(self.lower - slack, floor)
        if not group.ticks:
            return
        self.upper = min(self.upper, self.bounds.ceiling)
        self.heard_ns = group.at_ns
        self.settled += 1
        drift = group.at_ns * DRIFT
        while self.least_upper and self.least_upper[-1][1] >= self.upper + drift:
            self.least_upper.pop()
        self.least_upper.append((self.settled, self.upper + drift))
        while self.most_lower and self.most_lower[-1][1] <= self.lower - drift:
            self.most_lower.pop()
        self.most_lower.append((self.settled, self.lower - drift))
        self.waiting.append(
            Waiting(self.settled, group, self.bounds.sum_ticks, self.upper, self.lower)
        )

    def _curves(self, item: Waiting) -> tuple[int, int]:
        """Upper and lower curve at `item` from everything settled so far."""
        drift = item.group.at_ns * DRIFT
        return self.least_upper[0][1] - drift, self.most_lower[0][1] + drift

    def _final(self, item: Waiting) -> bool:
        """Whether no later packet of this segment can move `item`.

        A later upper bound is at least `low`, a later lower bound at most `high` + LATENCY,
        else the bounds would not intersect and the segment would end.
        """
        assert self.bounds.at_ns is not None
        drift = (self.bounds.at_ns - item.group.at_ns) * DRIFT
        upper, lower = self._curves(item)
        if upper > self.bounds.low + drift:
            return False
        return lower >= upper or lower >= self.bounds.high + LATENCY_NS * NS - drift

    def take_final(self, *, everything: bool) -> Iterator[tuple[Waiting, int, int]]:
        """Give out waiting groups, oldest first, with their offset."""
        while self.waiting and (everything or self._final(self.waiting[0])):
            item = self.waiting[0]
            yield item, *_between(*self._curves(item))
            self._drop_first()

    def joins(self, later: Sequence[Group]) -> bool:
        """Whether `later` show that the first of them follows without a lost beat.

        A loss raises the offset by an interval, about that of the first beat after it: then no
        upper bound comes down to the lower bound so far plus half of that.
        """
        assert self.bounds.at_ns is not None
        mark = self.bounds.low + LATENCY_NS * NS + later[0].ticks[0] * TICK // 2
        ahead = Bounds(sum_ticks=self.bounds.sum_ticks)
        for group in later:
            ahead.admit(group)
            if group.ticks and ahead.ceiling < mark - (group.at_ns - self.bounds.at_ns) * DRIFT:
                return True
        return False

    def take_live(self, later: Sequence[Group]) -> Iterator[tuple[Waiting, int, int]]:
        """Give out every waiting group; `later` are the unsettled groups of this segment."""
        while self.waiting:
            item = self.waiting[0]
            upper, lower = self._curves(item)
            ahead = Bounds(sum_ticks=self.bounds.sum_ticks, ceiling=self.bounds.ceiling)
            for group in later:
                slack = (group.at_ns - item.group.at_ns) * DRIFT
                lower = max(lower, ahead.floor(group) - slack)
                ahead.admit(group)
                if group.ticks:
                    upper = min(upper, ahead.ceiling + slack)
            yield self._drop_first(), *_between(upper, lower)

    def _drop_first(self) -> Waiting:
        item = self.waiting.popleft()
        for queue in (self.least_upper, self.most_lower):
            if queue[0][0] == item.number:
                queue.popleft()
        return item

    def place(self, item: Waiting, offset: int) -> Iterator[tuple[int, int]]:
        """Yield (ticks, t_ns) of a group's beats; the offset moves evenly since the last group."""
        end_ns = item.group.at_ns
        begin_ns, begin_offset = self.placed or (end_ns, offset)
        total = item.sum_ticks - sum(item.group.ticks)
        for ticks in item.group.ticks:
            total += ticks
            nominal = end_ns * NS - (item.sum_ticks - total) * TICK
            share, span = max(nominal - begin_ns * NS, 0), (end_ns - begin_ns) * NS
            shift = begin_offset + (offset - begin_offset) * share // span if span else offset
            yield ticks, (shift + total * TICK) // NS
        self.placed = (end_ns, offset)


def surplus(group: Group, heard_ns: int) -> int:
    """How much a loss just before `group` would explain, units.

    Silence that its own RR intervals do not fill, plus what exceeds the usual cadence.
    """
    return (group.at_ns - heard_ns + group.overdue_ns) * NS - sum(group.ticks) * TICK


def feasible(groups: Sequence[Group]) -> bool:
    """Whether `groups` can be one loss-free run."""
    bounds = Bounds()
    return all(bounds.admit(group) for group in groups)
