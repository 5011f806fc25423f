"""Detrended fluctuation analysis: dfa_alpha1 (short boxes) and dfa_alpha2 (long boxes)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from hrv.metrics.base import Block, Metric, MetricSettings, Reason, ratio
from hrv.metrics.detrended import detrended_windows
from hrv.metrics.sums import lattice, running
from hrv.types import Bool, Float, Int, NNSeries, Windows

PART = 1 << 20
"""Intervals after which sums start afresh: memory stays bounded and rounding small."""


def alpha1(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Scaling exponent of the fluctuations of every window over short boxes.

    Parameters
    ----------
    nn : NNSeries
        n intervals.  A box holds `joined` intervals only; others are left out.
    windows : Windows
        k spans.
    settings : MetricSettings
        `scaling`; `detrend`, if it applies to nonlinear measures.

    Returns
    -------
    Block
        float64[k, 1]: dfa_alpha1.

    Notes
    -----
    The running sum of ``nn - mean`` is cut into boxes of L intervals from the window's first;
    in each a straight line is removed; F(L) is the root of the mean squared rest over all boxes;
    alpha is the slope of log F against log L over all whole L of the range.  Peng et al. 1995,
    doi:10.1063/1.166141.

    The line in a box absorbs whatever mean was subtracted, so that a box's rest does not depend
    on the window: it is found once for each interval that a box can begin with, from exact
    integer sums where the intervals are integers, and summed over each window's boxes.

    Overlapping boxes begin half a box apart, the last one before ``n - L``, as in NeuroKit2
    (which also leaves out boxes without any rest; here they count as the zeros they are).
    """
    if settings.detrend.nonlinear:
        return detrended_windows(alpha1, nn, windows, settings)
    return _exponent(nn, windows, settings.scaling.short, overlap=settings.scaling.overlap)


