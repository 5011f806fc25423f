"""Method `randomisation`: the order that was drawn against every order that could have been.

It assumes nothing about how days resemble each other, drift or what else happened: chance
entered through the draw, and the draw is what the p-value counts.  It needs the logged set of
possible orders, with at least twenty of them.

Source: Edgington & Onghena 2007, Randomization Tests, 4th ed., Chapman & Hall/CRC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.compare import block_means, checks, results
from hrv.compare.base import Design
from hrv.compare.days import Days, day_scores
from hrv.compare.design import changes
from hrv.types import Comparison, Float, Refusal

NAME = "randomisation"
MIN_ORDERS = 20
"""Fewest possible orders: with fewer, chance alone gives the smallest p-value too often."""
_TIE = 1e-9
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Weights:
    """The statistic of every order as weights on the day scores.

    Parameters
    ----------
    statistic : float64[orders, n]
        ``statistic @ scores`` has the same rank as the t of condition in a regression of block
        means on condition and trend.
    per_unit : float64[orders]
        Statistic of a difference of one; NaN where an order leaves too few complete blocks.
    drawn : int
        Row of the order that was carried out.
    """

    statistic: Float
    per_unit: Float
    drawn: int


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Rank the order carried out among all logged orders; interval by inverting the test.

    Parameters
    ----------
    design : Design
        The validated comparison, of one person.
    rng : Generator
        Not used: every order is counted, none is sampled.

    Returns
    -------
    Comparison
        The two-sided p-value is the share of orders with a statistic at least as large; the
        interval holds the constant differences that the test does not reject.
    """
    refusals = checks.single_person(design, NAME) or _too_few_orders(design)
    if refusals:
        return results.refused(design, NAME, refusals)
    subject = design.subjects[0]
    blocks = checks.blocks_of(design, subject)
    flags = checks.design_flags(design, blocks, day_scores(design, subject))
    refusals = checks.too_few_blocks(design, blocks)
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags)
    days = day_scores(design, subject, keep_washin=True)
    if np.ptp(days.score) <= 1e-12 * max(1.0, float(np.abs(days.score).max())):
        why = "the day scores do not vary, so no order stands out"
        return results.refused(design, NAME, [Refusal("estimate", why)], flags=flags)
    weights = order_weights(design, days, _since_days(design, days), blocks)
    if not np.isfinite(weights.per_unit[weights.drawn]):
        why = "too few complete blocks are left to tell condition and trend apart"
        return results.refused(design, NAME, [Refusal("estimate", why)], flags=flags)
    return _compare(design, days, weights, flags)


def _too_few_orders(design: Design) -> list[Refusal]:
    if design.randomisation is None:
        return [Refusal("p-value", "no randomisation was logged beforehand")]
    if len(design.randomisation) < MIN_ORDERS:
        return [
            Refusal(
                "p-value",
                f"only {len(design.randomisation)} orders were possible and at least "
                f"{MIN_ORDERS} are needed",
            )
        ]
    return []


def order_weights(
    design: Design, days: Days, since: Float, blocks: tuple[checks.Block, ...]
) -> Weights:
    """Weights of the statistic under every logged order, each with its own wash-in.

    Which days are wash-in (`since` their block began) and which blocks complete follows from
    the order: both are worked out anew for each, so that the test stays exact.
    """
    orders = design.randomisation or ()
    treated = days.second.astype(np.float64)
    drawn = tuple(block.condition for block in blocks)
    statistic = np.full((len(orders), len(days)), np.nan)
    for row, order in enumerate(orders):
        kept, whole = _left_over(design, days, since, blocks, order)
        weights = _weights_of(design, days, kept, whole, order)
        if weights is not None:
            statistic[row] = weights
    return Weights(statistic, statistic @ treated, orders.index(drawn))


def _since_days(design: Design, days: Days) -> Float:
    """Days from the start of its block to the first observation of each day."""
    subject = design.subjects[0]
    own = design.outcomes[design.outcomes["subject"].eq(subject)]
    first = own[own["block"] >= 0].groupby("day")["since_days"].min()
    return first.reindex(days.day).to_numpy(dtype=np.float64)


def _left_over(
    design: Design,
    days: Days,
    since: Float,
    blocks: tuple[checks.Block, ...],
    order: tuple[str, ...],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], list[checks.Block]]:
    """Days outside the wash-in of this order, and the blocks that are complete under it."""
    washin = design.settings.washin_days
    changed, was_changed = changes(order), changes([block.condition for block in blocks])
    late = np.array([changed[k] for k in range(len(blocks))])[days.block] & (since < washin)
    valid = np.bincount(days.block[~late], minlength=len(blocks))
    under = [
        checks.Block(
            block.number, order[block.number],
            block.planned + washin * (was_changed[k] - changed[k]),
            block.measured, int(valid[k]),
        )
        for k, block in enumerate(blocks)
    ]  # fmt: skip
    return ~late, [block for block in under if block.complete]


