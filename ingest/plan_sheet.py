"""The printable sheet of a planned study: what to take and do on which day, with boxes to tick."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hrv.compare.design import changes
from hrv.plan.design import Plan
from hrv.plan.proposal import Proposal, title_of
from ingest.plan_calendar import Practical, block_title


def sheet(proposal: Proposal, subject: str, practical: Practical) -> str:
    """Return one person's sheet as a self-contained HTML page made for paper.

    Parameters
    ----------
    proposal : Proposal
        The plan.
    subject : str
        Whose sheet.
    practical : Practical
        Hours and dose.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    plan = proposal.plan
    page: str = environment.get_template("plan_sheet.html.j2").render(
        title=title_of(plan),
        subject=subject,
        span=_span(plan.first_day, plan.total_days),
        tz=plan.tz,
        facts=_facts(proposal, practical),
        how=_how(proposal, practical),
        blocks=_blocks(proposal, subject),
        tests_a_day=plan.tests_a_day,
        sha256=proposal.sha256,
    )
    return page + "\n"


def _facts(proposal: Proposal, practical: Practical) -> list[tuple[str, str]]:
    plan = proposal.plan
    facts = [
        ("Blocks", f"{plan.n_blocks} of {plan.days} days"),
        ("Stress tests a day", str(plan.tests_a_day)),
        ("Test at", f"{practical.test_time:%H:%M}"),
        ("Result opens", day_name(proposal.looks[-1].time.date(), year=True)),
    ]
    if practical.dose and proposal.schedule.key is None:
        facts.insert(1, ("Dose", f"{practical.dose}, at {practical.dose_time:%H:%M}"))
    return facts


def _how(proposal: Proposal, practical: Practical) -> list[str]:
    plan = proposal.plan
    lines = [
        "Strap on with wet electrodes; sit 6 minutes quietly, do the 5-minute task, sit 10 more "
        "minutes. Same chair, same hour, no coffee or sport in the two hours before.",
        "Do the test on every day, also in the wash-in and on bad days: a missed day is missing, "
        "it is never filled in.",
        "Tick what you took. A missed dose is no failure: write it down and go on.",
        "Do not compute anything in between. The result opens at the end; looking early makes "
        "false findings likelier.",
    ]
    if proposal.schedule.key is not None:
        lines.append(
            "At the end of each block write down your guess: was it the substance or the placebo?"
        )
    if plan.familiarisation:
        lines.insert(
            1,
            f"The first {plan.familiarisation} tests are practice, in the days before block 1; "
            "the response to a task shrinks while it is new.",
        )
    return lines


def _blocks(proposal: Proposal, subject: str) -> list[dict[str, Any]]:
    plan = proposal.plan
    order = proposal.schedule.drawn[subject]
    found = [_practice(plan)] if plan.familiarisation else []
    for k, (condition, changed) in enumerate(zip(order, changes(order), strict=True)):
        start = plan.midnight(k).date()
        guess = "My guess for this block: ☐ substance  ☐ placebo  ☐ cannot tell"
        found.append(
            {
                "title": f"Block {k + 1}: {block_title(plan, condition)}",
                "span": _span(start, plan.days),
                "dosed": condition != "off",
                "dose_head": "Taken",
                "after": guess if proposal.schedule.key is not None else "",
                "days": [
                    {"name": day_name(start + timedelta(days=d)),
                     "washin": changed and d < plan.washin}
                    for d in range(plan.days)
                ],
            }
        )  # fmt: skip
    return found


def _practice(plan: Plan) -> dict[str, Any]:
    return {
        "title": "Practice", "span": _span(plan.first_day, plan.familiarisation_days),
        "dosed": False, "dose_head": "Taken", "after": "",
        "days": [
            {"name": day_name(plan.first_day + timedelta(days=d)), "washin": False}
            for d in range(plan.familiarisation_days)
        ],
    }  # fmt: skip


def day_name(day: date, *, year: bool = False) -> str:
    """Write a day as ``Mon 2 Mar``, with its year if asked for; the same in every locale."""
    week = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * day.month - 3 : 3 * day.month]
    told = f"{week} {day.day} {month}"
    return f"{told} {day.year}" if year else told


def _span(start: date, days: int) -> str:
    end = start + timedelta(days=days - 1)
    return f"{day_name(start, year=start.year != end.year)} – {day_name(end, year=True)}"
