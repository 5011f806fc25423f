"""Heart rate and ln RMSSD in sliding windows: the curves y(t) that every measure looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.metrics import select
from hrv.metrics.base import Metric, MetricSettings
from hrv.metrics.engine import (
    FLAG_CORRECTED,
    MAX_CORRECTED,
    MIN_COVERAGE,
    ROUNDING,
    evaluate,
    support,
)
from hrv.recovery.settings import RecoverySettings
from hrv.types import RR_MAX_MS, Bool, Float, NNSeries, RRSeries
from hrv.windows import spans

HR, LN_RMSSD = select(("mean_hr", "ln_rmssd"))
"""The two metrics a curve is made of: 60000 / mean NN (bpm), and ln RMSSD (ln ms)."""
STEP_SLACK = 1e-6
"""Share of a step by which rounding may make a span too short for its last window."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One metric in the windows of a grid, NaN where the rules of `hrv.windows` refuse it.

    Parameters
    ----------
    start_s, stop_s : float64[k]
        Edges of the windows, s since the series' start.
    first_s, last_s : float64[k]
        First and last beat in each window: the time its value stands for.
    value : float64[k]
        Heart rate (bpm) or ln RMSSD (ln ms).
    """

    start_s: Float
    stop_s: Float
    first_s: Float
    last_s: Float
    value: Float

    def __len__(self) -> int:
        return int(self.value.size)

    @property
    def centre_s(self) -> Float:
        """float64[k]: middle of each window."""
        return (self.start_s + self.stop_s) / 2

    @property
    def valid(self) -> Bool:
        """bool[k]: True where there is a value."""
        return np.isfinite(self.value)


def hr_curve(nn: NNSeries, start_s: float, stop_s: float, settings: RecoverySettings) -> Curve:
    """Heart rate in the windows that fit into a span, the first at its start."""
    return hr_windows(
        nn, _starts(start_s, stop_s, settings.hr_width_s, settings.hr_step_s), settings.hr_width_s
    )


def hr_windows(nn: NNSeries, start_s: Float, width_s: float) -> Curve:
    """Heart rate in windows of one width at the given starts (float64[k])."""
    return _curve(nn, start_s, width_s, HR)


def ln_rmssd_curve(
    nn: NNSeries, start_s: float, stop_s: float, settings: RecoverySettings
) -> Curve:
    """Natural logarithm of RMSSD in the windows that fit into a span, the first at its start."""
    width_s = settings.rmssd_width_s
    start = _starts(start_s, stop_s, width_s, settings.rmssd_step_s)
    return _curve(nn, start, width_s, LN_RMSSD)


def mean_hr(nn: NNSeries, start_s: float, stop_s: float) -> float:
    """Heart rate of one span: 60000 / mean NN of the intervals with both beats in it.

    This is the time-weighted mean of the instantaneous rate 60000/NN.  NaN without an
    interval; `quality` says whether the span may be used.
    """
    one = spans(nn, start_s, stop_s)
    lo, hi = int(one.lo[0]), int(one.hi[0])
    return 60_000.0 / float(nn.nn_ms[lo:hi].mean()) if hi > lo else float("nan")


@dataclass(frozen=True)
class Quality:
    """What one span rests on: shares of time covered and of beats corrected, 0 to 1."""

    coverage: float
    corrected: float

    @property
    def covered(self) -> bool:
        """True if beats cover enough of the span."""
        return self.coverage >= MIN_COVERAGE - ROUNDING

    @property
    def clean(self) -> bool:
        """True if not too many beats were corrected for a number."""
        return self.corrected <= MAX_CORRECTED + ROUNDING

    @property
    def flagged(self) -> bool:
        """True if so many beats were corrected that the reader must know."""
        return self.corrected > FLAG_CORRECTED + ROUNDING


def quality(nn: NNSeries, start_s: float, stop_s: float) -> Quality:
    """Say what one span rests on."""
    base = support(nn, spans(nn, start_s, stop_s))
    return Quality(float(base.coverage[0]), float(base.corrected[0]))


def cut(nn: NNSeries, start_s: float, stop_s: float) -> NNSeries:
    """Copy the part of `nn` that can reach into a span; a long recording costs nothing then.

    All of `nn` if no recorded beat is near.
    """
    margin_s = 2 * RR_MAX_MS / 1000  # no interval is longer: none that touches the span is lost
    rr = nn.rr
    near = slice(*np.searchsorted(rr.t_s, (start_s - margin_s, stop_s + margin_s)))
    if near.start >= near.stop:
        return nn
    kept = slice(*np.searchsorted(nn.t_s, (start_s - margin_s, stop_s + margin_s)))
    joined = nn.joined[kept].copy()
    joined[:1] = False
    part = RRSeries(rr.rr_ms[near], rr.t_s[near], rr.flag[near], rr.start, rr.provenance)
    none = np.empty(0)
    return NNSeries(nn.nn_ms[kept], nn.t_s[kept], joined, none, none, part, nn.method, nn.settings)


def _starts(start_s: float, stop_s: float, width_s: float, step_s: float) -> Float:
    count = int(np.floor((stop_s - start_s - width_s) / step_s + STEP_SLACK)) + 1
    return start_s + step_s * np.arange(max(count, 0), dtype=np.float64)


def _curve(nn: NNSeries, start: Float, width_s: float, metric: Metric) -> Curve:
    where = spans(nn, start, start + width_s)
    # the widths are the definitions' own: a caller who shortens them has insisted
    value = evaluate(nn, where, (metric,), MetricSettings(force=True)).values[:, 0]
    first, last = where.start_s.copy(), where.stop_s.copy()
    some = where.hi > where.lo
    first[some], last[some] = nn.begin_s[where.lo[some]], nn.t_s[where.hi[some] - 1]
    return Curve(where.start_s, where.stop_s, first, last, value)
