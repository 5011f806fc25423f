"""Allocation of people: balanced in every stratum, reproducible, unpredictable, concealed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.errors import InputError
from hrv.plan.allocate import allocate, detectable_sd


def roster(n=24, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "subject": [f"P{k:02d}" for k in range(n)],
            "sex": rng.choice(["f", "m"], n),
            "age": rng.choice(["<40", "40+"], n),
        }
    )


@given(st.integers(12, 60), st.integers(0, 500), st.sampled_from(["two-arm", "crossover"]))
def test_arms_are_even_in_every_stratum_and_overall(n, seed, design):
    people = roster(n, seed)
    drawn = allocate(people, ["sex"], design, seed)
    counts = pd.crosstab(drawn.table["sex"], drawn.table[drawn.column])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert max(drawn.sizes.values()) - min(drawn.sizes.values()) <= 1
    assert sorted(drawn.table["subject"]) == sorted(people["subject"])


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_roster():
    people = roster()
    one = allocate(people, ["sex", "age"], "two-arm", 5).table
    turned = allocate(people[::-1], ["sex", "age"], "two-arm", 5).table
    assert one.equals(turned)
    assert not one.equals(allocate(people, ["sex", "age"], "two-arm", 6).table)


def test_everybody_goes_to_either_arm_as_often():
    people = roster(13)
    first = np.mean(
        [(allocate(people, ["sex"], "two-arm", s).table["arm"] == "A") for s in range(800)], axis=0
    )
    assert np.abs(first - 0.5).max() < 0.075  # four standard errors


@pytest.mark.parametrize(
    ("people", "strata", "design", "why"),
    [
        (roster(9), [], "two-arm", "at least 10 are needed"),
        (roster(4), [], "crossover", "at least 5 are needed"),
        (roster(), ["weight"], "two-arm", "no column 'weight'"),
        (roster(12), ["subject"], "two-arm", "stratify by less"),
        (roster(), [], "star", "choose from two-arm, crossover"),
        (pd.concat([roster(), roster()]), [], "two-arm", "lists 'P00' twice"),
    ],
)
def test_what_could_not_answer_is_refused(people, strata, design, why):
    with pytest.raises(InputError, match=why):
        allocate(people, strata, design, 1)


def test_the_detectable_difference_is_the_one_simulation_finds():
    rng = np.random.default_rng(1)
    size = detectable_sd([12, 12], "crossover")
    found = 0
    for _ in range(2000):
        change = rng.normal(0, 1, 24) + np.repeat([size, -size], 12)
        a, b = change[:12], change[12:]
        pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2 * (2 / 12)) / 2
        found += abs((a.mean() - b.mean()) / 2 / pooled) > 2.0739  # t(22), 97.5 %
    assert found / 2000 == pytest.approx(0.8, abs=0.03)
    assert detectable_sd([6, 6], "two-arm") > detectable_sd([30, 30], "two-arm")
