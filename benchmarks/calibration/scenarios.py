"""What is simulated: designs, how often a person is measured, how days behave, what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np

from hrv.compare.days import Observed
from hrv.schedule import schedules

DAY_SD, WITHIN_SD = 0.18, 0.25
CIRCADIAN, WEEKEND = 0.20, 0.05
EFFECT = DAY_SD
"""Effect at which power is told: one between-day SD, about +20 % of RMSSD."""
MISSING = 0.15
MONDAY = 20458  # 2026-01-05, days since 1970-01-01


@dataclass(frozen=True)
class Plan:
    """Blocks of a design: their number and length, and the orders it is drawn from."""

    name: str
    blocks: int
    days_each: int
    orders: tuple[tuple[str, ...], ...]

    @property
    def days(self) -> int:
        return self.blocks * self.days_each

    @property
    def randomised(self) -> bool:
        return len(self.orders) > 1


PLANS = {
    plan.name: plan
    for plan in (
        Plan("AB 14+14", 2, 14, (("off", "on"),)),
        Plan("AB 28+28", 2, 28, (("off", "on"),)),
        Plan("ABAB 4x7", 4, 7, (("off", "on") * 2,)),
        Plan("8x7", 8, 7, schedules(8)),
        Plan("8x14", 8, 14, schedules(8)),
        Plan("8x7 of 70", 8, 7, schedules(8, max_run=8)),
    )
}

KINDS = {
    "plain": "15 % of days missing at random, no trend",
    "trend": "plain, and a straight drift of two day SD over the study",
    "missing": "30 % of days missing, in runs of three days on average",
    "hours": "measured four hours later under treatment",
    "shock": "ten days raised by 1.5 day SD, beginning with the second block",
    "own_se": "one test a day with its own standard error, itself estimated (6 values)",
    "endpoints": "two null endpoints correlated at .5; type I is that of either, Holm-adjusted",
}
SHOWN = ("hours", "shock")
"""Reported, not gated: no method that has only the data can be right there in every design."""
PHIS = (0.0, 0.3, 0.5, 0.7)
BASIC = ("AB 14+14", "AB 28+28", "ABAB 4x7", "8x7", "8x14")


@dataclass(frozen=True)
class Scenario:
    """One cell of the table before a method is chosen; `people` is 1 or the size of a group."""

    plan: str
    per_day: int
    phi: float
    kind: str = "plain"
    people: int = 1

    @property
    def name(self) -> str:
        who = f"n{self.people}_" if self.people > 1 else ""
        plan = self.plan.replace(" ", "").replace("+", "-")
        return f"{who}{plan}_{self.per_day}d_phi{self.phi:g}_{self.kind}"


@dataclass(frozen=True)
class Drawn:
    """One simulated person: observations (one set an endpoint) and the order that was drawn."""

    endpoints: tuple[Observed, ...]
    order: tuple[str, ...]
    plan: Plan = field(repr=False)

    @property
    def observed(self) -> Observed:
        return self.endpoints[0]


def person_scenarios() -> list[Scenario]:
    """Every cell of one person."""
    plain = [Scenario(plan, per_day, phi) for plan, per_day, phi in product(BASIC, (6, 1), PHIS)]
    rest = [
        Scenario(plan, per_day, phi, kind)
        for kind in KINDS
        if kind != "plain"
        for plan, per_day, phi in product(BASIC, (1,) if kind == "own_se" else (6, 1), (0.0, 0.5))
    ]
    return plain + rest


def drawn_scenarios() -> list[Scenario]:
    """Cells of a test whose draw had no limit on runs: 70 orders, enough for two sides."""
    return [
        Scenario("8x7 of 70", 6, phi, kind)
        for phi, kind in [*((phi, "plain") for phi in PHIS), (0.5, "shock"), (0.5, "missing")]
    ]


def group_scenarios() -> list[Scenario]:
    """Every cell of a group whose members differ in how they respond."""
    return [
        Scenario(plan, per_day, phi, people=n)
        for n in (6, 12)
        for plan, (per_day, phi) in product(
            ("AB 14+14", "ABAB 4x7"), ((6, 0.0), (6, 0.5), (1, 0.5))
        )
    ]


@cache
def _ar1_root(n: int, phi: float) -> np.ndarray:
    """Return the Cholesky factor of an AR(1) correlation."""
    lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return np.linalg.cholesky(phi**lag)


def draw(scenario: Scenario, rng: np.random.Generator, effect: float = 0.0) -> Drawn:
    """Draw one person; missing days and hours are shared by all endpoints."""
    plan = PLANS[scenario.plan]
    order = plan.orders[int(rng.integers(len(plan.orders)))]
    on = np.repeat([c == "on" for c in order], plan.days_each)
    kept = np.flatnonzero(_present(plan.days, scenario, rng))
    day = np.repeat(kept, scenario.per_day)
    if scenario.per_day > 1:
        hour = rng.uniform(8, 22, day.size)
    else:  # one test at the usual hour, give or take one
        hour = np.clip(rng.normal(18, 1, day.size), 0, 23.9)
    if scenario.kind == "hours":
        hour = np.where(on[day], np.minimum(hour + 4, 23.9), hour)
    fixed = _fixed_part(plan, scenario, on, effect)[day]
    fixed = fixed + CIRCADIAN * np.cos(2 * np.pi * (hour - 4) / 24)
    root = _ar1_root(plan.days, scenario.phi)
    number = 2 if scenario.kind == "endpoints" else 1
    mix = np.linalg.cholesky(np.array([[1.0, 0.5], [0.5, 1.0]]))[:number, :number]
    levels = DAY_SD * (mix @ (root @ rng.normal(size=(plan.days, number))).T)
    noise = WITHIN_SD * (mix @ rng.normal(size=(number, day.size)))
    se = np.full(day.size, np.nan)
    if scenario.kind == "own_se":
        se = WITHIN_SD * np.sqrt(rng.chisquare(6, day.size) / 6)
    endpoints = tuple(
        Observed(
            day=day + MONDAY, hour=hour, value=fixed + level[day] + error,
            se=se, second=on[day], block=day // plan.days_each,
            covariates=np.zeros((day.size, 0)),
        )
        for level, error in zip(levels, noise, strict=True)
    )  # fmt: skip
    return Drawn(endpoints, order, plan)


def _present(days: int, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    if scenario.kind != "missing":
        return rng.random(days) >= MISSING
    share, run = 0.30, 3.0
    stay, leave = 1 - 1 / run, share / (1 - share) / run
    away, out = rng.random() < share, np.empty(days, dtype=bool)
    for i, u in enumerate(rng.random(days)):
        out[i] = not away
        away = u < (stay if away else leave)
    return out


def _fixed_part(plan: Plan, scenario: Scenario, on: np.ndarray, effect: float) -> np.ndarray:
    day = np.arange(plan.days)
    level = effect * on + WEEKEND * (day % 7 >= 5)
    if scenario.kind == "trend":
        level = level + 2 * DAY_SD * day / plan.days
    if scenario.kind == "shock":
        level = level + 1.5 * DAY_SD * ((day >= plan.days_each) & (day < plan.days_each + 10))
    return level
