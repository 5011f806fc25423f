"""What a strap makes of true heartbeats: ectopics, missed and extra beats, bursts and gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.errors import InputError
from hrv.types import Bool, Flag, FlagArray, Float, Int

ECTOPIC_SHARE = 0.7
"""A premature beat comes after .7 of the interval; its pause makes up for it (1.3)."""
SAFE_BEATS = 3
"""First beats that stay clean, so that a recording begins with a normal interval."""


@dataclass(frozen=True)
class Artefacts:
    """How often a recording is spoiled.

    Parameters
    ----------
    ectopic, missed, extra : float
        Probability per beat.
    bursts_per_h, burst_s, burst_factor : float
        Motion: episodes an hour, their length (s) and the factor on `missed` and `extra`.
    gaps_per_h : float
        Losses of contact an hour.
    gap_s : tuple of float
        Shortest and longest such loss, s.
    drops : tuple of (float, float)
        Begin and end (s) of further losses, such as a strap that came off.
    """

    ectopic: float = 0.002
    missed: float = 0.002
    extra: float = 0.001
    bursts_per_h: float = 1.0
    burst_s: float = 15.0
    burst_factor: float = 20.0
    gaps_per_h: float = 2.0
    gap_s: tuple[float, float] = (3.0, 15.0)
    drops: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        factor = max(self.burst_factor, 1.0) if self.bursts_per_h else 1.0
        worst = self.ectopic + (self.missed + self.extra) * factor
        lowest = min(self.ectopic, self.missed, self.extra, self.bursts_per_h, self.gaps_per_h)
        if lowest < 0.0 or worst > 1.0:
            raise InputError(
                "artefact rates must not be negative, nor exceed 1 together in a burst"
            )
        if not all(begin < end for begin, end in (self.gap_s, *self.drops)):
            raise InputError("gap_s and drops need a begin before their end, s")


NONE = Artefacts(ectopic=0.0, missed=0.0, extra=0.0, bursts_per_h=0.0, gaps_per_h=0.0)
"""A perfect strap."""


@dataclass(frozen=True, eq=False)
class Detections:
    """Intervals as a strap saw them.

    Parameters
    ----------
    begin_s, end_s : float64[n]
        The two detections that bound each interval, s.
    flag : uint16[n]
        What is wrong with it (`Flag.ECTOPIC`, `MISSED`, `EXTRA`, combined where they meet).
    heart_s : float64[k]
        Every true heartbeat, ectopics where they really fell, s.
    """

    begin_s: Float
    end_s: Float
    flag: FlagArray
    heart_s: Float


def detect(rng: np.random.Generator, beat_s: Float, artefacts: Artefacts) -> Detections:
    """Turn a heart's regular beats into the intervals a strap records.

    Parameters
    ----------
    rng : Generator
        Source of every draw, taken in a fixed order.
    beat_s : float64[k]
        Beats without artefacts, s.
    artefacts : Artefacts
        Rates and losses.
    """
    kind = _kinds(rng, beat_s, artefacts)
    extra_share = rng.uniform(0.3, 0.7, beat_s.size)
    heart_s = beat_s.copy()
    early = np.flatnonzero(kind == Flag.ECTOPIC)
    heart_s[early] -= (1.0 - ECTOPIC_SHARE) * (beat_s[early] - beat_s[early - 1])
    extra = np.flatnonzero(kind == Flag.EXTRA)
    seen = np.flatnonzero(kind != Flag.MISSED)
    false_s = heart_s[extra - 1] + extra_share[extra] * (heart_s[extra] - heart_s[extra - 1])
    time_s = np.concatenate((heart_s[seen], false_s))
    order = np.argsort(time_s, kind="stable")
    time_s = time_s[order]
    # a detection's place among the true beats; a false one lies between two of them
    place = np.concatenate((seen.astype(np.float64), extra - 0.5))[order]
    mark = np.concatenate((kind[seen] & Flag.ECTOPIC, kind[extra]))[order]
    lost = inside(time_s, _gaps(rng, float(beat_s[-1]), artefacts))
    kept = np.flatnonzero(~lost)
    if kept.size < 2:
        raise InputError("the gaps leave no interval; shorten the drops or lengthen the recording")
    left, right = kept[:-1], kept[1:]
    whole = right - left == 1  # no detection was lost in between
    left, right = left[whole], right[whole]
    flag = mark[left] | mark[right] | _skipped(kind, place[left], place[right])
    return Detections(time_s[left], time_s[right], flag.astype(np.uint16), heart_s)


def inside(time_s: Float, spans_s: Float) -> Bool:
    """bool[n]: which times fall into any of the spans (float64[m, 2], begin and end, s)."""
    begun = np.searchsorted(np.sort(spans_s[:, 0]), time_s, side="right")
    ended = np.searchsorted(np.sort(spans_s[:, 1]), time_s, side="right")
    return np.asarray(begun > ended, dtype=np.bool_)


def _kinds(rng: np.random.Generator, beat_s: Float, artefacts: Artefacts) -> Int:
    """Draw each beat's fate: `Flag.NORMAL`, `ECTOPIC`, `MISSED` or `EXTRA` (before it)."""
    end_s = float(beat_s[-1])
    begin = rng.uniform(0.0, end_s, rng.poisson(artefacts.bursts_per_h * end_s / 3600.0))
    bursts = np.column_stack((begin, begin + artefacts.burst_s))
    factor = np.where(inside(beat_s, bursts), artefacts.burst_factor, 1.0)
    draw = rng.random(beat_s.size)
    up_to_missed = artefacts.ectopic + artefacts.missed * factor
    kind = np.select(
        [
            draw < artefacts.ectopic,
            draw < up_to_missed,
            draw < up_to_missed + artefacts.extra * factor,
        ],
        [Flag.ECTOPIC.value, Flag.MISSED.value, Flag.EXTRA.value],
        Flag.NORMAL.value,
    )
    kind[:SAFE_BEATS] = Flag.NORMAL
    kind[-1:] = Flag.NORMAL
    return np.asarray(kind, dtype=np.int64)


def _gaps(rng: np.random.Generator, end_s: float, artefacts: Artefacts) -> Float:
    """float64[m, 2]: begin and end of every loss of contact, s."""
    begin = rng.uniform(10.0, max(end_s, 10.0), rng.poisson(artefacts.gaps_per_h * end_s / 3600.0))
    length = rng.uniform(*artefacts.gap_s, begin.size)
    drops = np.array(artefacts.drops, dtype=np.float64).reshape(-1, 2)
    return np.concatenate((np.column_stack((begin, begin + length)), drops))


def _skipped(kind: Int, left: Float, right: Float) -> Int:
    """`Flag.MISSED` where a true beat between two detections was not seen, else 0."""
    missed = np.cumsum(kind == Flag.MISSED)
    before = missed[np.floor(left).astype(np.int64)]
    within = missed[np.ceil(right).astype(np.int64) - 1] - before
    return np.where(within > 0, Flag.MISSED.value, 0)
