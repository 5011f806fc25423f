"""The constants of a recovery analysis, named once; they travel with the result."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.errors import InputError


@dataclass(frozen=True)
class RecoverySettings:
    """Definitions every recovery measure shares; the defaults are the project's definitions.

    Coverage and corrected beats are judged by the rules of `hrv.windows`.

    Parameters
    ----------
    baseline_from_s, baseline_to_s : float
        Edges of the baseline, s relative to onset.
    quiet_s : float
        The baseline starts at least this long after any earlier stressor ended.
    recovery_s : float
        Longest recovery that is looked at, s after offset.
    hr_width_s, hr_step_s : float
        Windows of the heart-rate curve.
    rmssd_width_s, rmssd_step_s : float
        Windows of the ln RMSSD curve.
    gate_hr_bpm, gate_ln_rmssd : float
        Smallest reactivity that counts as a response (or 2 s_B if that is more).
    floor_hr_bpm, floor_ln_rmssd : float
        Smallest spread s_B of a baseline.
    level : float
        Confidence level of intervals.
    """

    baseline_from_s: float = -300.0
    baseline_to_s: float = -60.0
    quiet_s: float = 600.0
    recovery_s: float = 600.0
    hr_width_s: float = 10.0
    hr_step_s: float = 5.0
    rmssd_width_s: float = 60.0
    rmssd_step_s: float = 10.0
    gate_hr_bpm: float = 3.0
    gate_ln_rmssd: float = 0.10
    floor_hr_bpm: float = 1.0
    floor_ln_rmssd: float = 0.05
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.baseline_from_s < self.baseline_to_s <= 0:
            raise InputError(
                f"the baseline runs from {self.baseline_from_s:g} to {self.baseline_to_s:g} s "
                "relative to onset; it must end by the onset and begin before its end"
            )
        if not 0 < self.level < 1:
            raise InputError(f"level {self.level:g} is not a share between 0 and 1")
        for name in ("recovery_s", "hr_width_s", "hr_step_s", "rmssd_width_s", "rmssd_step_s"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name} {getattr(self, name):g} is not a positive time")
