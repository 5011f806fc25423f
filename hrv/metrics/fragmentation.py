"""Heart-rate fragmentation: pip, ials, pss, pas."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.apply import each
from hrv.metrics.base import Block, Metric, MetricSettings
from hrv.types import Bool, Float, Int, NNSeries, Windows

COLUMNS = ("pip", "ials", "pss", "pas")
SHORT, ALTERNATING = 3, 4
"""Segments under three intervals are short; alternation takes at least four."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Fragmentation indices of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; only differences within the window between `joined` ones count.
    windows : Windows
        k spans.
    settings : MetricSettings
        Not used.

    Returns
    -------
    Block
        float64[k, 4], columns as in `COLUMNS`: %, 1, %, %.

    Notes
    -----
    An inflection is a beat at which the difference of intervals changes sign or becomes or
    leaves zero; ``pip`` is the percentage of intervals that are one.  A segment is a run of
    differences of one sign (acceleration or deceleration; zero is neither) between
    inflections: ``ials`` is the inverse of their mean length, ``pss`` the percentage of
    intervals in segments shorter than three, ``pas`` the percentage of intervals in stretches
    of at least four in which the sign changes at every beat.  Costa, Davis & Goldberger 2017,
    doi:10.3389/fphys.2017.00255.  NeuroKit2 counts segments where this counts intervals
    (pss, pas), and passes over changes to zero (pip).
    """
    del settings
    return each(nn, windows, _indices, len(COLUMNS), least=4)


def _indices(x: Float, joined: Bool) -> tuple[float, float, float, float]:
    sign = np.sign(np.diff(x)).astype(np.int64)
    linked = joined[1:]
    sign = np.where(linked, sign, 2)  # a difference across a loss belongs to no run
    inflection = (sign[1:] != sign[:-1]) & linked[1:] & linked[:-1]
    beats = int(np.count_nonzero(linked)) + 1
    value, length = _runs(sign)
    monotone = length[np.abs(value) == 1]
    if monotone.size == 0:
        return 100 * float(np.count_nonzero(inflection)) / beats, np.nan, np.nan, np.nan
    turning = inflection & (sign[1:] * sign[:-1] == -1)
    kind, run = _runs(turning.astype(np.int64))
    alternating = run[(kind == 1) & (run + 1 >= ALTERNATING)] + 1
    return (
        100 * float(np.count_nonzero(inflection)) / beats,
        1 / float(monotone.mean()),
        100 * float(monotone[monotone < SHORT].sum()) / beats,
        100 * float(alternating.sum()) / beats,
    )


def _runs(values: Int) -> tuple[Int, Int]:
    """Value and length of each run of equal values."""
    first = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return values[first], np.diff(np.append(first, values.size))


_COSTA = "Costa et al. 2017, Front Physiol 8:255, doi:10.3389/fphys.2017.00255"

_metric = partial(
    Metric, min_s=300.0, min_beats=4, source=_COSTA, family=compute, columns=COLUMNS, pairs=True
)
METRICS = (
    _metric(name="pip", unit="%", summary="intervals at which the heart rate's trend turns"),
    _metric(
        name="ials", unit="1", summary="inverse mean length of runs of speeding up or slowing down"
    ),
    _metric(name="pss", unit="%", summary="intervals in runs shorter than three"),
    _metric(
        name="pas", unit="%", summary="intervals in alternation: every difference changes sign"
    ),
)
