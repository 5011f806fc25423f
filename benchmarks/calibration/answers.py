"""What each method answers to one simulated study: the shipped code, fed with arrays.

`hrv.compare.compare` spends most of its time on reading tables; a test holds that the numbers
here are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.calibration.scenarios import EFFECT, Drawn
from hrv.compare import bayesian, block_means, checks, mixed_ar1, randomisation, results
from hrv.compare.base import Design
from hrv.compare.days import Days, score_days
from hrv.compare.reml import Inference
from hrv.errors import NotComputableError
from hrv.study.answers import holm

LEVEL = 0.95


class Answer(NamedTuple):
    """One row of a cell's file.

    `refused` is 1 where the shipped method gives no interval; where the reason is a gate (too
    few days or blocks) and a number could still be computed, it is there for the table without
    gates.
    """

    refused: float
    estimate: float
    low: float
    high: float
    p_value: float
    p_effect: float = np.nan
    """p-value had the effect been there, for a test without an interval."""
    extra: float = np.nan
    """For a group: 1 if the next person's estimate lies in the prediction interval."""


NONE = Answer(1.0, np.nan, np.nan, np.nan, np.nan)


class Person:
    """A simulated person with what several methods share, worked out once."""

    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn
        empty = pd.DataFrame()
        orders = drawn.plan.orders if drawn.plan.randomised else None
        self.design = Design(empty, empty, ("off", "on"), (), orders)

    @cached_property
    def days(self) -> Days:
        return score_days(self.drawn.observed)

    @cached_property
    def blocks(self) -> tuple[checks.Block, ...]:
        valid = np.bincount(self.days.block, minlength=self.drawn.plan.blocks)
        return tuple(
            checks.Block(k, name, float(self.drawn.plan.days_each), int(valid[k]), int(valid[k]))
            for k, name in enumerate(self.drawn.order)
        )

    @cached_property
    def gated(self) -> bool:
        return bool(checks.too_little(self.design, self.blocks))

    @cached_property
    def inference(self) -> Inference | None:
        return fitted(self.days)


def fitted(days: Days) -> Inference | None:
    try:
        return mixed_ar1.day_model(days, trend=True).inference
    except (NotComputableError, np.linalg.LinAlgError):
        return None


def of_inference(found: Inference | None, *, gated: bool) -> Answer:
    if found is None:
        return NONE
    low, high = results.t_interval(found, LEVEL)
    p_value = results.t_p_value(found.estimate, found.se, found.df)
    return Answer(float(gated), found.estimate, low, high, p_value)


def default(person: Person) -> Answer:
    answer = of_inference(person.inference, gated=person.gated)
    if len(person.drawn.endpoints) == 1:
        return answer
    others = [fitted(score_days(own)) for own in person.drawn.endpoints[1:]]
    found = [answer, *(of_inference(other, gated=person.gated) for other in others)]
    adjusted = holm({str(k): a.p_value for k, a in enumerate(found)})
    return answer._replace(p_value=min(adjusted.values()))


def means_of_blocks(person: Person) -> Answer:
    if checks.too_few_blocks(person.design, person.blocks):
        return NONE
    whole = [block.number for block in person.blocks if block.complete]
    try:
        found = block_means.least_squares(block_means.block_means(person.days, whole), trend=True)
    except NotComputableError:
        return NONE
    return of_inference(found, gated=False)


def _ranked(person: Person) -> randomisation.Weights | None:
    """Weights of every order that could have been drawn, or None where the method refuses."""
    design, days = person.design, person.days
    if design.randomisation is None or checks.too_few_blocks(design, person.blocks):
        return None
    since = np.full(len(days), np.inf)  # no wash-in here
    weights = randomisation.order_weights(design, days, since, person.blocks)
    return weights if np.isfinite(weights.per_unit[weights.drawn]) else None


def permuted(person: Person) -> Answer:
    """Two-sided p-value and interval; not offered where the orders are too few for them."""
    weights = _ranked(person)
    if weights is None:
        return NONE
    z, unit, drawn = weights.statistic @ person.days.score, weights.per_unit, weights.drawn
    p_value = float(randomisation.p_of_shift(z, unit, drawn, np.zeros(1))[0])
    low, high = randomisation.invert(z, unit, drawn, 1 - LEVEL)
    refused = not (np.isfinite(low) and np.isfinite(high))
    return Answer(float(refused), float(z[drawn] / unit[drawn]), low, high, p_value)


def permuted_one_sided(person: Person) -> Answer:
    """The p-value of a direction declared beforehand, which 34 orders can carry."""
    weights = _ranked(person)
    if weights is None:
        return NONE
    z, unit, drawn = weights.statistic @ person.days.score, weights.per_unit, weights.drawn
    return Answer(
        0.0, float(z[drawn] / unit[drawn]), np.nan, np.nan,
        randomisation.p_one_sided(z, drawn),
        randomisation.p_one_sided(z + EFFECT * unit, drawn),
    )  # fmt: skip


def bayesian_interval(person: Person) -> Answer:
    """Central posterior interval; the method prints no p-value."""
    try:
        found = bayesian.posterior(person.days, trend=True)
    except NotComputableError:
        return NONE
    tail = (1 - LEVEL) / 2
    low, high = found.quantile(tail), found.quantile(1 - tail)
    return Answer(float(person.gated), found.expected, low, high, np.nan)


PERSON: dict[str, Callable[[Person], Answer]] = {
    "default": default,
    "block_means": means_of_blocks,
    "randomisation": permuted,
    "randomisation_one_sided": permuted_one_sided,
    "bayesian": bayesian_interval,
}
