"""Vagal spread with the heart rate's share taken off: cvrmssd, rmssd_corrected."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.base import Block, Metric, MetricSettings, ratio
from hrv.metrics.sums import lattice, moments
from hrv.types import NNSeries, Windows

COLUMNS = ("cvrmssd", "rmssd_corrected")
REFERENCE_S = 1.0
"""Mean interval at which `rmssd_corrected` equals rmssd: 60 bpm."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """RMSSD relative to the mean interval of every window.

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
    Block
        float64[k, 2], columns as in `COLUMNS`.

    Notes
    -----
    ``cvrmssd = 100 rmssd / mean_nn`` (%); ``rmssd_corrected = rmssd / mean_nn in s``, in ms at
    60 bpm: a slower heart has longer intervals, and with them longer differences, for
    mathematical reasons alone (Sacha 2014, doi:10.3389/fphys.2013.00306).  A companion of rmssd
    and mean_nn, not their substitute (de Geus et al. 2019, doi:10.1111/psyp.13287).
    """
    del settings
    grid = lattice(nn.nn_ms)
    difference = np.diff(grid.values, prepend=grid.values[:1])
    lo = np.minimum(windows.lo + 1, len(nn))
    rmssd = moments(difference, lo, windows.hi, nn.joined, about_zero=True).root_mean_square()
    mean = moments(grid.values, windows.lo, windows.hi).mean
    share = ratio(rmssd, mean)
    return Block.of((100 * share, share * 1000 / REFERENCE_S))


_SACHA = "Sacha 2014, Front Physiol 4:306, doi:10.3389/fphys.2013.00306"

_metric = partial(
    Metric, min_s=30.0, min_beats=1, source=_SACHA, family=compute, columns=COLUMNS, pairs=True
)
METRICS = (
    _metric(name="cvrmssd", unit="%", summary="rmssd in percent of mean_nn"),
    _metric(
        name="rmssd_corrected", unit="ms", summary="rmssd scaled to a mean interval of 1 s (60 bpm)"
    ),
)
