"""The one sliding engine: families are computed, then the rules of validity applied once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv._spans import coverage, locate
from hrv.metrics.base import Block, Codes, Columns, Family, Metric, MetricSettings, Reason
from hrv.metrics.sums import PART, count
from hrv.types import Bool, Float, Int, NNSeries, RRSeries, Windows

MIN_COVERAGE = 0.80
"""Least share of a window that NN intervals must cover."""
FLAG_CORRECTED, MAX_CORRECTED = 0.05, 0.20
"""Shares of corrected beats above which a window is flagged, and refused."""
ROUNDING = 1e-9
"""Slack of comparisons with limits, so that a share of exactly 80 % passes."""

MOST_BEATS = 128 * PART
"""Intervals computed on at a time (five days): memory does not grow with the recording."""


@dataclass(frozen=True, eq=False)
class Support:
    """What k windows rest on.

    Parameters
    ----------
    n, pairs : int64[k]
        NN intervals, and joined pairs of them, in each window.
    coverage, corrected : float64[k]
        Share of the window covered by NN intervals; share of its recorded intervals removed.
    """

    n: Int
    pairs: Int
    coverage: Float
    corrected: Float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Values of m metrics over k windows, each a number or the reason for none.

    Parameters
    ----------
    metrics : tuple of Metric
        What was computed.
    windows : Windows
        Where.
    support : Support
        What it rests on.
    values : float64[k, m]
        NaN exactly where `reasons` is not `Reason.OK`.
    reasons : uint8[k, m]
        `Reason` codes.
    forced : bool[k, m]
        True where the window is shorter than the metric needs and ``force`` let it pass.
    """

    metrics: tuple[Metric, ...]
    windows: Windows
    support: Support
    values: Float
    reasons: Codes
    forced: Bool

    def column(self, name: str) -> Float:
        """float64[k]: values of the metric called `name`."""
        return self.values[:, [metric.name for metric in self.metrics].index(name)]


def least_pairs(width_s: Float) -> Float:
    """Tell how many joined pairs windows of `width_s` (float64[k]) must hold: float64[k].

    4 at 10 s, 15 at 30 s, 30 at 60 s and half the seconds beyond; straight lines between, so
    that a clean heart at 40 bpm passes everywhere.
    """
    beyond = width_s / 2
    if width_s.size and width_s.min() >= 30:
        return beyond
    return np.where(width_s >= 30, beyond, np.interp(width_s, (0.0, 10.0, 30.0), (0.0, 4.0, 15.0)))


def support(nn: NNSeries, windows: Windows) -> Support:
    """Count what each window rests on."""
    n, rr = windows.n, nn.rr
    pairs = count(nn.joined, np.minimum(windows.lo + 1, len(nn)), windows.hi)
    if len(rr) == len(nn):
        return Support(n, pairs, coverage(nn, windows), np.zeros(len(windows)))
    lo, hi = locate(rr.begin_s, rr.t_s, windows.start_s, windows.stop_s)
    recorded = np.maximum(hi - lo, n)
    corrected = (recorded - n) / np.maximum(recorded, 1)
    return Support(n, pairs, coverage(nn, windows), corrected)