def alpha2(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Scaling exponent of the fluctuations of every window over long boxes.

    Parameters
    ----------
    nn, windows, settings
        As in `alpha1`.

    Returns
    -------
    Block
        float64[k, 1]: dfa_alpha2, by the formula of `alpha1`.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(alpha2, nn, windows, settings)
    return _exponent(nn, windows, settings.scaling.long, overlap=settings.scaling.overlap)


def _exponent(nn: NNSeries, windows: Windows, sizes: tuple[int, int], *, overlap: bool) -> Block:
    column = np.full(len(windows), np.nan)
    for rows, first, last in parts(windows):
        lo, n = windows.lo[rows] - first, windows.n[rows]
        piece, joined = nn.nn_ms[first:last], nn.joined[first:last]
        if piece.size:
            column[rows] = _slopes(piece, joined, lo, n, sizes, overlap=overlap)
    block = Block.of([column], Reason.NO_VARIATION)
    refused = np.isnan(column) & (windows.n <= sizes[1])
    block.reasons[refused, 0] = Reason.TOO_FEW_BEATS
    return block


def parts(windows: Windows) -> Iterator[tuple[Int, int, int]]:
    """Group windows by where they begin: (their indices, first interval, one past the last)."""
    group = windows.lo // PART
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        yield rows, int(windows.lo[rows].min()), int(windows.hi[rows].max())


def _slopes(
    nn_ms: Float, joined: Bool, lo: Int, n: Int, sizes: tuple[int, int], *, overlap: bool
) -> Float:
    """float64[k]: slope of log F over the box sizes; NaN where a size has no box or no rest."""
    box = np.arange(sizes[0], sizes[1] + 1)
    log = np.log2(box)
    weight = (log - log.mean()) / ((log - log.mean()) ** 2).sum()
    alpha = np.zeros(lo.size)
    grid = lattice(nn_ms)
    values = grid.values - (
        int(np.rint(grid.values.mean())) if grid.values.dtype == np.int64 else grid.values.mean()
    )
    profile = np.cumsum(values)
    breaks = running(~joined)
    for size, share in zip(box.tolist(), weight.tolist(), strict=True):
        mean = _mean_rest(profile, breaks, lo, n, size, size // 2 if overlap else size)
        logs = np.log2(mean, out=np.full(mean.size, np.nan), where=mean > 0)
        alpha += share * 0.5 * logs
    return alpha


def _mean_rest(profile: Float | Int, breaks: Int, lo: Int, n: Int, size: int, stride: int) -> Float:
    """float64[k]: mean squared rest of the boxes of one size in each window."""
    if profile.size < size:
        return np.full(lo.size, np.nan)
    rest = box_rest(profile, size)
    whole = breaks[size : size + rest.size] == breaks[1 : 1 + rest.size]
    rest = np.where(whole, rest, 0.0)
    boxes = -(-(n - size) // stride) if stride < size else n // size
    boxes = np.maximum(boxes, 0)
    lo = np.where(boxes > 0, lo, 0)
    sums, stop = _strided(rest, stride), lo + boxes * stride
    if whole.all():
        return ratio(sums[stop] - sums[lo], boxes)
    count = _strided(whole.astype(np.float64), stride)
    return ratio(sums[stop] - sums[lo], count[stop] - count[lo])


def _strided(values: Float, stride: int) -> Float:
    """Sum in steps: ``out[i + stride] = out[i] + values[i]``, zero for ``i < stride``."""
    rows = -(-values.size // stride) + 1
    out = np.zeros((rows + 1, stride))
    out[1:rows].ravel()[: values.size] = values
    np.cumsum(out, axis=0, out=out)
    return out.ravel()


def box_rest(profile: Float | Int, size: int) -> Float:
    """Mean squared rest about its line of each run of `size` values.

    Parameters
    ----------
    profile : int64[n] or float64[n]
        Integers are summed exactly (their running sums may wrap around, a box's do not).
    size : int
        Values in a box.

    Returns
    -------
    float64[n - size + 1]
        For the boxes that begin with each value.
    """
    if profile.dtype == np.int64:
        first, second, tilted = _exact_sums(np.asarray(profile, np.int64), size)
    else:
        first, second, tilted = _float_sums(np.asarray(profile, np.float64), size)
    spread = size * (size * size - 1) / 12
    rest = second - first * first / size - tilted * tilted / spread
    # a perfect line leaves rounding only
    return np.where(rest > 1e-12 * second, rest, 0.0) / size


def _exact_sums(profile: Int, size: int) -> tuple[Float, Float, Float]:
    """Sum v, v² and (j - middle) v over a box, v = y[i + j] - y[i]."""
    y, index = profile, np.arange(profile.size, dtype=np.int64)
    base, at = y[: y.size - size + 1], index[: y.size - size + 1]
    sum1, sum2, sum3 = (_boxed(values, size) for values in (y, y * y, y * index))
    first = sum1 - size * base
    second = sum2 - base * (sum1 + first)
    twice = 2 * (sum3 - at * sum1) - (size - 1) * sum1  # the lever (j - middle) sums to zero
    return first.astype(np.float64), second.astype(np.float64), twice.astype(np.float64) / 2


def _boxed(values: Int, size: int) -> Int:
    sums = running(values)
    return np.asarray(sums[size:] - sums[:-size], dtype=np.int64)


def _float_sums(profile: Float, size: int, chunk: int = 65_536) -> tuple[Float, Float, Float]:
    rows = np.lib.stride_tricks.sliding_window_view(profile, size)
    lever = np.arange(size) - (size - 1) / 2
    first, second, tilted = (np.empty(len(rows)) for _ in range(3))
    for a in range(0, len(rows), chunk):
        v = rows[a : a + chunk] - rows[a : a + chunk, :1]
        at = slice(a, a + len(v))
        first[at], tilted[at] = v.sum(axis=1), v @ lever
        second[at] = np.einsum("ij,ij->i", v, v)
    return first, second, tilted


_PENG = "Peng et al. 1995, Chaos 5:82, doi:10.1063/1.166141"

_metric = partial(Metric, unit="1", source=_PENG, rounding=1e-9)
METRICS = (
    _metric(
        name="dfa_alpha1", min_s=120.0, min_beats=64, family=alpha1, columns=("dfa_alpha1",),
        summary="detrended fluctuation analysis: scaling exponent over boxes of 4 to 16 intervals",
    ),
    _metric(
        name="dfa_alpha2", min_s=300.0, min_beats=256, family=alpha2, columns=("dfa_alpha2",),
        summary="detrended fluctuation analysis: scaling exponent over boxes of 16 to 64 intervals",
    ),
)  # fmt: skip
