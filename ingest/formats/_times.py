"""Beat times that a source gives beside its intervals: gaps, rounding and the wall clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from hrv.types import CONTIGUITY_S, Float


def overlap(end_s: Float, rr_ms: Float, resolution_s: float) -> int | None:
    """Index of the first interval that begins before the beat before it, or None."""
    ahead = np.diff(end_s) - rr_ms[1:] / 1000
    wrong = ahead < -(CONTIGUITY_S + resolution_s)
    return int(np.argmax(wrong)) + 1 if wrong.any() else None


def settle(end_s: Float, rr_ms: Float, resolution_s: float) -> Float:
    """Remove the rounding of a clock from beat times, leaving real gaps where they are.

    Where a beat follows the one before within the clock's resolution, its time becomes the
    running sum of intervals; where time was lost, the source's own time begins a new run.
    Times that are exact already are returned as they are.

    Parameters
    ----------
    end_s : float64[n]
        Time of the beat that ends each interval, s, without overlaps (see `overlap`).
    rr_ms : float64[n]
        Intervals, ms.
    resolution_s : float
        Smallest step of the source's clock, s.

    Returns
    -------
    float64[n]
        Beat times, s.
    """
    ahead = np.diff(end_s) - rr_ms[1:] / 1000
    lost = ahead > CONTIGUITY_S + resolution_s
    if (np.abs(ahead[~lost]) <= CONTIGUITY_S).all():
        return end_s
    runs = np.concatenate(([0], np.flatnonzero(lost) + 1, [end_s.size]))
    settled = np.empty_like(end_s)
    for lo, hi in pairwise(runs):
        begin = end_s[lo] - rr_ms[lo] / 1000
        if lo and begin < settled[lo - 1]:  # rounding added up to more than a tiny gap
            begin = settled[lo - 1]
        settled[lo:hi] = begin + np.cumsum(rr_ms[lo:hi]) / 1000
    return settled


_CLOCK_NOTE = re.compile(r"the intervals add up to [\d.]+ s of ([\d.]+) s by the clock")


def wall_s(notes: Iterable[str]) -> float | None:
    """Time that passed by a source's clock, as `clock_note` wrote it down; None without a clock."""
    found = (_CLOCK_NOTE.match(note) for note in notes)
    return next((float(match[1]) for match in found if match), None)


def clock_note(rr_ms: Float, wall_s: float) -> str:
    """Compare the sum of intervals with the time that passed by the source's clock."""
    total = float(rr_ms.sum()) / 1000
    share = f" ({100 * total / wall_s:.1f} %)" if wall_s > 0 else ""
    return f"the intervals add up to {total:.1f} s of {wall_s:.1f} s by the clock{share}"
