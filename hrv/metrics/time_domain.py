"""Level and overall spread of the intervals: mean_nn, sdnn, cvnn, mean_hr."""

from __future__ import annotations

from functools import cache, partial

from hrv.metrics.base import Columns, Metric, MetricSettings, Reason, ratio
from hrv.metrics.sums import lattice, moments
from hrv.types import Float, NNSeries, Windows

COLUMNS = ("mean_nn", "sdnn", "cvnn", "mean_hr")


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Columns:
    """Mean NN (ms), SDNN (ms), their ratio and heart rate (bpm) of every window.

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
    Columns
        float64[k, 4], columns as in `COLUMNS`.

    Notes
    -----
    ``sdnn = sqrt(sum((nn - mean)²) / (n - 1))``; ``mean_hr = 60000 / mean_nn``, never the mean
    of instantaneous rates; ``cvnn = sdnn / mean_nn``.  Task Force 1996,
    doi:10.1161/01.CIR.93.5.1043.
    """
    del settings
    grid = lattice(nn.nn_ms)
    sums = moments(grid.values, windows.lo, windows.hi)

    @cache
    def mean_nn() -> Float:
        return grid.ms(sums.mean)

    @cache
    def sdnn() -> Float:
        return grid.ms(sums.sd())

    return Columns(
        (mean_nn, sdnn, lambda: ratio(sdnn(), mean_nn()), lambda: ratio(60_000.0, mean_nn())),
        (Reason.TOO_FEW_BEATS,) * len(COLUMNS),
    )


_TASK_FORCE = "Task Force 1996, Circulation 93:1043, doi:10.1161/01.CIR.93.5.1043"
_SHORT = "; length: Shaffer 2020, doi:10.3389/fnins.2020.594880"

_metric = partial(Metric, family=compute, columns=COLUMNS)
METRICS = (
    _metric(
        "mean_nn", "ms", 10.0, 1, _TASK_FORCE + _SHORT,
        "mean of the NN intervals",
    ),
    _metric(
        "sdnn", "ms", 240.0, 2, _TASK_FORCE + _SHORT,
        "standard deviation of the NN intervals (ddof = 1)",
    ),
    _metric(
        "cvnn", "1", 240.0, 2,
        "Shaffer & Ginsberg 2017, doi:10.3389/fpubh.2017.00258" + _SHORT,
        "coefficient of variation: sdnn / mean_nn (a ratio, not percent)",
    ),
    _metric(
        "mean_hr", "bpm", 10.0, 1, _TASK_FORCE + _SHORT,
        "heart rate: 60000 / mean_nn",
    ),
)  # fmt: skip
