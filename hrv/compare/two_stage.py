"""Groups: each person's own difference first, then a t interval over people.

People differ in how they respond, so people, not days, are the units.  A random-intercept
model or a fixed-effect average of the same data has 24 to 28 % false alarms at a nominal 5 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hrv.compare import checks, results
from hrv.compare.base import Design
from hrv.compare.reml import Inference
from hrv.types import Comparison, Refusal

MIN_PEOPLE = 5
"""Fewest people that carry a t interval over people."""


def run(
    design: Design,
    rng: np.random.Generator,
    *,
    person: Callable[[Design, str], tuple[float, str]],
    name: str,
) -> Comparison:
    """Average the differences of several people, each with equal weight.

    Parameters
    ----------
    design : Design
        The validated comparison.
    rng : Generator
        Not used.
    person : callable
        ``(Design, subject) -> (difference, why its model was refused or "")``.
    name : str
        Name of the method in the result.

    Returns
    -------
    Comparison
        Refused with fewer than five people.  ``details["people"]`` has everyone's difference
        and ``details["prediction"]`` the interval for the next person's estimated difference,
        ``mean ± t(N-1) sd sqrt(1 + 1/N)``.
    """
    found = {subject: person(design, subject) for subject in design.subjects}
    flags = checks.start_flags(design)
    for subject, (difference, why) in found.items():
        if np.isnan(difference):
            flags.append(f"{subject!r} cannot be counted: one of the conditions has no day")
        elif why:
            flags.append(f"{subject!r} counts with a plain difference of day means: {why}")
    effects = np.array([e for e, _ in found.values() if not np.isnan(e)])
    details: dict[str, Any] = {
        "counts": checks.counts(design),
        "people": [
            {"subject": s, "difference": e, "own_model_refused": why}
            for s, (e, why) in found.items()
        ],
    }
    refusal = too_few_people(effects)
    if refusal is not None:
        return results.refused(design, name, [refusal], flags=flags, details=details)
    inference = mean_over_people(effects)
    details |= people_details(effects, design.settings.level)
    swc = design.settings.swc
    return results.answer(
        design, name, inference,
        swc=float("nan") if swc is None else swc, flags=flags, details=details,
    )  # fmt: skip


def too_few_people(effects: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Refusal | None:
    """Refuse fewer than five people, or people who do not differ at all."""
    if effects.size < MIN_PEOPLE:
        return Refusal(
            "estimate",
            f"only {_people(effects.size)} both conditions and at least {MIN_PEOPLE} are needed "
            "to speak of a group",
        )
    if not np.ptp(effects) > 0:
        return Refusal("estimate", "everyone has the same difference, which real data never have")
    return None


def _people(number: int) -> str:
    return "1 person has" if number == 1 else f"{number or 'no'} people have"


def mean_over_people(effects: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Inference:
    """Mean over people with its standard error on N - 1 degrees of freedom."""
    se = float(effects.std(ddof=1) / np.sqrt(effects.size))
    return Inference(float(effects.mean()), se, se, float(effects.size - 1))


def people_details(
    effects: np.ndarray[tuple[int], np.dtype[np.float64]], level: float
) -> dict[str, Any]:
    """Spread over people, the interval for the next person, and Hedges g of the mean."""
    n, mean, sd = effects.size, float(effects.mean()), float(effects.std(ddof=1))
    half = results.t_quantile(n - 1, (1 + level) / 2) * sd * np.sqrt(1 + 1 / n)
    return {
        "n_people": n,
        "sd_people": sd,
        "prediction": {"low": mean - half, "high": mean + half},
        "hedges_g": results.hedges_g(mean, sd, n - 1),
        "hedges_g_unit": "SD of differences between people",
    }
