"""Measures of level: baseline, reactivity, peak, residual activation, vagal rebound."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hrv.recovery.response import Baseline, Response
from hrv.recovery.signal import Curve, hr_curve, ln_rmssd_curve
from hrv.types import Measure

PEAK_AFTER_S = 60.0
"""The peak is looked for until this long after the stressor."""
RESIDUAL_S = (60.0, 300.0)
"""Span of the residual activation, s after the stressor."""
REBOUND_S = (300.0, 600.0)
"""Span of the vagal rebound, s after the stressor."""


def baseline_hr(response: Response) -> Measure:
    """y_B of heart rate: median of 10 s windows, bpm."""
    return _level(response.baseline_hr)


def baseline_ln_rmssd(response: Response) -> Measure:
    """y_B of ln RMSSD: median of 60 s windows."""
    return _level(response.baseline_ln_rmssd)


def reactivity_hr(response: Response) -> Measure:
    """Mean heart rate of the stressor minus y_B, bpm."""
    return _above(response.stress_hr, response.baseline_hr)


def reactivity_hr_percent(response: Response) -> Measure:
    """100 (reactivity / y_B), %."""
    rise = reactivity_hr(response)
    return rise if rise.reason else Measure(100 * rise.value / response.baseline_hr.level)


def reactivity_ln_rmssd(response: Response) -> Measure:
    """Mean ln RMSSD of the stressor minus y_B."""
    phases = response.phases
    stress = response.mean_ln_rmssd(phases.onset_s, phases.offset_s, "the stressor")
    return _above(stress, response.baseline_ln_rmssd)


def reactivity_ln_rmssd_percent(response: Response) -> Measure:
    """100 (exp(reactivity) - 1): change of RMSSD itself, %."""
    rise = reactivity_ln_rmssd(response)
    return rise if rise.reason else Measure(100 * math.expm1(rise.value))


def peak_hr(response: Response) -> Measure:
    """Highest 10 s heart rate from onset to 60 s after the stressor, bpm."""
    return _extreme(response, hr_curve, 1.0)[0]


def time_to_peak_hr_s(response: Response) -> Measure:
    """Centre of that window minus onset, s."""
    return _extreme(response, hr_curve, 1.0)[1]


def min_ln_rmssd(response: Response) -> Measure:
    """Lowest 60 s ln RMSSD from onset to 60 s after the stressor."""
    return _extreme(response, ln_rmssd_curve, -1.0)[0]


def time_to_min_ln_rmssd_s(response: Response) -> Measure:
    """Centre of that window minus onset, s."""
    return _extreme(response, ln_rmssd_curve, -1.0)[1]


def residual_ln_rmssd(response: Response) -> Measure:
    """Mean ln RMSSD 60 to 300 s after the stressor minus y_B; ungated."""
    return _ln_rmssd_after(response, *RESIDUAL_S)


def vagal_rebound_ln_rmssd(response: Response) -> Measure:
    """Mean ln RMSSD 300 to 600 s after the stressor minus y_B."""
    return _ln_rmssd_after(response, *REBOUND_S)


def _level(baseline: Baseline) -> Measure:
    return Measure.refused(baseline.reason) if baseline.reason else Measure(baseline.level)


def _above(level: Measure, baseline: Baseline) -> Measure:
    if baseline.missing:
        return Measure.refused(baseline.missing)
    return level if level.reason else Measure(level.value - baseline.level)


def _ln_rmssd_after(response: Response, from_s: float, to_s: float) -> Measure:
    phases = response.phases
    cut = phases.too_short(to_s)
    if cut:
        return Measure.refused(cut)
    span = (phases.offset_s + from_s, phases.offset_s + to_s)
    name = f"{from_s:g}–{to_s:g} s after the stressor"
    return _above(response.mean_ln_rmssd(*span, name), response.baseline_ln_rmssd)


def _extreme(
    response: Response, curve_of: Callable[..., Curve], sign: float
) -> tuple[Measure, Measure]:
    """Value and time since onset of the highest (lowest, for a negative sign) window."""
    phases = response.phases
    stop_s = phases.offset_s + min(PEAK_AFTER_S, phases.recovery_s)
    name = "the span from onset to 60 s after the stressor"
    reason = response.problem(phases.onset_s, stop_s, name)
    curve = curve_of(response.nn, phases.onset_s, stop_s, response.settings)
    if not reason and not curve.valid.any():
        reason = f"no window of {name} has enough beats"
    if reason:
        return Measure.refused(reason), Measure.refused(reason)
    best = int(np.nanargmax(sign * curve.value))
    return Measure(float(curve.value[best])), Measure(float(curve.centre_s[best] - phases.onset_s))
