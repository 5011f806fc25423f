"""Two recordings of one person: whether they overlap, and how far apart their clocks are.

A shift is found by markers that both hold, or by the heart rate itself: both series become
heart rate on one grid and are shifted until they agree best.  The residual is always given,
because a best shift exists for any two recordings, also of two people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import pandas as pd

from hrv.errors import InputError, NotComputableError
from hrv.types import Flag, Float, RRSeries

STEP_S = 0.25
_WINDOW_S = 60.0
SHORTEST_S = 120.0
"""Least time in common that a shift is looked for in."""
_GOOD = 0.5


@dataclass(frozen=True)
class Alignment:
    """How the clock of a second recording reads against that of the first.

    Parameters
    ----------
    shift_s : float
        Add to times of the second to get times of the first, at the start of the second; by
        their clocks where both have one, else counted from each one's time zero.
    drift_ppm : float
        Further shift that grows with time, 1e-6 s a second; NaN where it was not estimated.
    residual_s : float
        Root mean square of what is left at the markers, or of local shifts; s.
    correlation : float
        Of the two heart rates after the shift; NaN for markers.
    matched : int
        Markers, or seconds, used.
    how : str
        ``"markers"`` or ``"heart rate"``.
    warning : str
        Why not to trust it, or empty.
    """

    shift_s: float
    drift_ppm: float
    residual_s: float
    correlation: float
    matched: int
    how: str
    warning: str = ""


@dataclass(frozen=True)
class Overlap:
    """Two recordings that cover the same time.

    Parameters
    ----------
    first, second : str
        Their names.
    seconds : float
        Time that both cover.
    same : float
        Share of the second's intervals in it that the first holds as well, beat for beat.
    """

    first: str
    second: str
    seconds: float
    same: float


def overlaps(series: Sequence[RRSeries]) -> tuple[Overlap, ...]:
    """Find pairs of recordings with a clock that cover the same time."""
    clocked = [each for each in series if each.start is not None]
    found = []
    for a, b in combinations(clocked, 2):
        (a_lo, a_hi), (b_lo, b_hi) = _span(a), _span(b)
        seconds = min(a_hi, b_hi) - max(a_lo, b_lo)
        if seconds > 0:
            found.append(Overlap(a.provenance.source, b.provenance.source, seconds, shared(a, b)))
    return tuple(found)


def shared(a: RRSeries, b: RRSeries) -> float:
    """Share of b's intervals in the common time that a has at that time (50 ms) and length (1 ms).

    Parameters
    ----------
    a, b : RRSeries
        With a clock each.

    Returns
    -------
    float
        0 to 1; 0 where they have no time in common.
    """
    (a_lo, a_hi), (b_lo, b_hi) = _span(a), _span(b)
    lo, hi = max(a_lo, b_lo), min(a_hi, b_hi)
    a_t, b_t = a.t_s + _zero(a), b.t_s + _zero(b)
    inside = np.flatnonzero((b_t > lo) & (b_t <= hi))
    if inside.size == 0:
        return 0.0
    nearest = np.clip(np.searchsorted(a_t, b_t[inside] - 0.05), 0, a_t.size - 1)
    close = np.abs(a_t[nearest] - b_t[inside]) <= 0.05
    alike = np.abs(a.rr_ms[nearest] - b.rr_ms[inside]) <= 1.0
    return float(np.mean(close & alike))


def beats_hash(series: RRSeries) -> str:
    """Tell recordings with the very same intervals by one short word, whatever their format."""
    return hashlib.sha256(series.rr_ms.tobytes()).hexdigest()[:16]


def _zero(series: RRSeries) -> float:
    if series.start is None:
        raise InputError(f"{series.provenance.source} has no clock")
    return series.start.timestamp()


def _span(series: RRSeries) -> tuple[float, float]:
    zero = _zero(series)
    return zero + float(series.begin_s[0]), zero + float(series.t_s[-1])


def align(
    first: RRSeries,
    second: RRSeries,
    first_events: pd.DataFrame | None = None,
    second_events: pd.DataFrame | None = None,
) -> Alignment:
    """Align by events that both hold under one name, else by heart rate.

    Parameters
    ----------
    first, second : RRSeries
        Of one person over the same time.
    first_events, second_events : DataFrame, optional
        As `ingest.open_recording` gives them.

    Raises
    ------
    NotComputableError
        If there are no common events and less than two minutes overlap.
    """
    ours, theirs = (_marked(*each) for each in ((first, first_events), (second, second_events)))
    common = sorted(set(ours) & set(theirs), key=lambda name: ours[name])
    if common:
        return align_by_markers([ours[n] for n in common], [theirs[n] for n in common])
    return align_by_heart_rate(first, second)


def _marked(series: RRSeries, events: pd.DataFrame | None) -> dict[str, float]:
    """Begin of each event whose name occurs once, s: since 1970, or since the first beat."""
    if events is None or not len(events):
        return {}
    names = events["phase"].value_counts()
    found = {}
    for name, when in zip(events["phase"], events["start"], strict=True):
        if names[name] != 1:
            continue
        if isinstance(when, datetime):
            found[str(name)] = when.timestamp()
        else:
            found[str(name)] = float(when) + (_zero(series) if series.start else 0.0)
    return found


def align_by_markers(first_s: Sequence[float], second_s: Sequence[float]) -> Alignment:
    """Fit shift and drift to markers that both recordings hold, in order.

    Parameters
    ----------
    first_s, second_s : sequence of float
        Times of the same markers by either clock, s.

    Returns
    -------
    Alignment
        With one marker a shift only; with three or more a drift as well.

    Raises
    ------
    InputError
        If there are none, their numbers differ, or they do not rise.
    """
    a, b = np.asarray(first_s, np.float64), np.asarray(second_s, np.float64)
    if a.size == 0 or a.size != b.size:
        raise InputError(f"{a.size} markers against {b.size}: they must pair up")
    if (np.diff(a) <= 0).any() or (np.diff(b) <= 0).any():
        raise InputError("markers must be in the order of time, each once")
    if a.size < 3:
        shift = float(np.mean(a - b))
        residual = float(np.sqrt(np.mean((a - b - shift) ** 2))) if a.size > 1 else float("nan")
        return Alignment(shift, float("nan"), residual, float("nan"), a.size, "markers",
                         "too few markers for drift")  # fmt: skip
    slope, shift = np.polyfit(b - b[0], a - b, 1)
    left = a - b - shift - slope * (b - b[0])
    return Alignment(
        float(shift), float(slope) * 1e6, float(np.sqrt(np.mean(left**2))), float("nan"),
        int(a.size), "markers",
    )  # fmt: skip


def align_by_heart_rate(first: RRSeries, second: RRSeries, *, most_s: float = 120.0) -> Alignment:
    """Shift the second recording until its heart rate agrees best with the first's.

    Parameters
    ----------
    first, second : RRSeries
        Of one person over the same time.
    most_s : float
        Largest shift looked for beyond that of their clocks, s.

    Returns
    -------
    Alignment
        `residual_s` is the spread of the best shifts of single minutes around the fit.

    Raises
    ------
    NotComputableError
        If less than two minutes overlap at any shift.
    """
    clock_s = 0.0
    if first.start is not None and second.start is not None:
        clock_s = (second.start - first.start).total_seconds()
    a_t, a_hr = _heart_rate(first, 0.0)
    b_t, b_hr = _heart_rate(second, clock_s)
    shift, r, n = _best(a_t, a_hr, b_t, b_hr, 0.0, most_s)
    if not np.isfinite(r):
        raise NotComputableError("less than two minutes of the two recordings overlap")
    local_t, local = _local_shifts(a_t, a_hr, b_t, b_hr, shift)
    drift, residual = float("nan"), float("nan")
    if local.size >= 3:
        slope, offset = np.polyfit(local_t - b_t[0], local, 1)
        residual = float(np.sqrt(np.mean((local - offset - slope * (local_t - b_t[0])) ** 2)))
        if local.size >= 5:
            drift, shift = float(slope) * 1e6, float(offset)
    warning = (
        ""
        if r >= _GOOD
        else (
            f"heart rates correlate only {r:.2f}: these may not be the same heart at the same time"
        )
    )
    return Alignment(shift, drift, residual, r, round(n * STEP_S), "heart rate", warning)


def realigned(series: RRSeries, alignment: Alignment) -> RRSeries:
    """Put a second recording on the clock of the first; intervals stay as they are.

    Parameters
    ----------
    series : RRSeries
        The second.
    alignment : Alignment
        As found for it.
    """
    drift = alignment.drift_ppm * 1e-6 if alignment.drift_ppm == alignment.drift_ppm else 0.0
    shift = timedelta(seconds=alignment.shift_s)
    start = None if series.start is None else series.start + shift
    moved_s = 0.0 if series.start is not None else alignment.shift_s
    residual = alignment.residual_s
    note = (
        f"clock set by {alignment.how}: {alignment.shift_s:+.3f} s"
        + (f", drift {alignment.drift_ppm:.1f} ppm" if drift else "")
        + (f", residual {residual:.3f} s" if residual == residual else ", residual unknown")
    )
    t_s = series.t_s * (1 + drift) + moved_s
    return RRSeries(series.rr_ms, t_s, series.flag, start, series.provenance.noting(note))


def _heart_rate(series: RRSeries, shift_s: float) -> tuple[Float, Float]:
    """Heart rate on a grid of `STEP_S`, NaN in gaps; times on the first recording's clock."""
    t = series.t_s + shift_s
    lo = np.ceil((t[0] - series.rr_ms[0] / 1000) / STEP_S)
    grid = np.arange(lo, np.floor(t[-1] / STEP_S) + 1) * STEP_S
    at = np.clip(np.searchsorted(t, grid, side="left"), 0, t.size - 1)
    rate = 60_000 / series.rr_ms[at]
    begins = t[at] - series.rr_ms[at] / 1000
    lost = (series.flag[at] & Flag.GAP) != 0
    return grid, np.where(lost & (grid < begins), np.nan, rate)


