"""Heartbeats from a rate: integral pulse frequency modulation with a vagal and a slow part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.errors import InputError
from hrv.types import Float

GRID_HZ = 10.0
"""Samples a second of the curves that are integrated."""
SLOW_BAND_HZ = (0.003, 0.04)
SLOW_TONES = 24
RSA_DRIFT_PERIOD_S = 180.0


@dataclass(frozen=True)
class Heart:
    """One person's heart at one time: its mean rate and what modulates its intervals.

    Parameters
    ----------
    hr_bpm : float
        Mean heart rate at rest, bpm.
    circadian_hr_bpm : float
        Amplitude of the 24 h rhythm of the rate, highest at 16 h; needs a clock, bpm.
    rsa_ms, rsa_hz, rsa_drift_hz : float
        Amplitude of the respiratory sinusoid *in the intervals*, its mean frequency and the
        amplitude of that frequency's slow drift.
    lf_ms, lf_hz : float
        Amplitude and frequency of the blood pressure rhythm in the intervals.
    slow_ms : float
        Standard deviation of the 1/f part between .003 and .04 Hz, ms.
    ln_gain : float
        Logarithm of a factor on `rsa_ms` (the day's vagal tone, a treatment).
    circadian_ln_gain : float
        Amplitude of the 24 h rhythm of that logarithm, highest at 4 h; needs a clock.
    """

    hr_bpm: float = 70.0
    circadian_hr_bpm: float = 5.0
    rsa_ms: float = 40.0
    rsa_hz: float = 0.25
    rsa_drift_hz: float = 0.02
    lf_ms: float = 25.0
    lf_hz: float = 0.1
    slow_ms: float = 25.0
    ln_gain: float = 0.0
    circadian_ln_gain: float = 0.2


def modulation_ms(
    rng: np.random.Generator, heart: Heart, t_s: Float, mean_rr_ms: Float, gain: Float
) -> Float:
    """Deviation of the interval from its mean: respiratory, pressure and 1/f parts.

    IPFM averages a modulation over each interval, which shrinks a sinusoid of frequency f by
    sin(πfT)/(πfT); dividing by that factor makes the stated amplitudes those of the intervals,
    so that respiration alone gives RMSSD = √2 A abs(sin(πfT)).

    Parameters
    ----------
    rng : Generator
        Source of the phases.
    heart : Heart
        Amplitudes and frequencies.
    t_s, mean_rr_ms, gain : float64[m]
        Evenly spaced times (s), the mean interval there (ms) and the factor on `rsa_ms`.

    Returns
    -------
    float64[m]
        Deviation, ms, with mean zero over long times.
    """
    phases = rng.uniform(0.0, 2.0 * np.pi, 3)
    drift = 2.0 * np.pi * t_s / RSA_DRIFT_PERIOD_S + phases[0]
    rsa_hz = heart.rsa_hz + heart.rsa_drift_hz * np.sin(drift)
    swing = heart.rsa_drift_hz * RSA_DRIFT_PERIOD_S  # amplitude of 2 pi times its integral
    rsa_angle = 2.0 * np.pi * heart.rsa_hz * t_s - swing * np.cos(drift) + phases[1]
    lf_angle = 2.0 * np.pi * heart.lf_hz * t_s + phases[2]
    period_s = mean_rr_ms / 1000.0
    rsa = heart.rsa_ms * gain * np.sin(rsa_angle) / np.sinc(rsa_hz * period_s)
    lf = heart.lf_ms * np.sin(lf_angle) / np.sinc(heart.lf_hz * period_s)
    return np.asarray(rsa + lf + heart.slow_ms * _slow(rng, t_s), dtype=np.float64)


def _slow(rng: np.random.Generator, t_s: Float) -> Float:
    """1/f noise of unit variance: tones of equal power, evenly spread in log frequency."""
    low, high = np.log(SLOW_BAND_HZ)
    tone_hz = np.exp(
        low + (high - low) * (np.arange(SLOW_TONES) + rng.random(SLOW_TONES)) / SLOW_TONES
    )
    phase = rng.uniform(0.0, 2.0 * np.pi, SLOW_TONES)
    total = np.zeros(t_s.size)
    for hz, angle in zip(tone_hz, phase, strict=True):
        total += np.sin(2.0 * np.pi * hz * t_s + angle)
    return np.asarray(total * np.sqrt(2.0 / SLOW_TONES), dtype=np.float64)


def beat_times(rate_hz: Float, *, grid_hz: float = GRID_HZ) -> Float:
    """Beats of an IPFM heart: beat k is where the integral of the rate reaches k.

    The rate is taken as linear between samples and its integral inverted exactly.

    Parameters
    ----------
    rate_hz : float64[m]
        Instantaneous rate, beats per second, sampled from time 0.
    grid_hz : float
        Samples a second.

    Returns
    -------
    float64[n]
        Beat times, s; the first is 0.

    Raises
    ------
    InputError
        If the rate is not positive everywhere: such a modulation stops the heart.

    References
    ----------
    Mateo and Laguna 2000, IEEE Trans Biomed Eng 47(8):985-996 (the IPFM model of HRV).
    """
    if rate_hz.size < 2 or not (rate_hz > 0).all():
        raise InputError(
            f"a heart needs a positive rate at all times, not {float(np.min(rate_hz)):.3g} beats/s;"
            " give a higher heart rate or a smaller modulation"
        )
    step_s = 1.0 / grid_hz
    beats = np.concatenate(([0.0], np.cumsum((rate_hz[1:] + rate_hz[:-1]) * (step_s / 2.0))))
    k = np.arange(np.floor(beats[-1]) + 1.0)
    cell = np.clip(np.searchsorted(beats, k, side="right") - 1, 0, rate_hz.size - 2)
    slope = (rate_hz[cell + 1] - rate_hz[cell]) / step_s
    missing = k - beats[cell]
    root = np.sqrt(np.maximum(rate_hz[cell] ** 2 + 2.0 * slope * missing, 0.0))
    return np.asarray(cell * step_s + 2.0 * missing / (rate_hz[cell] + root), dtype=np.float64)
