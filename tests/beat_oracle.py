"""Offline O(n²) twin of `ingest.ble.clock`: the definition, read straight off, in exact fractions.

Knows nothing of queues: every bound, cut and curve is computed anew from the whole past.
"""

import itertools
from dataclasses import dataclass
from fractions import Fraction as F

LATENCY, DRIFT, BURST, BURST_MAX, SETTLE = F(35, 100), F(1, 1000), F(1, 4), 10, 5
LATE, EXPLAINED, ROOM, NS = F(16, 10), F(2, 10), F(2, 10), F(1, 10**9)


@dataclass
class Group:
    at: F
    ticks: list
    first: F
    packets: int = 1
    overdue: F = F(0)
    pause: F = F(0)  # since the group before
    pauses: tuple = ()  # per packet, up to its arrival
    late: F = F(0)  # by how much
    suspect: bool = False
    settled: bool = False
    doubtful: bool = False  # a loss is likely, but pauses are too many to say which
    offset: F | None = None  # of the live form, fixed when the group settles
    unsure: bool = False


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


def usual(pauses):
    """Median of the last 15 pauses; None from fewer than four."""
    recent = sorted(pauses[-15:])
    return recent[len(recent) // 2] if len(recent) >= 4 else None


def watch_cadence(groups):
    """Fill in the pauses, and `overdue`: what exceeds the usual ones, carried to the next RR."""
    pauses, carried = (), F(0)
    for before, g in itertools.pairwise(groups):
        g.pause = g.at - before.at
        if usual(pauses) is not None:
            carried += g.pause - usual(pauses) * g.packets
        g.pauses = pauses = (*pauses, g.pause / g.packets // NS * NS)
        if g.ticks:
            g.overdue, carried = carried, F(0)
    return groups


def judge(g, before, now):
    """Set `late` and `suspect` of a group as it settles, from all pauses up to `now`."""
    common = usual(now.pauses)
    if common is not None and any(b.ticks for b in before):
        one_beat = len(g.ticks) <= g.packets and seconds(g.ticks) >= g.pause - EXPLAINED
        if g.pause > LATE * common * g.packets and not one_beat:
            g.late = g.pause - common * g.packets
        silent = itertools.takewhile(lambda b: not b.ticks, reversed(before))
        g.late = max(g.late, *(b.late for b in silent), F(0))
        g.suspect = bool(g.ticks) and g.late > 0


def regular(now):
    return sum(p > LATE * usual(now.pauses) for p in now.pauses[-15:]) < 5


def joins(before, after):
    """Whether an upper bound after a doubt is too low for a lost interval like the next."""
    _, lowers = bounds(before)
    if not lowers:
        return False
    last, half = before[-1].at, F(after[0].ticks[0], 2048)
    low = max(lo - DRIFT * (last - t) for t, lo in lowers)
    later = bounds([*before, *after])[0][-sum(bool(g.ticks) for g in after) :]
    return any(u < low + half - DRIFT * (t - last) for t, u in later)


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
    """Offset curve at time `at` from all bounds of `groups`, and whether it is unsure."""
    uppers, lowers = bounds(groups)
    upper = min(u + DRIFT * abs(at - t) for t, u in uppers)
    if not lowers:
        return upper, True
    lower = max(lo - DRIFT * abs(at - t) for t, lo in lowers)
    return (upper, False) if lower >= upper else ((upper + lower) / 2, upper - lower > ROOM)


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


@dataclass
class Run:
    """A segment as it came out."""

    ticks: list
    times: list  # s
    suspect: list
    unsure: list
    doubt: bool  # begins where a loss is likely, not proved


def runs(packets, *, live):
    """Segments of packets between two hard boundaries."""
    done, cur, doubt = [], [], False

    def finish(groups):
        if any(g.ticks for g in groups):
            for g in groups:
                if not live:
                    g.offset, g.unsure = offset(g.at, groups)
            suspect = [i == 0 and g.suspect for g in groups for i in range(len(g.ticks))]
            doubtful = itertools.accumulate((g.doubtful for g in groups), max)
            unsure = [g.unsure or d for g, d in zip(groups, doubtful, strict=True) for _ in g.ticks]
            ticks = [r for g in groups for r in g.ticks]
            done.append(Run(ticks, place(groups), suspect, unsure, doubt))

    def settle(groups, now, until):
        """Settle what arrived before `until`; return the segment still open."""
        nonlocal doubt
        for g in list(groups):
            if g.settled or g.at >= until:
                continue
            k = next(i for i, x in enumerate(groups) if x is g)
            judge(g, groups[:k], now)
            if g.suspect and not joins(groups[:k], groups[k:]):
                if regular(now) and g.late > 2 * LATENCY:
                    finish(groups[:k])
                    groups, doubt = groups[k:], True
                else:
                    g.doubtful = True
            g.settled = True
            if live and g.ticks:
                g.offset, g.unsure = offset(g.at, groups)
        return groups

    for g in watch_cadence(merge(packets)):
        cur.append(g)
        if not feasible(cur):
            k = best_cut(cur)
            finish(settle(cur[:k], g, g.at + 1))
            cur, doubt = cur[k:], False
        cur = settle(cur, g, g.at - SETTLE)
    if cur:
        finish(settle(cur, cur[-1], cur[-1].at + 1))
    return done
