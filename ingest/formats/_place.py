"""Place intervals on the clock that a file keeps beside them: exact times, or times of arrival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.types import CONTIGUITY_S, Float, cumulative_s
from ingest.formats._times import clock_note, overlap, settle

LATE_S = 3.0
"""A beat reaches the phone that writes its time up to this late."""
_AHEAD = 60  # beats: a stall is over by then, lost time is not


@dataclass(frozen=True)
class Placed:
    """Beat times, and how they were found.

    Parameters
    ----------
    t_s : float64[n]
        Time of the beat that ends each interval, s since the first beat.
    begin_s : float
        Time of the first beat by the file's clock, s.
    notes : tuple of str
        For `Provenance.notes`.
    """

    t_s: Float
    begin_s: float
    notes: tuple[str, ...]


def place(
    rr_ms: Float, clock_s: Float, resolution_s: float, *, elapsed: bool = False, end: bool = False
) -> Placed:
    """Place intervals by a time that stands beside each.

    A time can be that of the beat that ends the interval, of the beat that begins it, or of
    the moment when the interval was received.  The first two are taken where no interval
    then overlaps the one before; of both, the one that leaves less time without beats.  Else
    the times are arrivals (`anchor`).

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals, ms.
    clock_s : float64[n]
        Times in the file, s.
    resolution_s : float
        Smallest step of that clock, s.
    elapsed : bool
        The clock counts from the begin of the recording: no beat can lie before its zero.
    end : bool
        The format says that times are those of the beat that ends an interval.
    """
    found: list[tuple[float, Float, str]] = []
    for end_s, which in ((clock_s, "end"), (clock_s + rr_ms / 1000, "begin")):
        if which == "begin" and end:
            continue
        if elapsed and end_s[0] < rr_ms[0] / 1000 - resolution_s:
            continue
        if overlap(end_s, rr_ms, resolution_s) is None:
            settled = settle(end_s, rr_ms, resolution_s)
            ahead = np.diff(settled) - rr_ms[1:] / 1000
            lost_s = float(ahead[ahead > CONTIGUITY_S].sum())
            found.append((lost_s, settled, f"times mark the {which} of each interval"))
    if found:
        _, end_s, how = min(found, key=lambda each: each[0])
    else:
        end_s, how = anchor(rr_ms, clock_s)
    begin_s = float(end_s[0] - rr_ms[0] / 1000)
    wall_s = float(end_s[-1] - begin_s)
    if not found:  # times of arrival: doubled beats must show, not stretch the clock
        wall_s = float(clock_s[-1] - clock_s[0] + rr_ms[0] / 1000)
    gaps = int((np.diff(end_s) - rr_ms[1:] / 1000 > CONTIGUITY_S).sum())
    lost = () if not gaps else (f"{gaps} gaps where the clock ran on without beats",)
    t_s = end_s - begin_s if gaps else cumulative_s(rr_ms)
    return Placed(t_s, begin_s, (how, *lost, clock_note(rr_ms, wall_s)))


def anchor(rr_ms: Float, clock_s: Float, late_s: float = LATE_S) -> tuple[Float, str]:
    """Place intervals by the times at which they were received.

    A beat is received up to `late_s` after it happened, so the shift from the running sum of
    intervals to the clock lies within that much below each observed lag.  One shift, the
    least lag, holds until all lags of the next minute of beats exceed it by more: then time
    was lost, and a gap is placed there.  Beat times are therefore known to about `late_s`;
    intervals stay as they are.

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals, ms.
    clock_s : float64[n]
        Time of arrival of each, s.

    Returns
    -------
    float64[n]
        Time of the beat that ends each interval, on the same clock, s.
    str
        How it was done, and whether the intervals run ahead of the clock.
    """
    total_s = np.cumsum(rr_ms) / 1000
    lag_s = clock_s - total_s
    ahead_least = pd.Series(lag_s[::-1]).rolling(_AHEAD, min_periods=1).min().to_numpy()[::-1]
    shift = np.empty_like(lag_s)
    low, floor, begin, most_ahead = float(ahead_least[0]), -np.inf, 0, 0.0
    for i, (lag, least) in enumerate(zip(lag_s.tolist(), ahead_least.tolist(), strict=True)):
        if least - low > late_s:
            shift[begin:i] = low
            floor, low, begin = low, least, i
        elif lag < low:
            most_ahead += low - lag
            low = max(lag, floor)
    shift[begin:] = low
    how = f"times are those of arrival: each beat is known to about {late_s:g} s"
    if most_ahead > late_s:
        how += f"; the intervals run {most_ahead:.1f} s ahead of the clock: beats may be doubled"
    return total_s + shift, how
