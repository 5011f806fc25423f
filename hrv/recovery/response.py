"""One episode with everything its measures share: baselines, curves, gates and the decay fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hrv.metrics.engine import MAX_CORRECTED, MIN_COVERAGE
from hrv.recovery.decay import Decay, fit
from hrv.recovery.phases import Phases, locate
from hrv.recovery.settings import RecoverySettings
from hrv.recovery.signal import Curve, Quality, cut, hr_curve, ln_rmssd_curve, mean_hr, quality
from hrv.types import Episode, Measure, NNSeries

MAD_TO_SD = 1.4826
"""Median absolute deviation of normal values to their standard deviation."""
OFF_SPAN_S = 30.0
"""The level at the end of stress, and y(t), are means over the 30 s that end there."""


@dataclass(frozen=True)
class Baseline:
    """Level and spread before stress: y_B = median, s_B = 1.4826 MAD (floored) of a curve.

    `reason` says why there is none, `missing` the same in short for what rests on it.
    """

    level: float
    spread: float
    reason: str = ""
    missing: str = ""


@dataclass(frozen=True, eq=False)
class Response:
    """One episode of one recording; curves and fits are made when first asked for.

    Parameters
    ----------
    nn : NNSeries
        The recording, or its part around the episode.
    phases : Phases
        Where baseline, stressor and recovery lie.
    episode : Episode
        The stressor as given.
    settings : RecoverySettings
        Definitions.
    """

    nn: NNSeries
    phases: Phases
    episode: Episode
    settings: RecoverySettings
    _qualities: dict[tuple[float, float], Quality] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, nn: NNSeries, episode: Episode, settings: RecoverySettings) -> Response:
        """Locate `episode` in `nn` and cut out what its measures look at."""
        phases = locate(nn, episode, settings)
        until_s = phases.offset_s + settings.recovery_s
        return cls(cut(nn, phases.baseline_from_s, until_s), phases, episode, settings)

    @property
    def recovery_end_s(self) -> float:
        """End of the recovery that can be looked at, s since the series' start."""
        return self.phases.offset_s + self.phases.recovery_s

    @cached_property
    def baseline_hr(self) -> Baseline:
        """y_B and s_B of heart rate, bpm."""
        return self._baseline("heart rate", hr_curve, self.settings.floor_hr_bpm)

    @cached_property
    def baseline_ln_rmssd(self) -> Baseline:
        """y_B and s_B of ln RMSSD."""
        return self._baseline("ln RMSSD", ln_rmssd_curve, self.settings.floor_ln_rmssd)

    @cached_property
    def recovery_curve(self) -> Curve:
        """Heart rate after the stressor, in windows anchored at its end."""
        return hr_curve(self.nn, self.phases.offset_s, self.recovery_end_s, self.settings)

    @cached_property
    def stress_hr(self) -> Measure:
        """Mean heart rate of the stressor, bpm."""
        return self.mean_hr(self.phases.onset_s, self.phases.offset_s, "the stressor")

    @cached_property
    def off_hr(self) -> Measure:
        """y_off: mean heart rate of the stressor's last 30 s, bpm."""
        phases = self.phases
        if phases.offset_s - phases.onset_s < OFF_SPAN_S:
            return Measure.refused(f"the stressor is shorter than {OFF_SPAN_S:g} s")
        start_s = phases.offset_s - OFF_SPAN_S
        return self.mean_hr(start_s, phases.offset_s, f"the stressor's last {OFF_SPAN_S:g} s")

    @property
    def gate_hr(self) -> float:
        """Smallest rise of heart rate that counts as a response: max(2 s_B, 3 bpm)."""
        return max(2 * self.baseline_hr.spread, self.settings.gate_hr_bpm)

    @cached_property
    def no_response(self) -> str:
        """Why measures of a return have nothing to look at; empty if heart rate responded."""
        if self.baseline_hr.missing:
            return self.baseline_hr.missing
        if self.stress_hr.reason:
            return "no mean heart rate of the stressor"
        rise = self.stress_hr.value - self.baseline_hr.level
        if rise >= self.gate_hr:
            return ""
        return f"no response (heart rate rose {rise:.1f} bpm, {self.gate_hr:.1f} bpm are needed)"

    @cached_property
    def no_height(self) -> str:
        """Why there is no height to come down from; empty if y_off - y_B passes the gate."""
        if self.no_response:
            return self.no_response
        if self.off_hr.reason:
            return self.off_hr.reason
        height = self.off_hr.value - self.baseline_hr.level
        if height >= self.gate_hr:
            return ""
        return (
            f"at the end of stress heart rate is only {height:.1f} bpm above baseline "
            f"({self.gate_hr:.1f} bpm are needed)"
        )

    @cached_property
    def decay(self) -> Decay | None:
        """Exponential fitted to the recovery in windows that share no beat."""
        curve = self.recovery_curve
        every = max(1, math.ceil(self.settings.hr_width_s / self.settings.hr_step_s))
        keep = np.flatnonzero(curve.valid[::every]) * every
        first, last = curve.first_s[keep] - self.phases.offset_s, curve.last_s[keep]
        last = last - self.phases.offset_s
        return fit(
            (first + last) / 2, last - first, curve.value[keep], confidence=self.settings.level
        )

    def quality(self, start_s: float, stop_s: float) -> Quality:
        """Say what a span rests on; several measures ask of the same spans."""
        if (start_s, stop_s) not in self._qualities:
            self._qualities[start_s, stop_s] = quality(self.nn, start_s, stop_s)
        return self._qualities[start_s, stop_s]

    def problem(self, start_s: float, stop_s: float, name: str) -> str:
        """Why a mean over a span is refused (coverage, corrected beats); empty if it is not."""
        base = self.quality(start_s, stop_s)
        if not base.covered:
            return (
                f"beats cover {100 * base.coverage:.0f} % of {name}, "
                f"{100 * MIN_COVERAGE:.0f} % are needed"
            )
        if not base.clean:
            return (
                f"{100 * base.corrected:.0f} % of the beats of {name} were corrected, at most "
                f"{100 * MAX_CORRECTED:.0f} % are allowed"
            )
        return ""

    def mean_hr(self, start_s: float, stop_s: float, name: str) -> Measure:
        """Heart rate of a span, 60000 / mean NN (time-weighted), or why there is none."""
        reason = self.problem(start_s, stop_s, name)
        value = mean_hr(self.nn, start_s, stop_s)
        if not reason and math.isnan(value):
            reason = f"{name} holds no whole interval"
        return Measure.refused(reason) if reason else Measure(value)

    def mean_ln_rmssd(self, start_s: float, stop_s: float, name: str) -> Measure:
        """Mean over a span of ln RMSSD in 60 s windows, or why there is none.

        Windows of one length are averaged because ln RMSSD is biased by a window's length; at
        least half of those that fit must have a value.
        """
        width_s = self.settings.rmssd_width_s
        if stop_s - start_s < width_s:
            return Measure.refused(f"{name} is shorter than the {width_s:g} s a window needs")
        reason = self.problem(start_s, stop_s, name)
        if reason:
            return Measure.refused(reason)
        curve = ln_rmssd_curve(self.nn, start_s, stop_s, self.settings)
        reason = _half_valid(curve, name)
        return Measure.refused(reason) if reason else Measure(float(np.nanmean(curve.value)))

    def _baseline(
        self,
        what: str,
        curve_of: Callable[[NNSeries, float, float, RecoverySettings], Curve],
        floor: float,
    ) -> Baseline:
        phases = self.phases
        span = (phases.baseline_from_s, phases.baseline_to_s)
        curve = curve_of(self.nn, *span, self.settings)
        name = "the session's first baseline" if phases.borrowed else "the baseline"
        reason = phases.baseline_reason or self.problem(*span, name) or _half_valid(curve, name)
        if reason:
            return Baseline(math.nan, math.nan, reason, f"no baseline {what}")
        values = curve.value[curve.valid]
        level = float(np.median(values))
        spread = MAD_TO_SD * float(np.median(np.abs(values - level)))
        return Baseline(level, max(spread, floor))


def _half_valid(curve: Curve, name: str) -> str:
    valid, total = int(curve.valid.sum()), len(curve.value)
    if total and 2 * valid >= total:
        return ""
    return f"only {valid} of {total} windows of {name} have enough joined beats that vary"
