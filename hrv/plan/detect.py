"""What a design can detect: the default method, simulated with this person's own variation.

Adding a difference to every day with the substance moves the estimate by that difference and
leaves its standard error and degrees of freedom alone (the condition is in the model).  So one
set of studies simulated without a difference gives the power at every difference at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hrv._threads import one_thread
from hrv.compare.days import Days
from hrv.compare.design import changes
from hrv.compare.mixed_ar1 import day_model
from hrv.compare.results import t_quantile
from hrv.errors import NotComputableError
from hrv.plan.variation import Variation
from hrv.types import Float

SIMULATIONS = 300
_KEY = 43
_MIN_DAYS = 7


@dataclass(frozen=True)
class Layout:
    """A design to be tried.

    Parameters
    ----------
    name : str
        Such as ``"8x14"``.
    orders : tuple of tuple of bool
        Possible orders, True where the substance is on.
    days : int
        Days a block.
    washin_days : float
        Left out after each change.
    drawn : bool
        True if the order is drawn, so that a randomisation test is possible.
    """

    name: str
    orders: tuple[tuple[bool, ...], ...]
    days: int
    washin_days: float
    drawn: bool

    @property
    def total_days(self) -> int:
        """Days of all blocks."""
        return self.days * len(self.orders[0])


@dataclass(frozen=True, eq=False)
class Power:
    """Null studies of one design.

    Parameters
    ----------
    layout : Layout
        The design.
    estimate, half_width : float64[n]
        Of each simulated study; studies that the method refused are NaN.
    """

    layout: Layout
    estimate: Float
    half_width: Float

    def at(self, difference: float) -> float:
        """Share of studies whose interval excludes zero when this is the true difference.

        A refused study finds nothing.
        """
        found = np.abs(self.estimate + difference) > self.half_width
        return float(np.mean(found))

    def detectable(self, power: float = 0.8) -> float:
        """Smallest true difference found with this power (MDE80 by default); inf if none is."""
        if np.mean(np.isfinite(self.half_width)) <= power:
            return float("inf")
        low, high = 0.0, float(np.nanmax(self.half_width) + np.nanmax(np.abs(self.estimate)))
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self.at(middle) >= power else (middle, high)
        return high


def simulate(
    layout: Layout,
    variation: Variation,
    *,
    tests_a_day: int = 1,
    n: int = SIMULATIONS,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[], None] | None = None,
) -> Power:
    """Simulate studies without a difference and analyse each by the default method.

    Parameters
    ----------
    layout : Layout
        The design.
    variation : Variation
        How the person varies.
    tests_a_day : int
        Readings a day; with more than one their mean is less noisy.
    n, seed : int
        Number of studies, and what they are drawn from.
    level : float
        Confidence level.
    progress : callable, optional
        Called after each study.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_KEY,))))
    estimate, half = np.full(n, np.nan), np.full(n, np.nan)
    with one_thread():
        for i in range(n):
            order = layout.orders[int(rng.integers(len(layout.orders)))]
            days = _null_days(layout, order, variation, tests_a_day, rng)
            estimate[i], half[i] = _analysed(days, level)
            if progress is not None:
                progress()
    return Power(layout, estimate, half)


def _analysed(days: Days, level: float) -> tuple[float, float]:
    """Estimate and half width; NaN for a study that the method refuses, which found nothing."""
    if min(int(days.second.sum()), int((~days.second).sum())) < _MIN_DAYS:
        return math.nan, math.nan
    try:
        found = day_model(days, trend=True).inference
    except NotComputableError:
        return math.nan, math.nan
    return found.estimate, t_quantile(found.df, (1 + level) / 2) * found.se


def _null_days(
    layout: Layout, order: Sequence[bool], v: Variation, tests: int, rng: np.random.Generator
) -> Days:
    """One study's day scores: AR(1) days plus the noise of averaging a few readings."""
    total = layout.total_days
    day = np.arange(total) + int(rng.integers(7))
    block = np.arange(total) // layout.days
    changed = np.array(changes([str(c) for c in order]))
    since = np.arange(total) % layout.days
    kept = ~(changed[block] & (since < layout.washin_days)) & (rng.random(total) >= v.missing)
    level = _ar1(total, v.phi, rng) * v.day_sd
    readings = np.full(total, tests)
    score = level + v.within_sd / np.sqrt(readings) * rng.standard_normal(total)
    # one reading a day cannot tell the noise within days from the days themselves
    known = v.within_sd**2 / readings[kept] if tests > 1 else np.zeros(int(kept.sum()))
    return Days(
        day=day[kept].astype(np.int64), score=score[kept], count=readings[kept].astype(np.int64),
        noise=np.diag(known), second=np.array(order, dtype=np.bool_)[block][kept],
        block=block[kept].astype(np.int64), weekend=np.isin((day[kept] + 3) % 7, (5, 6)),
        covariates=np.zeros((int(kept.sum()), 0)), names=(), within_sd=v.within_sd,
        noise_from="within days" if tests > 1 else "none", adjusted=(),
    )  # fmt: skip


def _ar1(n: int, phi: float, rng: np.random.Generator) -> Float:
    shocks = rng.standard_normal(n)
    values = np.empty(n)
    values[0] = shocks[0]
    step = np.sqrt(1 - phi * phi)
    for i in range(1, n):
        values[i] = phi * values[i - 1] + step * shocks[i]
    return values
