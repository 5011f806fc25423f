"""A day of a simulated strap with packet loss, drops and jitter, through the journal."""

import random
from itertools import pairwise

import journal_rig as rig
import numpy as np
import pytest
import strap_sim

from hrv.types import Flag
from ingest.ble.clock import BeatClock
from ingest.formats import journal
from ingest.formats.base import ReadOptions, Source
from ingest.journal import JournalWriter

LOSS, DROPS_A_DAY = 0.01, 200


def day(hours, seed=5):
    """Packets that arrive, what precedes them ("", "loss" or "drop"), and ticks lost before."""
    rng = random.Random(seed)
    jitter = [min(abs(rng.gauss(0, 0.04)), 0.2) for _ in range(9973)]
    packets = strap_sim.stream(strap_sim.heart(seed, hours * 3600), jitter)
    drops = {rng.randrange(50, len(packets) - 50) for _ in range(round(DROPS_A_DAY * hours / 24))}
    out, why, lost, away = [], "", 0, 0
    for i, packet in enumerate(packets):
        if i in drops:
            away, why = rng.randint(2, 30), "drop"
        if away or rng.random() < LOSS:
            away, why, lost = max(away - 1, 0), why or "loss", lost + sum(packet.ticks)
            continue
        out.append((packet, why, lost))
        why, lost = "", 0
    return out


def written(path, packets):
    with JournalWriter(path, time=rig.StillTime(), sync_every_s=1e9) as writer:
        for packet, why, _ in packets:
            if why == "drop":
                writer.append(rig.event(packet.arrival_ns, "connected"))
            writer.append(rig.notification(packet.arrival_ns, packet.ticks))
    return path


@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.slow)])
def test_a_day_with_losses_keeps_every_interval_flags_gaps_and_knows_its_times(tmp_path, hours):
    packets = day(hours)
    path = written(tmp_path / "day.hrvj", packets)
    rr = journal.read(Source("day.hrvj", path), ReadOptions()).rr

    sent = [r for p, _, _ in packets for r in p.ticks]
    assert (rr.rr_ms * 1.024).tolist() == sent  # every one, once, in order

    first = np.cumsum([0, *(len(p.ticks) for p, _, _ in packets)])
    gaps = set(np.flatnonzero(rr.flag & Flag.GAP).tolist())
    marked = gaps | set(np.flatnonzero(rr.flag & Flag.SUSPECT).tolist())
    longest = max(sent) / 1024
    provable = 0
    for (packet, why, lost), at in zip(packets[1:], first[1:], strict=False):
        if why == "drop" and packet.ticks:
            assert at in gaps
        elif why == "loss" and lost / 1024 > longest + 0.35 + 0.6:
            provable += 1
            assert gaps & set(range(at - 3, at + 8))
        elif why == "loss" and lost:
            assert marked & set(range(at - 3, at + 8))
    assert provable > 0 or hours < 24

    truth = np.array([t for p, _, _ in packets for t, _ in p.beats])
    start_s = rr.start.timestamp() - rig.WALL_NS / 1e9
    error = np.abs(rr.t_s + start_s - truth)
    doubt = (rr.flag & (Flag.SUSPECT | Flag.UNSURE)) != 0
    assert error[~doubt].max() < 0.15
    assert doubt.mean() < 0.005
    # the others lie in runs of a few packets, which leave up to an interval of room
    assert (error < 0.15).mean() > 0.998
    assert error.max() < 1
    assert np.quantile(error, 0.95) < 0.08


def test_memory_does_not_grow_with_the_hours():
    clock, held = BeatClock(), []
    for packet, why, _ in day(4, seed=9):
        if why == "drop":
            clock.boundary("connected")
        clock.push(packet.arrival_ns, packet.ticks)
        held.append(len(clock._segment.waiting) + len(clock._recent))
    quarters = np.array_split(held, 4)
    assert max(held) < 3000
    assert max(quarters[3]) < 2 * max(quarters[0]) + 100
    assert all(a is not b for a, b in pairwise(quarters))
