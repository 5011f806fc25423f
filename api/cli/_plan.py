"""How a plan is shown on the terminal and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrv.plan.design import Plan
    from hrv.plan.detect import Power
    from hrv.plan.proposal import Proposal
    from hrv.plan.variation import Variation

_WIDTH = 100
_STUDY_FILES = (
    "study.toml", "plan.json", "registration.txt", "phases.csv", "randomisation.json",
    "events.csv", "outcomes.csv", "doses.csv",
)  # fmt: skip


def for_people(
    proposal: Proposal, variation: Variation, powers: Sequence[Power], written: Sequence[Path]
) -> str:
    """Render a plan: what to do, what it can detect, what was drawn, what to deposit."""
    from hrv.plan.proposal import title_of

    plan = proposal.plan
    head = title_of(plan)
    parts = [
        f"{head}\n{'=' * len(head)}",
        _paragraph(_what(plan)),
        _paragraph(_when(proposal)),
        _table(proposal, variation, powers),
        _notes(proposal),
        _drawn(proposal, written),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _paragraph(text: str) -> str:
    return fill(text, _WIDTH)


def _what(plan: Plan) -> str:
    tests = plan.tests_a_day * (plan.n_blocks * plan.days) + plan.familiarisation
    other = "without" if plan.comparator == "off" else "with a placebo"
    washin = (
        f" The first {plan.washin:g} days after each change are left out (wash-in)."
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


def _when(proposal: Proposal) -> str:
    from ingest.plan_sheet import day_name

    plan, end = proposal.plan, proposal.looks[-1]
    early = [f"after block {k.after_block} at {100 * k.level:.4g} %" for k in proposal.looks[:-1]]
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


def _table(proposal: Proposal, variation: Variation, powers: Sequence[Power]) -> str:
    import pandas as pd

    from api.cli._output import for_people as render

    plan = proposal.plan
    rows = [
        {
            "design": power.layout.name + (" (this plan)" if k == 0 else ""),
            "days": power.layout.total_days,
            "detects": _difference(plan, variation, power),
            "randomisation test": f"{len(power.layout.orders)} orders"
            if power.layout.drawn
            else "none: association only",
        }
        for k, power in enumerate(powers)
    ]
    n = powers[0].estimate.size
    lines = [
        _paragraph(
            f"What it can detect: the difference found in 80 of 100 studies, from {n} simulated "
            f"studies each. Variation: {variation.source}, {_spread(plan, variation)}."
        ),
        "",
        render(pd.DataFrame(rows)).rstrip(),
    ]
    low, high = variation.uncertainty()
    if math.isfinite(low):
        size = powers[0].detectable()
        lines += [
            "",
            _paragraph(
                f"{variation.days} days know the spread only roughly: for this plan the true "
                f"figure lies between {_size(plan, variation, size * low)} and "
                f"{_size(plan, variation, size * high)} with 80 % certainty."
            ),
        ]
    if not variation.known_unit:
        lines += [
            "",
            _paragraph(
                "SD: spread of the endpoint from day to day. Measure 14 days before starting and "
                "give them as --run-in to read this in units."
            ),
        ]
    if plan.swc is not None and variation.known_unit:
        power = powers[0].at(plan.swc)
        lines += [
            "",
            _paragraph(
                f"The smallest worthwhile change, {_size(plan, variation, plan.swc)}, would be "
                f"found in {100 * power:.0f} of 100 such studies."
            ),
        ]
    return "\n".join(lines)


def _difference(plan: Plan, variation: Variation, power: Power) -> str:
    from hrv.plan.substances import MIN_DAYS_LEFT

    left = power.layout.days - power.layout.washin_days
    if left < MIN_DAYS_LEFT:
        return f"nothing: {left:g} days a block after wash-in"
    size = power.detectable()
    if math.isinf(size):
        return "nothing: too few days after wash-in"
    return _size(plan, variation, size)


def _size(plan: Plan, variation: Variation, size: float) -> str:
    from hrv.endpoints import title

    if not variation.known_unit:
        return f"{size:.2f} SD"
    if "ln_rmssd" in plan.endpoint or plan.endpoint.startswith("ln_"):
        return f"{100 * math.expm1(size):.0f} %"
    return f"{size:.3g} {title(plan.endpoint)[1]}".strip()


def _spread(plan: Plan, variation: Variation) -> str:
    within = (
        f", within a day {_size(plan, variation, variation.within_sd)}"
        if variation.within_sd and variation.known_unit
        else ""
    )
    between = (
        f"between days {_size(plan, variation, variation.day_sd)}{within}, "
        if variation.known_unit
        else ""
    )
    return (
        f"{between}neighbouring days correlated {variation.phi:.2g}, "
        f"{100 * variation.missing:.0f} % of days missing"
    )


def _notes(proposal: Proposal) -> str:
    plan = proposal.plan
    number = len(plan.orders)
    notes = [
        f"With {number} orders the randomisation p-value can fall to {1 / number:.3f} in the "
        f"declared direction and to {2 / number:.3f} in both"
        + ("; --max-run 3 or --blocks 10 allows more orders" if 2 / number > 0.05 else "")
        + "."
    ]
    if plan.start_reason == "symptom_peak":
        notes.append(
            "Started at a symptom peak: what is at its worst usually comes back by itself, so the "
            "comparison will not speak of causes."
        )
    if plan.comparator == "off":
        notes.append(
            "Compared with nothing, expectation is part of any difference; a placebo "
            "(--comparator placebo --key FILE) takes it out."
        )
    if plan.direction == "none":
        notes.append("No direction is declared as a benefit: no change will be called better.")
    notes += [note[:1].upper() + note[1:] + "." for note in plan.kind.notes]
    lines = ["Bear in mind"]
    lines += [fill(note, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for note in notes]
    return "\n".join(lines)


def _drawn(proposal: Proposal, written: Sequence[Path]) -> str:
    if not written:
        return "Dry run: nothing was drawn or written."
    schedule = proposal.schedule
    lines = ["Drawn"]
    if schedule.key is not None:
        lines = [
            "Drawn in codes",
            "  Give the key to whoever fills bottles A and B, and to nobody who takes part.",
        ]
    lines += [f"  {subject}  {' '.join(order)}" for subject, order in schedule.drawn.items()]
    lines += [f"  seed {schedule.seed}", "", "Deposit before the first test (registration.txt)"]
    lines += [f"  SHA-256 {proposal.sha256}", "", "Written"]
    return "\n".join([*lines, *_files(written)])


def _files(written: Sequence[Path]) -> list[str]:
    purpose = {
        "study.toml": "the study: hrv compare study.toml",
        "registration.txt": "what to deposit, with the hash",
        "plan.json": "what the hash covers; leave it alone",
        "doses.csv": "dose log: change planned to taken or missed",
        "outcomes.csv": "expectancy, scores, ratings",
        "events.csv": "begin and end of each stress test, as hrv record writes them",
    }
    told = []
    for path in written:
        words = purpose.get(path.name, "")
        if path.suffix == ".ics":
            words = "calendar with reminders"
        elif path.suffix == ".html":
            words = "sheet to print"
        elif path.name not in _STUDY_FILES:
            words = "the key: what A and B are"
        told.append(f"  {path!s:<36} {words}".rstrip())
    return told


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
