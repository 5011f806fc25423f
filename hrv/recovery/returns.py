"""Measures of the way back at fixed times: percent recovered, HRR60, slope."""

from __future__ import annotations

import numpy as np

from hrv.metrics.engine import MIN_COVERAGE
from hrv.recovery.response import OFF_SPAN_S, Response
from hrv.recovery.signal import hr_curve
from hrv.types import Measure

FIRST_MINUTE_S = 60.0
"""HRR60 and the slope look at the first minute."""
HRR_SPAN_S = 10.0
"""Both rates of HRR60 are means over the 10 s that end at their time."""


def recovered_60_hr(response: Response) -> Measure:
    """Percent recovered 60 s after the stressor."""
    return recovered(response, 60.0)


def recovered_300_hr(response: Response) -> Measure:
    """Percent recovered 300 s after the stressor."""
    return recovered(response, 300.0)


def recovered_600_hr(response: Response) -> Measure:
    """Percent recovered 600 s after the stressor."""
    return recovered(response, 600.0)


def recovered(response: Response, at_s: float) -> Measure:
    """100 (y_off - y(t)) / (y_off - y_B), %.

    y_off is the mean heart rate of the stressor's last 30 s and y(t) that of the 30 s that
    end t after it, so that 0 s means 0 %.  Not clipped: more than 100 is an overshoot.
    """
    reason = response.no_height or response.phases.too_short(at_s)
    if reason:
        return Measure.refused(reason)
    stop_s = response.phases.offset_s + at_s
    name = f"{at_s - OFF_SPAN_S:g}–{at_s:g} s after the stressor"
    level = response.mean_hr(stop_s - OFF_SPAN_S, stop_s, name)
    if level.reason:
        return level
    off = response.off_hr.value
    return Measure(100 * (off - level.value) / (off - response.baseline_hr.level))


def hrr60(response: Response) -> Measure:
    """HR(t_off) - HR(t_off + 60), each the mean of the 10 s that end there, bpm."""
    reason = response.no_response or response.phases.too_short(FIRST_MINUTE_S)
    if reason:
        return Measure.refused(reason)
    off_s = response.phases.offset_s
    late_s = off_s + FIRST_MINUTE_S
    early = response.mean_hr(off_s - HRR_SPAN_S, off_s, "the stressor's last 10 s")
    late = response.mean_hr(late_s - HRR_SPAN_S, late_s, "50–60 s after the stressor")
    if early.reason or late.reason:
        return Measure.refused(early.reason or late.reason)
    return Measure(early.value - late.value)


def slope_hr_bpm_min(response: Response) -> Measure:
    """Least-squares slope of the 10 s windows of the first minute, bpm/min (negative: falling)."""
    reason = response.no_response or response.phases.too_short(FIRST_MINUTE_S)
    off_s = response.phases.offset_s
    reason = reason or response.problem(off_s, off_s + FIRST_MINUTE_S, "the first minute")
    if reason:
        return Measure.refused(reason)
    curve = hr_curve(response.nn, off_s, off_s + FIRST_MINUTE_S, response.settings)
    needed = MIN_COVERAGE * len(curve)
    if curve.valid.sum() < needed:
        return Measure.refused(
            f"only {int(curve.valid.sum())} of {len(curve)} windows of the first minute "
            "have enough beats"
        )
    minutes = (curve.centre_s[curve.valid] - off_s) / 60
    apart = minutes - minutes.mean()
    return Measure(float(apart @ curve.value[curve.valid] / np.square(apart).sum()))
