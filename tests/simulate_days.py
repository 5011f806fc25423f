"""Outcomes of one simulated person over many days, with known truth, for tests of comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

ZONE = "Europe/Berlin"
FIRST_DAY = pd.Timestamp("2026-01-05", tz=ZONE)  # a Monday


@dataclass(frozen=True)
class Truth:
    """What is simulated: log units; a day SD of 0.18 is 20 % of RMSSD."""

    effect: float = 0.0
    phi: float = 0.0
    day_sd: float = 0.18
    within_sd: float = 0.25
    per_day: int = 6
    missing_days: float = 0.15
    circadian: float = 0.2
    weekend: float = 0.05
    trend_per_day: float = 0.0
    noisy_se: bool = False


def allowed_orders(blocks: int = 8, longest_run: int = 2) -> list[tuple[str, ...]]:
    """Every balanced order of off and on with runs up to `longest_run`."""
    orders = []
    for on in combinations(range(blocks), blocks // 2):
        order = tuple("on" if k in on else "off" for k in range(blocks))
        runs = (order[k : k + longest_run + 1] for k in range(blocks - longest_run))
        if all(len(set(run)) > 1 for run in runs):
            orders.append(order)
    return orders


def phases_of(order, days_each: int, *, randomised: bool = False) -> pd.DataFrame:
    edges = [FIRST_DAY + pd.Timedelta(days=days_each * k) for k in range(len(order) + 1)]
    return pd.DataFrame(
        {
            "start": edges[:-1],
            "stop": edges[1:],
            "condition": list(order),
            "randomised": randomised,
        }
    )


def ar1(n: int, phi: float, rng: np.random.Generator) -> np.ndarray:
    """A stationary AR(1) of unit variance."""
    x = np.empty(n)
    x[0] = rng.normal()
    for i in range(1, n):
        x[i] = phi * x[i - 1] + np.sqrt(1 - phi**2) * rng.normal()
    return x


def person(order, days_each: int, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """Observations at random waking hours of the days that are not missing.

    With `per_day` of one, `within_sd` is the standard error of each test and is given as
    ``se`` (itself estimated, from six values, if `noisy_se`).
    """
    n = days_each * len(order)
    level = truth.day_sd * ar1(n, truth.phi, rng) + truth.trend_per_day * np.arange(n)
    level = level + truth.effect * np.repeat([c == "on" for c in order], days_each)
    level = level + truth.weekend * (np.arange(n) % 7 >= 5)
    kept = np.flatnonzero(rng.random(n) >= truth.missing_days)
    day = np.repeat(kept, truth.per_day)
    hour = rng.uniform(8, 22, day.size) if truth.per_day > 1 else np.full(day.size, 18.0)
    value = level[day] + truth.within_sd * rng.normal(size=day.size)
    value = value + truth.circadian * np.cos(2 * np.pi * (hour - 4) / 24)
    ms = np.round(day * 86_400_000.0 + hour * 3_600_000.0)
    local = FIRST_DAY.tz_localize(None) + pd.to_timedelta(ms, unit="ms")
    table = pd.DataFrame({"time": local.tz_localize(ZONE), "value": value})
    if truth.per_day == 1:
        estimated = rng.chisquare(6, day.size) / 6 if truth.noisy_se else 1.0
        table["se"] = truth.within_sd * np.sqrt(estimated)
    return table


def draw(design: str, rng: np.random.Generator):
    """Return (order, days a phase, design set) of ``"AB28"``, ``"ABAB7"`` or ``"8x7"``."""
    if design == "8x7":
        orders = allowed_orders()
        return orders[rng.integers(len(orders))], 7, orders
    repeats = {"AB14": (1, 14), "AB28": (1, 28), "ABAB7": (2, 7)}[design]
    return ("off", "on") * repeats[0], repeats[1], None
