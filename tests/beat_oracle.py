"""Offline O(n²) twin of `ingest.ble.clock`: the definition, read straight off, in exact fractions.

Knows nothing of queues: every bound, cut and curve is computed anew from the whole past.
"""

import itertools
from dataclasses import dataclass
from fractions import Fraction as F

LATENCY, DRIFT, BURST, BURST_MAX, SETTLE = F(35, 100), F(1, 1000), F(1, 4), 10, 5


@dataclass
class Group:
    at: F
    ticks: list
    first: F
    packets: int = 1
    overdue: F = F(0)
    offset: F | None = None  # of the live form, fixed when the group settles


def seconds(ticks):
    return F(sum(ticks), 1024)


def merge(packets):
    """[(arrival_ns, ticks)] -> groups."""
    out = []
    for arrival_ns, ticks in packets:
        at = F(arrival_ns, 10**9)
        if out and at - out[-1].at < BURST and at - out[-1].first <= BURST_MAX:
            out[-1].at, out[-1].packets = at, out[-1].packets + 1
            out[-1].ticks = out[-1].ticks + list(ticks)
        else:
            out.append(Group(at, list(ticks), at))
    return out


def watch_cadence(groups):
    """Fill `overdue`: pauses beyond the median of the last 15, carried to the next RR."""
    pauses, carried, ns = [], F(0), F(1, 10**9)
    for before, g in itertools.pairwise(groups):
        pause = g.at - before.at
        if len(pauses) >= 5:
            recent = sorted(pauses[-15:])
            carried += pause - recent[len(recent) // 2] * g.packets
        pauses.append(pause / g.packets // ns * ns)
        if g.ticks:
            g.overdue, carried = carried, F(0)
    return groups


def bounds(groups):
    """All (time, upper) and (time, lower without latency) that a run sets on its offset."""
    uppers, lowers, total, ceiling = [], [], F(0), None
    for g in groups:
        if g.ticks and ceiling is not None:
            lowers.append((g.at, ceiling - F(g.ticks[0], 1024)))
        total += seconds(g.ticks)
        if total:
            ceiling = g.at - total
            if g.ticks:
                uppers.append((g.at, ceiling))
    return uppers, lowers


def feasible(groups):
    """Whether every prefix's bounds, relaxed with age, intersect."""
    for n in range(1, len(groups) + 1):
        uppers, lowers = bounds(groups[:n])
        now = groups[n - 1].at
        if uppers and lowers:
            high = min(u + DRIFT * (now - t) for t, u in uppers)
            low = max(lo - LATENCY - DRIFT * (now - t) for t, lo in lowers)
            if low > high:
                return False
    return True


def best_cut(groups):
    now, best, at = groups[-1].at, None, len(groups) - 1
    for k in range(1, len(groups)):
        heard = [g.at for g in groups[:k] if g.ticks]
        if not groups[k].ticks or not heard or now - groups[k].at > SETTLE:
            continue
        score = groups[k].at - heard[-1] - seconds(groups[k].ticks) + groups[k].overdue
        if (best is None or score > best) and feasible(groups[k:]):
            best, at = score, k
    return at


def offset(at, groups):
    """Offset curve at time `at` from all bounds of `groups`."""
    uppers, lowers = bounds(groups)
    upper = min(u + DRIFT * abs(at - t) for t, u in uppers)
    if not lowers:
        return upper
    lower = max(lo - DRIFT * abs(at - t) for t, lo in lowers)
    return upper if lower >= upper else (upper + lower) / 2


def place(groups):
    """Beat times (s) of a run whose groups all know their offset."""
    total, before, out = F(0), None, []
    for g in groups:
        if not g.ticks:
            continue
        end = total + seconds(g.ticks)
        for r in g.ticks:
            total += F(r, 1024)
            at = g.at - (end - total)
            shift = g.offset
            if before is not None:
                share = max(at - before.at, F(0)) / (g.at - before.at)
                shift = before.offset + (g.offset - before.offset) * share
            out.append(shift + total)
        before = g
    return out


def runs(packets, *, live):
    """Segments [(ticks, times s)] of packets between two hard boundaries."""
    done, cur = [], []

    def settle(now):
        for g in cur:
            if g.offset is None and g.ticks and (now is None or now - g.at > SETTLE):
                g.offset = offset(g.at, cur) if live else F(0)

    def close(groups):
        if any(g.ticks for g in groups):
            for g in groups:
                if not live or g.offset is None:
                    g.offset = offset(g.at, groups)
            done.append(([r for g in groups for r in g.ticks], place(groups)))

    for g in watch_cadence(merge(packets)):
        cur.append(g)
        if not feasible(cur):
            k = best_cut(cur)
            close(cur[:k])
            cur = cur[k:]
        settle(g.at)
    close(cur)
    return done