def evaluate(
    nn: NNSeries, windows: Windows, metrics: Sequence[Metric], settings: MetricSettings
) -> Evaluation:
    """Compute `metrics` over `windows` and refuse what the data cannot support.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    windows : Windows
        k spans of this series, on a grid or anywhere.
    metrics : sequence of Metric
        m entries of `hrv.METRICS`.
    settings : MetricSettings
        ``force`` lets windows pass that are shorter than a metric's minimum length; the other
        rules stay.

    Returns
    -------
    Evaluation
        A window's row depends on nothing outside the window.
    """
    if len(nn) <= MOST_BEATS:
        return _evaluate(nn, windows, metrics, settings)
    pieces = [
        (rows, _evaluate(part, where, metrics, settings))
        for rows, part, where in parts(nn, windows)
    ]
    order = np.argsort(np.concatenate([rows for rows, _ in pieces]), kind="stable")
    found = [piece for _, piece in pieces]

    def joined(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.asfortranarray(np.concatenate(arrays)[order])

    base = Support(*(joined([getattr(p.support, f.name) for p in found]) for f in fields(Support)))
    values, reasons, forced = (
        joined([getattr(p, name) for p in found]) for name in ("values", "reasons", "forced")
    )
    return Evaluation(tuple(metrics), windows, base, values, reasons, forced)


def parts(nn: NNSeries, windows: Windows) -> Iterator[tuple[Int, NNSeries, Windows]]:
    """Cut a long recording into stretches, each with the windows that begin in it.

    Yields
    ------
    rows : int64[r]
        Numbers of the windows.
    part : NNSeries
        What they rest on: their intervals and the nearest on either side.
    where : Windows
        The windows in it.
    """
    number = windows.lo // MOST_BEATS
    for group in np.unique(number):
        rows = np.flatnonzero(number == group)
        lo, hi = windows.lo[rows], windows.hi[rows]
        # from a multiple of what sums are anchored at, so that rounding is the same; a window's
        # cover may reach into the intervals before and after it
        first = max(int(lo.min()) - 2, 0) // PART * PART
        stop = min(max(int(hi.max()), int(lo.max())) + 1, len(nn))
        edges = windows.take(rows)
        where = Windows(edges.start_s, edges.stop_s, lo - first, hi - first)
        yield (
            rows,
            _slice(nn, first, stop, float(where.start_s.min()), float(where.stop_s.max())),
            where,
        )


def _slice(nn: NNSeries, first: int, stop: int, start_s: float, stop_s: float) -> NNSeries:
    """Intervals ``[first, stop)`` with the recorded and filled ones from `start_s` to `stop_s`."""
    rr, t = nn.rr, nn.t_s[first:stop]
    low, high = min(start_s, t[0] if t.size else start_s), max(stop_s, t[-1] if t.size else stop_s)
    a = max(int(np.searchsorted(rr.t_s, low)) - 2, 0)
    b = min(int(np.searchsorted(rr.t_s, high, side="right")) + 2, len(rr))
    recorded = RRSeries(rr.rr_ms[a:b], rr.t_s[a:b], rr.flag[a:b], rr.start, rr.provenance)
    c, d = np.searchsorted(nn.filled_t_s, (low, high))
    joined = nn.joined[first:stop].copy()
    joined[:1] = False
    return NNSeries(
        nn.nn_ms[first:stop], t, joined, nn.filled_ms[c:d], nn.filled_t_s[c:d], recorded,
        nn.method, nn.settings,
    )  # fmt: skip


def _evaluate(
    nn: NNSeries, windows: Windows, metrics: Sequence[Metric], settings: MetricSettings
) -> Evaluation:
    base = support(nn, windows)
    general = _general(base, windows)
    fine = general == Reason.OK
    every = bool(fine.all())
    where = windows if every else windows.take(fine)
    held = {True: base.pairs if every else base.pairs[fine], False: where.n}
    fewest = {pairs: n.min(initial=0 if not n.size else n[0]) for pairs, n in held.items()}
    narrowest = windows.width_s.min(initial=np.inf)
    shape = (len(windows), len(metrics))
    values = np.empty(shape, order="F") if every else np.full(shape, np.nan, order="F")
    reasons = np.zeros(shape, np.uint8, order="F")
    forced = np.zeros(shape, np.bool_, order="F")
    blocks: dict[Family, Block | Columns] = {}
    for j, metric in enumerate(metrics):
        value, why = values[:, j], reasons[:, j]
        if len(where) or not len(windows):
            if metric.family not in blocks:
                blocks[metric.family] = metric.family(nn, where, settings)
            found, code = blocks[metric.family].column(metric.columns.index(metric.name))
            if fewest[metric.pairs] < metric.min_beats:
                code = np.where(held[metric.pairs] < metric.min_beats, Reason.TOO_FEW_BEATS, code)
            rows = slice(None) if every else fine
            value[rows], why[rows] = found, code
        if not every:
            why[~fine] = general[~fine]
        if narrowest < metric.min_s - ROUNDING:
            short = windows.width_s < metric.min_s - ROUNDING
            if settings.force:
                forced[:, j] = short & (why == Reason.OK)
            else:
                why[short] = Reason.TOO_SHORT
        if why.any():
            value[why != Reason.OK] = np.nan
    return Evaluation(tuple(metrics), windows, base, values, reasons, forced)


def _general(base: Support, windows: Windows) -> Codes:
    """Rules that hold for every metric: uint8[k], the first that is broken."""
    why = np.zeros(len(windows), np.uint8)
    for broken, reason in (
        (base.pairs < least_pairs(windows.width_s) - ROUNDING, Reason.TOO_FEW_PAIRS),
        (base.corrected > MAX_CORRECTED + ROUNDING, Reason.CORRECTED),
        (base.coverage < MIN_COVERAGE - ROUNDING, Reason.COVERAGE),
    ):
        if broken.any():
            why[broken] = reason
    return why
