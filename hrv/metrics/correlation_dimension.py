"""Correlation dimension of the attractor: correlation_dimension (D2)."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics.apply import each
from hrv.metrics.base import Block, Metric, MetricSettings, Reason
from hrv.metrics.detrended import detrended_windows
from hrv.metrics.sums import lattice
from hrv.types import Bool, Float, NNSeries, Windows

EMBEDDING = 10
"""Intervals of an embedded vector, as in Kubios HRV."""
LOW, HIGH, RADII = 0.05, 0.5, 16
"""Fit the correlation sums between these shares of pairs, at so many radii."""
MAX_BEATS = 5_000
"""More intervals are not compared with each other."""
ROWS = 256
"""Vectors compared with all at a time: bounds the memory."""


def compute(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Correlation dimension of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; a vector holds `joined` intervals only.
    windows : Windows
        k spans.
    settings : MetricSettings
        `detrend`, if it applies to nonlinear measures.

    Returns
    -------
    Block
        float64[k, 1]: correlation_dimension.

    Notes
    -----
    C(r) is the share of pairs of vectors of ten intervals that lie within the Euclidean
    distance r; the dimension is the slope of ln C against ln r where C runs from 0.05 to 0.5.
    Grassberger & Procaccia 1983, doi:10.1016/0167-2789(83)90298-1.  Tools differ in embedding
    and in the range of the fit, hence in the second digit.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(compute, nn, windows, settings)
    return each(
        nn, windows, _dimension, 1, least=EMBEDDING + 8, most=MAX_BEATS, why=Reason.NO_VARIATION
    )


def _dimension(x: Float, joined: Bool) -> tuple[float]:
    vectors = _embedded(x, joined)
    if len(vectors) < 8:
        return (np.nan,)
    distance = np.sqrt(_squares(vectors))
    radii = np.quantile(distance, np.geomspace(LOW, HIGH, RADII))
    if not radii[0] > 0 or radii[0] == radii[-1]:
        return (np.nan,)
    share = np.searchsorted(np.sort(distance), radii, side="right") / distance.size
    log_r, log_c = np.log(radii), np.log(share)
    centred = log_r - log_r.mean()
    return (float(centred @ log_c / (centred @ centred)),)


def _embedded(x: Float, joined: Bool) -> Float:
    """Vectors of neighbours: whole numbers where the intervals are, so that equals stay equal."""
    values = lattice(x).values
    centred = (values - values[:1]).astype(np.float64)
    rows = np.lib.stride_tricks.sliding_window_view(centred, EMBEDDING)
    links = np.lib.stride_tricks.sliding_window_view(joined[1:], EMBEDDING - 1)
    return rows[links.all(axis=1)]


def _squares(vectors: Float) -> Float:
    """Squared Euclidean distance of every pair of different vectors, once."""
    size = (vectors * vectors).sum(axis=1)
    out = []
    for a in range(0, len(vectors), ROWS):
        block = vectors[a : a + ROWS]
        square = size[a : a + ROWS, None] + size[None, a:] - 2 * block @ vectors[a:].T
        upper = np.triu(np.ones(square.shape, np.bool_), 1)
        out.append(np.maximum(square[upper], 0.0))
    return np.concatenate(out)


_GRASSBERGER = "Grassberger & Procaccia 1983, Physica D 9:189, doi:10.1016/0167-2789(83)90298-1"

_metric = partial(Metric, family=compute, columns=("correlation_dimension",))
METRICS = (
    _metric(
        "correlation_dimension", "1", 300.0, 200, _GRASSBERGER,
        "correlation dimension D2 (embedding 10)", rounding=1e-6, max_beats=MAX_BEATS,
    ),
)  # fmt: skip
