"""Phase-rectified averages: deceleration_capacity, acceleration_capacity."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Metric, MetricSettings
from hrv.metrics.sums import Values, count, lattice, running
from hrv.types import Bool, Float, Int, NNSeries, Windows

COLUMNS = ("deceleration_capacity", "acceleration_capacity")
LARGEST = 0.05
"""Changes above this share of the interval before are taken for artefacts and no anchors."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Deceleration and acceleration capacity of every window, ms.

    Parameters
    ----------
    nn : NNSeries
        n intervals; an anchor and its three neighbours must be `joined` and in the window.
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
    Mean over the anchors i of ``(nn[i] + nn[i+1] - nn[i-1] - nn[i-2]) / 4``; anchors of
    deceleration are longer than the interval before, of acceleration shorter, by at most 5 %.
    Bauer et al. 2006, doi:10.1016/S0140-6736(06)68735-7, who took 24 h of Holter recording.
    """
    del settings
    columns = []
    grid = lattice(nn.nn_ms)
    x, n = grid.values, len(nn)
    rise = np.zeros(n, x.dtype)
    turn = np.zeros(n, x.dtype)
    whole = np.zeros(n, np.bool_)
    if n >= 4:
        rise[1:] = np.diff(x)
        turn[2:-1] = x[2:-1] + x[3:] - x[1:-2] - x[:-3]
        whole[2:-1] = nn.joined[1:-2] & nn.joined[2:-1] & nn.joined[3:]
    before = np.concatenate((x[:1], x[:-1]))
    small = whole & (np.abs(rise) <= LARGEST * before)
    lo, hi = np.minimum(windows.lo + 2, n), np.maximum(windows.hi - 1, 0)
    for anchor in (small & (rise > 0), small & (rise < 0)):
        columns.append(_mean(np.where(anchor, turn, 0), anchor, lo, hi) / (4 * grid.per_ms))
    return Block.of(columns)


def _mean(values: Values, anchor: Bool, lo: Int, hi: Int) -> Float:
    """Mean of `values` over the anchors of each span; NaN without any."""
    stop = np.maximum(hi, lo)
    sums, n = running(values), count(anchor, lo, hi)
    total = sums[stop] - sums[lo]
    out = np.full(lo.size, np.nan)
    np.divide(total, n, out=out, where=n > 0)
    return out


_BAUER = "Bauer et al. 2006, Lancet 367:1674, doi:10.1016/S0140-6736(06)68735-7"

_metric = partial(
    Metric, unit="ms", min_s=1200.0, min_beats=4, source=_BAUER, family=compute, columns=COLUMNS,
    pairs=True, rounding=1e-9,
)  # fmt: skip
METRICS = (
    _metric(
        name="deceleration_capacity",
        summary="mean turn of the intervals about beats at which the heart slows",
    ),
    _metric(
        name="acceleration_capacity",
        summary="mean turn of the intervals about beats at which the heart speeds up",
    ),
)
