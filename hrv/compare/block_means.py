"""Method `block_means`: one mean a block, compared by ordinary least squares.

The plainest analysis that keeps its error rate: days inside a block may resemble each other
as they like, since a block counts once.  It needs four complete blocks and is less precise
than the day model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.compare import checks, mixed_ar1, results
from hrv.compare.base import Design
from hrv.compare.days import Days, day_scores
from hrv.compare.reml import Inference
from hrv.errors import NotComputableError
from hrv.types import Comparison, Float, Refusal

NAME = "block_means"


@dataclass(frozen=True, eq=False)
class BlockMeans:
    """Means over the complete blocks.

    Parameters
    ----------
    number : int64[k]
        Blocks, counted from zero.
    mean : float64[k]
        Mean day score.
    middle : float64[k]
        Mean calendar day.
    second : bool[k]
        True for the second condition.
    """

    number: np.ndarray[tuple[int], np.dtype[np.int64]]
    mean: Float
    middle: Float
    second: np.ndarray[tuple[int], np.dtype[np.bool_]]


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Regress block means on condition and trend; t with (blocks - columns) degrees of freedom.

    Parameters
    ----------
    design : Design
        The validated comparison, of one person.
    rng : Generator
        Not used.
    """
    refusals = checks.single_person(design, NAME)
    if refusals:
        return results.refused(design, NAME, refusals)
    subject = design.subjects[0]
    blocks = checks.blocks_of(design, subject)
    days = day_scores(design, subject)
    flags = checks.design_flags(design, blocks, days)
    details = {"counts": checks.counts(design)}
    refusals = checks.too_few_blocks(design, blocks)
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=details)
    means = block_means(days, [block.number for block in blocks if block.complete])
    try:
        inference = least_squares(means, trend=design.settings.trend is not False)
    except NotComputableError as error:
        refused = [Refusal("estimate", str(error))]
        return results.refused(design, NAME, refused, flags=flags, details=details)
    table = {
        "block": means.number + 1,
        "mean": means.mean,
        "second_condition": means.second,
    }
    return results.answer(
        design, NAME, inference,
        swc=smallest_worthwhile(design, days), flags=flags,
        details={**details, "block_means": table},
    )  # fmt: skip


def block_means(days: Days, numbers: list[int]) -> BlockMeans:
    """Average the day scores of the named blocks, each day with equal weight."""
    rows = [np.flatnonzero(days.block == k) for k in numbers]
    return BlockMeans(
        np.array(numbers, dtype=np.int64),
        np.array([days.score[r].mean() for r in rows]),
        np.array([days.day[r].mean() for r in rows]),
        np.array([days.second[r][0] for r in rows], dtype=np.bool_),
    )


def least_squares(means: BlockMeans, *, trend: bool) -> Inference:
    """Ordinary least squares of block means on level, condition and (by default) trend.

    Raises
    ------
    NotComputableError
        If too few blocks are left to know their scatter, or the means do not vary.
    """
    columns = [np.ones(means.mean.size), means.second - 0.5]
    if trend:
        columns.append((means.middle - means.middle.mean()) / max(np.ptp(means.middle), 1.0))
    x = np.column_stack(columns)
    df = x.shape[0] - x.shape[1]
    if df < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
        raise NotComputableError(
            f"{x.shape[0]} complete blocks are too few to tell condition and trend apart"
        )
    beta = np.linalg.lstsq(x, means.mean, rcond=None)[0]
    rest = means.mean - x @ beta
    variance = float(rest @ rest) / df
    if variance <= 1e-24 * max(1.0, float(np.abs(means.mean).max())) ** 2:
        raise NotComputableError("the block means do not vary, so no uncertainty can be known")
    se = float(np.sqrt(variance * np.linalg.inv(x.T @ x)[1, 1]))
    return Inference(float(beta[1]), se, se, float(df))


def smallest_worthwhile(design: Design, days: Days) -> float:
    """Smallest worthwhile change as the day model has it; NaN where it cannot be fitted."""
    if design.settings.swc is not None:
        return design.settings.swc
    try:
        model = mixed_ar1.day_model(days, trend=design.settings.trend is not False)
    except NotComputableError:
        return float("nan")
    return mixed_ar1.worthwhile(design, model)
