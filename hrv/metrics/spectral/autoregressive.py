"""Autoregressive spectrum by the modified covariance method."""

from __future__ import annotations

import numpy as np

from hrv.metrics.base import Codes, MetricSettings, Reason
from hrv.metrics.settings import SpectralSettings
from hrv.metrics.spectral.single import resampled, unbroken
from hrv.metrics.spectral.timeline import Timeline
from hrv.types import Float, NNSeries, Windows

CELL_HZ = 0.001
"""Width of the cells over which the density is averaged."""
LEAST_RATIO = 4
"""Samples a coefficient needs."""
ROWS = 65_536
"""Prediction errors fitted at a time."""
FAITHFUL = 3.0
"""Factor by which the model's variance may differ from that of the samples."""


def frequencies(knobs: SpectralSettings) -> Float:
    """float64[b]: centres of the cells over which the model's density is averaged, Hz."""
    top = int(np.ceil(knobs.hf_hz[1] / CELL_HZ)) + 1
    last = min(top, int(knobs.rate_hz / 2 / CELL_HZ) - 1)
    return np.asarray(np.arange(last + 1) * CELL_HZ, np.float64)


def power(
    nn: NNSeries, line: Timeline, windows: Windows, settings: MetricSettings, weights: Float
) -> tuple[Float, Codes]:
    """Weighted sums of each window's autoregressive density.

    Parameters
    ----------
    nn, line, windows, settings, weights
        As in `hrv.metrics.spectral.welch.power`.

    Returns
    -------
    values : float64[k, r]
        NaN where refused.
    reasons : uint8[k]
        `TOO_FEW_BEATS`, `GAP` where beats are missing for more than two seconds, or `NO_MODEL`
        where the samples determine no model with about their variance.

    Notes
    -----
    ``S(f) = 2 s² / (rate |1 + sum a[k] exp(-2πi f k / rate)|²)``, the coefficients a minimising
    forward and backward prediction errors together (Marple 1980, IEEE Trans ASSP 28:441), the
    window's mean removed.  For HRV: Boardman et al. 2002, doi:10.1088/0967-3334/23/2/308.
    """
    del nn
    knobs = settings.spectral
    values = np.full((len(windows), weights.shape[1]), np.nan)
    reasons = np.full(len(windows), Reason.TOO_FEW_BEATS, np.uint8)
    for j, pieces in enumerate(resampled(line, windows, settings)):
        x = unbroken(pieces)
        if x is None:
            reasons[j] = Reason.GAP
        elif x.size >= LEAST_RATIO * knobs.order:
            density = _density(x, knobs, weights.shape[0])
            reasons[j] = Reason.NO_MODEL if density is None else Reason.OK
            values[j] = np.nan if density is None else density @ weights
    return values, reasons


def modified_covariance(x: Float, order: int) -> tuple[Float, float] | None:
    """Coefficients and error variance of an autoregressive model.

    Parameters
    ----------
    x : float64[N]
        Centred samples.
    order : int
        p.

    Returns
    -------
    coefficients : float64[p + 1]
        The first is 1.
    variance : float
        Mean squared prediction error, forward and backward.

    None where the samples do not determine them.
    """
    rows = np.lib.stride_tricks.sliding_window_view(x, order + 1)
    columns = [*range(1, order + 1), 0]
    triangle = np.empty((0, order + 1))
    for first in range(0, len(rows), ROWS):  # a part at a time: memory stays bounded
        part = rows[first : first + ROWS]
        both = np.vstack((part[:, ::-1], part))[:, columns]
        triangle = np.asarray(np.linalg.qr(np.vstack((triangle, both)), mode="r"), np.float64)
    pivots = np.abs(np.diagonal(triangle)[:order])
    if not pivots.min() > 1e-12 * pivots.max():
        return None
    a = np.linalg.solve(triangle[:order, :order], -triangle[:order, order])
    return np.concatenate(([1.0], a)), float(triangle[order, order] ** 2 / (2 * len(rows)))


def cumulative_power(coefficients: Float, variance: float, rate_hz: float, at_hz: Float) -> Float:
    """Power of an autoregressive model from zero up to given frequencies, in closed form.

    Parameters
    ----------
    coefficients : float64[p + 1]
        The first is 1.
    variance : float
        Of the prediction error.
    rate_hz : float
        Samples a second.
    at_hz : float64[b]
        Upper ends, Hz, up to half the rate; a negative one gives minus the power up to its size.

    Returns
    -------
    float64[b]
        ms²; at half the rate the variance of the model.

    Notes
    -----
    The autocovariance is ``r(τ) = sum c[k] p[k]^|τ|`` over the poles p, hence the power up to f is
    ``(2 / rate) sum c[k] (f + (rate / 2πi) (ln(1 - p[k] e^(-iω)) - ln(1 - p[k] e^(iω))))``.
    A resonance narrower than any grid is thereby not missed.  Poles outside the unit circle,
    which this method may give, are mirrored: the density is the same.
    """
    poles = np.roots(coefficients).astype(np.complex128)
    poles = poles[poles != 0]
    outside = np.abs(poles) > 1
    variance = variance / float(np.prod(np.abs(poles[outside]) ** 2))
    poles[outside] = 1 / np.conj(poles[outside])
    apart = 1 - poles[None, :] / poles[:, None]
    np.fill_diagonal(apart, 1.0)
    weight = variance / (apart.prod(axis=1) * (1 - np.outer(poles, poles)).prod(axis=1))
    turn = np.exp(2j * np.pi / rate_hz * at_hz)
    logs = np.log(1 - np.outer(poles, turn.conj())) - np.log(1 - np.outer(poles, turn))
    parts = at_hz + rate_hz / (2j * np.pi) * logs
    return np.asarray((2 / rate_hz) * (weight @ parts).real, np.float64)


def _density(x: Float, knobs: SpectralSettings, bins: int) -> Float | None:
    """Mean density of each cell, ms²/Hz; None where the model is none of these samples."""
    if np.ptp(x) == 0:
        return np.zeros(bins)
    x = x - x.mean()
    model = modified_covariance(x, knobs.order)
    if model is None:
        return None
    edges = np.append((np.arange(bins + 1) - 0.5) * CELL_HZ, knobs.rate_hz / 2)
    with np.errstate(all="ignore"):  # a model without finite power is refused just below
        power_ms2 = cumulative_power(*model, knobs.rate_hz, edges)
    faithful = 1 / FAITHFUL < power_ms2[-1] / x.var() < FAITHFUL
    return np.diff(power_ms2[:-1]) / CELL_HZ if faithful else None
