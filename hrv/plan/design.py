"""A plan for one person: what is declared beforehand, checked, and the calendar it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hrv.compare import METHODS
from hrv.compare.base import CompareSettings
from hrv.compare.randomisation import MIN_ORDERS
from hrv.errors import InputError
from hrv.plan.looks import SPENDING
from hrv.plan.substances import MIN_DAYS_LEFT, Kind, block_days, kind_of
from hrv.schedule import schedules
from hrv.tables import pick

START_REASONS = ("planned", "symptom_peak", "other")
DIRECTIONS = ("higher", "lower", "none")
FAMILIARISATION = 4
"""Stress tests before the first block: the response shrinks most over the first three to five."""


@dataclass(frozen=True)
class Plan:
    """What one person's study declares before it starts.

    Parameters
    ----------
    substance : str
        What is started: a supplement, a drug, an activity.
    direction : str
        Which way the endpoint has to go to be a benefit: higher, lower or none.
    start_reason : str
        Why it is started: planned, symptom_peak or other.
    first_day : date
        Local day of the first familiarisation test (of the first block if there are none).
    tz : str
        IANA zone of the calendar.
    subjects : tuple of str
        Pseudonyms; everyone gets an order of their own.
    endpoint, secondary, method, cleaner
        As in a study file.
    swc : float or None
        Smallest worthwhile change, in units of the endpoint.
    comparator : str
        What it is compared with: ``"off"`` (nothing) or ``"placebo"``.
    n_blocks : int
        Blocks, half of them with the substance.
    block_days : int or None
        Days a block; None: whole weeks that leave five days after the wash-in.
    washin_days : float or None
        Days left out after each change; None: as the kind of substance needs.
    max_run : int
        Most blocks alike in a row.
    familiarisation : int
        Stress tests before the first block, discarded.
    tests_a_day : int
        Stress tests (or readings) a day.
    pairwise : bool
        Randomise within pairs of blocks; refused where that leaves too few orders.
    looks : tuple of int
        Blocks after which the effect may be looked at; the last block is always one.
    spending : str
        How alpha is spent over the looks.
    """

    substance: str
    direction: str
    start_reason: str
    first_day: date
    tz: str = "UTC"
    subjects: tuple[str, ...] = ("P01",)
    endpoint: str = "residual_hr"
    secondary: tuple[str, ...] = ()
    method: str = "default"
    cleaner: str = "lipponen_tarvainen"
    swc: float | None = None
    comparator: str = "off"
    n_blocks: int = 8
    block_days: int | None = None
    washin_days: float | None = None
    max_run: int = 2
    familiarisation: int = FAMILIARISATION
    tests_a_day: int = 1
    pairwise: bool = False
    looks: tuple[int, ...] = ()
    spending: str = "obrien_fleming"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)
        refuse_few_orders(self)

    @property
    def kind(self) -> Kind:
        """The kind of what is started, with its defaults and notes."""
        return kind_of(self.substance)

    @property
    def washin(self) -> float:
        """Days left out after each change of condition."""
        return self.kind.washin_days if self.washin_days is None else self.washin_days

    @property
    def days(self) -> int:
        """Days a block."""
        return block_days(self.washin) if self.block_days is None else self.block_days

    @property
    def conditions(self) -> tuple[str, str]:
        """Names of the conditions, the reference first."""
        return self.comparator, "on"

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """Every order that could be drawn."""
        return orders_of(self, self.conditions)

    @property
    def familiarisation_days(self) -> int:
        """Days before the first block."""
        return math.ceil(self.familiarisation / self.tests_a_day)

    @property
    def total_days(self) -> int:
        """Days from the first familiarisation test to the end of the last block."""
        return self.familiarisation_days + self.n_blocks * self.days

    @property
    def settings(self) -> CompareSettings:
        """What the comparison will be run with."""
        return CompareSettings(
            washin_days=self.washin, direction=self.direction, swc=self.swc,
            start_reason=self.start_reason,
        )  # fmt: skip

    def midnight(self, block: int) -> datetime:
        """Local midnight at which a block (from 0) begins; `n_blocks` gives the end."""
        day = self.first_day + timedelta(days=self.familiarisation_days + block * self.days)
        return datetime.combine(day, time(), tzinfo=ZoneInfo(self.tz))


def orders_of(plan: Plan, conditions: tuple[str, str]) -> tuple[tuple[str, ...], ...]:
    """Every order the plan allows, in terms of `conditions` (names or blinded codes)."""
    possible = schedules(plan.n_blocks, max_run=plan.max_run, conditions=conditions)
    if plan.pairwise:
        possible = tuple(order for order in possible if _in_pairs(order))
    return possible


def _in_pairs(order: tuple[str, ...]) -> bool:
    return all(order[i] != order[i + 1] for i in range(0, len(order), 2))


def refuse_few_orders(plan: Plan) -> None:
    """Refuse a design that could have been drawn in fewer than 20 ways.

    Raises
    ------
    InputError
        Naming the number of orders and a design that has enough.
    """
    number = len(plan.orders)
    if number >= MIN_ORDERS:
        return
    if plan.pairwise:
        raise InputError(
            f"drawing within pairs leaves only {number} possible orders and a randomisation "
            f"test needs at least {MIN_ORDERS}; draw over all 8 blocks instead (34 orders)"
        )
    raise InputError(
        f"{plan.n_blocks} blocks with at most {plan.max_run} alike in a row can be ordered in "
        f"only {number} ways and a randomisation test needs at least {MIN_ORDERS}; plan 8 blocks "
        "(34 orders)"
    )


def _check(plan: Plan) -> None:
    if not plan.substance.strip():
        raise InputError("a plan needs the name of what is started, such as 'magnesium glycinate'")
    _one_of("direction", plan.direction, DIRECTIONS)
    _one_of("start reason", plan.start_reason, START_REASONS)
    _one_of("comparator", plan.comparator, ("off", "placebo"))
    _one_of("spending", plan.spending, tuple(SPENDING))
    pick(plan.method, METHODS, "method")
    for name, value, least, most in (
        ("number of familiarisation tests", plan.familiarisation, 0, 20),
        ("number of tests a day", plan.tests_a_day, 1, 24),
        ("number of people", len(plan.subjects), 1, 10_000),
    ):
        if not least <= value <= most:
            raise InputError(f"{name} {value}: give {least} to {most}")
    if len(set(plan.subjects)) < len(plan.subjects):
        raise InputError("two people have the same name; give everyone a pseudonym of their own")
    if not plan.kind.reversible and not plan.options.get("reversible"):
        raise InputError(
            f"{plan.substance} does not come and go within weeks, so alternating blocks cannot "
            "test it in one person; plan a group with two parallel arms (--design two-arm), or "
            "compare before with after, which shows an association only"
        )
    if plan.days - plan.washin < MIN_DAYS_LEFT:
        raise InputError(
            f"blocks of {plan.days} days keep {plan.days - plan.washin:g} after a wash-in of "
            f"{plan.washin:g} and at least {MIN_DAYS_LEFT} are needed; plan blocks of "
            f"{block_days(plan.washin)} days"
        )
    if plan.days < 1 or plan.washin < 0:
        raise InputError("lengths of blocks and wash-in must not be negative")
    _check_looks(plan)


def _check_looks(plan: Plan) -> None:
    if any(not 2 <= look <= plan.n_blocks for look in plan.looks):
        raise InputError(
            f"looks {', '.join(map(str, plan.looks))}: name blocks from 2 to {plan.n_blocks}"
        )
    if list(plan.looks) != sorted(set(plan.looks)):
        raise InputError("name the looks in order and each once, such as 4,6,8")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} {value!r} is not known; choose from {', '.join(choices)}")
