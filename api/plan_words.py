"""A plan in words and as plain values: what `hrv plan` and the service say alike."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrv.plan.design import Plan
    from hrv.plan.detect import Power
    from hrv.plan.proposal import Proposal
    from hrv.plan.registration import Look
    from hrv.plan.variation import Variation


def what(plan: Plan) -> str:
    """Say what is done, in a sentence or three."""
    tests = plan.tests_a_day * (plan.n_blocks * plan.days) + plan.familiarisation
    other = "without" if plan.comparator == "off" else "with a placebo"
    washin = (
        f" The first {_days(plan.washin)} after each change {'is' if plan.washin == 1 else 'are'} "
        "left out (wash-in)."
        if plan.washin
        else ""
    )
    people = f"{len(plan.subjects)} people, each with an order of their own: " * (
        len(plan.subjects) > 1
    )
    return (
        f"{people}{plan.n_blocks} blocks of {plan.days} days, half with {plan.substance} "
        f"and half {other}, in an order drawn from {len(plan.orders)} with at most "
        f"{plan.max_run} alike in a row.{washin} {plan.tests_a_day} stress "
        f"test{'s' * (plan.tests_a_day > 1)} a day, {plan.familiarisation} for practice "
        f"beforehand: {tests} in all."
    )


def _days(count: float) -> str:
    return f"{count:g} day{'' if count == 1 else 's'}"


def when(plan: Plan, looks: Sequence[Look]) -> str:
    """Say how long it takes and when the effect may be seen."""
    from ingest.plan_sheet import day_name

    end = looks[-1]
    early = [f"after block {k.after_block} at {100 * k.level:.4g} %" for k in looks[:-1]]
    told = (
        f"It takes {plan.total_days} days, from {day_name(plan.first_day, year=True)}. The effect "
        f"stays sealed until {day_name(end.time.date(), year=True)}"
    )
    if early:
        return (
            f"{told}, but for looks {', '.join(early)}; the last interval is then at "
            f"{100 * end.level:.4g} %."
        )
    return f"{told}; data quality can be seen at any time."


def difference(plan: Plan, variation: Variation, power: Power) -> str:
    """Say which difference a design finds in 80 of 100 studies."""
    from hrv.plan.substances import MIN_DAYS_LEFT

    left = power.layout.days - power.layout.washin_days
    if left < MIN_DAYS_LEFT:
        return f"nothing: {left:g} days a block after wash-in"
    size = power.detectable()
    if math.isinf(size):
        return "nothing: too few days after wash-in"
    return size_of(plan, variation, size)


def size_of(plan: Plan, variation: Variation, size: float) -> str:
    """Write a size of the endpoint with its unit; in SDs where the unit is not known."""
    from hrv.endpoints import title

    if not variation.known_unit:
        return f"{size:.2f} SD"
    if "ln_rmssd" in plan.endpoint or plan.endpoint.startswith("ln_"):
        return f"{100 * math.expm1(size):.0f} %"
    return f"{size:.3g} {title(plan.endpoint)[1]}".strip()


def spread(plan: Plan, variation: Variation) -> str:
    """Say how the endpoint varies."""
    within = (
        f", within a day {size_of(plan, variation, variation.within_sd)}"
        if variation.within_sd and variation.known_unit
        else ""
    )
    between = (
        f"between days {size_of(plan, variation, variation.day_sd)}{within}, "
        if variation.known_unit
        else ""
    )
    return (
        f"{between}neighbouring days correlated {variation.phi:.2g}, "
        f"{100 * variation.missing:.0f} % of days missing"
    )


def chances(plan: Plan, variation: Variation, power: Power) -> list[str]:
    """Say how sure the detectable difference is, and how likely a worthwhile one is found."""
    said = []
    low, high = variation.uncertainty()
    size = power.detectable()
    if math.isfinite(low) and math.isfinite(size):
        said.append(
            f"{variation.days} days know the spread only roughly: for this plan the true "
            f"figure lies between {size_of(plan, variation, size * low)} and "
            f"{size_of(plan, variation, size * high)} with 80 % certainty."
        )
    if plan.swc is not None and variation.known_unit:
        said.append(
            f"The smallest worthwhile change, {size_of(plan, variation, plan.swc)}, would be "
            f"found in {100 * power.at(plan.swc):.0f} of 100 such studies."
        )
    return said


def notes(plan: Plan, *, options: bool = False) -> list[str]:
    """Say what who plans has to bear in mind; with the names of options, for the terminal."""
    more = "with --max-run 3 or --blocks 10" if options else "with three blocks alike, or ten"
    placebo = "a placebo (--comparator placebo --key FILE)" if options else "a placebo"
    number = len(plan.orders)
    said = [
        f"With {number} orders the randomisation p-value can fall to {1 / number:.3f} in the "
        f"declared direction, and in both together to {2 / number:.3f}, no lower however large the "
        "difference"
        + (
            ", so a two-sided result below .05 is out of reach: declare a direction, or allow more "
            f"orders {more}"
            if 2 / number > 0.05
            else ""
        )
        + "."
    ]
    if plan.start_reason == "symptom_peak":
        said.append(
            "Started at a symptom peak: what is at its worst usually comes back by itself, so the "
            "comparison will not speak of causes."
        )
    if plan.comparator == "off":
        said.append(
            f"Compared with nothing, expectation is part of any difference; {placebo} takes it out."
        )
    if plan.direction == "none":
        said.append("No direction is declared as a benefit: no change will be called better.")
    of_kind = [note[:1].upper() + note[1:] + "." for note in plan.kind.notes]
    if not options:
        of_kind = [re.sub(r" \(--[^)]*\)", "", note) for note in of_kind]
    return said + of_kind


def as_mapping(
    proposal: Proposal, variation: Variation, powers: Sequence[Power], *, drawn: bool
) -> dict[str, Any]:
    """Everything about a plan as plain values."""
    plan = proposal.plan
    told: dict[str, Any] = {
        "substance": plan.substance,
        "endpoint": plan.endpoint,
        "direction": plan.direction,
        "start_reason": plan.start_reason,
        "comparator": plan.comparator,
        "people": list(plan.subjects),
        "blocks": plan.n_blocks,
        "block_days": plan.days,
        "washin_days": plan.washin,
        "familiarisation": plan.familiarisation,
        "tests_a_day": plan.tests_a_day,
        "total_days": plan.total_days,
        "possible_orders": len(plan.orders),
        "opens": proposal.looks[-1].time,
        "looks": [{"after_block": k.after_block, "level": k.level} for k in proposal.looks],
        "variation": vars(variation),
        "designs": [
            {
                "design": power.layout.name,
                "days": power.layout.total_days,
                "mde80": power.detectable(),
                "drawn": power.layout.drawn,
                "simulations": int(power.estimate.size),
            }
            for power in powers
        ],
    }
    if drawn:
        told |= {
            "sha256": proposal.sha256,
            "seed": proposal.schedule.seed,
            "drawn": {name: list(order) for name, order in proposal.schedule.drawn.items()},
        }
    return told
