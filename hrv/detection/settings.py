"""The numbers that the detector of candidate arousals depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hrv.errors import InputError


@dataclass(frozen=True)
class DetectionSettings:
    """Thresholds and windows of the detector; frozen before anything is compared.

    Parameters
    ----------
    z_hr : float
        Least heart rate above the usual one, in robust SD.
    z_ln_rmssd : float or None
        Highest ln RMSSD against the usual one, in robust SD; None: heart rate alone decides.
    sustain_s : float
        How long both must hold, from the first window's centre to the last one's, s.
    bridge_s : float
        Longest interruption (beats lost, or just under a threshold) that does not end it, s.
    onset_z : float
        Back-tracking ends where heart rate was last at most this far above the usual one.
    back_s : float
        Farthest that back-tracking goes, s.
    still_s : float
        Known motion this long before a window, or in it, keeps the window out, s.
    width_s, step_s : float
        Windows of both measures, s.
    around_h : float
        Half-width of the time of day that a baseline is taken from, hours.
    min_coverage : float
        Least share of a window that NN intervals must cover.  Lower than where a number is
        reported: here a window only votes, and its spread is learned from windows like it.
    min_pairs : int
        Fewest joined pairs in a window.

    Raises
    ------
    InputError
        If a length is not positive or a threshold is not finite.
    """

    z_hr: float = 1.5
    z_ln_rmssd: float | None = -1.0
    sustain_s: float = 120.0
    bridge_s: float = 30.0
    onset_z: float = 0.5
    back_s: float = 300.0
    still_s: float = 300.0
    width_s: float = 60.0
    step_s: float = 10.0
    around_h: float = 1.5
    min_coverage: float = 0.2
    min_pairs: int = 8

    def __post_init__(self) -> None:
        for name in ("sustain_s", "width_s", "step_s", "around_h", "back_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value:g}; give a length above zero")
        for name in ("z_hr", "onset_z", "z_ln_rmssd", "bridge_s", "still_s"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name} is {value:g}; give a finite number")
        if not 0 < self.min_coverage <= 1:
            raise InputError(f"min_coverage is {self.min_coverage:g}; give a share up to 1")
