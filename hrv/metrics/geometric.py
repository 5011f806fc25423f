"""Shape of the histogram of intervals: triangular_index, tinn, stress_index."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.apply import each
from hrv.metrics.base import Block, Metric, MetricSettings, Reason
from hrv.metrics.detrended import without_trend
from hrv.types import Bool, Float, Int, NNSeries, Windows

BIN_MS = 1000 / 128
"""Width of the bins of the triangular measures, as the Task Force defines them."""
MODE_MS = 50.0
"""Width of the bins of Baevsky's index."""
MAX_BEATS = 250_000
"""More intervals (two days) are not detrended in one piece."""
SMOOTHNESS = 500.0
"""λ of the trend that the stress index disregards."""


def triangle(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Triangular index and triangular interpolation of every window.

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
        float64[k, 2]: triangular_index (1), tinn (ms).

    Notes
    -----
    Bins of 1000/128 ms begin at multiples of their width.  ``triangular_index`` is the number
    of intervals over the height of the fullest bin; ``tinn`` the base ``M - N`` of the triangle
    on that bin (its left edge, as NeuroKit2 takes it) that fits the histogram best in least
    squares, N and M on bin edges within the histogram (or its next bin), which counts as error
    where it lies outside ``[N, M]``.
    Task Force 1996, doi:10.1161/01.CIR.93.5.1043.
    """
    del settings
    return each(nn, windows, _triangle, 2, least=2, why=Reason.NO_VARIATION)


def _triangle(x: Float, joined: Bool) -> tuple[float, float]:
    del joined
    bins = np.floor(x / BIN_MS).astype(np.int64)
    counts = np.bincount(bins - bins.min())
    peak = int(np.argmax(counts))
    index = x.size / float(counts[peak])
    if np.ptp(x) == 0:
        return index, np.nan
    left = _foot(counts[: peak + 1][::-1])
    right = _foot(counts[peak:])
    return index, (left + right) * BIN_MS


def _foot(counts: Int) -> int:
    """Bins from the peak to the foot of the side that fits best; the first count is the peak."""
    bins = np.arange(counts.size)
    feet = np.arange(1, counts.size + 1)
    side = np.maximum(1 - bins[None, :] / feet[:, None], 0.0) * counts[0]
    return int(feet[np.argmin(((counts - side) ** 2).sum(axis=1))])


def stress(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Square root of Baevsky's stress index of every window.

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
        float64[k, 1]: stress_index.

    Notes
    -----
    ``sqrt(AMo / (2 Mo MxDMn))``: AMo is the share (%) of intervals in the fullest bin of 50 ms,
    Mo the median (s) and MxDMn the range (s).  Baevsky & Chernikova 2017.  As in Kubios HRV
    (its user's guide; Tarvainen et al. 2014, doi:10.1016/j.cmpb.2013.07.024) the root makes
    the index nearly normal and the slow trend is taken off first by smoothness priors
    (λ = 500 at 4 Hz), so that a drift of the heart rate does not pass for calm.  Bins begin at
    the mean.
    """
    del settings
    values = np.full((len(windows), 1), np.nan)
    reasons = np.full((len(windows), 1), Reason.TOO_FEW_BEATS, np.uint8)
    reasons[windows.n > MAX_BEATS] = Reason.TOO_MANY_BEATS
    for j in np.flatnonzero((windows.n >= 3) & (windows.n <= MAX_BEATS)).tolist():
        part = slice(int(windows.lo[j]), int(windows.hi[j]))
        values[j, 0] = _stress(nn.nn_ms[part], nn.t_s[part])
        reasons[j, 0] = Reason.NO_VARIATION if np.isnan(values[j, 0]) else Reason.OK
    return Block(values, reasons)


def _stress(nn_ms: Float, t_s: Float) -> float:
    if np.ptp(nn_ms) == 0:
        return np.nan
    x = without_trend(nn_ms, t_s, SMOOTHNESS)
    spread_ms = float(np.ptp(x))
    if not spread_ms > 1e-6:  # rounding is no variation
        return np.nan
    bins = np.floor((x - x.mean()) / MODE_MS).astype(np.int64)
    fullest_percent = 100 * float(np.bincount(bins - bins.min()).max()) / x.size
    return float(np.sqrt(fullest_percent / (2 * np.median(x) / 1000 * spread_ms / 1000)))


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"
_KUBIOS = "Baevsky & Chernikova 2017; Tarvainen et al. 2014, doi:10.1016/j.cmpb.2013.07.024"

_shape = partial(Metric, family=triangle, columns=("triangular_index", "tinn"), source=_TASK_FORCE)
METRICS = (
    _shape(
        "triangular_index", "1", 1200.0, 2,
        summary="intervals over the height of their histogram (bins of 1/128 s)",
    ),
    _shape(
        "tinn", "ms", 1200.0, 2,
        summary="base of the triangle that fits the histogram of intervals best",
    ),
    Metric(
        "stress_index", "1", 120.0, 50, _KUBIOS,
        "square root of Baevsky's stress index, slow trend removed",
        stress, ("stress_index",), rounding=1e-9, max_beats=MAX_BEATS,
    ),
)  # fmt: skip
