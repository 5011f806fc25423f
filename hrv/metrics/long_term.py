"""Spread between and within five-minute parts: sdann, sdnn_index."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Metric, MetricSettings, ratio
from hrv.metrics.sums import lattice, moments
from hrv.types import Bool, Float, Int, NNSeries, Windows

COLUMNS = ("sdann", "sdnn_index")
PART_S = 300.0
"""Length of a part."""
LEAST_COVERED = 0.5
"""Share of a part that its intervals must cover to count."""
EDGE_S = 1e-6
"""Beats closer than this to a part's edge lie on it."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """SDANN and SDNN index of every window, ms.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    windows : Windows
        k spans.
    settings : MetricSettings
        Not used.

    Returns
    -------
    Block
        float64[k, 2], columns as in `COLUMNS`.

    Notes
    -----
    The window is cut into parts of five minutes from its start, the last one shorter; an
    interval belongs to the part in which it ends.  ``sdann`` is the standard deviation
    (ddof = 1) of the parts' means, ``sdnn_index`` the mean of their standard deviations
    (ddof = 1).  A part that is not half covered by intervals (lost beats, a short end) does not
    count.  Task Force 1996, doi:10.1161/01.CIR.93.5.1043.
    """
    del settings
    count = np.maximum(np.ceil((windows.width_s - EDGE_S) / PART_S), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(windows)), count)
    nth = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    start = windows.start_s[owner] + nth * PART_S
    lo = np.searchsorted(nn.t_s, start - EDGE_S, side="left")
    hi = np.searchsorted(nn.t_s, start + PART_S - EDGE_S, side="left")
    lo = np.clip(lo, windows.lo[owner], windows.hi[owner])
    hi = np.clip(hi, lo, windows.hi[owner])
    grid = lattice(nn.nn_ms)
    sums = moments(grid.values, lo, hi)
    mean, sd = sums.mean / grid.per_ms, sums.sd() / grid.per_ms
    covered = np.where(sums.n > 0, sums.n * mean, 0.0) >= LEAST_COVERED * PART_S * 1000
    means, _ = _per_window(mean, owner, covered, count)
    spread, n = _per_window((mean - means[owner]) ** 2, owner, covered, count)
    inner, _ = _per_window(sd, owner, covered & ~np.isnan(sd), count)
    return Block.of((np.sqrt(ratio(spread * n, n - 1)), inner))


def _per_window(value: Float, owner: Int, used: Bool, count: Int) -> tuple[Float, Int]:
    """Mean over the used parts of each window, and their number."""
    n = np.bincount(owner[used], minlength=count.size)
    total = np.bincount(owner[used], weights=value[used], minlength=count.size)
    return ratio(total, n), n


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"

_metric = partial(
    Metric, unit="ms", min_s=1800.0, min_beats=2, source=_TASK_FORCE, family=compute,
    columns=COLUMNS,
)  # fmt: skip
METRICS = (
    _metric(
        name="sdann", summary="standard deviation of the means of five-minute parts (ddof = 1)"
    ),
    _metric(name="sdnn_index", summary="mean of the standard deviations of five-minute parts"),
)
