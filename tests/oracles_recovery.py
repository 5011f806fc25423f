"""Slow, readable twins of the recovery measures, and beats of a heart rate known exactly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from hrv.types import Flag, NNSeries, RRSeries

Rate = Callable[[np.ndarray], np.ndarray]


def decay_rate(
    *,
    onset_s: float = 400.0,
    offset_s: float = 700.0,
    rest: float = 60.0,
    rise: float = 20.0,
    tau_s: float = 60.0,
    level: float | None = None,
) -> Rate:
    """Heart rate (bpm) that steps up at onset and returns exponentially to `level` (rest)."""
    end = rest if level is None else level

    def rate(t: np.ndarray) -> np.ndarray:
        after = end + (rest + rise - end) * np.exp(-np.maximum(t - offset_s, 0.0) / tau_s)
        return np.where(t < onset_s, rest, np.where(t < offset_s, rest + rise, after))

    return rate


def beats_of(
    rate: Rate,
    stop_s: float,
    *,
    start_s: float = 0.0,
    rsa_ms: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Beat times (s): a beat falls where the integral of the rate passes a whole number.

    `rsa_ms` modulates the interval by a 0.25 Hz wave of the given amplitude.
    """
    t = np.arange(start_s, stop_s, 0.02)
    per_s = rate(t) / 60.0
    if rsa_ms is not None:
        per_s = per_s * (1 - rsa_ms(t) * per_s / 1000 * np.sin(2 * np.pi * 0.25 * t))
    phase = np.concatenate(([0.0], np.cumsum((per_s[1:] + per_s[:-1]) / 2 * 0.02)))
    return np.interp(np.arange(int(phase[-1]) + 1), phase, t)


def nn_of(
    beats_s: np.ndarray,
    *,
    lost: Sequence[tuple[float, float]] = (),
    removed: Sequence[tuple[float, float]] = (),
    start: datetime | None = None,
) -> NNSeries:
    """Intervals of `beats_s`; those touching a `lost` span were never recorded, those
    touching a `removed` span were recorded and corrected away."""
    begin, end = beats_s[:-1], beats_s[1:]
    kept = np.ones(end.size, bool)
    for a, b in lost:
        kept &= (end <= a) | (begin >= b)
    flag = np.zeros(end.size, np.uint16)
    for a, b in removed:
        flag[(end > a) & (begin < b)] = Flag.ARTEFACT
    rr = RRSeries((end - begin)[kept] * 1000, end[kept], flag[kept], start)
    normal = rr.flag & Flag.ARTEFACT == 0
    before = np.concatenate(([False], normal[:-1]))
    joined = (normal & before & (rr.flag & Flag.GAP == 0))[normal]
    none = np.empty(0)
    return NNSeries(rr.rr_ms[normal], rr.t_s[normal], joined, none, none, rr, "test")


# -- measures, one window and one interval at a time ------------------------------------------


def inside(nn: NNSeries, start_s: float, stop_s: float) -> list[int]:
    """Indices of the intervals whose both beats lie in [start, stop)."""
    slack, begin, end = 1e-6, nn.begin_s.tolist(), nn.t_s.tolist()
    return [i for i in range(len(nn)) if begin[i] >= start_s - slack and end[i] < stop_s - slack]


def covered(nn: NNSeries, start_s: float, stop_s: float) -> float:
    total = 0.0
    for begin, end in zip(nn.begin_s, nn.t_s, strict=True):
        total += max(0.0, min(end, stop_s) - max(begin, start_s))
    return total / (stop_s - start_s)


def hr(nn: NNSeries, start_s: float, stop_s: float) -> float:
    chosen = [nn.nn_ms[i] for i in inside(nn, start_s, stop_s)]
    return 60_000.0 / (sum(chosen) / len(chosen)) if chosen else math.nan


def window_hr(nn: NNSeries, start_s: float, width_s: float) -> float:
    """Heart rate of a window, NaN unless 80 % are covered and 4 (10 s) or 30 pairs are joined."""
    chosen = inside(nn, start_s, start_s + width_s)
    pairs = sum(bool(nn.joined[i]) for i in chosen[1:])
    if covered(nn, start_s, start_s + width_s) < 0.8 or pairs < (4 if width_s == 10 else 30):
        return math.nan
    return hr(nn, start_s, start_s + width_s)


def window_ln_rmssd(nn: NNSeries, start_s: float) -> float:
    chosen = inside(nn, start_s, start_s + 60.0)
    steps = [nn.nn_ms[i] - nn.nn_ms[i - 1] for i in chosen[1:] if nn.joined[i]]
    if covered(nn, start_s, start_s + 60.0) < 0.8 or len(steps) < 30:
        return math.nan
    return math.log(math.sqrt(sum(d * d for d in steps) / len(steps)))


