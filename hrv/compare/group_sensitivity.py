"""What a group's answer would be had something been left out or taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hrv.compare import mixed_ar1, results, sensitivity, two_stage
from hrv.compare.base import Design
from hrv.compare.reml import Inference
from hrv.types import Float

AS_ANALYSED = "as analysed"


def of_people(design: Design, pool: two_stage.Pool) -> list[dict[str, Any]]:
    """Pool people's differences again with each adjustment of their day models left out.

    Somebody for whom a variant means nothing (no weekend was measured, say) counts as analysed.

    Returns
    -------
    list of dict
        ``what, estimate, low, high, df``; the headline first.
    """
    level = design.settings.level
    headline = {subject: mixed_ar1.person_effect(design, subject) for subject in design.subjects}
    found: dict[str, dict[str, two_stage.PersonEffect]] = {AS_ANALYSED: {}}
    for subject, own in headline.items():
        if own.refused:  # counts with a plain difference, to which nothing was adjusted
            continue
        for row in sensitivity.with_and_without(design, subject)[1:]:
            effect = own if "refused" in row else _effect(subject, row, level)
            found.setdefault(row["what"], {})[subject] = effect
    rows = []
    for what, changed in found.items():
        people = [changed.get(subject, own) for subject, own in headline.items()]
        counted = [p for p in people if np.isfinite(p.difference)]
        rows.append(row_of(what, pool(counted, level)[0], level))
    return rows


def _effect(subject: str, row: dict[str, Any], level: float) -> two_stage.PersonEffect:
    half = results.t_quantile(row["df"], (1 + level) / 2)
    return two_stage.PersonEffect(subject, row["estimate"], (row["high"] - row["low"]) / (2 * half))


def row_of(what: str, inference: Inference, level: float) -> dict[str, Any]:
    """Write one row of the table."""
    low, high = results.t_interval(inference, level)
    return {
        "what": what, "estimate": inference.estimate, "low": low, "high": high,
        "df": inference.df,
    }  # fmt: skip


def of_changes(
    design: Design, change: Float, x: Float, names: Sequence[str], moved: Float, scale: float
) -> Iterator[dict[str, Any]]:
    """Regress each person's change on its own change in each covariate as well.

    Parameters
    ----------
    design : Design
        The comparison.
    change : float64[n]
        Difference within each person.
    x : float64[n, p]
        What it is regressed on without covariates; the effect is the last column's.
    names : sequence of str
        Covariates.
    moved : float64[n, k]
        Difference of each covariate within each person.
    scale : float
        What the coefficient is multiplied by to be the effect.
    """
    for k, name in enumerate(names):
        known = np.isfinite(moved[:, k])
        wide = np.column_stack((moved[known, k], x[known]))
        what = f"with the change in {name}"
        df = wide.shape[0] - wide.shape[1]
        if df < 1 or np.linalg.matrix_rank(wide) < wide.shape[1]:
            yield {"what": what, "refused": f"{name} cannot be told apart from the condition"}
            continue
        yield row_of(what, _ordinary(wide, change[known], scale), design.settings.level)


def _ordinary(x: Float, y: Float, scale: float) -> Inference:
    """Ordinary least squares of the last column."""
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ (x.T @ y)
    rest = y - x @ beta
    df = float(x.shape[0] - x.shape[1])
    se = abs(scale) * float(np.sqrt(rest @ rest / df * inverse[-1, -1]))
    return Inference(scale * float(beta[-1]), se, se, df)


def covariate_means(design: Design, keys: Sequence[str]) -> pd.DataFrame:
    """Mean of every covariate by person and period, or condition."""
    used = design.outcomes[design.outcomes["excluded"].eq("")]
    return used.groupby(list(keys))[list(design.covariates)].mean()
