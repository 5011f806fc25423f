"""Method `paired`: two conditions within a session, one pair a person.

For sitting against arithmetic and the like: no days, no clock, people are the units.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from hrv.compare import checks, results, two_stage
from hrv.compare.base import Design
from hrv.compare.group_sensitivity import AS_ANALYSED, covariate_means, of_changes, row_of
from hrv.types import Comparison, Float

NAME = "paired"


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Compare the conditions by a t interval over people's own differences.

    Parameters
    ----------
    design : Design
        The validated comparison; several observations of a person in a condition are averaged.
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Refused with fewer than five people; ``details["other_way"]`` names those whose
        difference has the opposite sign to the mean.
    """
    table = _pairs(design)
    both = table.dropna()
    flags = checks.start_flags(design)
    alone = sorted(set(design.subjects) - set(both.index))
    if alone:
        flags.append(f"without a value in both conditions, so not counted: {', '.join(alone)}")
    flags += _order_flags(design)
    difference = (both[design.conditions[1]] - both[design.conditions[0]]).to_numpy(np.float64)
    details: dict[str, Any] = {
        "counts": checks.counts(design),
        "people": [
            {"subject": s, "difference": d} for s, d in zip(both.index, difference, strict=True)
        ],
    }
    refusal = two_stage.too_few_people(difference)
    if refusal is not None:
        return results.refused(design, NAME, [refusal], flags=flags, details=details)
    inference = two_stage.mean_over_people(difference)
    against = difference * np.sign(inference.estimate) < 0
    details["other_way"] = [str(s) for s in both.index[against]]
    if against.any():
        named = ", ".join(details["other_way"])
        flags.append(f"{int(against.sum())} of {len(both)} people went the other way: {named}")
    details |= two_stage.people_details(difference, design.settings.level)
    details["with_and_without"] = [
        row_of(AS_ANALYSED, inference, design.settings.level),
        *_with_covariates(design, both.index, difference),
    ]
    swc = design.settings.swc
    return results.answer(
        design, NAME, inference,
        swc=float("nan") if swc is None else swc, flags=flags, details=details,
    )  # fmt: skip


def _with_covariates(
    design: Design, people: pd.Index, difference: Float
) -> Iterator[dict[str, Any]]:
    """Adjust the difference for how each covariate changed between the conditions."""
    if not design.covariates:
        return iter(())
    means = covariate_means(design, ("subject", "condition"))
    first, second = (
        means.xs(name, level="condition").reindex(people).to_numpy() for name in design.conditions
    )
    x = np.ones((difference.size, 1))
    return of_changes(design, difference, x, design.covariates, second - first, 1.0)


def _pairs(design: Design) -> pd.DataFrame:
    """One row a person, one column a condition."""
    used = design.outcomes[design.outcomes["excluded"].eq("")]
    means = used.pivot_table(values="value", index="subject", columns="condition", aggfunc="mean")
    return means.reindex(columns=list(design.conditions))


def _order_flags(design: Design) -> list[str]:
    """Flag an order that everyone shares: what comes second may differ for that alone."""
    used = design.outcomes[design.outcomes["excluded"].eq("")]
    if used["time"].isna().any():
        return ["the order of the conditions is not known; what comes second may differ for that"]
    first = used.sort_values("time").groupby("subject")["condition"].first()
    if len(set(first)) == 1:
        return [
            f"everyone had {first.iloc[0]!r} first, so order and condition cannot be told apart"
        ]
    return []
