"""Several things at once, doses, carry-over and times known only as "at least": cells of their own.

What a method estimates is zero in every simulation; what stands beside it (the other component)
is not, so that leaving it out would show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.calibration.answers import NONE, Answer, of_inference
from benchmarks.calibration.scenarios import (
    CIRCADIAN,
    DAY_SD,
    MISSING,
    MONDAY,
    WEEKEND,
    WITHIN_SD,
    Scenario,
)
from hrv.compare import carry_over, censored, components, dose_response, effect_over_time
from hrv.compare.base import CompareSettings, Design
from hrv.compare.days import Observed, score_days
from hrv.compare.design import no_phases
from hrv.compare.regimen import Answer as Fitted
from hrv.errors import NotComputableError
from hrv.regimen import Component, Regimen
from hrv.regimen.log import COLUMNS
from hrv.schedule import schedules

KINDS = {
    "two": "two components, each in its own randomised four of eight weeks, wash-in 2 days",
    "together": "two components that always go together: each refused, their sum is answered",
    "dose": "0, 150 and 300 mg elemental in random weeks beside a second component",
    "unknown": "the same with one dose of unknown basis",
    "carry": "an effect that builds up and decays with a half-life of two days",
    "fading": "26 randomised weeks; type I is that of a change of the effect over time",
    "censored": "recovery times, log-normal, a third of them known only as 'at least'",
    "hidden": "recovery times of which every one in a block is known only as 'at least'",
}
HALF_LIFE_DAYS = 2.0
TIME_LN_SD = 0.35
"""Spread of ln recovery time within a person; a third of its variance is the day's."""
_FIRST = pd.Timestamp("2026-01-05", tz="UTC")


def regimen_scenarios() -> list[tuple[Scenario, str]]:
    """Every cell with the one method that is run on it."""
    pairs = [
        ("two", "components"), ("together", "components"), ("dose", "dose_response"),
        ("carry", "carry_over"), ("censored", "censored"),
    ]  # fmt: skip
    cells = [
        (Scenario("8x7", 1 if method == "censored" else per_day, phi, kind), method)
        for kind, method in pairs
        for per_day, phi in ((6, 0.0), (6, 0.5), (1, 0.5))
        if not (method == "censored" and per_day == 1)
    ]
    cells += [
        (Scenario("8x7", 6, 0.5, "unknown"), "dose_response"),
        (Scenario("8x7", 1, 0.5, "fading"), "effect_over_time"),
        (Scenario("8x7", 1, 0.5, "hidden"), "censored"),
    ]
    return cells


@dataclass(frozen=True)
class _Person:
    """Days of one simulated person before anything is on."""

    day: np.ndarray
    hour: np.ndarray
    value: np.ndarray
    weeks: int


def _person(scenario: Scenario, weeks: int, rng: np.random.Generator) -> _Person:
    n = 7 * weeks
    level = np.empty(n)
    level[0] = rng.normal()
    for i in range(1, n):
        level[i] = scenario.phi * level[i - 1] + np.sqrt(1 - scenario.phi**2) * rng.normal()
    day = np.repeat(np.flatnonzero(rng.random(n) >= MISSING), scenario.per_day)
    hour = rng.uniform(8, 22, day.size) if scenario.per_day > 1 else rng.normal(18, 1, day.size)
    value = DAY_SD * level[day] + WEEKEND * (day % 7 >= 5) + WITHIN_SD * rng.normal(size=day.size)
    return _Person(day, hour, value + CIRCADIAN * np.cos(2 * np.pi * (hour - 4) / 24), weeks)


def _weeks_on(weeks: int, rng: np.random.Generator) -> np.ndarray:
    """A balanced order of weeks; of eight, one with at most two alike in a row."""
    if weeks == 8:
        orders = schedules(8)
        return np.array([c == "on" for c in orders[int(rng.integers(len(orders)))]])
    return rng.permutation(np.arange(weeks) % 2 == 1)


