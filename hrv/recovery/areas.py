"""Areas under the heart-rate curve of a recovery of fixed length."""

from __future__ import annotations

import numpy as np

from hrv.recovery.response import Response
from hrv.types import Measure

LONGEST_GAP_S = 60.0
"""The trapezoid bridges no longer gap than this."""


def auc_g_hr(response: Response) -> Measure:
    """AUC with respect to ground: trapezoid of heart rate over the recovery, bpm min.

    From the centre of the first 10 s window of the 600 s to that of the last (590 s), the
    same in every episode.
    """
    area, _ = _trapezoid(response)
    return area


def auc_i_hr(response: Response) -> Measure:
    """AUC with respect to increase: AUCg - y_B T, bpm min.

    Pruessner et al. take the first value as reference; here it is the baseline y_B, because
    the first value after stress is the response itself.
    """
    area, minutes = _trapezoid(response)
    if area.reason:
        return area
    if response.baseline_hr.missing:
        return Measure.refused(response.baseline_hr.missing)
    return Measure(area.value - response.baseline_hr.level * minutes)


def _trapezoid(response: Response) -> tuple[Measure, float]:
    """Area (bpm min) and the time (min) it spans."""
    reason = response.phases.too_short(response.settings.recovery_s)
    reason = reason or response.problem(
        response.phases.offset_s, response.recovery_end_s, "the recovery"
    )
    if reason:
        return Measure.refused(reason), 0.0
    curve = response.recovery_curve
    if not (curve.valid[0] and curve.valid[-1]):
        return Measure.refused("beats are missing at an end of the recovery"), 0.0
    minutes, value = curve.centre_s[curve.valid] / 60, curve.value[curve.valid]
    gap_s = 60 * float(np.diff(minutes).max())
    if gap_s > LONGEST_GAP_S:
        return Measure.refused(f"a gap of {gap_s:.0f} s in the recovery, 60 s are allowed"), 0.0
    return Measure(float(np.trapezoid(value, minutes))), float(minutes[-1] - minutes[0])
