"""Symbolic dynamics: symbolic_0v, symbolic_1v, symbolic_2lv, symbolic_2uv."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.apply import each
from hrv.metrics.base import Block, Metric, MetricSettings, Reason
from hrv.types import Bool, Float, NNSeries, Windows

COLUMNS = ("symbolic_0v", "symbolic_1v", "symbolic_2lv", "symbolic_2uv")
LEVELS = 6
"""Equal steps from the shortest interval to the longest."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Percentages of patterns of three intervals of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; a pattern holds `joined` intervals only.
    windows : Windows
        k spans.
    settings : MetricSettings
        Not used.

    Returns
    -------
    Block
        float64[k, 4], columns as in `COLUMNS`, %.

    Notes
    -----
    The window's range is cut into six equal steps.  Of all runs of three symbols: 0V has no
    change, 1V one, 2LV two in the same direction, 2UV two in opposite directions.  Porta et al.
    2001, doi:10.1109/10.966601 (patterns); Guzzetti et al. 2005,
    doi:10.1161/CIRCULATIONAHA.104.518449 (families and what moves them).
    """
    del settings
    return each(nn, windows, _families, len(COLUMNS), least=3, why=Reason.NO_VARIATION)


def _families(x: Float, joined: Bool) -> tuple[float, ...]:
    low, spread = x.min(), np.ptp(x)
    whole = joined[1:-1] & joined[2:]
    if spread == 0 or not whole.any():
        return (np.nan,) * len(COLUMNS)
    symbol = np.minimum(np.floor((x - low) * LEVELS / spread), LEVELS - 1)
    step = np.sign(np.diff(symbol))
    first, second = step[:-1][whole], step[1:][whole]
    changes, like = np.abs(first) + np.abs(second), first * second
    shares = (changes == 0, changes == 1, like > 0, like < 0)
    return tuple(100 * float(np.mean(share)) for share in shares)


_GUZZETTI = "Guzzetti et al. 2005, Circulation 112:465, doi:10.1161/CIRCULATIONAHA.104.518449"

_metric = partial(
    Metric, unit="%", min_s=240.0, min_beats=100, source=_GUZZETTI, family=compute,
    columns=COLUMNS,
)  # fmt: skip
METRICS = (
    _metric(name="symbolic_0v", summary="patterns of three intervals without a change"),
    _metric(name="symbolic_1v", summary="patterns of three intervals with one change"),
    _metric(name="symbolic_2lv", summary="patterns of three with two changes in one direction"),
    _metric(name="symbolic_2uv", summary="patterns of three with two changes, up and down"),
)
