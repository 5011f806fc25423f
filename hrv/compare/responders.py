"""Who responded: each person's effect with its error, drawn towards the group's, and their spread.

A person's own estimate is noisy, so the largest of many is mostly luck.  In the model
``estimate_i ~ N(effect_i, se_i²)``, ``effect_i ~ N(mean, tau²)`` the expected effect of a person
is their estimate shrunken to the mean by ``tau² / (tau² + se_i²)``.

Sources: REML of tau² Viechtbauer 2005, doi:10.3102/10769986030003261; its interval (Q profile)
Viechtbauer 2007, doi:10.1002/sim.2514; interval of the mean Hartung & Knapp 2001,
doi:10.1002/sim.791, never narrower than the model's own (Röver et al. 2015,
doi:10.1186/s12874-015-0091-1); shrinkage Morris 1983, doi:10.1080/01621459.1983.10477920.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.compare.results import t_quantile
from hrv.errors import NotComputableError
from hrv.types import Float

FEWEST = 5
"""People below which no spread between people is estimated."""
_MOST_STEPS = 500
_CLOSE = 1e-10


@dataclass(frozen=True, eq=False)
class Responders:
    """What many people's effects say together.

    Parameters
    ----------
    people : DataFrame
        ``subject, estimate, standard_error, shrunken, low, high``, in the order given.
    mean, low, high : float
        Mean effect over people with its confidence interval.
    tau, tau_low, tau_high : float
        SD of the true effects between people, with its interval.
    i_squared : float
        Share of the spread of the estimates that is true difference between people, 0 to 1.
    next_low, next_high : float
        Interval for the true effect of the next person.
    level : float
        Level of every interval.
    """

    people: pd.DataFrame
    mean: float
    low: float
    high: float
    tau: float
    tau_low: float
    tau_high: float
    i_squared: float
    next_low: float
    next_high: float
    level: float


def responders(people: pd.DataFrame, level: float = 0.95) -> Responders:
    """Draw every person's effect towards the group's.

    Parameters
    ----------
    people : DataFrame
        ``subject, estimate, standard_error``: n people, in one unit.
    level : float
        Confidence level.

    Returns
    -------
    Responders

    Raises
    ------
    NotComputableError
        If fewer than five people have an estimate with its error.
    """
    known = people["estimate"].notna() & (people["standard_error"] > 0)
    table = people.loc[known, ["subject", "estimate", "standard_error"]].reset_index(drop=True)
    if len(table) < FEWEST:
        raise NotComputableError(
            f"{len(table)} people have an effect with its error, and at least {FEWEST} are needed "
            "to tell responders from luck"
        )
    y = table["estimate"].to_numpy(dtype=np.float64)
    v = table["standard_error"].to_numpy(dtype=np.float64) ** 2
    tau2 = between_people(y, v)
    mean, plain_se = _mean(y, v, tau2)
    spread = float(np.sum((y - mean) ** 2 / (v + tau2))) / (y.size - 1)
    se = plain_se * math.sqrt(max(spread, 1.0))
    t = t_quantile(y.size - 1, (1 + level) / 2)
    share = tau2 / (tau2 + v)
    shrunken = mean + share * (y - mean)
    half = t * np.sqrt(share * v + (1 - share) ** 2 * se**2)
    tau_low, tau_high = _q_profile(y, v, level)
    further = t_quantile(y.size - 2, (1 + level) / 2) * math.sqrt(tau2 + se**2)
    w = 1 / v
    typical = (y.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum())
    return Responders(
        people=table.assign(shrunken=shrunken, low=shrunken - half, high=shrunken + half),
        mean=mean, low=mean - t * se, high=mean + t * se,
        tau=math.sqrt(tau2), tau_low=math.sqrt(tau_low), tau_high=math.sqrt(tau_high),
        i_squared=float(tau2 / (tau2 + typical)),
        next_low=mean - further, next_high=mean + further, level=level,
    )  # fmt: skip


def _mean(y: Float, v: Float, tau2: float) -> tuple[float, float]:
    w = 1 / (v + tau2)
    return float(np.sum(w * y) / w.sum()), float(1 / math.sqrt(w.sum()))


def between_people(y: Float, v: Float) -> float:
    """Return the variance of true effects: the restricted likelihood's fixed point, from 0 up.

    Source: Viechtbauer 2005, doi:10.3102/10769986030003261.

    Parameters
    ----------
    y, v : float64[n]
        Estimates and their squared standard errors.
    """
    tau2 = max(float(np.var(y, ddof=1) - v.mean()), 0.0)
    for _ in range(_MOST_STEPS):
        w = 1 / (v + tau2)
        mean = np.sum(w * y) / w.sum()
        new = max(float(np.sum(w**2 * ((y - mean) ** 2 - v)) / np.sum(w**2) + 1 / w.sum()), 0.0)
        if abs(new - tau2) <= _CLOSE * (new + float(v.min())):
            return new
        tau2 = new
    return tau2


def _q_profile(y: Float, v: Float, level: float) -> tuple[float, float]:
    """Variances between people at which the weighted sum of squares has its own quantiles."""
    from scipy import special

    def q(tau2: float) -> float:
        mean, _ = _mean(y, v, tau2)
        return float(np.sum((y - mean) ** 2 / (v + tau2)))

    def solve(wanted: float) -> float:
        if q(0.0) <= wanted:
            return 0.0
        low, high = 0.0, float(np.var(y)) + float(v.max())
        while q(high) > wanted:
            high *= 2
        for _ in range(100):  # bisection: q falls all the way
            middle = (low + high) / 2
            low, high = (middle, high) if q(middle) > wanted else (low, middle)
        return high

    tail = (1 - level) / 2
    return solve(special.chdtri(y.size - 1, tail)), solve(special.chdtri(y.size - 1, 1 - tail))
