"""Method `random_slope`: a mixed model whose condition effect varies over people, t(N - 1).

Each person's difference is ``d_i ~ N(mean, tau2 + se_i**2)``: who was measured better counts
more, as far as people do not differ by more than their uncertainty.  With equal standard errors
it is the two-stage t interval exactly (a test holds it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hrv.compare import mixed_ar1, results, two_stage
from hrv.compare.base import Design
from hrv.compare.reml import Inference
from hrv.compare.responders import between_people
from hrv.compare.two_stage import PersonEffect
from hrv.types import Comparison, Float, Refusal

NAME = "random_slope"


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Average people's differences by precision, with the Hartung–Knapp standard error.

    Parameters
    ----------
    design : Design
        The validated comparison, of several people followed over days.
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Refused with fewer than five people; nobody is dropped for a refused model of their own
        (they count with the least precision found).
    """
    if len(design.subjects) == 1:
        why = f"method {NAME!r} is for several people and there is one; use 'default'"
        return results.refused(design, NAME, [Refusal("estimate", why)])
    return mixed_ar1.of_group(design, rng, NAME, by_precision)


def by_precision(people: Sequence[PersonEffect], level: float) -> tuple[Inference, dict[str, Any]]:
    """Weighted mean over people.

    ``tau2`` by REML; with weights ``w_i = 1 / (tau2 + se_i**2)`` the mean is ``sum(w d) /
    sum(w)`` and its squared standard error ``sum(w (d - mean)**2) / ((N - 1) sum(w))``, on
    N - 1 degrees of freedom, but never below ``1 / sum(w)``: with few people of unequal
    precision the former alone has too many false alarms.

    Source: Hartung & Knapp 2001, Statistics in Medicine 20:1771-1782, doi:10.1002/sim.791; the
    lower limit: Röver, Knapp & Friede 2015, BMC Medical Research Methodology 15:99,
    doi:10.1186/s12874-015-0091-1.
    """
    effects = np.array([person.difference for person in people])
    variance = variances(people)
    if variance is None:
        return two_stage.equal_weights(people, level)
    tau2 = between_people(effects, variance)
    weight = 1 / (tau2 + variance)
    mean = float(weight @ effects / weight.sum())
    n = effects.size
    squared = float(weight @ (effects - mean) ** 2) / ((n - 1) * float(weight.sum()))
    plain = float(1 / np.sqrt(weight.sum()))
    se = max(float(np.sqrt(squared)), plain)
    details = two_stage.people_details(effects, level)
    details |= {
        "sd_of_true_differences": float(np.sqrt(tau2)),
        "weights": {p.subject: w for p, w in zip(people, weight / weight.sum(), strict=True)},
    }
    return Inference(mean, se, plain, float(n - 1)), details


def variances(people: Sequence[PersonEffect]) -> Float | None:
    """Squared standard errors, the largest for who has none; None if nobody has one."""
    variance = np.array([person.se for person in people]) ** 2
    if np.isnan(variance).all():
        return None
    return np.where(np.isnan(variance), np.nanmax(variance), variance)
