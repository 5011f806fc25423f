"""Method `crossover`: two treatments in two periods, half of the people in either order.

Each person is compared with themselves and a difference between the periods, which touches
both sequences alike, cancels.  Carry-over cannot be told from a difference between sequences:
it is shown, and never decides which analysis is done (testing it first and then choosing has
up to 8 % false alarms at a nominal 5 %: Freeman 1989, Statistics in Medicine
8:1421-1432, doi:10.1002/sim.4780081202).

Source: Senn 2002, Cross-over Trials in Clinical Research, 2nd ed., doi:10.1002/0470854596.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrv.compare import checks, results, two_stage
from hrv.compare.base import Design
from hrv.compare.group_sensitivity import AS_ANALYSED, covariate_means, of_changes, row_of
from hrv.compare.reml import Inference
from hrv.types import Comparison, Float, Refusal

NAME = "crossover"
MIN_PER_SEQUENCE = 2
"""Fewest people of a sequence: fewer do not show how people differ within it."""


@dataclass(frozen=True, eq=False)
class Periods:
    """One row a person with both periods.

    Parameters
    ----------
    subject : tuple of str
        Who.
    first, second : float64[n]
        Mean outcome in the earlier and in the later period.
    reference_first : bool[n]
        True if the reference came first.
    """

    subject: tuple[str, ...]
    first: Float
    second: Float
    reference_first: np.ndarray[tuple[int], np.dtype[np.bool_]]


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Compare the period differences of the two sequences: t with N - 2.

    With ``d`` the later minus the earlier period, the difference between treatments is half
    of mean ``d`` of those who had the reference first minus mean ``d`` of the others; the
    period's own difference is half of their sum.

    Parameters
    ----------
    design : Design
        The validated comparison, with columns ``sequence`` and ``period`` (sessions of one
        period are averaged).
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Refused with fewer than five people, or fewer than two in a sequence.
    """
    periods, flags = periods_of(design)
    details: dict[str, Any] = {"counts": checks.counts(design)}
    refusal = _refusal(periods)
    if refusal is not None:
        return results.refused(design, NAME, [refusal], flags=flags, details=details)
    inference, more = difference(periods, design.settings.level)
    flags = [*flags, *_carry_over_flag(more["carry_over"])]
    own = np.where(periods.reference_first, 1, -1) * (periods.second - periods.first)
    details |= more | {
        "people": [
            {"subject": s, "difference": d} for s, d in zip(periods.subject, own, strict=True)
        ],
        "with_and_without": [
            row_of(AS_ANALYSED, inference, design.settings.level),
            *_with_covariates(design, periods),
        ],
    }
    swc = design.settings.swc
    return results.answer(
        design, NAME, inference,
        swc=float("nan") if swc is None else swc, flags=flags, details=details,
    )  # fmt: skip


def periods_of(design: Design) -> tuple[Periods, list[str]]:
    """Average the sessions of each person and period; say who lacks one of the periods."""
    used = design.outcomes[design.outcomes["excluded"].eq("")]
    table = used.groupby(["subject", "period"]).agg(
        value=("value", "mean"), condition=("condition", "first")
    )
    rows, alone = [], []
    for subject, own in table.groupby("subject"):
        own = own.droplevel("subject").sort_index()
        if len(own) == 2 and own["condition"].nunique() == 2:
            first = own["condition"].iloc[0] == design.conditions[0]
            rows.append((str(subject), *own["value"], first))
        else:
            alone.append(str(subject))
    flags = checks.start_flags(design)
    if alone:
        flags.append(f"without both periods, so not counted: {', '.join(alone)}")
    return Periods(
        tuple(r[0] for r in rows),
        np.array([r[1] for r in rows], dtype=np.float64),
        np.array([r[2] for r in rows], dtype=np.float64),
        np.array([r[3] for r in rows], dtype=np.bool_),
    ), flags


def _with_covariates(design: Design, periods: Periods) -> Iterator[dict[str, Any]]:
    """Adjust the difference for how each covariate changed between a person's periods."""
    if not design.covariates:
        return iter(())
    means = covariate_means(design, ("subject", "period"))
    own = [means.loc[subject].sort_index().to_numpy() for subject in periods.subject]
    moved = np.array([later - earlier for earlier, later in own], dtype=np.float64)
    x = np.column_stack(
        (np.ones(len(moved)), np.where(periods.reference_first, 0.5, -0.5))
    )  # the period, and half the treatment either way
    change = periods.second - periods.first
    return of_changes(design, change, x, design.covariates, moved, 0.5)


def difference(periods: Periods, level: float) -> tuple[Inference, dict[str, Any]]:
    """Return the treatment difference; details hold the period's and the carry-over."""
    change, total = periods.second - periods.first, periods.second + periods.first
    early = periods.reference_first
    estimate = (change[early].mean() - change[~early].mean()) / 2
    se, df = _standard_error(change, early)
    inference = Inference(float(estimate), se / 2, se / 2, df)
    carried = total[early].mean() - total[~early].mean()
    se_carried, _ = _standard_error(total, early)
    sd = se / 2 / np.sqrt((1 / early.sum() + 1 / (~early).sum()) / 4)
    more: dict[str, Any] = {
        "n_people": int(early.size),
        "period": _row(
            Inference(
                float((change[early].mean() + change[~early].mean()) / 2), se / 2, se / 2, df
            ),
            level,
        ),
        "carry_over": _row(Inference(float(carried), se_carried, se_carried, df), level),
        "hedges_g": results.hedges_g(float(estimate), float(sd), df),
        "hedges_g_unit": "SD of differences between periods",
    }
    return inference, more


def _standard_error(values: Float, group: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Pooled standard error of the difference of two means, and its degrees of freedom."""
    a, b = values[group], values[~group]
    df = float(a.size + b.size - 2)
    pooled = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / df
    return float(np.sqrt(pooled * (1 / a.size + 1 / b.size))), df


def _row(inference: Inference, level: float) -> dict[str, float]:
    low, high = results.t_interval(inference, level)
    p_value = results.t_p_value(inference.estimate, inference.se, inference.df)
    return {"estimate": inference.estimate, "low": low, "high": high, "p_value": p_value}


def _carry_over_flag(found: dict[str, float]) -> list[str]:
    if found["p_value"] > 0.10:
        return []
    return [
        "the two sequences differ in their sum over both periods, as they would if the first "
        "treatment were still at work in the second period: ask whether the washout was long "
        "enough"
    ]


def _refusal(periods: Periods) -> Refusal | None:
    n, early = periods.reference_first.size, int(periods.reference_first.sum())
    if n < two_stage.MIN_PEOPLE or min(early, n - early) < MIN_PER_SEQUENCE:
        return Refusal(
            "estimate",
            f"{early} and {n - early} people completed the two sequences and at least "
            f"{MIN_PER_SEQUENCE} in each and {two_stage.MIN_PEOPLE} in all are needed",
        )
    change = periods.second - periods.first
    first = periods.reference_first
    if not (np.ptp(change[first]) > 0 or np.ptp(change[~first]) > 0):
        return Refusal("estimate", "everyone has the same difference, which real data never have")
    return None
