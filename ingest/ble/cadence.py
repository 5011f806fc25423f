"""How regularly packets come, and which pause hints at a lost one (pure, incremental)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ingest.ble.segment import NS, TICK, Group

LATE_PERCENT = 160
"""Silence longer than this share of the usual pause hints at a lost packet."""
_EXPLAINED_NS = 200_000_000
"""A pause that one long beat fills up to this much is that beat, not a lost packet."""
_KNOWN, _KEPT, _IRREGULAR = 4, 15, 5


@dataclass(slots=True)
class Cadence:
    """Pauses between the last deliveries of one connection."""

    last_ns: int | None = None
    pauses_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))
    overdue_ns: int = 0
    missing_ns: int = 0

    def usual_ns(self) -> int | None:
        """Median pause a packet, ns; None from too few."""
        if len(self.pauses_ns) < _KNOWN:
            return None
        return sorted(self.pauses_ns)[len(self.pauses_ns) // 2]

    def hear(self, group: Group) -> None:
        """Note the pause before `group` and how far it exceeds what was usual so far."""
        last_ns, self.last_ns = self.last_ns, group.at_ns
        if last_ns is not None:
            group.pause_ns = group.at_ns - last_ns
            usual_ns = self.usual_ns()
            if usual_ns is not None:
                self.overdue_ns += group.pause_ns - usual_ns * group.packets
            self.pauses_ns.append(group.pause_ns // group.packets)
        if group.ticks:
            group.overdue_ns, self.overdue_ns = self.overdue_ns, 0

    def missing_before(self, group: Group) -> int:
        """By how much (ns) the pause before `group` was too long, 0 if it was not.

        The longest counts of that pause and those before groups without RR just ahead.  Asked in
        order and about 5 s after arrival, so that packets after it tell the cadence too.
        """
        usual_ns = self.usual_ns()
        late = usual_ns is not None and _late(group.pause_ns, usual_ns * group.packets)
        beat_fills = (
            len(group.ticks) <= group.packets
            and sum(group.ticks) * TICK // NS >= group.pause_ns - _EXPLAINED_NS
        )
        if usual_ns is not None and late and not beat_fills:
            self.missing_ns = max(self.missing_ns, group.pause_ns - usual_ns * group.packets)
        if not group.ticks:
            return 0
        missing_ns, self.missing_ns = self.missing_ns, 0
        return missing_ns

    def regular(self) -> bool:
        """Whether long pauses are rare, so that one is a packet not received."""
        usual_ns = self.usual_ns()
        return usual_ns is not None and (
            sum(_late(pause_ns, usual_ns) for pause_ns in self.pauses_ns) < _IRREGULAR
        )


def _late(pause_ns: int, usual_ns: int) -> bool:
    return 100 * pause_ns > LATE_PERCENT * usual_ns
