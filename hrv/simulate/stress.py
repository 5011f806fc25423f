"""The curves of a stress test: how far heart rate and vagal tone leave rest and return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.errors import InputError
from hrv.types import Float

DELTA_HR_BPM, LN_SD_DELTA_HR = 15.0, 0.3
TAU_HR_S, LN_SD_TAU_HR = 60.0, 0.35
TAU_VAGAL_S, LN_SD_TAU_VAGAL = 120.0, 0.4
DELTA_LN_GAIN = -0.6
GONE_TAUS = 40.0
"""Time constants after which a response is lost in the rounding of a heart rate."""


@dataclass(frozen=True)
class Stressor:
    """One stressor with the response it evokes.

    Parameters
    ----------
    onset_s, offset_s : float
        Begin and end, s.
    delta_hr_bpm : float
        Rise of heart rate while it lasts, bpm.
    tau_hr_s : float
        Time constant of heart rate's return, s.
    delta_ln_gain : float
        Change of the logarithm of the vagal gain while it lasts.
    tau_vagal_s : float
        Time constant of the vagal gain's return, s.
    rise_s : float
        Time from onset to the full response, s.
    label : str
        Name in the event list.
    """

    onset_s: float
    offset_s: float
    delta_hr_bpm: float = DELTA_HR_BPM
    tau_hr_s: float = TAU_HR_S
    delta_ln_gain: float = DELTA_LN_GAIN
    tau_vagal_s: float = TAU_VAGAL_S
    rise_s: float = 20.0
    label: str = "stress"

    def __post_init__(self) -> None:
        if not 0.0 <= self.onset_s < self.offset_s:
            raise InputError(
                f"a stressor from {self.onset_s:g} s to {self.offset_s:g} s does not fit; "
                "give an onset from 0 and a later offset"
            )
        if not min(self.tau_hr_s, self.tau_vagal_s, self.rise_s) > 0.0:
            raise InputError("a stressor's time constants and rise must be positive, s")


def draw_stressor(rng: np.random.Generator, onset_s: float, offset_s: float) -> Stressor:
    """Draw a response: all three quantities are log-normal around the module's medians."""
    z = rng.standard_normal(3)
    return Stressor(
        onset_s,
        offset_s,
        delta_hr_bpm=DELTA_HR_BPM * float(np.exp(LN_SD_DELTA_HR * z[0])),
        tau_hr_s=TAU_HR_S * float(np.exp(LN_SD_TAU_HR * z[1])),
        tau_vagal_s=TAU_VAGAL_S * float(np.exp(LN_SD_TAU_VAGAL * z[2])),
    )


def activation(
    t_s: Float, *, onset_s: float, offset_s: float, rise_s: float, tau_s: float
) -> Float:
    """Share of the full response: half a cosine up, a plateau, an exponential return.

    Parameters
    ----------
    t_s : float64[m]
        Times, s.
    onset_s, offset_s, rise_s, tau_s : float
        Begin and end of the stressor, time to the plateau, time constant of the return, s.

    Returns
    -------
    float64[m]
        0 before the onset, at most 1; a stressor shorter than the rise stops on the way up.
    """
    climbed = np.clip((np.minimum(t_s, offset_s) - onset_s) / rise_s, 0.0, 1.0)
    fallen = np.maximum(t_s - offset_s, 0.0) / tau_s
    return np.asarray((0.5 - 0.5 * np.cos(np.pi * climbed)) * np.exp(-fallen), dtype=np.float64)


def hr_response_bpm(t_s: Float, stressors: tuple[Stressor, ...]) -> Float:
    """float64[m]: rise of heart rate over rest at the times `t_s`, summed over stressors, bpm."""
    return _summed(t_s, [(s, s.delta_hr_bpm, s.tau_hr_s) for s in stressors])


def ln_gain_response(t_s: Float, stressors: tuple[Stressor, ...]) -> Float:
    """float64[m]: change of the logarithm of the vagal gain, summed over stressors."""
    return _summed(t_s, [(s, s.delta_ln_gain, s.tau_vagal_s) for s in stressors])


def _summed(t_s: Float, parts: list[tuple[Stressor, float, float]]) -> Float:
    """Add responses of the given height and time constant, each where it is not nothing."""
    total = np.zeros(t_s.size)
    for s, height, tau_s in parts:
        begin, end = np.searchsorted(t_s, (s.onset_s, s.offset_s + GONE_TAUS * tau_s))
        where = slice(int(begin), int(end))
        total[where] += height * activation(
            t_s[where], onset_s=s.onset_s, offset_s=s.offset_s, rise_s=s.rise_s, tau_s=tau_s
        )
    return total


def decay_mean(tau_s: Float, *, begin_s: float = 60.0, end_s: float = 300.0) -> Float:
    """Mean of exp(-t/tau) from `begin_s` to `end_s` after the stressor: the residual share.

    Parameters
    ----------
    tau_s : float64[m]
        Time constants, s.
    """
    area_s = tau_s * (np.exp(-begin_s / tau_s) - np.exp(-end_s / tau_s))
    return np.asarray(area_s / (end_s - begin_s), dtype=np.float64)
