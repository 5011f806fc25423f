"""Method `censored`: times known only as "at least" count as such, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.compare import checks, results
from hrv.compare.base import Design
from hrv.compare.block_means import BlockMeans, least_squares
from hrv.errors import NotComputableError
from hrv.types import Bool, Comparison, Float, Int, Refusal

NAME = "censored"
_LN_2PI_HALF = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Censored:
    """Observations of one person, some known only as "at least".

    Parameters
    ----------
    value : float64[n]
        Outcome, usually ln s.
    at_least : bool[n]
        True where the true value is at least `value`.
    block : int64[n]
        Index of its block, from 0 to k - 1.
    """

    value: Float
    at_least: Bool
    block: Int


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Compare block means of a censored outcome, t with (blocks - columns) degrees of freedom.

    Within a person ``value ~ N(mean of its block, s2)`` with one s for all blocks, maximum
    likelihood: an exact value contributes its density, a censored one the probability of a
    value as large (Tobin 1958, doi:10.2307/1907382; for logarithms of times the log-normal
    accelerated failure time model).  The block means then go the way of `block_means`, so that
    days that resemble each other within a block cannot pass for independent evidence.

    Refused with fewer than two complete blocks of a condition, or where every value of a block
    is censored: its mean has no upper end.
    """
    refusals = checks.single_person(design, NAME)
    if refusals:
        return results.refused(design, NAME, refusals)
    subject = design.subjects[0]
    blocks = checks.blocks_of(design, subject)
    refusals = checks.too_few_blocks(design, blocks)
    table = design.outcomes
    used = table[table["excluded"].eq("") & table["subject"].eq(subject)]
    flags = checks.start_flags(design)
    counts = {"observations": len(used), "censored": int(used["censored"].sum())}
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=counts)
    numbers = [b.number for b in blocks if b.complete]
    kept = used[used["block"].isin(numbers)]
    code = np.searchsorted(numbers, kept["block"].to_numpy(dtype=np.int64)).astype(np.int64)
    seen = Censored(
        kept["value"].to_numpy(dtype=np.float64), kept["censored"].to_numpy(dtype=np.bool_), code
    )
    try:
        mean = block_locations(seen, [n + 1 for n in numbers])
        means = _means(kept["day"].to_numpy(dtype=np.float64), code, numbers, mean, design, blocks)
        inference = least_squares(means, trend=design.settings.trend is not False)
    except NotComputableError as error:
        refused = [Refusal("estimate", str(error))]
        return results.refused(design, NAME, refused, flags=flags, details=counts)
    swc = design.settings.swc
    if swc is None:
        swc = 0.5 * float(
            np.sqrt(np.mean([np.var(seen.value[code == k]) for k in range(len(numbers))]))
        )
    listed = {"block": np.array(numbers) + 1, "mean": mean, "second_condition": means.second}
    return results.answer(
        design, NAME, inference, swc=swc, flags=flags, details={**counts, "block_means": listed}
    )


def _means(
    day: Float, code: Int, numbers: list[int], mean: Float, design: Design,
    blocks: tuple[checks.Block, ...],
) -> BlockMeans:  # fmt: skip
    condition = {b.number: b.condition for b in blocks}
    second = np.array([condition[n] == design.conditions[1] for n in numbers], dtype=np.bool_)
    middle = np.array([day[code == k].mean() for k in range(len(numbers))])
    return BlockMeans(np.array(numbers, dtype=np.int64), mean, middle, second)


def block_locations(seen: Censored, names: list[int] | None = None) -> Float:
    """Mean of each block by maximum likelihood with one spread, float64[k].

    Raises
    ------
    NotComputableError
        If every value of a block is censored, or the exact values do not vary.
    """
    k = int(seen.block.max()) + 1
    names = names or list(range(1, k + 1))
    exact = ~seen.at_least
    for b in range(k):
        if not exact[seen.block == b].any():
            raise NotComputableError(
                f"every value of block {names[b]} is known only as 'at least', so its mean has no "
                "upper end"
            )
    start = np.array([seen.value[seen.block == b].mean() for b in range(k)])
    spread = float((seen.value - start[seen.block]).std())
    if not spread > 0:
        raise NotComputableError("the values do not vary, so no uncertainty can be known")
    if not seen.at_least.any():
        return start
    from scipy.optimize import minimize  # heavy, and needed here only

    found = minimize(
        _minus_log_likelihood, np.append(start / spread, 0.0), args=(seen, spread), jac=True,
        method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8},
    )  # fmt: skip
    if not found.success:
        raise NotComputableError("the censored means did not settle")
    return np.asarray(found.x[:-1] * spread, dtype=np.float64)


def _minus_log_likelihood(at: Float, seen: Censored, unit: float) -> tuple[float, Float]:
    """Minus the log-likelihood of means and ln s, in units of `unit`, with its gradient."""
    from scipy.special import log_ndtr  # lazily: costs start-up

    mean, log_s = at[:-1], float(at[-1])
    s = np.exp(log_s)
    z = (seen.value / unit - mean[seen.block]) / s
    tail = log_ndtr(-z)
    hazard = np.exp(-0.5 * z**2 - _LN_2PI_HALF - tail)
    total = np.where(seen.at_least, tail, -0.5 * z**2 - _LN_2PI_HALF - log_s)
    # derivative in z, then through z to the mean and to ln s
    slope = np.where(seen.at_least, -hazard, -z)
    to_mean = np.bincount(seen.block, -slope / s, minlength=mean.size)
    to_log_s = float(np.sum(-slope * z) - np.sum(~seen.at_least))
    return -float(total.sum()), -np.append(to_mean, to_log_s)