def _log(parts: dict[str, np.ndarray], bases: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """The regimen's log; each component's amount in every week, zero for a week without it."""
    rows = []
    for name, amounts in parts.items():
        for k, amount in enumerate(amounts):
            if amount > 0:  # a week without it has no row
                begin, end = (_FIRST + pd.Timedelta(days=7 * i) for i in (k, k + 1))
                basis = bases[name][k] if bases else "elemental"
                rows.append(("", name, begin, end, float(amount), "mg", basis, np.nan, True))
    return pd.DataFrame(rows, columns=COLUMNS)


def _design(person: _Person, value: np.ndarray, regimen: Regimen) -> Design:
    ns = ((person.day + MONDAY) * 86_400_000 + np.rint(person.hour * 3_600_000)) * 1_000_000
    table = pd.DataFrame({
        "subject": "", "time": pd.to_datetime(ns.astype(np.int64), utc=True),
        "day": person.day + MONDAY, "hour": person.hour, "value": value, "se": np.nan,
        "excluded": "",
    })  # fmt: skip
    return Design(table, no_phases(), ("off", "on"), (), None, CompareSettings(), regimen)


def _answer(fit: Callable[[Design, str], Fitted], design: Design) -> Answer:
    try:
        return of_inference(fit(design, "")[0], gated=False)
    except NotComputableError:
        return NONE


def _two(scenario: Scenario, rng: np.random.Generator) -> Answer:
    person = _person(scenario, 8, rng)
    one = _weeks_on(8, rng)
    other = one if scenario.kind == "together" else _weeks_on(8, rng)
    week = person.day // 7
    # the second component does something, so that leaving it out would show
    value = person.value + DAY_SD * other[week] * (scenario.kind == "two")
    parts = (Component("one", washin_days=2.0), Component("other", washin_days=2.0))
    log = _log({"one": 1.0 * one, "other": 1.0 * other})
    design = _design(person, value, Regimen(parts, log))
    return _answer(components.person, design)


def _dose(scenario: Scenario, rng: np.random.Generator) -> Answer:
    person = _person(scenario, 8, rng)
    doses = rng.permutation(np.array([0.0, 0.0, 150.0, 150.0, 150.0, 300.0, 300.0, 300.0]))
    other, week = _weeks_on(8, rng), person.day // 7
    bases = {"one": ["elemental"] * 8, "other": ["elemental"] * 8}
    if scenario.kind == "unknown":
        bases["one"][int(np.flatnonzero(doses)[0])] = "unknown"
    parts = (Component("one", washin_days=2.0), Component("other", kind="behaviour"))
    regimen = Regimen(parts, _log({"one": doses, "other": 1.0 * other}, bases))
    design = _design(person, person.value + DAY_SD * other[week], regimen)
    return _answer(dose_response.person, design)


def _carry(scenario: Scenario, rng: np.random.Generator) -> Answer:
    person = _person(scenario, 8, rng)
    on = _weeks_on(8, rng)
    component = Component("one", half_life_days=HALF_LIFE_DAYS)
    design = _design(person, person.value, Regimen((component,), _log({"one": 1.0 * on})))
    return _answer(carry_over.person, design)


def _fading(scenario: Scenario, rng: np.random.Generator) -> Answer:
    person = _person(scenario, 26, rng)
    on = _weeks_on(26, rng)
    value = person.value + DAY_SD * on[person.day // 7]
    regimen = Regimen((Component("one"),), _log({"one": 1.0 * on}))
    design = _design(person, value, regimen)
    return _answer(effect_over_time.person, design)


def _times(scenario: Scenario, rng: np.random.Generator) -> Answer:
    """Recovery times of one test a day; what lasts longer than the recording is censored."""
    person = _person(scenario, 8, rng)
    level = person.value - CIRCADIAN * np.cos(2 * np.pi * (person.hour - 4) / 24)
    value = np.log(90.0) + TIME_LN_SD / np.hypot(DAY_SD, WITHIN_SD) * level
    end = np.quantile(value, 2 / 3) + 0.1 * rng.normal(size=value.size)
    block = person.day // 7
    if scenario.kind == "hidden":
        end = np.where(block == 3, value.min() - 0.1, end)
    late = value > end
    second = _weeks_on(8, rng)[block]
    none = np.zeros((value.size, 0))
    seen = score_days(Observed(
        day=person.day + MONDAY, hour=person.hour, value=np.minimum(value, end),
        se=np.full(value.size, np.nan), second=second, block=block, covariates=none,
    ))  # fmt: skip
    try:
        upper = np.where(late, np.inf, value)
        found = censored.settle(censored.Intervals(seen, upper), trend=True)
        return of_inference(found.inference, gated=False)
    except NotComputableError:
        return NONE


DRAWN: dict[str, Callable[[Scenario, np.random.Generator], Answer]] = {
    "two": _two, "together": _two, "dose": _dose, "unknown": _dose, "carry": _carry,
    "fading": _fading, "censored": _times, "hidden": _times,
}  # fmt: skip

METHOD_NOTES = {
    "components": "Each component adjusted for the others; together only their sum.",
    "dose_response": "Highest against lowest dose on a straight line, elemental doses.",
    "carry_over": "Full effect from an exposure with the declared half-life.",
    "effect_over_time": "Change of the effect in 30 days.",
    "censored": (
        "The day model of log-normal times, each censored one as the interval it lies in "
        "(expectation propagation, REML, Kenward–Roger)."
    ),
}
RUNS = dict.fromkeys(METHOD_NOTES, 1000)
