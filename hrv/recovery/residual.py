"""Residual activation, the headline: how far above baseline heart rate still is after stress."""

from __future__ import annotations

import math

import numpy as np

from hrv.recovery.levels import RESIDUAL_S
from hrv.recovery.response import Response
from hrv.recovery.signal import hr_curve
from hrv.types import Float, Measure

LEAST_WINDOWS = 8
"""Fewest windows of a span that give a standard error."""


def residual_hr(response: Response) -> Measure:
    """Mean heart rate 60 to 300 s after the stressor minus y_B, bpm, with standard error.

    The mean is 60000 / mean NN of the intervals whose both beats lie in the span: the
    time-weighted mean of the instantaneous rate.  Ungated: a weak response counts as any
    other.  Refused unless the whole span lies before the next stressor, motion or end of the
    recording, and beats cover 80 % of it.

    Notes
    -----
    The standard error is ``sqrt(v_r / n_r + v_b / n_b)``: variance and number of the 10 s
    windows that share no beat, in the span after a straight line is taken off (the return
    itself is no noise) and in the baseline.  It is what the windows show by themselves,
    meant as the known measurement variance of a comparison.  Waves slower than a span and
    drifts between the two are not in it: no span can show them, they belong to the variance
    from one episode to the next, which a comparison estimates.  For the same reason no
    interval is given for a single episode; it would look more certain than it is.
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
    before = _variance_of_mean(response, phases.baseline_from_s, phases.baseline_to_s, degree=0)
    after = _variance_of_mean(response, *span, degree=1)
    return Measure(mean.value - response.baseline_hr.level, se=math.sqrt(before + after))


def _variance_of_mean(response: Response, start_s: float, stop_s: float, *, degree: int) -> float:
    """Variance of the mean of a span's windows about a polynomial in time, bpm²; may be NaN."""
    settings = response.settings
    curve = hr_curve(response.nn, start_s, stop_s, settings)
    every = max(1, math.ceil(settings.hr_width_s / settings.hr_step_s))
    t_s, y = curve.centre_s[::every], curve.value[::every]
    seen = np.isfinite(y)
    count = int(seen.sum())
    if count < LEAST_WINDOWS:
        return math.nan
    rest = _detrended(t_s[seen], y[seen], degree)
    return float(rest @ rest) / (count - 1 - degree) / count


def _detrended(t_s: Float, y: Float, degree: int) -> Float:
    middle = t_s - t_s.mean()
    return np.asarray(y - np.polyval(np.polyfit(middle, y, degree), middle), np.float64)