def starts(start_s: float, stop_s: float, width_s: float, step_s: float) -> list[float]:
    found, k = [], 0
    while start_s + k * step_s + width_s <= stop_s + 1e-4:
        found.append(start_s + k * step_s)
        k += 1
    return found


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def baseline(values: Sequence[float], floor: float) -> tuple[float, float]:
    seen = [v for v in values if not math.isnan(v)]
    level = median(seen)
    return level, max(1.4826 * median([abs(v - level) for v in seen]), floor)


def measures(nn: NNSeries, onset_s: float, offset_s: float) -> dict[str, float]:
    """Every measure but tau of an episode with a whole baseline and 600 s of recovery."""
    y = {s: window_hr(nn, s, 10.0) for s in starts(onset_s - 300, onset_s - 60, 10, 5)}
    level, spread = baseline(list(y.values()), 1.0)
    v = [window_ln_rmssd(nn, s) for s in starts(onset_s - 300, onset_s - 60, 60, 10)]
    vagal, _ = baseline(v, 0.05)
    off = hr(nn, offset_s - 30, offset_s)
    out = {"baseline_hr": level, "baseline_ln_rmssd": vagal}
    out["reactivity_hr"] = hr(nn, onset_s, offset_s) - level
    out["reactivity_ln_rmssd"] = _mean_ln_rmssd(nn, onset_s, offset_s) - vagal
    peak = {s: window_hr(nn, s, 10.0) for s in starts(onset_s, offset_s + 60, 10, 5)}
    peak = {s: value for s, value in peak.items() if not math.isnan(value)}
    best = max(peak, key=lambda s: peak[s])
    out["peak_hr"], out["time_to_peak_hr_s"] = peak[best], best + 5 - onset_s
    out["residual_hr"] = hr(nn, offset_s + 60, offset_s + 300) - level
    out["residual_ln_rmssd"] = _mean_ln_rmssd(nn, offset_s + 60, offset_s + 300) - vagal
    out["vagal_rebound_ln_rmssd"] = _mean_ln_rmssd(nn, offset_s + 300, offset_s + 600) - vagal
    for at in (60, 300, 600):
        late = hr(nn, offset_s + at - 30, offset_s + at)
        out[f"recovered_{at}_hr"] = 100 * (off - late) / (off - level)
    out["hrr60"] = hr(nn, offset_s - 10, offset_s) - hr(nn, offset_s + 50, offset_s + 60)
    curve = [
        (s + 5 - offset_s, window_hr(nn, s, 10.0)) for s in starts(offset_s, offset_s + 600, 10, 5)
    ]
    out |= _times(nn, curve, offset_s, (off + level) / 2, level + spread)
    seen = [(t, value) for t, value in curve if not math.isnan(value)]
    area = sum((b[0] - a[0]) / 60 * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(seen))
    out["auc_g_hr"], out["auc_i_hr"] = area, area - level * (seen[-1][0] - seen[0][0]) / 60
    first = [(t / 60, value) for t, value in seen if t <= 55]
    out["slope_hr_bpm_min"] = float(np.polyfit(*zip(*first, strict=True), 1)[0])
    return out


def _mean_ln_rmssd(nn: NNSeries, start_s: float, stop_s: float) -> float:
    values = [window_ln_rmssd(nn, s) for s in starts(start_s, stop_s, 60, 10)]
    seen = [v for v in values if not math.isnan(v)]
    return sum(seen) / len(seen)


def _times(
    nn: NNSeries, curve: list[tuple[float, float]], offset_s: float, half: float, back: float
) -> dict[str, float]:
    """t50 and time to baseline of a recovery without gaps; NaN where they never come."""
    t50 = next(
        (
            t
            for i, (t, _) in enumerate(curve)
            if i + 7 <= len(curve) and all(value <= half for _, value in curve[i : i + 7])
        ),
        math.nan,
    )
    minute = next(
        (
            s + 30 - offset_s
            for s in starts(offset_s, offset_s + 600, 60, 5)
            if window_hr(nn, s, 60.0) <= back
        ),
        math.nan,
    )
    return {"t50_hr_s": t50, "time_to_baseline_hr_s": minute}


def decay_deviance(
    t_s: np.ndarray, width_s: np.ndarray, y: np.ndarray, ln_tau: float, rho: float
) -> float:
    """-2 log likelihood of an AR(1)-disturbed decay with the full covariance matrix, up to a
    constant; level, amplitude and variance profiled out."""
    tau = math.exp(ln_tau)
    half = width_s / (2 * tau)
    curve = np.exp(-t_s / tau) * np.sinh(half) / half
    step = float(np.median(np.diff(t_s)))
    covariance = rho ** (np.abs(t_s[:, None] - t_s[None, :]) / step)
    design = np.column_stack((np.ones_like(y), curve))
    weighted = np.linalg.solve(covariance, design)
    beta = np.linalg.solve(design.T @ weighted, weighted.T @ y)
    rest = y - design @ beta
    square = float(rest @ np.linalg.solve(covariance, rest))
    return y.size * math.log(square) + float(np.linalg.slogdet(covariance)[1])
