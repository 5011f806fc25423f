"""The true answer of the sample study: what its treatment does to each endpoint, on average."""

from __future__ import annotations

import math

import numpy as np

from hrv.simulate.protocol import Effect, Person
from hrv.simulate.stress import DELTA_LN_GAIN, decay_mean

_NODES = 64


def expected_effects(person: Person, effect: Effect) -> dict[str, float]:
    """Return the mean of on minus off over all days the generator could draw, without noise.

    The residual of one day is ΔHR times the mean of exp(-t/tau) from 60 to 300 s after the
    stressor.  Its expectation is over log-normal ΔHR and tau, which are independent of each
    other and of the hour; the daily rhythm's drift within a session is the same in both
    conditions and falls out of the difference.

    Parameters
    ----------
    person : Person
        Medians and spreads.
    effect : Effect
        Shifts under full treatment.

    Returns
    -------
    dict of str to float
        By endpoint: ``residual_hr`` (bpm), ``tau_hr_s`` (s), ``ln_tau_hr_s``, ``reactivity_hr``
        (bpm), ``sleep_quality`` and ``gad7`` (points, before rounding), and what no endpoint
        shows directly: ``ln_tau_vagal``, ``ln_gain``, ``residual_ln_gain``.
    """
    delta_hr_bpm = person.delta_hr_bpm * math.exp(person.ln_delta_hr.sd**2 / 2.0)
    share = _expected_share(person.tau_hr_s, person.ln_tau_hr.sd, effect.ln_tau_hr)
    vagal = _expected_share(person.tau_vagal_s, person.ln_tau_vagal.sd, effect.ln_tau_vagal)
    mean_tau_s = person.tau_hr_s * math.exp(person.ln_tau_hr.sd**2 / 2.0)
    return {
        "residual_hr": delta_hr_bpm * share,
        "tau_hr_s": mean_tau_s * math.expm1(effect.ln_tau_hr),
        "ln_tau_hr_s": effect.ln_tau_hr,
        "reactivity_hr": 0.0,
        "sleep_quality": effect.sleep_quality,
        "gad7": effect.gad7,
        "ln_tau_vagal": effect.ln_tau_vagal,
        "ln_gain": effect.ln_gain,
        "residual_ln_gain": DELTA_LN_GAIN * vagal,
    }


def _expected_share(tau_s: float, ln_sd: float, shift: float) -> float:
    """On minus off of E[mean of exp(-t/tau)] by Gauss-Hermite quadrature over ln tau."""
    node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    off = decay_mean(tau_s * np.exp(ln_sd * node))
    on = decay_mean(tau_s * np.exp(ln_sd * node + shift))
    return float(np.sum(weight * (on - off)) / np.sum(weight))
