"""How a person varies without any intervention: what a run-in tells a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hrv.compare.moments import moments
from hrv.compare.reml import Problem, fit
from hrv.errors import NotComputableError
from hrv.types import Float

MIN_DAYS = 7
DAYS_FOR_PHI = 28
"""Days from which the correlation of neighbouring days is believed; before, 0.3 is assumed."""
ASSUMED_PHI = 0.3
ASSUMED_MISSING = 0.15


@dataclass(frozen=True)
class Variation:
    """How an endpoint varies from day to day and within days.

    Parameters
    ----------
    day_sd : float
        SD between days, in units of the endpoint.
    phi : float
        Correlation of neighbouring days.
    within_sd : float
        SD of readings within a day; 0 if a day has one reading, whose noise is in `day_sd`.
    missing : float
        Share of days without a reading.
    days : int
        Days it was learned from; 0 if assumed.
    source : str
        Where it comes from, in words.
    known_unit : bool
        False if nothing is known of the size: then `day_sd` is 1 and everything is in SDs.
    """

    day_sd: float = 1.0
    phi: float = ASSUMED_PHI
    within_sd: float = 0.0
    missing: float = ASSUMED_MISSING
    days: int = 0
    source: str = "assumed"
    known_unit: bool = False

    def uncertainty(self, share: float = 0.8) -> tuple[float, float]:
        """Factors between which the true SD lies with probability `share`, given so few days."""
        from scipy import special  # lazily: costs start-up

        if self.days < 2:
            return math.nan, math.nan
        df = (self.days - 1) * (1 - self.phi) / (1 + self.phi)  # days that tell as much
        tails = (1 - share) / 2
        low, high = special.chdtri(df, tails), special.chdtri(df, 1 - tails)
        return math.sqrt(df / low), math.sqrt(df / high)


def assumed(endpoint: str) -> Variation:
    """Return what is assumed of an endpoint before anything was measured.

    For ln RMSSD the figures that the comparison is calibrated with; for others only the
    pattern is assumed and differences are told in SDs between days.
    """
    if endpoint == "ln_rmssd":
        return Variation(
            day_sd=0.18, within_sd=0.25, source="assumed: a typical adult's ln RMSSD",
            known_unit=True,
        )  # fmt: skip
    return Variation(source="assumed pattern; the size is unknown before a run-in")


def learn(observations: pd.DataFrame, attended: pd.Series | None = None) -> Variation:
    """Learn a person's variation from readings without the intervention.

    Parameters
    ----------
    observations : DataFrame
        ``time`` (aware) and ``value``; one row a reading.
    attended : Series, optional
        Times of all readings, those with the intervention included, from which the share of
        missing days is counted; default: the same readings.

    Returns
    -------
    Variation
        Between days by REML (AR(1) with known measurement variance); within days pooled.  With
        fewer than 28 days the correlation of neighbours is not believed and 0.3 is assumed.

    Raises
    ------
    NotComputableError
        If there are fewer than seven days, or they do not vary.
    """
    table = observations[observations["value"].notna()]
    day = moments(table["time"], "the time of reading").day
    labels, code, count = np.unique(day, return_inverse=True, return_counts=True)
    if labels.size < MIN_DAYS:
        raise NotComputableError(
            f"the run-in has {labels.size} days with a value and at least {MIN_DAYS} are needed "
            "(14 are better)"
        )
    value = table["value"].to_numpy(dtype=np.float64)
    mean = np.bincount(code, value) / count
    within = _within_sd(value, mean[code], int(value.size - labels.size))
    noise: Float = np.diag(within**2 / count)
    if not np.ptp(mean) > 0:
        raise NotComputableError("the run-in's days do not vary at all, which real data never do")
    lag = np.abs(labels[:, None] - labels).astype(np.int64)
    found = fit(Problem(mean, np.ones((labels.size, 1)), lag, noise))
    sd = math.sqrt(found.s2)
    if sd < 0.05 * float(mean.std(ddof=1)):  # all of it looks like noise within days
        sd, within = float(mean.std(ddof=1)), 0.0
    all_days = day if attended is None else moments(attended, "the time of reading").day
    missing = 1 - np.unique(all_days).size / (int(all_days.max() - all_days.min()) + 1)
    phi = float(min(found.phi, 0.8)) if labels.size >= DAYS_FOR_PHI else ASSUMED_PHI
    return Variation(
        day_sd=sd, phi=phi, within_sd=within,
        missing=min(max(missing, 0.05), 0.5),
        days=int(labels.size), source=f"this person's run-in of {labels.size} days",
        known_unit=True,
    )  # fmt: skip


def _within_sd(value: Float, centre: Float, df: int) -> float:
    if df < 10:
        return 0.0
    rest = value - centre
    return math.sqrt(float(rest @ rest) / df)


def with_phi(variation: Variation, phi: float) -> Variation:
    """Return the same variation with another correlation of neighbouring days."""
    return replace(variation, phi=phi)
