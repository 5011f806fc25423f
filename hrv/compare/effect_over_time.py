"""Method `effect_over_time`: does the effect fade or grow over a long log."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrv.compare.base import Design
from hrv.compare.mixed_ar1 import between_sd
from hrv.compare.regimen import (
    Answer,
    answered,
    model,
    on_days,
    refuse_few,
    row,
    studied,
    washing_in,
    watch,
)
from hrv.errors import NotComputableError
from hrv.types import Comparison, Float

NAME = "effect_over_time"
MIN_SPAN_DAYS = 56
"""Shortest log that carries a change of effect."""
MIN_CHANGES = 3
"""Fewest changes between on and off: with one, time and treatment are the same thing."""
SEASON_FROM_DAYS = 270
"""Length of a log from which a yearly rhythm is taken out."""
PER_DAYS = 30.0
"""The estimate is the change of the effect in so many days."""
_YEAR_DAYS = 365.25


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Estimate by how much the effect of the leading component changes in 30 days.

    ``score = 1 + on + on x time + other components + weekend + trend (+ season, + covariates
    such as a change of device)``, days AR(1) as in the default method.
    ``details["effect_at"]`` has the effect at the log's begin, middle and end.
    """
    name = studied(design)[0].name
    return answered(design, NAME, person, (f"{name} at first", f"{name} {PER_DAYS:g} days later"))


def person(design: Design, subject: str) -> Answer:
    """Fit one person; raises NotComputableError where the days cannot tell."""
    regimen, (component, *others) = design.regimen, studied(design)
    assert regimen is not None
    watched = watch(design, subject, washing_in(regimen, subject, studied(design)))
    days, name = watched.days, component.name
    on = on_days(watched, regimen, subject, component)
    refuse_few(on, name)
    span = float(np.ptp(days.day))
    if span < MIN_SPAN_DAYS:
        raise NotComputableError(
            f"the log spans {span:.0f} days and at least {MIN_SPAN_DAYS} are needed to see an "
            "effect change"
        )
    changes = int((np.abs(np.diff((on > 0.5).astype(np.int64))) > 0).sum())
    if changes < MIN_CHANGES:
        raise NotComputableError(
            f"{name} changed {changes} times and at least {MIN_CHANGES} changes are needed to tell "
            "time from treatment"
        )
    time = (days.day - days.day.mean()) / PER_DAYS
    beside = {c.name: on_days(watched, regimen, subject, c) for c in others}
    columns = {
        name: on, "change": on * time,
        **{other: values for other, values in beside.items() if np.ptp(values) > 0},
        **_season(days.day, span),
    }  # fmt: skip
    fitted = model(days, columns, trend=True)
    level = design.settings.level
    moments = {"begin": float(time[0]), "middle": 0.0, "end": float(time[-1])}
    details: dict[str, Any] = {
        "span_days": span,
        "changes": changes,
        "effect_at": [
            row(when, fitted.contrast({name: 1.0, "change": at}), level)
            for when, at in moments.items()
        ],
        "adjusted_for": [n for n in fitted.names if n not in ("level", name, "change")],
    }
    return fitted.of("change"), between_sd(fitted.fit), details


def _season(day: np.ndarray[tuple[int], np.dtype[np.int64]], span: float) -> dict[str, Float]:
    """Yearly cosine and sine where the log is long enough to have seen most of a year."""
    if span < SEASON_FROM_DAYS:
        return {}
    angle = 2 * np.pi * day / _YEAR_DAYS
    return {"season (cosine)": np.cos(angle), "season (sine)": np.sin(angle)}
