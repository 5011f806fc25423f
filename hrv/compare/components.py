"""Method `components`: several things at once, each adjusted for the others, or combined only."""

from __future__ import annotations

import itertools
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
    refuse_few,
    row,
    studied,
    washing_in,
    watch,
)
from hrv.errors import NotComputableError
from hrv.types import Comparison, Float, Refusal

NAME = "components"
MIN_CELL = 5
"""Fewest days in each of the four cells of a factorial that carry an interaction."""


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Estimate each component with the others held as they are.

    ``score = 1 + on_1 + on_2 + ... + weekend + trend``, days AR(1) as in the default method.
    The days after each change of a component are left out for as long as its wash-in.
    Components that always go together, or whose variance inflation exceeds 5, are answered as
    one combined effect and each of them alone is refused.  The estimate is that of the first
    declared component, or of the group it belongs to; ``details["components"]`` has them all.
    """
    leading = studied(design)[0].name
    first = _groups_of(design)
    together = " and ".join(first) if len(first) > 1 else leading
    labels = (f"no {leading}", leading)
    if len(first) > 1:
        labels = (f"none of {together}", f"{together} together")
    return answered(design, NAME, person, labels)


def _groups_of(design: Design) -> tuple[str, ...]:
    """Names of the group that the leading component belongs to, over everyone."""
    found: list[str] = []
    for subject in design.subjects:
        try:
            watched, columns = _columns(design, subject)
            found += _groups(watched, columns)[0]
        except NotComputableError:
            continue
    return tuple(dict.fromkeys(found)) or (studied(design)[0].name,)


def _columns(design: Design, subject: str) -> tuple[Watched, dict[str, Float]]:
    regimen, parts = design.regimen, studied(design)
    assert regimen is not None
    watched = watch(design, subject, washing_in(regimen, subject, parts))
    columns = {c.name: on_days(watched, regimen, subject, c) for c in parts}
    for name, values in columns.items():
        refuse_few(values, name)
    return watched, columns


def _groups(watched: Watched, columns: dict[str, Float]) -> list[tuple[str, ...]]:
    """Group components that cannot be told apart; the leading one's group comes first."""
    x, names = matrix(watched.days, columns, trend=False)
    bad = [name for name in columns if inflation(x, names, name) > checks.MAX_VIF]
    group = {name: {name} for name in columns}
    limit = np.sqrt(1 - 1 / checks.MAX_VIF)
    for one, other in itertools.combinations(bad, 2):
        r = float(np.corrcoef(columns[one], columns[other])[0, 1])
        if r < -limit:
            raise NotComputableError(
                f"{one} and {other} always alternated, so neither can be told from the other's "
                "absence"
            )
        if r > limit or len(bad) > 2:
            merged = group[one] | group[other]
            for name in merged:
                group[name] = merged
    out = [tuple(n for n in columns if n in group[name]) for name in columns]
    return list(dict.fromkeys(out))


def person(design: Design, subject: str) -> Answer:
    """Fit one person; raises NotComputableError where the days cannot tell."""
    watched, columns = _columns(design, subject)
    groups = _groups(watched, columns)
    merged = {
        " + ".join(names): np.mean([columns[n] for n in names], axis=0) for names in groups
    }  # fmt: skip
    trend, level = design.settings.trend is not False, design.settings.level
    fitted = model(watched.days, merged, trend=trend)
    refusals = []
    for names in groups:
        if len(names) > 1:
            why = f"combined effect only: {' and '.join(names)} always went together"
            refusals += [Refusal(name, why) for name in names]
    rows = [
        row(name, fitted.of(name), level, inflation=inflation(fitted.x, fitted.names, name),
            days_with=int((values > 0.5).sum()), days_without=int((values <= 0.5).sum()))
        for name, values in merged.items()
    ]  # fmt: skip
    details: dict[str, Any] = {"components": rows, "days": len(watched.days)}
    details |= {
        "refusals": tuple(refusals),
        "interactions": _interactions(watched, merged, level, trend=trend),
    }
    if refusals:
        details["flags"] = (refusals[0].why,)
    return fitted.of(next(iter(merged))), between_sd(fitted.fit), details


def _interactions(
    watched: Watched, columns: dict[str, Float], level: float, *, trend: bool
) -> list[dict[str, Any]]:
    """Where all four cells of a pair have days: test whether one changes the other."""
    rows = []
    for one, other in itertools.combinations(columns, 2):
        a, b = columns[one] > 0.5, columns[other] > 0.5
        if min((a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum()) < MIN_CELL:
            continue
        name = f"{one} x {other}"
        product = (columns[one] - 0.5) * (columns[other] - 0.5)
        fitted = model(watched.days, {**columns, name: product}, trend=trend)
        rows.append(row(name, fitted.of(name), level))
    return rows
