"""Successive differences, the vagal measures: rmssd, ln_rmssd, sdsd, nn50, pnn50, pnn20."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from hrv.metrics.base import Columns, Metric, MetricSettings, Reason, ratio
from hrv.metrics.sums import count, lattice, moments, successive
from hrv.types import Float, Int, NNSeries, Windows

COLUMNS = ("rmssd", "ln_rmssd", "sdsd", "nn50", "pnn50", "pnn20")


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Columns:
    """Measures of the differences between neighbouring intervals of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; only pairs that are `joined` and lie in the window both count.
    windows : Windows
        k spans.
    settings : MetricSettings
        Not used.

    Returns
    -------
    Columns
        float64[k, 6], columns as in `COLUMNS`.

    Notes
    -----
    With the p differences d of a window: ``rmssd = sqrt(sum(d²) / p)``,
    ``ln_rmssd = ln(rmssd / ms)``, ``sdsd = sqrt(sum((d - mean d)²) / (p - 1))``,
    ``nn50 = count(|d| > 50 ms)`` (strictly), ``pnn50 = 100 nn50 / p``, likewise pnn20.
    Task Force 1996, doi:10.1161/01.CIR.93.5.1043; pNNx: Mietus 2002,
    doi:10.1136/heart.88.4.378.
    """
    del settings
    grid = lattice(nn.nn_ms)
    difference = successive(grid.values)
    lo, hi = np.minimum(windows.lo + 1, len(nn)), windows.hi  # the first has no neighbour inside
    sums = moments(difference, lo, hi, nn.joined, about_zero=True)

    @cache
    def rmssd() -> Float:
        return grid.ms(sums.root_mean_square())

    def log() -> Float:
        value = rmssd()
        return np.log(value, out=np.full(value.size, np.nan), where=value > 0)

    def over(limit_ms: float) -> Int:
        large = np.abs(difference) > limit_ms * grid.per_ms
        return count(nn.joined & large, lo, hi)

    return Columns(
        (
            rmssd, log, lambda: grid.ms(sums.sd()),
            lambda: np.where(sums.n > 0, over(50.0), np.nan),
            lambda: ratio(100.0 * over(50.0), sums.n), lambda: ratio(100.0 * over(20.0), sums.n),
        ),
        tuple(
            Reason.NO_VARIATION if name == "ln_rmssd" else Reason.TOO_FEW_BEATS for name in COLUMNS
        ),
    )  # fmt: skip


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"
_MIETUS = "Mietus et al. 2002, Heart 88:378, doi:10.1136/heart.88.4.378"
_SHORT = "; length: Munoz et al. 2015, doi:10.1371/journal.pone.0138921"

_metric = partial(Metric, family=compute, columns=COLUMNS, pairs=True)
METRICS = (
    _metric(
        "rmssd", "ms", 30.0, 1, _TASK_FORCE + _SHORT,
        "root mean square of successive differences",
    ),
    _metric(
        "ln_rmssd", "ln ms", 30.0, 1, _TASK_FORCE + _SHORT,
        "natural logarithm of rmssd in ms: what comparisons analyse",
    ),
    _metric(
        "sdsd", "ms", 30.0, 2, _TASK_FORCE + _SHORT,
        "standard deviation of successive differences (ddof = 1)",
    ),
    _metric(
        "nn50", "count", 30.0, 1, _TASK_FORCE + _SHORT,
        "successive differences strictly greater than 50 ms",
    ),
    _metric(
        "pnn50", "%", 30.0, 1, _MIETUS + _SHORT,
        "nn50 in percent of the differences",
    ),
    _metric(
        "pnn20", "%", 30.0, 1, _MIETUS + _SHORT,
        "differences strictly greater than 20 ms in percent of the differences",
    ),
)  # fmt: skip
