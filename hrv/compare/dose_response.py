"""Method `dose_response`: the elemental dose, a straight line beside a plateau."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.compare import checks
from hrv.compare.base import Design
from hrv.compare.mixed_ar1 import between_sd
from hrv.compare.regimen import (
    Answer,
    Watched,
    answered,
    inflation,
    matrix,
    model,
    on_days,
    row,
    studied,
    washing_in,
    watch,
)
from hrv.errors import NotComputableError
from hrv.regimen import Component
from hrv.regimen.log import exposure
from hrv.types import Comparison, Float

NAME = "dose_response"
MIN_LEVELS = 3
"""Fewest dose levels, zero included: two are an on–off comparison."""
MIN_LEVEL_DAYS = 5
"""Fewest usable days of a level."""


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Estimate the line over elemental dose, and ask whether a plateau fits as well.

    ``score = 1 + dose / range + other components + weekend + trend``, days AR(1) as in the
    default method; the estimate is the difference between the highest and the lowest dose on a
    straight line.  ``details["levels"]`` has each level against the lowest without any shape;
    ``details["curvature"]`` the departure from the line at half dose and
    ``details["last_step"]`` the step from the last but one to the highest dose, which a plateau
    would leave at zero.  Both shapes are reported; none is assumed.

    Refused where the basis of a dose is unknown, or with fewer than three levels.
    """
    component = dosed(design)
    regimen = design.regimen
    assert regimen is not None
    try:
        doses = [_levels(design, subject, component) for subject in design.subjects]
        top, bottom = max(float(d.max()) for d in doses), min(float(d.min()) for d in doses)
    except NotComputableError:
        top, bottom = np.nan, np.nan
    labels = (f"{bottom:.4g} mg {component.name}", f"{top:.4g} mg {component.name} (elemental)")
    return answered(design, NAME, person, labels)


def dosed(design: Design) -> Component:
    """Return the first studied component whose log states amounts; else the leading one."""
    regimen = design.regimen
    assert regimen is not None
    for component in regimen.studied:
        own = regimen.log[regimen.log["component"] == component.name]
        if own["amount"].notna().any():
            return component
    return regimen.studied[0]


def _levels(design: Design, subject: str, component: Component) -> Float:
    regimen = design.regimen
    assert regimen is not None
    return np.unique(np.concatenate(([0.0], regimen.doses_mg(subject, component.name))))


def _dose_of_days(design: Design, subject: str, component: Component, watched: Watched) -> Float:
    regimen = design.regimen
    assert regimen is not None
    rows = regimen.stretches(subject, component.name)
    return watched.daily(
        exposure(watched.time_ns, rows, weight=regimen.doses_mg(subject, component.name))
    )


def person(design: Design, subject: str) -> Answer:
    """Fit one person; raises NotComputableError where the days cannot tell."""
    regimen, component = design.regimen, dosed(design)
    assert regimen is not None
    watched = watch(design, subject, washing_in(regimen, subject, studied(design)))
    dose = _dose_of_days(design, subject, component, watched)
    levels = _usable_levels(dose, _levels(design, subject, component), component.name)
    kept = np.isin(np.round(dose, 6), np.round(levels, 6))
    if not kept.all():
        raise NotComputableError(
            f"{int((~kept).sum())} days hold two doses of {component.name}; begin a dose at "
            "midnight"
        )
    span = float(levels[-1] - levels[0])
    scaled = (dose - levels[0]) / span
    others = {
        c.name: on_days(watched, regimen, subject, c) for c in studied(design) if c is not component
    }
    others = {name: values for name, values in others.items() if np.ptp(values) > 0}
    trend, level = design.settings.trend is not False, design.settings.level
    line = {"dose": scaled, **others}
    steps = {f"step {k}": (dose >= high - 1e-6) * 1.0 for k, high in enumerate(levels[1:], 1)}
    _check_separable(watched, {**steps, **others}, list(others), component.name)
    straight = model(watched.days, line, trend=trend)
    bent = model(watched.days, {**line, "bend": 4 * scaled * (1 - scaled)}, trend=trend)
    free = model(watched.days, {**steps, **others}, trend=trend)
    names = list(steps)
    details: dict[str, Any] = {
        "levels_mg": levels,
        "levels": [
            row(f"{levels[k]:.4g} mg", free.contrast(dict.fromkeys(names[:k], 1.0)), level,
                days=int((np.abs(dose - levels[k]) < 1e-6).sum()))
            for k in range(1, len(levels))
        ],
        "curvature": row("departure from the line at half dose", bent.of("bend"), level),
        "last_step": row(
            f"{levels[-2]:.4g} to {levels[-1]:.4g} mg", free.of(names[-1]), level
        ),
        "per_100_mg": straight.of("dose").estimate * 100 / span,
    }  # fmt: skip
    details["shape"] = _shape(details["curvature"], details["last_step"])
    return straight.of("dose"), between_sd(straight.fit), details


def _usable_levels(dose: Float, levels: Float, name: str) -> Float:
    used = [x for x in levels if (np.abs(dose - x) < 1e-6).any()]
    if len(used) < MIN_LEVELS:
        told = " and ".join(f"{x:.4g}" for x in used)
        raise NotComputableError(
            f"{name} was taken at {len(used)} dose levels ({told} mg) and a dose–response needs "
            f"{MIN_LEVELS}, zero included"
        )
    for x in used:
        days = int((np.abs(dose - x) < 1e-6).sum())
        if days < MIN_LEVEL_DAYS:
            raise NotComputableError(
                f"the dose of {x:.4g} mg {name} has {days} usable days and at least "
                f"{MIN_LEVEL_DAYS} are needed"
            )
    return np.array(used)


def _check_separable(
    watched: Watched, columns: dict[str, Float], others: list[str], name: str
) -> None:
    """Refuse where another component always went with one of the doses."""
    x, names = matrix(watched.days, columns, trend=False)
    for other in others:
        if inflation(x, names, other) > checks.MAX_VIF:
            raise NotComputableError(
                f"combined effect only: {other} always went together with a dose of {name}"
            )


def _shape(curvature: dict[str, Any], last_step: dict[str, Any]) -> str:
    """Say which of the two shapes the intervals leave."""
    straight = curvature["low"] <= 0 <= curvature["high"]
    plateau = last_step["low"] <= 0 <= last_step["high"]
    if straight and plateau:
        return "the data cannot tell a straight line from a plateau"
    if straight:
        return "a straight line fits; a plateau before the highest dose does not"
    if plateau:
        return "a plateau fits; a straight line does not"
    return "neither a straight line nor a plateau fits"
