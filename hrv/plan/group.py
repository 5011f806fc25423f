"""A plan for a group of few sessions a person: two arms, or a crossover of two periods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from hrv.compare.base import CompareSettings
from hrv.endpoints import title
from hrv.errors import InputError
from hrv.plan.allocate import DESIGNS, Allocation
from hrv.plan.design import DIRECTIONS, START_REASONS
from hrv.plan.draw import CODES, Key
from hrv.plan.registration import Look, record_of
from hrv.plan.substances import Kind, kind_of
from hrv.study.types import Study

METHODS = {"two-arm": "ancova", "crossover": "crossover"}
PERIOD_DAYS = 28


@dataclass(frozen=True)
class Visit:
    """One session of everybody.

    Parameters
    ----------
    period : str
        What column ``period`` of the manifest says: ``baseline``, ``1`` or ``2``.
    day : date
        When it is; everybody's own day may differ, the order of the visits not.
    text : str
        What it is for.
    """

    period: str
    day: date
    text: str


@dataclass(frozen=True)
class GroupPlan:
    """What a study of two arms, or of two periods, declares before it starts.

    Parameters
    ----------
    substance, direction, start_reason, first_day, tz, endpoint, secondary, cleaner, swc
        As in `hrv.plan.Plan`.
    design : str
        ``"two-arm"`` or ``"crossover"``.
    comparator : str
        ``"off"`` or ``"placebo"``.
    period_days : int
        Days under treatment before a session: from the baseline on (two arms), or of each
        period (crossover).
    washout_days : float or None
        Days between the periods of a crossover; None: as the kind of substance needs.

    Raises
    ------
    InputError
        If something is not among its choices, or a crossover cannot test the substance.
    """

    substance: str
    design: str
    direction: str
    start_reason: str
    first_day: date
    tz: str = "UTC"
    endpoint: str = "residual_hr"
    secondary: tuple[str, ...] = ()
    cleaner: str = "lipponen_tarvainen"
    swc: float | None = None
    comparator: str = "off"
    period_days: int = PERIOD_DAYS
    washout_days: float | None = None

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("design", self.design, DESIGNS), ("direction", self.direction, DIRECTIONS),
            ("start reason", self.start_reason, START_REASONS),
            ("comparator", self.comparator, ("off", "placebo")),
        ):  # fmt: skip
            if value not in choices:
                raise InputError(f"{name} {value!r} is not known; choose from {', '.join(choices)}")
        if not self.substance.strip():
            raise InputError("a plan needs the name of what is started, such as 'magnesium'")
        if not 1 <= self.period_days <= 730:
            raise InputError(f"--period-days {self.period_days}: give 1 to 730")
        if self.design == "crossover" and not self.kind.reversible:
            raise InputError(
                f"{self.substance} does not come and go within weeks, so nobody can cross over; "
                "plan two parallel arms (--design two-arm)"
            )

    @property
    def kind(self) -> Kind:
        """The kind of what is started."""
        return kind_of(self.substance)

    @property
    def method(self) -> str:
        """The method that compares it."""
        return METHODS[self.design]

    @property
    def washout(self) -> int:
        """Whole days between the periods of a crossover."""
        days = self.kind.washin_days if self.washout_days is None else self.washout_days
        return math.ceil(days)

    @property
    def title(self) -> str:
        """Title of the study."""
        name = f"{self.substance[:1].upper()}{self.substance[1:]}"
        return f"{name} and {title(self.endpoint)[0]}, {self.design}"

    @property
    def visits(self) -> tuple[Visit, ...]:
        """Every session, in order."""
        last = timedelta(days=self.period_days - 1)
        if self.design == "two-arm":
            begin = self.first_day + timedelta(days=1)
            return (
                Visit("baseline", self.first_day, "before anything is taken"),
                Visit("1", begin + last, "last day under treatment"),
            )
        second = self.first_day + timedelta(days=self.period_days + self.washout)
        return (
            Visit("1", self.first_day + last, "last day of the first period"),
            Visit("2", second + last, "last day of the second period"),
        )

    @property
    def end(self) -> Look:
        """The planned end: local midnight after the last session."""
        after = self.visits[-1].day + timedelta(days=1)
        moment = datetime.combine(after, time(), tzinfo=ZoneInfo(self.tz))
        return Look(len(self.visits), moment, 0.95)

    def study(self) -> Study:
        """Return the study in codes, without any recording yet."""
        settings = CompareSettings(
            direction=self.direction, swc=self.swc, start_reason=self.start_reason
        )
        return Study(
            title=self.title, sessions=(), phases=pd.DataFrame(), conditions=CODES,
            primary=self.endpoint, secondary=self.secondary, method=self.method,
            cleaner=self.cleaner, settings=settings, allocated=True,
        )  # fmt: skip

    def record(self, allocation: Allocation, key: Key) -> dict[str, Any]:
        """Make the record that is hashed: what is declared, who goes where, the key."""
        return {
            **record_of(self.study(), (self.end,), "obrien_fleming", key.commitment),
            "design": self.design,
            "strata": list(allocation.strata),
            "visits": [[visit.period, visit.day.isoformat()] for visit in self.visits],
            "allocation": allocation.table.to_dict(orient="records"),
        }


def moved(allocation: list[Mapping[str, str]], study: Study) -> tuple[str, ...]:
    """Say in words who is not where the registered allocation put them."""
    drawn = {row["subject"]: row.get("arm") or row.get("sequence") for row in allocation}
    told = []
    for subject in dict.fromkeys(s.subject for s in study.sessions):
        if subject not in drawn:
            told.append(f"{subject!r} is not in the registered allocation")
            continue
        places = {s.arm or s.sequence for s in study.sessions if s.subject == subject}
        if places != {drawn[subject]}:
            told.append(f"{subject!r} is not where the registered allocation put them")
    return tuple(told)
