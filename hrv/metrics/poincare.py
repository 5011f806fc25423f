"""Poincaré plot: width sd1 across and length sd2 along the line of identity, ratio and area."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Metric, MetricSettings, Reason, ratio
from hrv.metrics.sums import lattice, moments
from hrv.types import NNSeries, Windows

COLUMNS = ("sd1", "sd2", "sd1_sd2", "ellipse_area")


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Axes of the ellipse of points (NN[i-1], NN[i]) of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; only pairs that are `joined` and lie in the window both are points.
    windows : Windows
        k spans.
    settings : MetricSettings
        Not used.

    Returns
    -------
    Block
        float64[k, 4], columns as in `COLUMNS`: ms, ms, 1, ms².

    Notes
    -----
    ``sd1 = SD((NN[i] - NN[i-1]) / sqrt(2))`` and ``sd2 = SD((NN[i] + NN[i-1]) / sqrt(2))`` over
    the points, ddof = 1: the dispersions themselves, not their usual stand-ins
    ``sdsd / sqrt(2)`` (equal here) and ``sqrt(2 sdnn² - sdsd² / 2)`` (equal for long windows
    without gaps); ``ellipse_area = pi sd1 sd2``.  Brennan, Palaniswami & Kamen 2001,
    doi:10.1109/10.959330.
    """
    del settings
    grid = lattice(nn.nn_ms)
    difference = np.diff(grid.values, prepend=grid.values[:1])
    total = 2 * grid.values - difference
    lo, hi = np.minimum(windows.lo + 1, len(nn)), windows.hi  # the first has no neighbour inside
    across = moments(difference, lo, hi, nn.joined, about_zero=True)
    along = moments(total, lo, hi, nn.joined)
    scale = np.sqrt(2.0) * grid.per_ms
    sd1, sd2 = across.sd() / scale, along.sd() / scale
    block = Block.of((sd1, sd2, ratio(sd1, sd2), np.pi * sd1 * sd2))
    block.reasons[sd2 == 0, COLUMNS.index("sd1_sd2")] = Reason.NO_VARIATION
    return block


_BRENNAN = "Brennan et al. 2001, IEEE Trans Biomed Eng 48:1342, doi:10.1109/10.959330"

_metric = partial(Metric, family=compute, columns=COLUMNS, pairs=True)
METRICS = (
    _metric(
        "sd1", "ms", 30.0, 2, _BRENNAN,
        "Poincaré plot: dispersion across the line of identity (= sdsd / sqrt(2))",
    ),
    _metric(
        "sd2", "ms", 240.0, 2, _BRENNAN,
        "Poincaré plot: dispersion along the line of identity",
    ),
    _metric(
        "sd1_sd2", "1", 240.0, 2, _BRENNAN,
        "Poincaré plot: sd1 / sd2",
    ),
    _metric(
        "ellipse_area", "ms²", 240.0, 2, _BRENNAN,
        "Poincaré plot: area of the ellipse, pi sd1 sd2",
    ),
)  # fmt: skip
