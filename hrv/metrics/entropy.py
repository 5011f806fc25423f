"""Entropies of template matches: sampen, apen, multiscale_entropy."""

from __future__ import annotations

from functools import partial

import numpy as np

from hrv.metrics import pairs
from hrv.metrics.base import Block, Codes, Metric, MetricSettings, Reason
from hrv.metrics.detrended import detrended_windows
from hrv.metrics.settings import EntropySettings
from hrv.metrics.sums import lattice, moments, running
from hrv.types import Bool, Float, Int, NNSeries, Windows

MAX_BEATS = 120_000
"""More intervals than a day's are not compared with each other."""


def sample(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Sample entropy of every window.

    Parameters
    ----------
    nn : NNSeries
        n intervals; a template holds `joined` intervals only.
    windows : Windows
        k spans.
    settings : MetricSettings
        `entropy`; `detrend`, if it applies to nonlinear measures.

    Returns
    -------
    Block
        float64[k, 1]: sampen.

    Notes
    -----
    ``-ln(A / B)``: of the n - m templates, B pairs agree in m intervals and A in m + 1, each
    within ``tolerance`` standard deviations (ddof = 1); no template is compared with itself.
    Richman & Moorman 2000, doi:10.1152/ajpheart.2000.278.6.H2039.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(sample, nn, windows, settings)
    values, reasons = _sample(nn, windows, settings.entropy, scale=1)
    return Block(values[:, None], reasons[:, None])


def multiscale(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Mean sample entropy over coarse-grained scales of every window.

    Parameters
    ----------
    nn, windows, settings
        As in `sample`; ``entropy.scales`` is the coarsest.

    Returns
    -------
    Block
        float64[k, 1]: multiscale_entropy.

    Notes
    -----
    At scale s the means of s neighbouring intervals are compared, within the tolerance of
    scale 1.  Costa, Goldberger & Peng 2005, doi:10.1103/PhysRevE.71.021906.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(multiscale, nn, windows, settings)
    total = np.zeros(len(windows))
    reasons = np.zeros(len(windows), np.uint8)
    for scale in range(1, settings.entropy.scales + 1):
        values, why = _sample(nn, windows, settings.entropy, scale=scale)
        total += values
        reasons = np.where(reasons == Reason.OK, why, reasons)
    return Block((total / settings.entropy.scales)[:, None], reasons[:, None])


def approximate(nn: NNSeries, windows: Windows, settings: MetricSettings) -> Block:
    """Approximate entropy of every window.

    Parameters
    ----------
    nn, windows, settings
        As in `sample`.

    Returns
    -------
    Block
        float64[k, 1]: apen.

    Notes
    -----
    ``phi(m) - phi(m + 1)`` with phi(m) the mean logarithm of the share of templates that agree
    with a template, itself included.  Pincus 1991, doi:10.1073/pnas.88.6.2297.
    """
    if settings.detrend.nonlinear:
        return detrended_windows(approximate, nn, windows, settings)
    knobs = settings.entropy
    grid, limit, reasons = _limits(nn, windows, knobs)
    values = np.full(len(windows), np.nan)
    phi = []
    for length in (knobs.m, knobs.m + 1):
        valid = _templates(nn.joined, length)
        counts = pairs.mean_log_share(grid, windows, limit, valid, length, reasons == Reason.OK)
        phi.append(counts)
    values = phi[0] - phi[1]
    reasons[(reasons == Reason.OK) & np.isnan(values)] = Reason.TOO_FEW_BEATS
    values[reasons != Reason.OK] = np.nan
    return Block(values[:, None], reasons[:, None])


def _sample(
    nn: NNSeries, windows: Windows, knobs: EntropySettings, *, scale: int
) -> tuple[Float, Codes]:
    grid, limit, reasons = _limits(nn, windows, knobs)
    valid = _templates(nn.joined, (knobs.m + 1) * scale)
    short, long = pairs.matches(grid, windows, limit, valid, knobs.m, scale, reasons == Reason.OK)
    reasons[(reasons == Reason.OK) & (windows.n // scale <= knobs.m + 1)] = Reason.TOO_FEW_BEATS
    reasons[(reasons == Reason.OK) & (long == 0)] = Reason.NO_MATCHES
    good = reasons == Reason.OK
    values = np.full(len(windows), np.nan)
    values[good] = -np.log(long[good] / short[good])
    values[values == 0] = 0.0  # not minus zero
    return values, reasons


def _limits(
    nn: NNSeries, windows: Windows, knobs: EntropySettings
) -> tuple[Float | Int, Float, Codes]:
    """Intervals as comparable numbers, the largest matching difference, and early refusals."""
    grid = lattice(nn.nn_ms)
    sd = moments(grid.values, windows.lo, windows.hi).sd()
    reasons = np.zeros(len(windows), np.uint8)
    reasons[sd == 0] = Reason.NO_VARIATION
    reasons[np.isnan(sd)] = Reason.TOO_FEW_BEATS
    reasons[windows.n > MAX_BEATS] = Reason.TOO_MANY_BEATS
    return grid.values, knobs.tolerance * sd, reasons


def _templates(joined: Bool, length: int) -> Bool:
    """bool[n]: the `length` intervals from here on are neighbours (those past the end too)."""
    breaks = running(~joined)
    first = np.arange(joined.size)
    stop = np.minimum(first + length, joined.size)
    return np.asarray(breaks[stop] == breaks[first + 1])


_RICHMAN = "Richman & Moorman 2000, doi:10.1152/ajpheart.2000.278.6.H2039"
_PINCUS = "Pincus 1991, PNAS 88:2297, doi:10.1073/pnas.88.6.2297"
_COSTA = "Costa et al. 2005, Phys Rev E 71:021906, doi:10.1103/PhysRevE.71.021906"

_metric = partial(Metric, unit="1", max_beats=MAX_BEATS, rounding=1e-9)
METRICS = (
    _metric(
        name="sampen", min_s=120.0, min_beats=100, source=_RICHMAN,
        summary="sample entropy (m = 2, r = 0.2 SD)",
        family=sample, columns=("sampen",),
    ),
    _metric(
        name="apen", min_s=120.0, min_beats=100, source=_PINCUS,
        summary="approximate entropy (m = 2, r = 0.2 SD); biased in short windows, prefer sampen",
        family=approximate, columns=("apen",),
    ),
    _metric(
        name="multiscale_entropy", min_s=600.0, min_beats=500, source=_COSTA,
        summary="mean sample entropy over scales of 1 to 5 intervals",
        family=multiscale, columns=("multiscale_entropy",),
    ),
)  # fmt: skip
