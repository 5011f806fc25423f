"""How a plan is shown on the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from api import plan_words as words

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
        _paragraph(words.what(plan)),
        _paragraph(words.when(plan, proposal.looks)),
        _table(proposal, variation, powers),
        _bear_in_mind(plan),
        _drawn(proposal, written),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _paragraph(text: str) -> str:
    return fill(text, _WIDTH)


def _table(proposal: Proposal, variation: Variation, powers: Sequence[Power]) -> str:
    import pandas as pd

    from api.cli._output import for_people as render

    plan = proposal.plan
    rows = [
        {
            "design": power.layout.name + (" (this plan)" if k == 0 else ""),
            "days": power.layout.total_days,
            "detects": words.difference(plan, variation, power),
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
            f"studies each. Variation: {variation.source}, {words.spread(plan, variation)}."
        ),
        "",
        render(pd.DataFrame(rows)).rstrip(),
    ]
    if not variation.known_unit:
        lines += [
            "",
            _paragraph(
                "SD: spread of the endpoint from day to day. Measure 14 days before starting and "
                "give them as --run-in to read this in units."
            ),
        ]
    for sentence in words.chances(plan, variation, powers[0]):
        lines += ["", _paragraph(sentence)]
    return "\n".join(lines)


def _bear_in_mind(plan: Plan) -> str:
    lines = ["Bear in mind"]
    for note in words.notes(plan, options=True):
        lines.append(fill(note, _WIDTH, initial_indent="  - ", subsequent_indent="    "))
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
