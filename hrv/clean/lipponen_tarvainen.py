"""Find ectopic, missed, extra and displaced beats by time-varying thresholds (the default).

Lipponen & Tarvainen 2019, "A robust algorithm for heart rate variability time series artefact
correction using novel beat classification", J Med Eng Technol 43:173,
doi:10.1080/03091902.2019.1640306.

On whole recordings the classes are those of NeuroKit2's ``signal_fixpeaks(method="Kubios",
iterative=False)``.  What differs, and why:

- An ectopic beat lies between the two intervals that its pattern compares: both are flagged.
  NeuroKit2 moves the beat after them.  Its repeated passes, each in the indices of the last
  pass's corrected beats, are left out: one pass over the beats as recorded.
- The last two intervals are judged too, and the first by its own first minute, not by the mean of
  the whole recording.  Nothing is compared across lost beats: the local median
  stands for the neighbour that was lost.
- Thresholds are bounded, see `FLOOR_MS`, `CAP` and `UNJUDGED`: the quartiles break down once a
  tenth of the beats are wrong, and RMSSD then came out several times too large, unflagged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.clean.base import Cleaner, CleanSettings, breaks, stretches, to_nn
from hrv.clean.rolling import rolling_quantiles
from hrv.types import Bool, Flag, FlagArray, Float, Int, NNSeries, RRSeries

ALPHA = 5.2
"""Threshold in quartile deviations of the absolute differences (and deviations)."""
WIDTH, MEDIAN = 91, 11
"""Beats that a threshold, and a local median, look at."""
HALF = WIDTH // 2
"""Intervals at the beginning whose mean stands before the first."""
C1, C2 = 0.13, 0.17
"""Slope and offset of the line that bounds the ectopic classes in the subspace S12."""
FLOOR_MS = ALPHA
"""Least threshold, ms: a quartile deviation of 1 ms, the resolution of recorders.  A paced or
made-up rhythm has none of its own, and every tick of rounding would look like an artefact."""
CAP, PLAIN_CHANGE = 13.5, 0.2
"""Most that a threshold of differences may be: this many lower quartiles (twice what a normal
distribution has), or this share of the local median if that is more.  Wrong beats inflate the
upper quartile first; among clean differences the bound is hardly ever reached."""
UNJUDGED = 0.4
"""Where the threshold exceeds this share of the local median (RMSSD above about 0.18 of the mean
interval) there is no rhythm to judge by, atrial fibrillation included: nothing is kept."""


@dataclass(frozen=True, eq=False)
class Features:
    """What the classification of n intervals looks at, after the paper's figure 1.

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals.
    median_ms, threshold_ms : float64[n]
        Local median and the threshold of the deviation from it (Th2).
    d : float64[n]
        Difference from the interval before, in thresholds (dRR / Th1).
    unjudged : bool[n]
        True where the thresholds have broken down.
    s12, s22 : float64[n]
        Subspaces: the neighbouring difference, and the nearer of the following two, that speaks
        most against an ectopic (long or short) beat.
    m : float64[n]
        Deviation from the local median, in thresholds, negative ones doubled (mRR / Th2).
    last : int64[n]
        Index of the last interval before the next loss of beats.
    """

    rr_ms: Float
    median_ms: Float
    threshold_ms: Float
    d: Float
    unjudged: Bool
    s12: Float
    s22: Float
    m: Float
    last: Int


def features(rr_ms: Float, apart: Bool) -> Features:
    """Differences, deviations and thresholds of one stretch.

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals of a stretch without a long loss.
    apart : bool[n]
        Intervals that do not follow the one before; ``apart[0]`` is True.
    """
    # as in NeuroKit2 an interval of mean length stands before the first, so that it too is judged;
    # the mean is of the first intervals only: what comes hours later cannot change the verdict
    x = np.concatenate(([rr_ms[:HALF].mean()], rr_ms))
    first = np.concatenate(([True, False], apart[1:]))
    median = rolling_quantiles(x, MEDIAN, (0.5,))[0]
    difference = np.diff(x, prepend=x[0])
    difference[0] = difference[1 : 1 + HALF].mean()
    # no difference is taken across a loss: the local median stands for the interval before
    lost = first.copy()
    lost[0] = False
    difference[lost] = (x - median)[lost]
    rank = np.maximum(np.cumsum(~lost) - 1, 0)
    th1, low = _threshold(difference[~lost])
    th1 = np.minimum(th1[rank], np.maximum(CAP * low[rank], PLAIN_CHANGE * median))
    unjudged = (th1 > UNJUDGED * median) & (rr_ms.size >= MEDIAN)  # a few beats prove nothing
    d = difference / th1
    deviation = x - median
    deviation[deviation < 0] *= 2
    th2, _ = _threshold(deviation)
    s12, s22, last = _subspaces(d, (median - x) / th1, first)
    real = slice(1, None)  # without the interval that stood before the first
    return Features(
        rr_ms=rr_ms,
        median_ms=median[real],
        threshold_ms=th2[real],
        d=d[real],
        unjudged=unjudged[real],
        s12=s12[real],
        s22=s22[real],
        m=(deviation / th2)[real],
        last=last[real] - 1,
    )


def _threshold(values: Float) -> tuple[Float, Float]:
    """Local threshold of the absolute values, and their lower quartile."""
    low, high = rolling_quantiles(np.abs(values), WIDTH, (0.25, 0.75))
    return np.asarray(np.maximum(ALPHA * (high - low) / 2, FLOOR_MS)), low


def _subspaces(d: Float, back: Float, first: Bool) -> tuple[Float, Float, Int]:
    """S12, S22 and the end of each part between losses.

    Before a part nothing is known (0); after it the rhythm is taken to return to its local
    median, a step of `back`, except that a lone interval is not judged twice by one number.
    """
    n = d.size
    starts = np.flatnonzero(first)
    end = np.append(starts[1:], n)[np.cumsum(first) - 1] - 1
    at = np.arange(n)
    back = np.where(first, 0.0, back)
    around = np.concatenate((d[-1:], d, d[:2]))  # what wraps around is never looked at
    left = np.where(first, 0.0, around[:n])
    right = np.where(at == end, back, around[2 : n + 2])
    back_next = np.append(back[1:], back[0])
    right2 = np.where(at + 1 >= end, np.where(at == end, 0.0, back_next), around[3 : n + 3])
    s12 = np.where(d > 0, np.maximum(left, right), np.where(d < 0, np.minimum(left, right), 0.0))
    s22 = np.where(d >= 0, np.minimum(right, right2), np.maximum(right, right2))
    return s12, s22, end


@dataclass(frozen=True)
class Found:
    """Indices of one stretch's artefacts by class, in the paper's sense.

    Parameters
    ----------
    ectopic : tuple of int
        Second interval of an ectopic pair: the beat between it and the one before is ectopic.
    missed : tuple of int
        Interval in which a beat was missed.
    extra : tuple of int
        Interval that a false beat ends.
    displaced : tuple of int
        Interval too long or too short for another reason.
    """

    ectopic: tuple[int, ...]
    missed: tuple[int, ...]
    extra: tuple[int, ...]
    displaced: tuple[int, ...]


def detect(f: Features) -> Found:
    """Classify intervals by the decisions of the paper's figure 1.

    Parameters
    ----------
    f : Features
        Of one stretch.
    """
    n = f.rr_ms.size
    after = np.append(f.rr_ms[1:], np.inf)
    after[np.arange(n) == f.last] = np.inf
    rises, falls = f.d > 1, f.d < -1
    ectopic = (rises & (f.s12 < -C1 * f.d - C2)) | (falls & (f.s12 > -C1 * f.d + C2))
    long, short, far = rises & (f.s22 < -1), falls & (f.s22 > 1), np.abs(f.m) > 3
    extra = short & (np.abs(f.rr_ms + after - f.median_ms) < f.threshold_ms)
    missed = long & (np.abs(f.rr_ms / 2 - f.median_ms) < f.threshold_ms)
    odd = long | short | far
    size = np.abs(f.d)
    found: dict[str, list[int]] = {"ectopic": [], "missed": [], "extra": [], "displaced": []}
    seen = -1
    for i in np.flatnonzero(rises | falls).tolist():
        if i <= seen:
            continue
        if ectopic[i]:
            found["ectopic"].append(i)
            continue
        # the paper's figure looks at the next interval too where the next difference is larger
        both = i + 2 <= f.last[i] and size[i + 1] < size[i + 2]
        seen = i + 1 if both else i
        for j in (i, i + 1) if both else (i,):
            if odd[j]:
                name = "extra" if extra[j] else "missed" if missed[j] else "displaced"
                found[name].append(j)
    return Found(**{name: tuple(at) for name, at in found.items()})


def apply(series: RRSeries, settings: CleanSettings) -> NNSeries:
    """Flag what the classification finds; see the module for the source.

    Parameters
    ----------
    series : RRSeries
        n intervals.
    settings : CleanSettings
        Not used: the paper's constants are part of the method.
    """
    del settings
    apart, flag = breaks(series), series.flag.copy()
    for part in stretches(series):
        begins = apart[part].copy()
        begins[0] = True
        f = features(series.rr_ms[part], begins)
        mark(flag[part], detect(f), begins)
        flag[part][f.unjudged] |= np.uint16(Flag.ARTEFACT)
    constants = {"alpha": ALPHA, "width": WIDTH, "median": MEDIAN, "c1": C1, "c2": C2}
    constants |= {"floor_ms": FLOOR_MS, "cap": CAP, "unjudged": UNJUDGED}
    return to_nn(series, flag, "lipponen_tarvainen", constants)


def mark(flag: FlagArray, found: Found, apart: Bool) -> None:
    """Set the flags of one stretch in place.

    Parameters
    ----------
    flag : uint16[n]
        Flags of the stretch's intervals, changed.
    found : Found
        What `detect` said.
    apart : bool[n]
        Intervals that do not follow the one before.
    """
    for name, bit, offset in (
        ("ectopic", Flag.ECTOPIC, 0),
        ("ectopic", Flag.ECTOPIC, -1),
        ("missed", Flag.MISSED, 0),
        ("extra", Flag.EXTRA, 0),
        ("extra", Flag.EXTRA, 1),
        ("displaced", Flag.ARTEFACT, 0),
    ):
        at = np.array(getattr(found, name), dtype=np.int64)
        at = at[~apart[at]] if offset < 0 else at
        flag[at + offset] |= np.uint16(bit)


CLEANER = Cleaner(
    "lipponen_tarvainen",
    "classify ectopic, missed, extra and displaced beats by time-varying thresholds",
    "Lipponen & Tarvainen 2019, doi:10.1080/03091902.2019.1640306",
    apply,
    reach=HALF + MEDIAN // 2 + 4,  # a threshold of deviations from medians, two neighbours more
)