def _weights_of(
    design: Design,
    days: Days,
    kept: np.ndarray[tuple[int], np.dtype[np.bool_]],
    whole: list[checks.Block],
    order: tuple[str, ...],
) -> Float | None:
    """Return ``M T / |M T|`` spread over days, M taking out level and trend of the blocks."""
    rows = [np.flatnonzero(kept & (days.block == block.number)) for block in whole]
    second = np.array([order[block.number] == design.conditions[1] for block in whole])
    if not 0 < second.sum() < second.size:
        return None
    columns = [np.ones(len(rows))]
    if design.settings.trend is not False:
        columns.append(np.array([days.day[r].mean() for r in rows]))
    basis = np.linalg.qr(np.column_stack(columns) - [0.0, *(c.mean() for c in columns[1:])])[0]
    left = second - basis @ (basis.T @ second)
    size = float(np.sqrt(left @ left))
    if size < 1e-8 or len(rows) <= len(columns) + 1:
        return None
    weights = np.zeros(len(days))
    for value, r in zip(left / size, rows, strict=True):
        weights[r] = value / r.size
    return weights


def _compare(design: Design, days: Days, weights: Weights, flags: list[str]) -> Comparison:
    z, unit, drawn = weights.statistic @ days.score, weights.per_unit, weights.drawn
    estimate = float(z[drawn] / unit[drawn])
    p_value = float(p_of_shift(z, unit, drawn, np.zeros(1))[0])
    # an order that leaves too little to compute counts against the finding
    smallest = float(np.mean(~(np.abs(unit) < abs(unit[drawn]) * (1 - _TIE))))
    details = {
        "counts": checks.counts(design),
        "orders": int(z.size),
        "smallest_p_value": smallest,
    }
    sign = {"higher": 1.0, "lower": -1.0}.get(design.settings.direction)
    if sign is not None:
        details["p_value_declared_direction"] = p_one_sided(sign * z, drawn)
    alpha = 1 - design.settings.level
    low, high = invert(z, unit, drawn, alpha)
    refusals = []
    if not (np.isfinite(low) and np.isfinite(high)):
        low = high = float("nan")
        refusals.append(
            Refusal(
                "interval",
                f"the {z.size} possible orders are too few for a "
                f"{100 * design.settings.level:g} % interval",
            )
        )
    if smallest > alpha:
        flags = [
            *flags,
            f"with these {z.size} orders the two-sided p-value cannot fall below {smallest:.3f}, "
            "however large the difference",
        ]
    return results.comparison(
        design, NAME, (estimate, low, high), p_value, float("nan"),
        swc=block_means.smallest_worthwhile(design, day_scores(design, design.subjects[0])),
        flags=flags, refusals=refusals, details=details,
    )  # fmt: skip


def p_of_shift(z: Float, unit: Float, drawn: int, shifts: Float) -> Float:
    """Two-sided p-value of each constant difference (zero is the usual null hypothesis).

    Under a difference of d the scores without it would have been ``score - d T``; the
    statistic of every order is linear in them.  A NaN statistic counts as extreme.
    """
    p = np.empty(shifts.size)
    for begin in range(0, shifts.size, _CHUNK):
        d = shifts[begin : begin + _CHUNK, None]
        seen = np.abs(z[drawn] - d * unit[drawn])
        scale = abs(z[drawn]) + np.abs(d) * abs(unit[drawn])
        p[begin : begin + _CHUNK] = np.mean(~(np.abs(z - d * unit) < seen - _TIE * scale), axis=1)
    return p


def p_one_sided(z: Float, drawn: int) -> float:
    """Share of orders with a statistic at least as far up; a NaN counts as extreme."""
    return float(np.mean(~(z < z[drawn] - _TIE * abs(z[drawn]))))


def invert(z: Float, unit: Float, drawn: int, alpha: float) -> tuple[float, float]:
    """Smallest and largest constant difference with p > alpha; infinite if there is none.

    The p-value changes only where an order's statistic equals the observed one in size, at
    ``(z_s ± z_o) / (unit_s ± unit_o)``.
    """
    at_infinity = np.mean(~(np.abs(unit) < abs(unit[drawn]) * (1 - _TIE)))
    if at_infinity > alpha:
        return -np.inf, np.inf
    edges: Float = np.concatenate(
        [
            _ratio(z - z[drawn], unit - unit[drawn], abs(unit[drawn])),
            _ratio(z + z[drawn], unit + unit[drawn], abs(unit[drawn])),
            [z[drawn] / unit[drawn]],
        ]
    )
    accepted = edges[p_of_shift(z, unit, drawn, edges) > alpha]
    return float(accepted.min()), float(accepted.max())


def _ratio(top: Float, bottom: Float, scale: float) -> Float:
    usable = np.abs(bottom) > _TIE * scale  # False for NaN as well
    return np.asarray(top[usable] / bottom[usable], dtype=np.float64)
