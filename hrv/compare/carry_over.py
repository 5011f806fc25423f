"""Method `carry_over`: an exposure that builds up and decays by a declared half-life."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.compare import checks
from hrv.compare.base import Design
from hrv.compare.mixed_ar1 import between_sd
from hrv.compare.regimen import (
    Answer,
    answered,
    inflation,
    model,
    on_days,
    row,
    studied,
    washing_in,
    watch,
)
from hrv.errors import NotComputableError
from hrv.regimen.log import exposure
from hrv.types import Comparison

NAME = "carry_over"
OTHER_HALF_LIVES = (0.5, 1.0, 2.0, 4.0, 7.0, 14.0)
"""Half-lives of the sensitivity table, days."""
MIN_RANGE = 0.5
"""Least range of the exposure: below it nothing was ever fully on or off."""


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Estimate the full effect of the leading component from its decaying exposure.

    ``score = 1 + x(t) + other components + weekend + trend`` where x approaches 1 while the
    component is on and 0 while it is off, with the half-life that was declared
    (`hrv.regimen.exposure`).  No day of that component is left out for wash-in: the exposure
    says how much of it was there.  ``details["half_lives"]`` repeats the estimate under others;
    the data are not asked to choose one, because a few blocks cannot.
    """
    component = studied(design)[0]
    return answered(design, NAME, person, (f"no {component.name}", f"full {component.name}"))


def person(design: Design, subject: str) -> Answer:
    """Fit one person; raises NotComputableError where the days cannot tell."""
    regimen, (component, *others) = design.regimen, studied(design)
    assert regimen is not None
    if component.half_life_days is None:
        raise NotComputableError(
            f"no half-life of the carry-over of {component.name} was declared; declare one "
            "beforehand or leave out a wash-in"
        )
    watched = watch(design, subject, washing_in(regimen, subject, others))
    stretches = regimen.stretches(subject, component.name)
    beside = {c.name: on_days(watched, regimen, subject, c) for c in others}
    beside = {name: values for name, values in beside.items() if np.ptp(values) > 0}
    trend, level = design.settings.trend is not False, design.settings.level

    def fitted(half_life_days: float) -> Any:
        x = watched.daily(exposure(watched.time_ns, stretches, half_life_days=half_life_days))
        if not len(watched.days) or np.ptp(x) < MIN_RANGE:
            raise NotComputableError(
                f"with a half-life of {half_life_days:g} days the exposure to {component.name} "
                "hardly changed, so its effect cannot be seen"
            )
        return model(watched.days, {component.name: x, **beside}, trend=trend)

    if len(watched.days) < 2 * checks.MIN_DAYS:
        raise NotComputableError(
            f"there are {len(watched.days)} usable days and at least {2 * checks.MIN_DAYS} are "
            "needed"
        )
    main = fitted(component.half_life_days)
    if inflation(main.x, main.names, component.name) > checks.MAX_VIF:
        raise NotComputableError(
            f"combined effect only: {component.name} and {' and '.join(beside)} always went "
            "together"
        )
    table = []
    for half_life_days in OTHER_HALF_LIVES:
        try:
            table.append(
                row(f"{half_life_days:g} d", fitted(half_life_days).of(component.name), level)
            )
        except NotComputableError:
            continue
    details: dict[str, Any] = {"half_life_days": component.half_life_days, "half_lives": table}
    return main.of(component.name), between_sd(main.fit), details
