"""Day scores: one number a day with its known uncertainty, corrected for the hours measured.

Step one of the default method.  Observations of one day share a day effect, so they are not
independent evidence; a day is the unit that the comparison counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.compare.base import Design
from hrv.compare.design import WASHIN
from hrv.types import Float, Int

TWICE_DAILY_HARMONIC_FROM = 200
"""Observations from which a 12 h rhythm is learned beside the 24 h one."""
_LEAST_WITHIN_DF = 10
"""Fewest within-day degrees of freedom from which the within-day variance is believed."""


@dataclass(frozen=True, eq=False)
class Days:
    """The day scores of one person.

    Parameters
    ----------
    day : int64[n]
        Local calendar day, counted from 1970-01-01; increasing.
    score : float64[n]
        Mean outcome of the day, corrected for the hours it was measured at.
    count : int64[n]
        Observations behind each score.
    noise : float64[n, n]
        Known measurement covariance of the scores; zeros where none is known.
    second : bool[n]
        True on days of the second condition.
    block : int64[n]
        Block of each day.
    weekend : bool[n]
        True on Saturday and Sunday.
    covariates : float64[n, k]
        Covariates that are constant within days, so that they enter the day model.
    names : tuple of str
        Their names.
    within_sd : float
        SD of observations within a day; NaN where it cannot be known.
    noise_from : str
        ``"within days"``, ``"own standard errors"`` or ``"none"``.
    adjusted : tuple of str
        What was learned within days and taken out of the scores.
    """

    day: Int
    score: Float
    count: Int
    noise: Float
    second: np.ndarray[tuple[int], np.dtype[np.bool_]]
    block: Int
    weekend: np.ndarray[tuple[int], np.dtype[np.bool_]]
    covariates: Float
    names: tuple[str, ...]
    within_sd: float
    noise_from: str
    adjusted: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.day.size)

    @property
    def lag(self) -> Int:
        """int64[n, n]: calendar days between scores."""
        return np.asarray(np.abs(self.day[:, None] - self.day), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Observed:
    """The observations of one person, as arrays: what day scores are made from.

    Parameters
    ----------
    day : int64[n]
        Local calendar day of each observation.
    hour : float64[n]
        Local time of day, h.
    value, se : float64[n]
        Outcome and its standard error (NaN if unknown).
    second : bool[n]
        True in the second condition.
    block : int64[n]
        Block.
    covariates : float64[n, k]
        Covariates.
    names : tuple of str
        Their names.
    """

    day: Int
    hour: Float
    value: Float
    se: Float
    second: np.ndarray[tuple[int], np.dtype[np.bool_]]
    block: Int
    covariates: Float
    names: tuple[str, ...] = ()


def day_scores(design: Design, subject: str, *, keep_washin: bool = False) -> Days:
    """Score every day of one person: `observed`, then `score_days`."""
    return score_days(observed(design, subject, keep_washin=keep_washin))


def observed(design: Design, subject: str, *, keep_washin: bool = False) -> Observed:
    """Take one person's used observations out of the table.

    Parameters
    ----------
    design : Design
        The validated comparison.
    subject : str
        Whose days.
    keep_washin : bool
        Take the days of the wash-in as well (a randomisation test must see them: under
        another order they would not have been wash-in).
    """
    table = design.outcomes
    used = table["excluded"].eq("")
    if keep_washin:
        used |= table["excluded"].eq(WASHIN)
    own = table[used & table["subject"].eq(subject)]
    return Observed(
        day=own["day"].to_numpy(dtype=np.int64),
        hour=own["hour"].to_numpy(dtype=np.float64),
        value=own["value"].to_numpy(dtype=np.float64),
        se=own["se"].to_numpy(dtype=np.float64),
        second=np.asarray(own["condition"].to_numpy() == design.conditions[1], dtype=np.bool_),
        block=own["block"].to_numpy(dtype=np.int64),
        covariates=own[list(design.covariates)].to_numpy(dtype=np.float64),
        names=design.covariates,
    )


def score_days(own: Observed) -> Days:
    """Score every day of one person.

    With a median of two or more observations a day, ``y_ij = day_i + harmonics(hour_ij) +
    covariates_ij + e_ij`` is fitted with a free effect for each day, so that rhythm and
    covariates are learned from differences *within* days and measuring hours cannot pass for
    a difference between conditions.  The known covariance of the scores is

        s2_w (diag(1 / n_i) + C (H'H)^-1 C')

    with H the within-day centred regressors and C the day means they were extrapolated to:
    the second part charges days measured at unusual hours for the correction they needed.

    With fewer, neither the rhythm nor s2_w can be known: the score is the plain day mean and
    its covariance comes from the observations' own standard errors if all have one, else none.

    Parameters
    ----------
    own : Observed
        The observations of one person.

    Returns
    -------
    Days
        Possibly of length zero.
    """
    day, first, code = np.unique(own.day, return_index=True, return_inverse=True)
    count = np.bincount(code, minlength=day.size)
    within, names_within, between, names_between = _regressors(own, code, count)
    score = _means(own.value, code, count)
    if day.size and np.median(count) >= 2:
        learned = _learn_within(own.value, within, code, count)
    else:
        learned = None
    if learned is not None:
        score = score - learned.shift
        noise, source, sd = learned.covariance, "within days", learned.sd
        adjusted = names_within
    else:
        noise, source = _own_noise(own.se, code, count)
        sd, adjusted = np.nan, ()
    return Days(
        day=day,
        score=score,
        count=count.astype(np.int64),
        noise=noise,
        second=own.second[first],
        block=own.block[first],
        weekend=np.isin((day + 3) % 7, (5, 6)),  # 1970-01-01 was a Thursday
        covariates=between,
        names=names_between,
        within_sd=float(sd),
        noise_from=source,
        adjusted=adjusted,
    )


def _means(values: Float, code: Int, count: Int) -> Float:
    """Return the day means of a vector or of the columns of a matrix."""
    if values.ndim == 1:
        return np.asarray(np.bincount(code, values, minlength=count.size) / count)
    columns = [np.bincount(code, column, minlength=count.size) / count for column in values.T]
    return np.column_stack(columns) if columns else np.zeros((count.size, 0))


def _regressors(
    own: Observed, code: Int, count: Int
) -> tuple[Float, tuple[str, ...], Float, tuple[str, ...]]:
    """Split what varies within days (hours, some covariates) from what only varies between."""
    angle = own.hour * (2 * np.pi / 24)
    columns, names = [np.cos(angle), np.sin(angle)], ["time of day (24 h)"]
    if own.value.size >= TWICE_DAILY_HARMONIC_FROM:
        columns += [np.cos(2 * angle), np.sin(2 * angle)]
        names.append("time of day (12 h)")
    often = bool(count.size) and bool(np.median(count) >= 2)
    between, names_between = [], []
    for name, values in zip(own.names, own.covariates.T, strict=True):
        means = _means(values, code, count)
        if often and np.abs(values - means[code]).max(initial=0.0) > 1e-12:
            columns.append((values - values.mean()) / values.std())
            names.append(name)
        else:
            between.append(means)
            names_between.append(name)
    matrix = np.column_stack(between) if between else np.zeros((count.size, 0))
    return np.column_stack(columns), tuple(names), matrix, tuple(names_between)


@dataclass(frozen=True, eq=False)
class _Learned:
    shift: Float
    covariance: Float
    sd: float


def _learn_within(value: Float, matrix: Float, code: Int, count: Int) -> _Learned | None:
    """Regress within days; None if too few observations are left to know their variance."""
    centres = _means(matrix, code, count)
    centred = matrix - centres[code]
    rest = value - _means(value, code, count)[code]
    # directions that never vary within a day cannot be learned and are left uncorrected
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    kept = size > 1e-8 * np.sqrt(value.size)
    df = value.size - count.size - int(kept.sum())
    if df < _LEAST_WITHIN_DF:
        return None
    coefficients = (left.T @ rest)[kept] / size[kept]
    carried = (centres - centres.mean(axis=0)) @ right[kept].T
    error = rest - left[:, kept] @ (left.T @ rest)[kept]
    variance = float(error @ error) / df
    scaled = carried / size[kept]
    covariance = variance * (np.diag(1 / count) + scaled @ scaled.T)
    return _Learned(carried @ coefficients, covariance, float(np.sqrt(variance)))


def _own_noise(se: Float, code: Int, count: Int) -> tuple[Float, str]:
    if not se.size or not np.isfinite(se).all():
        return np.zeros((count.size, count.size)), "none"
    return np.diag(_means(se**2, code, count) / count), "own standard errors"
