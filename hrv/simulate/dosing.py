"""Rules that change a dose by what was measured: how often they do so without any reason.

Nothing here proposes a dose.  A rule declared beforehand is tried on simulated people in whom
the substance does nothing, so that a reader knows how often it would have adapted all the same.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from hrv.errors import InputError
from hrv.simulate.streams import ar1, stream

_RULES = 71


@dataclass(frozen=True)
class DosingRule:
    """A pre-declared rule: compare the last days with the days before, and step if need be.

    Parameters
    ----------
    levels : int
        Dose levels; it starts at the middle one.
    every_days : int
        A decision after each so many days.
    margin : float
        Units of the outcome: a mean lower by more than this than in the days before steps the
        dose up, one higher by more than this steps it down; in between it stays.
    """

    levels: int = 3
    every_days: int = 7
    margin: float = 0.5

    def __post_init__(self) -> None:
        if self.levels < 2 or self.every_days < 2 or not self.margin >= 0:
            raise InputError("a rule needs two levels, two days and a margin of zero or more")


@dataclass(frozen=True)
class FalseAdaptations:
    """What a rule did to people in whom the substance does nothing.

    Parameters
    ----------
    runs, decisions : int
        People, and decisions in all.
    changed : float
        Share of decisions that moved the dose.
    moved, low, high : float
        Share of people who ended on another dose than they began with, and its exact 95 %
        interval.
    """

    runs: int
    decisions: int
    changed: float
    moved: float
    low: float
    high: float


def false_adaptations(
    rule: DosingRule,
    *,
    days: int = 84,
    day_sd: float = 1.0,
    phi: float = 0.5,
    runs: int = 500,
    seed: int = 0,
) -> FalseAdaptations:
    """Try a rule where no dose does anything.

    Parameters
    ----------
    rule : DosingRule
        Declared beforehand.
    days : int
        Length of each simulated study.
    day_sd, phi : float
        Standard deviation between days in units of the outcome, and correlation of neighbours.
    runs : int
        People.
    seed : int
        Same seed, same answer.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404-413, doi:10.1093/biomet/26.4.404 (interval).
    """
    per_person = days // rule.every_days - 1
    if per_person < 1 or runs < 1:
        raise InputError(f"{days} days hold no decision of a rule that decides every "
                         f"{rule.every_days} days")  # fmt: skip
    rng = stream(seed, _RULES)
    changes = moved = 0
    for _ in range(runs):
        values = np.array(ar1(rng, days, sd=day_sd, phi=phi))
        means = values[: days // rule.every_days * rule.every_days]
        means = means.reshape(-1, rule.every_days).mean(axis=1)
        start = level = rule.levels // 2
        for before, last in itertools.pairwise(means):
            step = int(last < before - rule.margin) - int(last > before + rule.margin)
            new = min(max(level + step, 0), rule.levels - 1)
            changes += new != level
            level = new
        moved += level != start
    low = float(betaincinv(moved, runs - moved + 1, 0.025)) if moved else 0.0
    high = float(betaincinv(moved + 1, runs - moved, 0.975)) if moved < runs else 1.0
    decisions = runs * per_person
    return FalseAdaptations(runs, decisions, changes / decisions, moved / runs, low, high)
