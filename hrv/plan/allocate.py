"""Allocate people to two arms, or to the two sequences of a crossover: stratified and concealed.

Within every stratum half of the people go to either side; odd ones are balanced over strata.
The result speaks of codes: who allocates knows no more than who takes part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.compare.randomisation import MIN_ORDERS
from hrv.errors import InputError
from hrv.plan.draw import CODES

DESIGNS = ("two-arm", "crossover")
MIN_PER_SIDE = 5
"""Fewest people of an arm (in a crossover five in all, two a sequence)."""
BASELINE_CORRELATION = 0.5
"""Assumed between a person's baseline and outcome where a two-arm comparison adjusts for it."""
_ALLOCATION = 47


@dataclass(frozen=True, eq=False)
class Allocation:
    """Who goes where.

    Parameters
    ----------
    design : str
        ``"two-arm"`` or ``"crossover"``.
    seed : int
        The draw can be repeated from it.
    strata : tuple of str
        Columns that were stratified by.
    table : DataFrame
        ``subject``, the strata, and ``arm`` (``A`` or ``B``) or ``sequence`` (``A-B``, ``B-A``).
    possible : int
        Allocations that could have been drawn.
    """

    design: str
    seed: int
    strata: tuple[str, ...]
    table: pd.DataFrame
    possible: int

    @property
    def column(self) -> str:
        """Name of the column that says where someone goes."""
        return "arm" if self.design == "two-arm" else "sequence"

    @property
    def sizes(self) -> Mapping[str, int]:
        """People on either side."""
        return {str(k): int(v) for k, v in self.table[self.column].value_counts().items()}


def allocate(roster: pd.DataFrame, strata: Sequence[str], design: str, seed: int) -> Allocation:
    """Draw an allocation.

    Parameters
    ----------
    roster : DataFrame
        ``subject`` and the columns to stratify by; one row a person, all enrolled.
    strata : sequence of str
        Columns of the roster.
    design : str
        ``"two-arm"`` or ``"crossover"``.
    seed : int
        Same roster and seed, same allocation, in whatever order the roster is.

    Raises
    ------
    InputError
        If a column is missing, someone is listed twice, or there are too few people.
    """
    if design not in DESIGNS:
        raise InputError(f"design {design!r} is not known; choose from {', '.join(DESIGNS)}")
    for name in ("subject", *strata):
        if name not in roster.columns:
            raise InputError(f"the roster has no column {name!r}")
    twice = roster["subject"][roster["subject"].duplicated()]
    if len(twice):
        raise InputError(f"the roster lists {twice.iloc[0]!r} twice")
    people = roster.sort_values("subject", ignore_index=True)
    _refuse_few(len(people), design)
    sides = CODES if design == "two-arm" else ("A-B", "B-A")
    rng = np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_ALLOCATION,)))
    )
    where, possible = _drawn(people, list(strata), sides, rng)
    if possible < MIN_ORDERS:
        raise InputError(
            f"these strata leave only {possible} possible allocations and at least {MIN_ORDERS} "
            "are needed; stratify by less"
        )
    column = "arm" if design == "two-arm" else "sequence"
    table = people[["subject", *strata]].assign(**{column: where})
    return Allocation(design, seed, tuple(strata), table, possible)


def _refuse_few(n: int, design: str) -> None:
    least = 2 * MIN_PER_SIDE if design == "two-arm" else MIN_PER_SIDE
    if n < least:
        raise InputError(
            f"{n} people are too few for a {design} study; at least {least} are needed"
        )


def _drawn(
    people: pd.DataFrame, strata: list[str], sides: tuple[str, str], rng: np.random.Generator
) -> tuple[list[str], int]:
    """Halve each stratum; whoever is left over goes where fewer are, or by a coin."""
    where = [""] * len(people)
    possible, ahead = 1, 0
    keys = people[strata].astype(str).agg("|".join, axis=1) if strata else [""] * len(people)
    groups = pd.Series(range(len(people))).groupby(list(keys)).apply(list)
    for members in groups:
        order = [int(i) for i in rng.permutation(members)]
        half = len(order) // 2
        first = half
        if len(order) % 2:
            coin = int(rng.integers(2))
            one_more = coin == 0 if ahead == 0 else ahead < 0
            first += one_more
            ahead += 1 if one_more else -1
        possible *= math.comb(len(order), half)
        for place, i in enumerate(order):
            where[i] = sides[0] if place < first else sides[1]
    return where, possible


def detectable_sd(sizes: Sequence[int], design: str, level: float = 0.95) -> float:
    """Difference that 80 of 100 such studies find, in SDs.

    ``(t(1 - a/2) + t(.8)) se`` with df = N - 3, ``se = sqrt((1 - r^2)(1/n1 + 1/n2))`` in SDs
    between people for two arms adjusted for a baseline (r = 0.5); for a crossover df = N - 2 and
    ``se = sqrt((1/n1 + 1/n2) / 4)`` in SDs of the difference between a person's periods.
    """
    from scipy import special  # lazily: costs start-up

    n1, n2 = sizes
    if design == "two-arm":
        df = n1 + n2 - 3
        se = math.sqrt((1 - BASELINE_CORRELATION**2) * (1 / n1 + 1 / n2))
    else:
        df, se = n1 + n2 - 2, math.sqrt((1 / n1 + 1 / n2) / 4)
    return float(se * (special.stdtrit(df, (1 + level) / 2) + special.stdtrit(df, 0.8)))
