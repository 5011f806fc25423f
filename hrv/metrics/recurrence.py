"""Recurrence quantification: rqa_rec, rqa_det, rqa_lmean, rqa_lmax, rqa_entropy."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.apply import each
from hrv.metrics.base import Block, Metric, MetricSettings, Reason
from hrv.metrics.detrended import detrended_windows
from hrv.types import Bool, Float, Int, NNSeries, Windows

COLUMNS = ("rqa_rec", "rqa_det", "rqa_lmean", "rqa_lmax", "rqa_entropy")
EMBEDDING = 10
"""Intervals of an embedded vector, as in Kubios HRV."""
SHORTEST = 2
"""Points of the shortest diagonal line."""
MAX_BEATS = 5_000
"""More intervals are not compared with each other."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Recurrence measures of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; a vector holds `joined` intervals only.
    windows : Windows
        k spans.
    settings : MetricSettings
        `detrend`, if it applies to nonlinear measures.

    Returns
    -------
    Block
        float64[k, 5], columns as in `COLUMNS`: %, %, beats, beats, 1.

    Notes
    -----
    Two vectors of ten intervals recur if their Euclidean distance is at most ``sqrt(10) SD``.
    Of all pairs of different vectors ``rqa_rec`` is the percentage that recur; diagonal lines
    are runs of at least two recurring pairs at one lag: ``rqa_det`` is the percentage of
    recurring pairs on lines, ``rqa_lmean`` and ``rqa_lmax`` their mean and largest length,
    ``rqa_entropy`` the Shannon entropy (nats) of their lengths.  Webber & Zbilut 1994,
    doi:10.1152/jappl.1994.76.2.965; parameters as in the user's guide of Kubios HRV.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(compute, nn, windows, settings)
    return each(
        nn, windows, _measures, len(COLUMNS), least=EMBEDDING + 8, most=MAX_BEATS,
        why=Reason.NO_VARIATION,
    )  # fmt: skip


def _measures(x: Float, joined: Bool) -> tuple[float, ...]:
    if np.ptp(x) == 0:
        return (np.nan,) * len(COLUMNS)
    centred = x - x.mean()
    rows = np.lib.stride_tricks.sliding_window_view(centred, EMBEDDING)
    links = np.lib.stride_tricks.sliding_window_view(joined[1:], EMBEDDING - 1)
    usable = np.asarray(links.all(axis=1), np.bool_)
    n = int(np.count_nonzero(usable))
    if n < 8:
        return (np.nan,) * len(COLUMNS)
    largest = EMBEDDING * float(x.var(ddof=1))
    lengths = np.concatenate([_lines(rows, usable, lag, largest) for lag in range(1, len(rows))])
    points = float(lengths.sum())
    recurring = 100 * points / (n * (n - 1) / 2)
    lines = lengths[lengths >= SHORTEST]
    if lines.size == 0:
        return recurring, 0.0 if points else np.nan, np.nan, np.nan, np.nan
    share = np.bincount(lines) / lines.size
    share = share[share > 0]
    return (
        recurring,
        100 * float(lines.sum()) / points,
        float(lines.mean()),
        float(lines.max()),
        max(float(-(share * np.log(share)).sum()), 0.0),
    )


def _lines(rows: Float, usable: Bool, lag: int, largest: float) -> Int:
    """Lengths of the runs of recurring pairs at one lag, single points included."""
    apart = rows[lag:] - rows[:-lag]
    near = np.einsum("ij,ij->i", apart, apart) <= largest
    near &= usable[lag:] & usable[:-lag]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], near, [False]))))
    return np.asarray(edges[1::2] - edges[::2], np.int64)


_WEBBER = "Webber & Zbilut 1994, J Appl Physiol 76:965, doi:10.1152/jappl.1994.76.2.965"

_metric = partial(
    Metric, min_s=300.0, min_beats=200, source=_WEBBER, family=compute, columns=COLUMNS,
    max_beats=MAX_BEATS, rounding=1e-9,
)  # fmt: skip
METRICS = (
    _metric(name="rqa_rec", unit="%", summary="recurrence plot: pairs that recur"),
    _metric(name="rqa_det", unit="%", summary="recurrence plot: recurring pairs on diagonal lines"),
    _metric(name="rqa_lmean", unit="beats", summary="recurrence plot: mean length of the lines"),
    _metric(name="rqa_lmax", unit="beats", summary="recurrence plot: length of the longest line"),
    _metric(name="rqa_entropy", unit="1", summary="recurrence plot: entropy of the line lengths"),
)
