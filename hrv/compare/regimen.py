"""Day scores beside the exposures of a regimen: what the methods for several things share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hrv.compare import checks, results, two_stage
from hrv.compare.base import CompareSettings, Design
from hrv.compare.days import Days, Observed, score_days
from hrv.compare.design import no_phases, observations, unusable
from hrv.compare.mixed_ar1 import likeliest
from hrv.compare.reml import Fit, Inference, kenward_roger
from hrv.errors import NotComputableError
from hrv.regimen import Component, Regimen
from hrv.regimen.log import background_flags, exposure, in_washin, utc_ns
from hrv.types import Bool, Comparison, Float, Refusal

Moments = npt.NDArray[np.int64]


def regimen_design(
    outcomes: pd.DataFrame,
    regimen: Regimen,
    *,
    settings: CompareSettings,
    covariates: Sequence[str] | None = None,
) -> Design:
    """Validate outcomes against a regimen alone: its log says what was on, no phases needed.

    Parameters
    ----------
    outcomes : DataFrame
        As `hrv.compare` takes them; with ``time``.
    regimen : Regimen
        Of everyone in `outcomes`.
    settings : CompareSettings
        Go into the design.
    covariates : sequence of str, optional
        Columns to adjust for; default every further column.
    """
    table, chosen = observations(outcomes.drop(columns="condition", errors="ignore"), covariates)
    table["excluded"] = unusable(table, chosen)
    return Design(table, no_phases(), ("off", "on"), chosen, None, settings, regimen)


@dataclass(frozen=True, eq=False)
class Watched:
    """One person's day scores with the moments they rest on.

    Parameters
    ----------
    days : Days
        The scores; condition and block play no part here.
    time_ns : int64[m]
        Moments of the observations.
    code : int64[m]
        Day of each observation, as an index into `days`.
    """

    days: Days
    time_ns: Moments
    code: npt.NDArray[np.int64]

    def daily(self, values: Float) -> Float:
        """Mean of a quantity over the observations of each day, float64[n]."""
        return np.asarray(
            np.bincount(self.code, values, minlength=len(self.days)) / self.days.count
        )


def watch(
    design: Design, subject: str, leave_out: Callable[[Moments], Bool] | None = None
) -> Watched:
    """Score the days of one person, the observations that `leave_out` names left out."""
    table = design.outcomes
    own = table[table["excluded"].eq("") & table["subject"].eq(subject)]
    if leave_out is not None and len(own):
        own = own[~leave_out(utc_ns(own["time"]))]
    day = own["day"].to_numpy(dtype=np.int64)
    nothing = np.zeros(len(own), dtype=np.int64)
    seen = Observed(
        day=day,
        hour=own["hour"].to_numpy(dtype=np.float64),
        value=own["value"].to_numpy(dtype=np.float64),
        se=own["se"].to_numpy(dtype=np.float64),
        second=nothing.astype(np.bool_),
        block=nothing,
        covariates=own[list(design.covariates)].to_numpy(dtype=np.float64),
        names=design.covariates,
    )
    code = np.unique(day, return_inverse=True)[1].astype(np.int64)
    return Watched(score_days(seen), utc_ns(own["time"]), code)


def washing_in(
    regimen: Regimen, subject: str, components: Sequence[Component]
) -> Callable[[Moments], Bool]:
    """Tell which moments lie in the wash-in or wash-out of any of the components."""

    def early(time_ns: Moments) -> Bool:
        late = np.zeros(time_ns.size, dtype=np.bool_)
        for component in components:
            rows = regimen.stretches(subject, component.name)
            late |= in_washin(time_ns, rows, component.washin_days)
        return late

    return early


def on_days(watched: Watched, regimen: Regimen, subject: str, component: Component) -> Float:
    """Share of each day's observations with the component on, float64[n]."""
    rows = regimen.stretches(subject, component.name)
    return watched.daily(exposure(watched.time_ns, rows))


@dataclass(frozen=True, eq=False)
class Model:
    """Day scores fitted on named columns.

    Parameters
    ----------
    fit : Fit
        REML fit.
    names : tuple of str
        Columns of `x`.
    x : float64[n, p]
        Design matrix.
    """

    fit: Fit
    names: tuple[str, ...]
    x: Float

    def of(self, name: str) -> Inference:
        """Inference of one column."""
        return kenward_roger(self.fit, self.names.index(name))

    def contrast(self, weights: Mapping[str, float]) -> Inference:
        """Inference of a weighted sum of coefficients."""
        full = np.zeros(len(self.names))
        for name, weight in weights.items():
            full[self.names.index(name)] = weight
        return kenward_roger(self.fit, full)


def model(days: Days, columns: Mapping[str, Float], *, trend: bool) -> Model:
    """Fit ``score = 1 + columns + weekend + trend + covariates``, days AR(1).

    Raises
    ------
    NotComputableError
        If the columns cannot be told apart or the scores do not vary.
    """
    x, names = matrix(days, columns, trend=trend)
    if x.shape[0] <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise NotComputableError(
            f"{x.shape[0]} days cannot tell apart {', '.join(names[1:])}; study fewer at once"
        )
    return Model(likeliest(days, x), names, x)