def _best(
    a_t: Float, a: Float, b_t: Float, b: Float, centre_s: float, most_s: float,
    least_s: float = SHORTEST_S,
) -> tuple[float, float, int]:  # fmt: skip
    """Shift (s) of b with the highest correlation, that correlation, and the points used."""
    best = (0.0, -np.inf, 0)
    scores: dict[int, float] = {}
    origin = round((b_t[0] - a_t[0]) / STEP_S)
    steps = range(round((centre_s - most_s) / STEP_S), round((centre_s + most_s) / STEP_S) + 1)
    for step in steps:
        lo = origin + step
        a_part = a[max(0, lo) : max(0, lo + b.size)]
        b_part = b[max(0, -lo) : max(0, -lo) + a_part.size]
        a_part = a_part[: b_part.size]
        good = np.isfinite(a_part) & np.isfinite(b_part)
        if good.sum() * STEP_S < least_s:
            continue
        x, y = a_part[good] - a_part[good].mean(), b_part[good] - b_part[good].mean()
        norm = float(np.sqrt((x @ x) * (y @ y)))
        r = float(x @ y) / norm if norm > 0 else -1.0
        scores[step] = r
        if r > best[1]:
            best = (step * STEP_S, r, int(good.sum()))
    return (best[0] + _vertex(scores, round(best[0] / STEP_S)) * STEP_S, best[1], best[2])


def _vertex(scores: dict[int, float], at: int) -> float:
    """Fraction of a step to the top of the parabola through three scores."""
    if at - 1 not in scores or at + 1 not in scores:
        return 0.0
    before, here, after = scores[at - 1], scores[at], scores[at + 1]
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _local_shifts(
    a_t: Float, a: Float, b_t: Float, b: Float, shift_s: float
) -> tuple[Float, Float]:
    """Best shifts of single minutes, within 3 s of the whole's, where they correlate."""
    width = round(_WINDOW_S / STEP_S)
    at, found = [], []
    for lo in range(0, b.size - width + 1, width):
        part_t, part = b_t[lo : lo + width], b[lo : lo + width]
        local, r, _ = _best(a_t, a, part_t, part, shift_s, 3.0, least_s=0.8 * _WINDOW_S)
        if r >= _GOOD:
            at.append(float(part_t[width // 2]))
            found.append(local)
    return np.array(at), np.array(found)
