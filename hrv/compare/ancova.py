"""Method `ancova`: two arms of different people, adjusted for where each of them started.

For groups with one to three sessions a person: no days, people are the units.  The outcome is
the value itself, not its change: adjusting for the baseline already does what a change score
attempts, and regressing a change on its own baseline finds regression to the mean.

Source: Vickers & Altman 2001, BMJ 323:1123-1124, doi:10.1136/bmj.323.7321.1123.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hrv.compare import checks, results
from hrv.compare.base import Design
from hrv.compare.group_sensitivity import AS_ANALYSED, row_of
from hrv.compare.reml import Inference
from hrv.types import Comparison, Float, Refusal

NAME = "ancova"
BASELINE = ("baseline", "before", "pre", "run-in", "0")
"""Names of the period before treatment, in column ``period``."""
_ARM = 1
MIN_PER_ARM = 5
"""Fewest people of an arm with an outcome."""


@dataclass(frozen=True, eq=False)
class Arms:
    """One row a person with an outcome.

    Parameters
    ----------
    subject : tuple of str
        Who.
    after : float64[n]
        Mean outcome of the sessions under treatment.
    second : bool[n]
        True in the second arm.
    covariates : float64[n, k]
        Baseline (where anybody has one) and further covariates, person means.
    names : tuple of str
        Their names.
    """

    subject: tuple[str, ...]
    after: Float
    second: np.ndarray[tuple[int], np.dtype[np.bool_]]
    covariates: Float
    names: tuple[str, ...]


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Regress each person's outcome on arm, baseline and covariates; robust standard error, t.

    Parameters
    ----------
    design : Design
        The validated comparison; the condition of a row is its arm, as allocated (people stay
        in it whatever they took), and ``period`` names the sessions before treatment.
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Refused with fewer than five people in an arm.
    """
    arms, flags = arms_of(design)
    details: dict[str, Any] = {"counts": checks.counts(design), "arms": _sizes(design, arms)}
    refusals = _refusals(design, arms)
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=details)
    inference, residual_sd = least_squares(arms)
    details |= {
        "adjusted_for": list(arms.names),
        "residual_sd": residual_sd,
        "hedges_g": results.hedges_g(inference.estimate, residual_sd, inference.df),
        "hedges_g_unit": "residual SD between people",
        "with_and_without": _with_and_without(design, arms),
    }
    swc = design.settings.swc
    return results.answer(
        design, NAME, inference,
        swc=float("nan") if swc is None else swc, flags=flags, details=details,
    )  # fmt: skip


def arms_of(design: Design) -> tuple[Arms, list[str]]:
    """Average each person's sessions before and under treatment; say who has no outcome."""
    used = design.outcomes[design.outcomes["excluded"].eq("")]
    early = used["period"].str.lower().isin(BASELINE)
    after = used[~early].groupby("subject")["value"].mean()
    before = used[early].groupby("subject")["value"].mean()
    arm = used.groupby("subject")["condition"].first()
    flags = []
    lost = sorted(set(before.index) - set(after.index))
    if lost:
        named = ", ".join(f"{who!r} ({arm[who]})" for who in lost)
        flags.append(f"without an outcome after the baseline, so not counted: {named}")
    people = pd.DataFrame({"after": after, "arm": arm}).dropna()
    columns, names = [], []
    if len(before):
        own = before.reindex(people.index)
        if own.isna().any():
            flags.append(
                f"{int(own.isna().sum())} of {len(own)} people have no baseline; the mean of "
                "all stands in for it, which keeps them in their arm"
            )
        columns.append(own.fillna(own.mean()).to_numpy(dtype=np.float64))
        names.append("baseline")
    else:
        flags.append("there is no session before treatment, so chance differences stay in")
    for name in design.covariates:
        mean = used.groupby("subject")[name].mean().reindex(people.index)
        columns.append(mean.to_numpy(dtype=np.float64))
        names.append(name)
    matrix = np.column_stack(columns) if columns else np.zeros((len(people), 0))
    keep = np.ptp(matrix, axis=0) > 0 if len(people) else np.zeros(matrix.shape[1], dtype=bool)
    return Arms(
        tuple(str(s) for s in people.index),
        people["after"].to_numpy(dtype=np.float64),
        (people["arm"] == design.conditions[1]).to_numpy(dtype=bool),
        matrix[:, keep],
        tuple(n for n, k in zip(names, keep, strict=True) if k),
    ), flags


