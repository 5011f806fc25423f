"""Which methods run on which scenarios, and the one call that answers a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.calibration import groups, regimens, sample
from benchmarks.calibration.answers import PERSON, Answer, Person
from benchmarks.calibration.scenarios import (
    Scenario,
    draw,
    drawn_scenarios,
    group_scenarios,
    person_scenarios,
)

DEFAULT_RUNS = 2000
RUNS = {
    "randomisation": 1000, "randomisation_one_sided": 1000, "bayesian": 400, "random_slope": 1000,
    sample.NAME: sample.RUNS, **regimens.RUNS,
}  # fmt: skip
"""Simulations a cell where a method has fewer than the default."""
METHOD_NOTES = {
    "default": "Day scores, AR(1) days, REML, Kenward–Roger, trend.",
    "block_means": "Least squares of block means with trend; refused below four complete blocks.",
    "randomisation": (
        "Two-sided, over the logged set of 70 orders; with the 34 orders of the default plan the "
        "two-sided p-value cannot fall below .059, so no interval is offered there. An interval is "
        "refused only where missing days broke weeks of both conditions: too few orders are then "
        "left to tell apart; where every week has its five days none is."
    ),
    "randomisation_one_sided": (
        "p-value of the direction declared beforehand, over the 34 orders of the default plan; "
        "no interval."
    ),
    "bayesian": (
        "The day model with flat priors; type I is the share of 95 % intervals that exclude zero. "
        "For a group the next person's *true* difference should lie in the prediction interval."
    ),
    "random_slope": "Mixed model with random slope, precision weights, Hartung–Knapp, t(N - 1).",
    "paired": "t over people's own differences.",
    "ancova": "Least squares on arm and baseline; 6 or 12 people an arm.",
    "crossover": "t of half period differences between the sequences.",
    sample.NAME: "The default from beats to interval; errors are counted against the true effect.",
    **regimens.METHOD_NOTES,
}


@dataclass(frozen=True)
class Cell:
    """A scenario with the methods that are run on it."""

    scenario: Scenario
    methods: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def cost_class(self) -> str:
        """Cells of one class cost about the same."""
        kind = self.scenario.kind if self.scenario.kind in regimens.KINDS else ""
        return f"{self.scenario.plan} {self.scenario.per_day} {self.scenario.people} {kind}"


def answers(cell: Cell, methods: Sequence[str], rng: np.random.Generator) -> dict[str, Answer]:
    """Draw one study of a cell and let each method answer it."""
    if cell.scenario.kind in regimens.DRAWN:
        return dict.fromkeys(methods, regimens.DRAWN[cell.scenario.kind](cell.scenario, rng))
    if cell.scenario.kind in groups.SESSION_KINDS:
        return dict.fromkeys(methods, groups.session_answer(cell.scenario, rng))
    if cell.scenario.people > 1:
        return groups.group_answers(cell.scenario, methods, rng)
    person = Person(draw(cell.scenario, rng))
    return {name: PERSON[name](person) for name in methods}


def _person_methods(scenario: Scenario) -> tuple[str, ...]:
    if scenario.kind in ("endpoints", "own_se"):
        return ("default",)
    methods = ["default"]
    if scenario.kind == "plain" or not scenario.plan.startswith("AB "):
        methods.append("block_means")  # on a single change it is refused: one row shows it
    if scenario.kind == "plain" and scenario.phi != 0.3:
        methods.append("bayesian")
    if scenario == Scenario("8x7", 6, 0.5):
        methods.append("randomisation")  # 34 orders: two-sided, no interval can be given
    if scenario.plan == "8x7" and scenario.kind in ("plain", "shock") and scenario.per_day == 6:
        methods.append("randomisation_one_sided")
    return tuple(methods)


CELLS: tuple[Cell, ...] = (
    *(Cell(s, _person_methods(s)) for s in person_scenarios()),
    *(Cell(s, ("randomisation",)) for s in drawn_scenarios()),
    *(Cell(s, (method,)) for s, method in groups.session_scenarios()),
    *(
        Cell(s, ("default", "random_slope", *(("bayesian",) if s.per_day == 6 else ())))
        for s in group_scenarios()
    ),
    *(Cell(s, (method,)) for s, method in regimens.regimen_scenarios()),
)
SAMPLE_CELLS: tuple[Cell, ...] = (Cell(sample.sample_scenario(), (sample.NAME,)),)
"""Run apart: a second a simulation."""
