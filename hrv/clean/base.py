"""What every cleaner shares: its settings, its table entry and the step from flags to NN."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from hrv.errors import InputError
from hrv.types import CORRECTED, Bool, Flag, FlagArray, Float, Int, NNSeries, RRSeries

NEIGHBOURS = 5
"""Valid intervals on each side whose median says how long a removed interval should have been."""
FITS = 0.2
"""Share of the local level that a stand-in may differ from it."""
BRIDGE_S = 60.0
"""Time without beats after which intervals no longer judge each other."""


@dataclass(frozen=True)
class CleanSettings:
    """Knobs of the cleaners; each cleaner uses its own and ignores the rest.

    Parameters
    ----------
    low_ms, high_ms : float
        Absolute limits of a plausible interval, ms (`range`).
    """

    low_ms: float = 300.0
    high_ms: float = 2000.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.high_ms) and 0 <= self.low_ms < self.high_ms):
            raise InputError(
                f"limits of {self.low_ms:g} to {self.high_ms:g} ms keep nothing; "
                "low_ms must be below high_ms"
            )


@dataclass(frozen=True)
class Cleaner:
    """One row of `hrv.CLEANERS`.

    Parameters
    ----------
    name, summary : str
        Name to ask for it by, and one line for help and catalogues.
    source : str
        Publication, with DOI where it has one.
    apply : callable
        ``(RRSeries, CleanSettings) -> NNSeries``.
    reach : int or None
        Intervals on each side, lost beats aside, that decide about one; None where there is no
        bound, so that a stream cannot be cleaned as it comes.
    """

    name: str
    summary: str
    source: str
    apply: Callable[[RRSeries, CleanSettings], NNSeries]
    reach: int | None = None


def breaks(series: RRSeries) -> Bool:
    """bool[n]: intervals that do not follow the one before: first, after a gap, or suspect."""
    apart = (series.flag & (Flag.GAP | Flag.SUSPECT)) != 0
    apart[0] = True
    return np.asarray(apart, dtype=np.bool_)


def stretches(series: RRSeries) -> list[slice]:
    """Parts of the recording without a loss longer than `BRIDGE_S`: these may be judged alone."""
    gap = np.flatnonzero((series.flag[1:] & Flag.GAP) != 0) + 1
    lost_s = series.t_s[gap] - series.rr_ms[gap] / 1000 - series.t_s[gap - 1]
    edges = [0, *gap[lost_s > BRIDGE_S].tolist(), len(series)]
    return [slice(a, b) for a, b in pairwise(edges)]


def to_nn(series: RRSeries, flag: FlagArray, method: str, settings: Mapping[str, Any]) -> NNSeries:
    """Leave out what `flag` marks as corrected and stand interpolated intervals in its place.

    Parameters
    ----------
    series : RRSeries
        The recording, n intervals.
    flag : uint16[n]
        Its flags with the cleaner's added.
    method : str
        Name of the cleaner.
    settings : mapping
        What it depended on.

    Returns
    -------
    NNSeries
        Empty if every interval was removed.
    """
    marked = RRSeries(series.rr_ms, series.t_s, flag, series.start, series.provenance)
    apart, removed = breaks(series), (flag & CORRECTED) != 0
    kept = ~removed
    joined = ~apart & ~removed & np.concatenate(([False], ~removed[:-1]))
    filled_ms, filled_t_s = _fill(series, removed, apart)
    nn_ms, t_s = series.rr_ms[kept], series.t_s[kept]
    for values in (nn_ms, t_s):
        values.flags.writeable = False  # theirs alone: no second copy
    return NNSeries(
        nn_ms,
        t_s,
        joined[kept],
        filled_ms,
        filled_t_s,
        marked,
        method,
        dict(settings),
    )


def runs(removed: Bool, apart: Bool) -> tuple[Int, Int]:
    """First and one-past-last index of each unbroken run of removed intervals."""
    before = np.concatenate(([False], removed[:-1]))
    after = np.concatenate((removed[1:], [False]))
    broken_after = np.concatenate((apart[1:], [True]))
    first = np.flatnonzero(removed & (~before | apart))
    last = np.flatnonzero(removed & (~after | broken_after))
    return first, last + 1


def level(series: RRSeries, removed: Bool, first: Int, stop: Int) -> Float:
    """Median of the nearest kept intervals on both sides of each run, ms; NaN where none is.

    Only intervals of the run's own stretch are asked: nothing is learned across a long loss.
    """
    out = np.full(first.size, np.nan)
    kept = np.flatnonzero(~removed)
    for part in stretches(series):
        own = np.flatnonzero((first >= part.start) & (first < part.stop))
        low, high = np.searchsorted(kept, (part.start, part.stop))
        if own.size == 0 or low == high:
            continue
        left, right = np.searchsorted(kept, first[own]), np.searchsorted(kept, stop[own])
        near = np.arange(NEIGHBOURS)
        index = np.hstack((left[:, None] - 1 - near, right[:, None] + near))
        index = np.clip(index, low, high - 1)
        out[own] = np.median(series.rr_ms[kept[index]], axis=1)
    return out


def _fill(series: RRSeries, removed: Bool, apart: Bool) -> tuple[Float, Float]:
    """Tile each run with the whole number of equal intervals nearest to the local level.

    A missed beat is thereby split, an extra one merged and a displaced one re-placed half-way;
    the beats around the run stay where they are.  Where no whole number of beats fits (a lone
    long interval), the level itself stands as the value, so that no spike reaches a spectrum.
    """
    if not removed.any():
        return np.empty(0), np.empty(0)
    first, stop = runs(removed, apart)
    expected = level(series, removed, first, stop)
    known = np.isfinite(expected)
    first, stop, expected = first[known], stop[known], expected[known]
    begin, end = _begins(series, first), series.t_s[stop - 1]
    length = stop - first
    run = np.repeat(np.arange(first.size), length)
    nth = np.arange(run.size) - np.repeat(np.cumsum(length) - length, length)
    span_ms = np.bincount(run, series.rr_ms[first[run] + nth], first.size)
    beats = np.maximum(np.rint(span_ms / expected), 1).astype(np.int64)
    even = span_ms / beats
    value = np.where(np.abs(even - expected) <= FITS * expected, even, expected)
    run = np.repeat(np.arange(first.size), beats)
    nth = np.arange(run.size) - np.repeat(np.cumsum(beats) - beats, beats) + 1
    return value[run], begin[run] + (end - begin)[run] * nth / beats[run]


def _begins(series: RRSeries, index: Int) -> Float:
    """Beats that begin the intervals `index`, as `RRSeries.begin_s` has them."""
    before = series.t_s[np.maximum(index - 1, 0)]
    lost = (index == 0) | ((series.flag[index] & Flag.GAP) != 0)
    return np.where(lost, series.rr_ms[index] / -1000 + series.t_s[index], before)
