"""The time constant of the way back, with its refusals and censoring."""

from __future__ import annotations

import math

from hrv.recovery.decay import MIN_POINTS, TAU_MIN_S, Decay
from hrv.recovery.response import Response
from hrv.types import Measure

NEEDED_S = 600.0
"""Recovery that tau needs."""
LEAST_R_SQUARED = 0.3
"""A curve that explains less of the variance is no description of it."""
AMPLITUDE_SPREADS, LEVEL_SPREADS = 2.0, 3.0
"""Least amplitude, and the distance from y_B of a "new level", in s_B."""


def tau_hr_s(response: Response) -> Measure:
    """Time constant of HR(t) = y_inf + (y0 - y_inf) exp(-t/tau) after stress, s.

    `hrv.recovery.decay.fit` has the estimator.  A tau above half the recovery is censored
    there (at least so long), one at the lower bound of 5 s is censored with ``low = 0`` (at
    most so long: see the row's flags); neither is dropped, since dropping the slow ones
    makes every condition look fast.
    """
    settings, phases = response.settings, response.phases
    reason = response.no_response or phases.too_short(NEEDED_S)
    reason = reason or response.problem(phases.offset_s, response.recovery_end_s, "the recovery")
    if reason:
        return Measure.refused(reason)
    decay = response.decay
    if decay is None:
        return Measure.refused(f"fewer than {MIN_POINTS} windows to fit, or all alike")
    least = AMPLITUDE_SPREADS * response.baseline_hr.spread
    if decay.amplitude < least:
        return Measure.refused(
            f"the fitted fall is {decay.amplitude:.1f} bpm, {least:.1f} bpm (2 s_B) are needed"
        )
    if decay.r_squared < LEAST_R_SQUARED:
        return Measure.refused(
            f"an exponential explains {100 * decay.r_squared:.0f} % of the variance, "
            f"{100 * LEAST_R_SQUARED:.0f} % are needed"
        )
    longest_s = settings.recovery_s / 2
    if decay.tau_s >= longest_s:
        return Measure(longest_s, min(decay.low_s, longest_s), math.inf, censored=True)
    if decay.tau_s <= TAU_MIN_S:
        return Measure(TAU_MIN_S, 0.0, decay.high_s, censored=True)
    return Measure(decay.tau_s, decay.low_s, decay.high_s)


def tau_flags(response: Response) -> list[str]:
    """Say what a reader of tau must know: a new level, or a bound."""
    tau = tau_hr_s(response)
    decay: Decay | None = None if tau.reason else response.decay
    if decay is None:
        return []
    flags = []
    if tau.censored:
        word = "at most" if tau.low == 0 and tau.value <= TAU_MIN_S else "at least"
        flags.append(f"tau is {word} {tau.value:g} s")
    base = response.baseline_hr
    if abs(decay.level - base.level) > LEVEL_SPREADS * base.spread:
        flags.append(f"new level ({decay.level - base.level:+.1f} bpm from baseline)")
    return flags
