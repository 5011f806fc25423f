"""Habituation: what the answer would be if the response shrank with practice.

A stress test loses its sting: a response that shrinks by 40 % over the sessions faked an effect,
or reversed the sign of one, in simulation.  The first sessions are therefore left out, and the
headline is computed again with the logarithm of the session number beside the trend.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from hrv.compare import compare
from hrv.compare.base import CompareSettings
from hrv.compare.words import amount
from hrv.endpoints import Endpoint
from hrv.errors import InputError
from hrv.study.types import Study
from hrv.types import Comparison

COVARIATE = "ln_session"
MOVES = 1.0
"""Standard errors by which practice may move the estimate before it is flagged."""


def session_numbers(study: Study) -> Mapping[tuple[str, str], int]:
    """Count each person's sessions from 1 in order of time, familiarisation included."""
    seen: dict[str, int] = {}
    numbers = {}
    for session in study.sessions:
        seen[session.subject] = seen.get(session.subject, 0) + 1
        numbers[session.subject, session.name] = seen[session.subject]
    return numbers


def with_practice(study: Study, found: Endpoint) -> dict[str, Any]:
    """Compute the headline again with log(session number) as a covariate.

    Parameters
    ----------
    study : Study
        For phases, settings and the order of sessions.
    found : Endpoint
        The primary endpoint's observations, familiarisation left out.

    Returns
    -------
    dict
        ``estimate, low, high`` and ``standard_error``, or ``refused`` with the reason; empty
        where the endpoint does not come from stress tests or the study has no dated phases.
    """
    table = found.observations
    if study.phases.empty or study.method != "default" or (table["session"] == "").any():
        return {}
    numbers = session_numbers(study)
    keys = zip(table["subject"], table["session"], strict=True)
    practised = table.assign(**{COVARIATE: np.log([float(numbers[key]) for key in keys])})
    if practised.empty:
        return {}
    try:
        result = compare(
            practised[["subject", "time", "value", COVARIATE]],
            study.phases,
            conditions=study.conditions,
            covariates=(COVARIATE,),
            seed=study.seed,
            settings=replace(study.settings, scale=found.scale),
        )
    except InputError as error:
        return {"refused": str(error)}
    if result.refused:
        return {"refused": result.refusals[0].why}
    return {
        "estimate": result.estimate, "low": result.low, "high": result.high,
        "standard_error": result.details.get("standard_error", math.nan),
    }  # fmt: skip


def tell_practice(head: Comparison, practice: Mapping[str, Any]) -> Comparison:
    """Put the sensitivity among the headline's checks, and flag it where practice matters."""
    if not practice or head.refused:
        return head
    found, stands_out = _found(head, practice)
    check = {
        "assumed": "practice with the task is no part of the difference",
        "checked": "the difference with log(session number) taken into account",
        "found": found,
        "stands_out": stands_out,
    }
    details = {
        **head.details,
        "with_log_session_number": dict(practice),
        "assumptions": [*head.details.get("assumptions", ()), check],
    }
    flags = (f"practice may be part of it: {found}",) if stands_out else ()
    return replace(head, details=details, flags=(*head.flags, *flags))


def _found(head: Comparison, practice: Mapping[str, Any]) -> tuple[str, bool]:
    if "refused" in practice:
        return f"cannot be told: {practice['refused']}", False
    known = {f.name for f in fields(CompareSettings)}
    settings = CompareSettings(**{k: v for k, v in head.settings.items() if k in known})
    numbers = (practice["estimate"], practice["low"], practice["high"])
    estimate, low, high = (amount(float(v), settings, signed=True) for v in numbers)
    se = float(head.details.get("standard_error", math.nan))
    moved = abs(float(practice["estimate"]) - head.estimate) > MOVES * se
    before = amount(head.estimate, settings, signed=True)
    return f"{estimate} ({low} to {high}) instead of {before}", moved


def shrinking(recovery: pd.DataFrame, study: Study) -> str:
    """Say that the response shrank with practice, where the data show it; else nothing.

    The slope of reactivity on log(session number), least squares, at p < 0.01.
    """
    if "reactivity_hr" not in recovery or len(recovery) < 10:
        return ""
    numbers = session_numbers(study)
    keys = zip(recovery["subject"], recovery["session"], strict=True)
    x = np.log([float(numbers[key]) for key in keys])
    y = recovery["reactivity_hr"].to_numpy(dtype=np.float64)
    kept = np.isfinite(y)
    x, y = x[kept], y[kept]
    n = x.size
    if n < 10 or not np.ptp(x) > 0 or not np.ptp(y) > 0:
        return ""
    r = float(np.corrcoef(x, y)[0, 1])
    t = r * math.sqrt((n - 2) / max(1 - r * r, 1e-12))
    if t > -2.7:
        return ""
    slope = r * y.std() / x.std()
    first = float(y.mean() + slope * (x.min() - x.mean()))
    last = float(y.mean() + slope * (x.max() - x.mean()))
    return (
        f"the response to the stressor shrank with practice, from {first:.0f} to {last:.0f} bpm: "
        "use parallel forms or a harder task, and more practice beforehand"
    )
