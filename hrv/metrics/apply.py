"""Apply a formula to each window's own intervals, for metrics that windows cannot share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hrv.metrics.base import Block, Reason
from hrv.types import Bool, Float, NNSeries, Windows

Formula = Callable[[Float, Bool], tuple[float, ...]]
"""(intervals in ms, which of them follow the one before) -> one number a column; NaN for none."""


def each(
    nn: NNSeries,
    windows: Windows,
    formula: Formula,
    columns: int,
    *,
    least: int = 1,
    most: int = 0,
    why: Reason = Reason.TOO_FEW_BEATS,
) -> Block:
    """Compute `formula` on every window's intervals.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    windows : Windows
        k spans.
    formula : callable
        `Formula`.
    columns : int
        Numbers that it gives, m.
    least, most : int
        Fewest and (if not 0) most intervals that it takes.
    why : Reason
        Reason of a NaN from the formula.

    Returns
    -------
    Block
        float64[k, m].
    """
    values = np.full((len(windows), columns), np.nan)
    n = windows.n
    fit = n >= least if not most else (n >= least) & (n <= most)
    for j, x, joined in slices(nn, windows, fit):
        values[j] = formula(x, joined)
    block = Block.of(list(values.T), why)
    block.reasons[n < least] = Reason.TOO_FEW_BEATS
    if most:
        block.reasons[n > most] = Reason.TOO_MANY_BEATS
    return block


def slices(nn: NNSeries, windows: Windows, wanted: Bool) -> Iterator[tuple[int, Float, Bool]]:
    """Go through the wanted windows: number, intervals, and which follow the one before."""
    for j in np.flatnonzero(wanted).tolist():
        lo, hi = int(windows.lo[j]), int(windows.hi[j])
        joined = nn.joined[lo:hi].copy()
        joined[:1] = False
        yield j, nn.nn_ms[lo:hi], joined
