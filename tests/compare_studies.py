"""Studies that the tests of `hrv.compare` share, and what they ask of a refusal."""

import math

import numpy as np
import pandas as pd
from simulate_days import Truth, allowed_orders, person, phases_of

from hrv.compare import METHODS

ORDERS = allowed_orders()
ORDER = ("off", "on", "on", "off", "on", "off", "off", "on")
NAMES = [m.name for m in METHODS if m.clock and m.infers and m.people != "several"]


def eight_by_seven(seed=1, *, randomised=True, **truth):
    rng = np.random.default_rng(seed)
    table = person(ORDER, 7, Truth(**{"effect": 0.18, "phi": 0.3, **truth}), rng)
    return table, phases_of(ORDER, 7, randomised=randomised)


def before_after(days=28, seed=1, **truth):
    rng = np.random.default_rng(seed)
    table = person(("off", "on"), days, Truth(**{"phi": 0.3, **truth}), rng)
    return table, phases_of(("off", "on"), days)


def group(people, seed=1, effect=0.2):
    tables, phases = [], []
    for k in range(people):
        rng = np.random.default_rng([seed, k])
        tables.append(person(ORDER, 7, Truth(effect=effect), rng).assign(subject=f"P{k}"))
        phases.append(phases_of(ORDER, 7).assign(subject=f"P{k}"))
    return pd.concat(tables, ignore_index=True), pd.concat(phases, ignore_index=True)


def why(result):
    assert result.refused
    assert math.isnan(result.low)
    assert math.isnan(result.high)
    assert result.verdict == "refused"
    return result.refusals[0].why