def least_squares(arms: Arms) -> tuple[Inference, float]:
    """Return the adjusted difference between arms and the residual SD.

    Arms may scatter differently (some people respond, some do not), so the squared standard
    error is ``sum(g_i**2 e_i**2)``, ``g = X (X'X)^-1 l / sqrt(1 - h)``, h the leverage, with the
    degrees of freedom ``tr(A)**2 / tr(A**2)`` of ``A = diag(g) (I - H) diag(g)``.  With equal
    scatter little is lost; the pooled standard error has 12 % false alarms where the smaller of
    two unequal arms scatters twice as much.

    Source: Imbens & Kolesár 2016, Review of Economics and Statistics 98:701-712,
    doi:10.1162/REST_a_00552.
    """
    centred = arms.covariates - arms.covariates.mean(axis=0)
    x = np.column_stack((np.ones(arms.after.size), arms.second - 0.5, centred))
    inverse = np.linalg.inv(x.T @ x)
    rest = np.eye(x.shape[0]) - x @ inverse @ x.T
    error = rest @ arms.after
    g = (x @ inverse)[:, _ARM] / np.sqrt(np.diagonal(rest))
    se = float(np.sqrt(np.sum(g**2 * error**2)))
    top = float(np.sum(g**2 * np.diagonal(rest))) ** 2
    df = top / float(g**2 @ rest**2 @ g**2)
    residual_sd = float(np.sqrt(error @ error / (x.shape[0] - x.shape[1])))
    estimate = float((inverse @ (x.T @ arms.after))[_ARM])
    plain = float(np.sqrt(inverse[_ARM, _ARM])) * residual_sd
    return Inference(estimate, se, plain, df), residual_sd


def _refusals(design: Design, arms: Arms) -> list[Refusal]:
    for name, size in zip(design.conditions, _two(arms), strict=True):
        if size < MIN_PER_ARM:
            return [
                Refusal(
                    "estimate",
                    f"arm {name!r} has {size} people with an outcome and at least {MIN_PER_ARM} "
                    "are needed",
                )
            ]
    both = design.outcomes.groupby("subject")["condition"].nunique()
    if (both > 1).any():
        who = str(both.index[both > 1][0])
        return [
            Refusal(
                "estimate",
                f"{who!r} is in both arms; use 'crossover' or 'paired' where people change",
            )
        ]
    x = np.column_stack((np.ones(arms.after.size), arms.second - 0.5, arms.covariates))
    if arms.after.size <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        named = ", ".join(arms.names)
        return [Refusal("estimate", f"the data cannot tell apart the arms and {named}")]
    if np.ptp(arms.after) == 0:
        return [Refusal("estimate", "everyone has the same outcome, which real data never have")]
    return []


def _two(arms: Arms) -> tuple[int, int]:
    second = int(arms.second.sum())
    return arms.after.size - second, second


def _sizes(design: Design, arms: Arms) -> dict[str, Any]:
    """Who was allocated and who has an outcome, by arm: what an intention-to-treat table shows."""
    given = design.outcomes.groupby("condition")["subject"].nunique()
    return {
        name: {"allocated": int(given.get(name, 0)), "with_outcome": size}
        for name, size in zip(design.conditions, _two(arms), strict=True)
    }


def _with_and_without(design: Design, arms: Arms) -> list[dict[str, Any]]:
    """Give the difference as analysed, and without the baseline and each covariate."""
    level = design.settings.level
    rows = [row_of(AS_ANALYSED, least_squares(arms)[0], level)]
    for name in arms.names:
        kept = [k for k, other in enumerate(arms.names) if other != name]
        less = replace(arms, covariates=arms.covariates[:, kept], names=())
        rows.append(row_of(f"without {name}", least_squares(less)[0], level))
    if len(arms.names) > 1:
        bare = replace(arms, covariates=arms.covariates[:, :0], names=())
        rows.append(row_of("without any of them", least_squares(bare)[0], level))
    return rows
