"""Journals for tests: a simulated strap's packets as records, on a clock that tests turn."""

import strap_sim

from ingest.ble.measurement import HEART_RATE_MEASUREMENT, Measurement, encode
from ingest.journal.record import Kind, Record, of_fields

WALL_NS = 1_760_000_000_000_000_000
"""Wall clock minus monotonic clock of the rig, ns."""


class StillTime:
    """Clocks that stand still until told; sleeping moves them."""

    def __init__(self, now_ns=1_000_000_000):
        self.now_ns = now_ns

    def mono_ns(self):
        return self.now_ns

    def wall_ns(self):
        return self.now_ns + WALL_NS

    async def sleep(self, seconds):
        self.now_ns += round(seconds * 1e9)


def notification(arrival_ns, ticks, *, shift_ns=WALL_NS, **fields):
    packet = encode(Measurement(70, tuple(ticks), **fields))
    return Record(
        Kind.NOTIFICATION, arrival_ns, arrival_ns + shift_ns, packet, HEART_RATE_MEASUREMENT
    )


def event(arrival_ns, name, **fields):
    return of_fields(Kind.EVENT, arrival_ns, arrival_ns + WALL_NS, event=name, **fields)


def marker(arrival_ns, phase, edge, kind="stress"):
    return of_fields(
        Kind.MARKER, arrival_ns, arrival_ns + WALL_NS, phase=phase, kind=kind, edge=edge
    )


def recording(seconds=60, seed=1):
    """Notifications of a healthy strap, in order."""
    packets = strap_sim.stream(strap_sim.heart(seed, seconds), [0.02, 0.11, 0.05])
    return [notification(p.arrival_ns, p.ticks) for p in packets]
