"""Residual activation, the headline: how far above baseline heart rate still is after stress."""

from __future__ import annotations

import math

import numpy as np

from hrv.recovery.levels import RESIDUAL_S
from hrv.recovery.response import Response
from hrv.recovery.signal import hr_curve
from hrv.types import Float, Measure

MAX_RHO = 0.9
"""Cap of the errors' correlation: 24 windows cannot tell more."""


def residual_hr(response: Response) -> Measure:
    r"""Mean heart rate 60 to 300 s after the stressor minus y_B, bpm, with standard error.

    The mean is 60000 / mean NN of the intervals whose both beats lie in the span: the
    time-weighted mean of the instantaneous rate.  Ungated: a weak response counts as any
    other.  Refused unless the whole span lies before the next stressor, motion or end of the
    recording, and beats cover 80 % of it.

    The standard error joins those of the mean and of the baseline,
    ``se^2 = v(recovery) + v(baseline)``, each the variance of the mean of an AR(1) process,
    ``v = s^2 / n (1 + rho) / (1 - rho)``, from the 10 s windows of both spans that share no
    beat, after a straight line (recovery) or a constant (baseline) is taken off; rho is
    pooled and corrected for its small-sample bias (Kendall 1954, Biometrika 41:403-404).  It
    stands for waves that the two spans show; drifts slower than a span are not in it and
    belong to the variance from day to day.  The interval is the normal one of ``settings.level``.
    """
    phases = response.phases
    cut = phases.too_short(RESIDUAL_S[1])
    if cut:
        return Measure.refused(cut)
    span = (phases.offset_s + RESIDUAL_S[0], phases.offset_s + RESIDUAL_S[1])
    mean = response.mean_hr(*span, "60–300 s after the stressor")
    if response.baseline_hr.missing:
        return Measure.refused(response.baseline_hr.missing)
    if mean.reason:
        return mean
    value = mean.value - response.baseline_hr.level
    se = _standard_error(response, span)
    if math.isnan(se):
        return Measure(value)
    half = _z(response.settings.level) * se
    return Measure(value, value - half, value + half, se=se)


def _standard_error(response: Response, span: tuple[float, float]) -> float:
    phases = response.phases
    baseline = _windows(response, phases.baseline_from_s, phases.baseline_to_s)
    recovery = _windows(response, *span)
    if min(np.isfinite(baseline).sum(), np.isfinite(recovery).sum()) < 8:
        return math.nan
    before, after = _detrended(baseline, 0), _detrended(recovery, 1)
    rho = _rho(before, after)
    inflation = (1 + rho) / (1 - rho)
    parts = [
        float(np.nanvar(x, ddof=d)) / np.isfinite(x).sum() for x, d in ((before, 1), (after, 2))
    ]
    return math.sqrt(inflation * sum(parts))


def _windows(response: Response, start_s: float, stop_s: float) -> Float:
    curve = hr_curve(response.nn, start_s, stop_s, response.settings)
    every = max(1, math.ceil(response.settings.hr_width_s / response.settings.hr_step_s))
    return np.asarray(curve.value[::every], np.float64)


def _detrended(y: Float, degree: int) -> Float:
    """Residuals of a polynomial in time, NaN where y is."""
    x = np.linspace(-1.0, 1.0, y.size)
    seen = np.isfinite(y)
    return np.asarray(y - np.polyval(np.polyfit(x[seen], y[seen], degree), x), np.float64)


def _rho(*parts: Float) -> float:
    """Lag-1 correlation of all parts together, over pairs without a gap between them."""
    cross = sum(float(np.nansum(x[1:] * x[:-1])) for x in parts)
    power = sum(float(np.nansum(x * x)) for x in parts)
    n = sum(int(np.isfinite(x).sum()) for x in parts)
    raw = cross / power if power > 0 else 0.0
    return min(max((n * raw + 1) / (n - 3), 0.0), MAX_RHO)


def _z(level: float) -> float:
    from scipy.special import ndtri  # kept out of `import hrv`

    return float(ndtri(0.5 + level / 2))
