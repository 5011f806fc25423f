"""A plan made whole: the study it becomes, its looks, its hash, and what it can detect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hrv.endpoints import title
from hrv.plan.design import Plan
from hrv.plan.detect import SIMULATIONS, Layout, Power, simulate
from hrv.plan.draw import Schedule
from hrv.plan.looks import nominal_levels
from hrv.plan.registration import Look, digest, record_of
from hrv.plan.variation import Variation
from hrv.schedule import schedules
from hrv.study.types import Study

ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Proposal:
    """Everything that is stored and registered.

    Parameters
    ----------
    plan : Plan
        What was declared.
    schedule : Schedule
        What was drawn.
    looks : tuple of Look
        When the effect may be seen; the planned end last.
    record : dict
        What the hash covers.
    sha256 : str
        The hash to deposit before the first measurement.
    """

    plan: Plan
    schedule: Schedule
    looks: tuple[Look, ...]
    record: Mapping[str, Any]
    sha256: str


def propose(plan: Plan, schedule: Schedule) -> Proposal:
    """Bring a plan and its draw together and hash them."""
    looks = looks_of(plan)
    key = schedule.key
    record = record_of(
        study_of(plan, schedule), looks, plan.spending, None if key is None else key.commitment
    )
    return Proposal(plan, schedule, looks, record, digest(record))


def looks_of(plan: Plan) -> tuple[Look, ...]:
    """Return the declared looks with their levels; the last block is always one."""
    blocks = sorted({*plan.looks, plan.n_blocks})
    alphas = nominal_levels([b / plan.n_blocks for b in blocks], plan.spending, ALPHA)
    return tuple(
        Look(
            block, plan.midnight(block), 1 - float(alpha),
            "planned end" if block == plan.n_blocks else f"look declared after block {block}",
        )
        for block, alpha in zip(blocks, alphas, strict=True)
    )  # fmt: skip


def study_of(plan: Plan, schedule: Schedule) -> Study:
    """Return the study, without any recording yet."""
    return Study(
        title=title_of(plan),
        sessions=(),
        phases=schedule.phases,
        conditions=schedule.conditions,
        primary=plan.endpoint,
        secondary=plan.secondary,
        method=plan.method,
        cleaner=plan.cleaner,
        settings=plan.settings,
        randomisation=schedule.orders,
        familiarisation=plan.familiarisation,
    )


def title_of(plan: Plan) -> str:
    """Title of the study."""
    return f"{plan.substance[:1].upper()}{plan.substance[1:]} and {title(plan.endpoint)[0]}"


def layout_of(plan: Plan) -> Layout:
    """Return the plan's design as something to be simulated."""
    orders = tuple(tuple(c == "on" for c in order) for order in plan.orders)
    name = f"{plan.n_blocks}x{plan.days} days, drawn"
    return Layout(name, orders, plan.days, plan.washin, drawn=True)


def alternatives(plan: Plan) -> tuple[Layout, ...]:
    """Return designs that people have in mind, with the same wash-in, for the table beside it."""
    eight = tuple(tuple(c == "on" for c in order) for order in schedules(8))
    chosen = layout_of(plan)
    once, twice = ((False, True),), ((False, True, False, True),)
    others = (
        Layout("before and after, 14 + 14 days", once, 14, plan.washin, drawn=False),
        Layout("before and after, 28 + 28 days", once, 28, plan.washin, drawn=False),
        Layout("off, on, off, on of 14 days", twice, 14, plan.washin, drawn=False),
        Layout("8x7 days, drawn", eight, 7, plan.washin, drawn=True),
        Layout("8x14 days, drawn", eight, 14, plan.washin, drawn=True),
    )
    same = (chosen.days, len(chosen.orders[0]))
    return (chosen, *(o for o in others if (o.days, len(o.orders[0])) != same))


def detectable(
    plan: Plan,
    variation: Variation,
    layouts: Sequence[Layout],
    *,
    n: int = SIMULATIONS,
    seed: int = 0,
    progress: Callable[[], None] | None = None,
) -> tuple[Power, ...]:
    """Simulate each layout with this variation."""
    return tuple(
        simulate(layout, variation, tests_a_day=plan.tests_a_day, n=n, seed=seed, progress=progress)
        for layout in layouts
    )


def before_treatment(study: Study, observations: pd.DataFrame) -> pd.DataFrame:
    """Keep the observations of a run-in: those not under a study's second condition."""
    if study.phases.empty:
        return observations
    treated = pd.Series(data=False, index=observations.index)
    for phase in study.phases.to_dict(orient="records"):
        if phase["condition"] == study.conditions[1]:
            inside = observations["time"].ge(phase["start"]) & observations["time"].lt(
                phase["stop"]
            )
            treated |= inside & observations["subject"].eq(phase["subject"])
    return observations[~treated]
