"""Expectancy and blinding: what the person expected, and whether they could tell what they took.

Placebo is not "off": against nothing, expecting a change is part of any difference.
"""

from __future__ import annotations

from typing import Any

from hrv.phases import phase_of
from hrv.study.types import Study

EXPECTANCY, GUESS = "expectancy", "allocation_guess"
"""Names in the table of outcomes: 0-10 before the start; 1 (substance), 0 (placebo), 0.5 unsure."""


def expectancy(study: Study) -> tuple[dict[str, Any], list[str]]:
    """Collect what was expected and guessed, and what to bear in mind of it.

    Parameters
    ----------
    study : Study
        Outcomes, phases and conditions.

    Returns
    -------
    dict
        ``expectancy`` (mean, 0-10) and ``guesses``: right, of, share with its exact interval and
        Bang's blinding index (Bang, Ni & Davis 2004, doi:10.1016/j.cct.2003.10.016); empty where
        nothing was asked.
    list of str
        Flags.
    """
    found: dict[str, Any] = {}
    flags: list[str] = []
    if study.phases.empty:
        return found, flags
    asked = study.outcomes[study.outcomes["name"] == EXPECTANCY] if len(study.outcomes) else None
    if asked is not None and len(asked):
        found["expectancy"] = float(asked["value"].mean())
    guesses = _guesses(study)
    if guesses:
        found["guesses"] = guesses
        if guesses["low"] > 0.5:
            flags.append(
                f"the blinding did not hold: {guesses['right']} of {guesses['of']} guesses of what "
                "was taken were right"
            )
    if study.conditions[0] == "off":
        flags.append(
            "compared with nothing, not with a placebo: what the person expected is part of any "
            "difference" + _asked(found)
        )
    elif study.registration is not None and study.registration.blinded and not guesses:
        flags.append("nobody was asked to guess what was taken, so the blinding is unchecked")
    return found, flags


def _asked(found: dict[str, Any]) -> str:
    if "expectancy" not in found:
        return ""
    return f" (expected beforehand: {found['expectancy']:.2g} of 10)"


def _guesses(study: Study) -> dict[str, Any]:
    registered = study.registration
    if not len(study.outcomes) or (registered and registered.blinded and not registered.unblinded):
        return {}
    rows = study.outcomes[study.outcomes["name"] == GUESS]
    if rows.empty:
        return {}
    taken = phase_of(rows["time"], rows["subject"], study.phases)["condition"]
    inside = taken.isin(list(study.conditions))
    value, second = rows["value"][inside], taken[inside] == study.conditions[1]
    sure = value.isin([0.0, 1.0])
    right = int(((value == 1.0) == second)[sure].sum())
    of, asked = int(sure.sum()), len(value)
    if not of:
        return {}
    low, high = clopper_pearson(right, of)
    return {
        "right": right, "of": of, "unsure": asked - of, "share": right / of, "low": low,
        "high": high, "bang_index": (2 * right / of - 1) * of / asked,
    }  # fmt: skip


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    from scipy import special  # lazily: costs start-up

    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(special.betaincinv(k + 1, n - k, 1 - tail))
    return low, high
