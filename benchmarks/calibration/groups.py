"""Groups: people followed over days who differ in how they respond, and groups of few sessions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.calibration.answers import LEVEL, NONE, Answer, Person, of_inference
from benchmarks.calibration.scenarios import DAY_SD, WITHIN_SD, Scenario, draw
from hrv.compare import bayesian, checks, mixed_ar1, random_slope, two_stage
from hrv.compare.ancova import Arms
from hrv.compare.ancova import least_squares as adjusted
from hrv.compare.crossover import Periods, difference
from hrv.errors import NotComputableError

RESPONSE_SD = 0.15
"""SD between people's true differences, whose mean is zero."""
PERSON_SD = 0.30
SESSION_KINDS = {
    "paired": "two conditions in one session, one pair a person",
    "ancova": "two arms, baseline and one session under treatment",
    "crossover": "two periods with a shift between them and two sessions in each",
    "unequal": "as ancova, one arm twice as large and as variable as the other",
}
SHOWN = ()


def group_answers(
    scenario: Scenario, methods: Sequence[str], rng: np.random.Generator
) -> dict[str, Answer]:
    """Draw a group and one more person, whom the prediction interval should hold."""
    effects = RESPONSE_SD * rng.normal(size=scenario.people + 1)
    people = [Person(draw(scenario, rng, float(effect))) for effect in effects]
    out: dict[str, Answer] = {}
    if "default" in methods or "random_slope" in methods:
        found = [_effect(person, k) for k, person in enumerate(people)]
        group, next_one = found[:-1], found[-1].difference
        pools = {"default": two_stage.equal_weights, "random_slope": random_slope.by_precision}
        for name, pool in pools.items():
            if name in methods:
                inference, details = pool(group, LEVEL)
                ends = details["prediction"]
                held = ends["low"] <= next_one <= ends["high"]
                out[name] = of_inference(inference, gated=False)._replace(extra=float(held))
    if "bayesian" in methods:
        out["bayesian"] = _bayesian(people[:-1], float(effects[-1]))
    return {name: out[name] for name in methods}


def _effect(person: Person, number: int) -> two_stage.PersonEffect:
    why = "; ".join(r.why for r in checks.too_little(person.design, person.blocks))
    return mixed_ar1.effect_of(f"P{number}", person.days, why)


def _bayesian(people: Sequence[Person], next_true: float) -> Answer:
    try:
        own = [bayesian.posterior(person.days, trend=True) for person in people]
    except NotComputableError:
        return NONE
    group = bayesian.hierarchical(own)
    low, high = group.mean.quantile(0.025), group.mean.quantile(0.975)
    held = group.next_person.quantile(0.025) <= next_true <= group.next_person.quantile(0.975)
    return Answer(0.0, group.mean.expected, low, high, np.nan, extra=float(held))


def session_scenarios() -> list[tuple[Scenario, str]]:
    """Cells of groups with one to three sessions a person; `people` in all."""
    return [
        (Scenario("sessions", 1, 0.0, kind, people), "ancova" if kind == "unequal" else kind)
        for kind in SESSION_KINDS
        for people in ((12, 24) if kind in ("ancova", "unequal") else (6, 12))
    ]


def session_answer(scenario: Scenario, rng: np.random.Generator) -> Answer:
    """Draw one group without any effect and compare it."""
    n = scenario.people
    level = PERSON_SD * rng.normal(size=n)
    noise = float(np.hypot(DAY_SD, WITHIN_SD))
    if scenario.kind == "paired":
        effects = RESPONSE_SD * rng.normal(size=n) + noise * np.diff(rng.normal(size=(n, 2)))[:, 0]
        return of_inference(two_stage.mean_over_people(effects), gated=False)
    if scenario.kind == "crossover":
        first = np.arange(n) % 2 == 0
        own = np.where(first, 0.5, -0.5) * RESPONSE_SD * rng.normal(size=n)
        seen = noise / np.sqrt(2) * rng.normal(size=(2, n))
        periods = Periods((), level - own + seen[0], level + own + 0.1 + seen[1], first)
        return of_inference(difference(periods, LEVEL)[0], gated=False)
    unequal = scenario.kind == "unequal"
    second = np.arange(n) < (n // 3 if unequal else n // 2)
    spread = np.where(second, 2.0, 1.0) if unequal else np.ones(n)
    before = level + noise * rng.normal(size=n)
    after = level + spread * (
        RESPONSE_SD * rng.normal(size=n) * second + noise * rng.normal(size=n)
    )
    arms = Arms((), after, second, (before - before.mean())[:, None], ("baseline",))
    return of_inference(adjusted(arms)[0], gated=False)
