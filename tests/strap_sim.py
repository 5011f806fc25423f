"""A simulated strap for tests: beats with known times, packed into notifications once a second."""

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Packet:
    """One notification: when it was emitted and arrived (s), and the beats it carries."""

    emitted: float
    arrival: float
    beats: tuple  # of (time s, rr ticks)

    @property
    def ticks(self):
        return tuple(r for _, r in self.beats)

    @property
    def arrival_ns(self):
        return round(self.arrival * 1e9)


def stream(rr_ticks, jitter, *, cadence=1.0, start=100.0):
    """Packets every `cadence` s with the beats since the last one; jitter cycles, order is kept."""
    t, beats = start, []
    for r in rr_ticks:
        t += r / 1024
        beats.append((t, r))
    packets, k, last, n = [], 0, 0.0, 0
    while k < len(beats):
        n += 1
        emitted = start + n * cadence
        first = k
        while k < len(beats) and beats[k][0] <= emitted:
            k += 1
        last = max(last, emitted + jitter[n % len(jitter)])
        packets.append(Packet(emitted, last, tuple(beats[first:k])))
    return packets


def per_beat(rr_ticks, jitter, *, start=100.0):
    """Packets of a strap that sends every beat as it comes."""
    packets, t, last = [], start, 0.0
    for n, r in enumerate(rr_ticks):
        t += r / 1024
        last = max(last, t + jitter[n % len(jitter)])
        packets.append(Packet(t, last, ((t, r),)))
    return packets


def heart(seed, seconds, *, mean_ms=850.0):
    """RR ticks of a plausible heart: respiration, a slow wave and noise."""
    rng, t, out = random.Random(seed), 0.0, []
    while t < seconds:
        rr = (
            mean_ms
            + 40 * math.sin(2 * math.pi * 0.25 * t)
            + 50 * math.sin(2 * math.pi * 0.007 * t)
            + rng.gauss(0, 15)
        )
        ticks = round(rr * 1.024)
        out.append(ticks)
        t += ticks / 1024
    return out