def matrix(
    days: Days, columns: Mapping[str, Float], *, trend: bool
) -> tuple[Float, tuple[str, ...]]:
    """Design matrix and the names of its columns; everything but the level is centred."""
    made = {"level": np.ones(len(days))}
    made |= {name: values - values.mean() for name, values in columns.items()}
    if len(days) and 0 < days.weekend.sum() < len(days):
        made["weekend"] = days.weekend - days.weekend.mean()
    if trend and len(days):
        made["trend"] = (days.day - days.day.mean()) / max(np.ptp(days.day), 1)
    for name, values in zip(days.names, days.covariates.T, strict=True):
        spread = float(values.std()) if len(days) else 0.0
        if spread > 0:
            made[name] = (values - values.mean()) / spread
    return np.column_stack(list(made.values())), tuple(made)


def inflation(x: Float, names: Sequence[str], name: str) -> float:
    """Variance inflation of one column by the others; the trend does not count.

    ``1 / (1 - R2)`` of its regression on the others; infinite where they tell it exactly.
    """
    k = names.index(name)
    others = [i for i, other in enumerate(names) if i != k and other != "trend"]
    centred = x[:, k] - x[:, k].mean()
    rest = centred - x[:, others] @ np.linalg.lstsq(x[:, others], centred, rcond=None)[0]
    left, whole = float(rest @ rest), float(centred @ centred)
    return float("inf") if left <= 1e-12 * whole else whole / left


def refuse_few(days: Float, what: str) -> None:
    """Refuse fewer than seven days with, or without, something.

    Parameters
    ----------
    days : float64[n]
        Share of each day with it.
    what : str
        Its name.
    """
    for count, word in ((int((days > 0.5).sum()), "with"), (int((days <= 0.5).sum()), "without")):
        if count < checks.MIN_DAYS:
            raise NotComputableError(
                f"there are {count} usable days {word} {what} and at least {checks.MIN_DAYS} are "
                "needed"
            )


def studied(design: Design) -> tuple[Component, ...]:
    """Components the regimen studies, the leading one first."""
    assert design.regimen is not None  # `compare` refuses these methods without one
    return design.regimen.studied


def regimen_flags(design: Design) -> list[str]:
    """Say what weakens an answer of these methods: start, background, order not drawn."""
    regimen, table = design.regimen, design.outcomes
    assert regimen is not None
    flags = checks.start_flags(design)
    for subject in design.subjects:
        when = table.loc[table["subject"] == subject, "time"]
        flags += background_flags(regimen, subject, when.min(), when.max())
    names = [c.name for c in regimen.studied]
    log = regimen.log[regimen.log["component"].isin(names)]
    if not log["randomised"].astype(bool).all():
        flags.append("association only: what was taken when was not drawn at random")
    return flags


Answer = tuple[Inference, float, dict[str, Any]]
"""Of one person: the estimate, the SD between days, and details."""


def answered(
    design: Design, name: str, person: Callable[[Design, str], Answer], labels: tuple[str, str]
) -> Comparison:
    """Answer for one person, or average over people with a t interval.

    Parameters
    ----------
    design : Design
        With a regimen.
    name : str
        Of the method.
    person : callable
        Raises `NotComputableError` where a person's data cannot tell.
    labels : tuple of str
        What is compared, reference first, for the sentence.
    """
    design = replace(design, conditions=labels)
    flags, found, whys = regimen_flags(design), {}, {}
    for subject in design.subjects:
        try:
            found[subject] = person(design, subject)
        except NotComputableError as error:
            whys[subject] = str(error)
    details: dict[str, Any] = {"counts": {"observations": len(design.outcomes)}}
    if len(design.subjects) == 1:
        if whys:
            why = next(iter(whys.values()))
            return results.refused(
                design, name, [Refusal("estimate", why)], flags=flags, details=details
            )
        inference, sd, more = next(iter(found.values()))
        swc = design.settings.swc
        return results.answer(
            design, name, inference, swc=0.5 * sd if swc is None else swc,
            flags=[*flags, *more.pop("flags", ())], refusals=more.pop("refusals", ()),
            details={**details, **more},
        )  # fmt: skip
    flags += [f"{subject!r} cannot be counted: {why}" for subject, why in whys.items()]
    effects = np.array([one.estimate for one, _, _ in found.values()])
    few = two_stage.too_few_people(effects)
    details["people"] = [{"subject": s, "difference": a[0].estimate} for s, a in found.items()]
    if few is not None:
        return results.refused(design, name, [few], flags=flags, details=details)
    details |= two_stage.people_details(effects, design.settings.level)
    swc = float("nan") if design.settings.swc is None else design.settings.swc
    return results.answer(
        design, name, two_stage.mean_over_people(effects), swc=swc, flags=flags, details=details
    )


def row(what: str, found: Inference, level: float, **more: Any) -> dict[str, Any]:
    """One line of a table of coefficients, as plain values."""
    low, high = results.t_interval(found, level)
    p_value = results.t_p_value(found.estimate, found.se, found.df)
    return {"what": what, "estimate": found.estimate, "low": low, "high": high,
            "p_value": p_value, "df": found.df, **more}  # fmt: skip
