"""The log of a regimen: each component with its own on and off, dose, wash-in and carry-over."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hrv.errors import InputError
from hrv.regimen.doses import elemental_mg
from hrv.types import Bool, Float

KINDS = ("supplement", "medication", "psychotherapy", "behaviour", "device", "other")
ROLES = ("studied", "background")
COLUMNS = [
    "subject", "component", "start", "stop", "amount", "unit", "basis", "elemental_share",
    "randomised",
]  # fmt: skip
MAGNESIUM_WASHIN_DAYS = 7.0
"""Days left out after each change of magnesium unless the study says otherwise."""
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True)
class Component:
    """One thing that was taken or done.

    Parameters
    ----------
    name : str
        What the log calls it.
    kind : str
        One of `KINDS`.
    role : str
        ``"studied"``, or ``"background"``: meant to stay as it is; a change is flagged.
    washin_days : float
        Days left out after each start, stop and change of dose.
    half_life_days : float or None
        Half-life of its decaying carry-over; None: none was declared.

    Raises
    ------
    InputError
        If a field is outside its choices or its range.
    """

    name: str
    kind: str = "supplement"
    role: str = "studied"
    washin_days: float = 0.0
    half_life_days: float | None = None

    def __post_init__(self) -> None:
        for what, value, choices in (("kind", self.kind, KINDS), ("role", self.role, ROLES)):
            if value not in choices:
                raise InputError(
                    f"component {self.name!r}: {what} {value!r} is not known; choose from "
                    f"{', '.join(choices)}"
                )
        if not 0 <= self.washin_days < math.inf:
            raise InputError(f"component {self.name!r}: its wash-in must be zero or more days")
        if self.half_life_days is not None and not 0 < self.half_life_days < math.inf:
            raise InputError(f"component {self.name!r}: its half-life must be above zero days")


def default_washin_days(name: str) -> float:
    """Wash-in of a component whose study names none: 7 days for magnesium, else none."""
    return MAGNESIUM_WASHIN_DAYS if "magnesium" in name.lower() else 0.0


@dataclass(frozen=True, eq=False)
class Regimen:
    """What was planned, component by component.

    Parameters
    ----------
    components : tuple of Component
        In the order they were declared; the first studied one leads every answer.
    log : DataFrame
        One row a stretch: ``subject, component, start, stop`` (aware; [start, stop)) and
        ``amount, unit, basis, elemental_share`` (NaN or "" where none), ``randomised``.

    Raises
    ------
    InputError
        If the log names an unknown component, or two stretches of one component overlap.
    """

    components: tuple[Component, ...]
    log: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))

    def __post_init__(self) -> None:
        known = [component.name for component in self.components]
        for name in dict.fromkeys(self.log["component"]):
            if name not in known:
                raise InputError(
                    f"the regimen's log names the component {name!r}, which is not declared; "
                    f"there are {', '.join(known) or 'none'}"
                )
        for (subject, name), rows in self.log.groupby(["subject", "component"]):
            ordered = rows.sort_values("start")
            early = ordered["start"].iloc[1:].to_numpy() < ordered["stop"].iloc[:-1].to_numpy()
            if early.any():
                when = ordered["start"].iloc[int(np.argmax(early)) + 1]
                raise InputError(
                    f"two stretches of component {name!r} of subject {subject!r} overlap at "
                    f"{when.isoformat()}; end the first before the second begins"
                )

    @property
    def studied(self) -> tuple[Component, ...]:
        """The components that are studied."""
        return tuple(c for c in self.components if c.role == "studied")

    def stretches(self, subject: str, name: str) -> pd.DataFrame:
        """Rows of one component of one person, in order of time."""
        rows = self.log[(self.log["subject"] == subject) & (self.log["component"] == name)]
        return rows.sort_values("start", kind="stable", ignore_index=True)

    def doses_mg(self, subject: str, name: str) -> Float:
        """Elemental dose of each stretch, float64[k], mg.

        Raises
        ------
        NotComputableError
            If the basis of one is unknown, or it is no mass.
        """
        return np.array(
            [
                elemental_mg(
                    float(row["amount"]), str(row["unit"]), str(row["basis"]),
                    float(row["elemental_share"]),
                    what=f"{name} from {row['start']:%d %b %Y}",
                )
                for row in self.stretches(subject, name).to_dict(orient="records")
            ]
        )  # fmt: skip


def utc_ns(moments: pd.Series) -> npt.NDArray[np.int64]:
    """Aware moments as int64 nanoseconds since 1970."""
    utc = pd.to_datetime(moments, utc=True).dt.as_unit("ns")
    return np.asarray(utc.dt.tz_localize(None).to_numpy().astype(np.int64), dtype=np.int64)


def exposure(
    time_ns: npt.NDArray[np.int64],
    stretches: pd.DataFrame,
    *,
    weight: Float | None = None,
    half_life_days: float | None = None,
) -> Float:
    """Exposure to one component at some moments: how much of it is there.

    With a half-life the exposure approaches and leaves the full one exponentially,

        x(t) = integral of on(s) k exp(-k (t - s)) ds up to t,   k = ln 2 / half-life

    so that a week on is not fully a week on, nor the week after fully off; without one it is
    on or off.

    Parameters
    ----------
    time_ns : int64[n]
        Moments, ns since 1970.
    stretches : DataFrame
        ``start, stop`` of one person's component.
    weight : float64[k], optional
        Of each stretch, such as its dose; default 1.
    half_life_days : float, optional
        Of the carry-over.
    """
    total = np.zeros(time_ns.size)
    scale = np.ones(len(stretches)) if weight is None else weight
    start, stop = utc_ns(stretches["start"]), utc_ns(stretches["stop"])
    for begin, end, height in zip(start, stop, scale, strict=True):
        if half_life_days is None:
            total += height * ((time_ns >= begin) & (time_ns < end))
            continue
        rate = math.log(2) / half_life_days
        since_start = np.maximum(time_ns - begin, 0) / _DAY_NS
        since_stop = np.maximum(time_ns - end, 0) / _DAY_NS
        total += height * (np.exp(-rate * since_stop) - np.exp(-rate * since_start))
    return total


def in_washin(time_ns: npt.NDArray[np.int64], stretches: pd.DataFrame, washin_days: float) -> Bool:
    """bool[n]: True for the moments shortly after a change of one component.

    A stretch that follows its forerunner at once with another dose is a change; the same dose
    carried on is none.  The very first start counts: what came before was another state.
    """
    late = np.zeros(time_ns.size, dtype=np.bool_)
    if not washin_days or stretches.empty:
        return late
    for change in utc_ns(pd.Series([when for when, _ in _changes(stretches)])):
        late |= (time_ns >= change) & (time_ns < change + round(washin_days * _DAY_NS))
    return late


def background_flags(
    regimen: Regimen, subject: str, first: pd.Timestamp, last: pd.Timestamp
) -> list[str]:
    """Flag each change of a background component between the first and the last observation."""
    return [
        f"the background {component.name} {what} on {when:%d %b %Y}, during the study: what "
        "changed then cannot be told from the conditions"
        for component in regimen.components
        if component.role == "background"
        for when, what in _changes(regimen.stretches(subject, component.name))
        if first < when < last
    ]


def _changes(stretches: pd.DataFrame) -> list[tuple[pd.Timestamp, str]]:
    """Moments at which a component began, ended or changed its dose."""
    found: list[tuple[pd.Timestamp, str]] = []
    rows = stretches.to_dict(orient="records")
    for k, row in enumerate(rows):
        before = rows[k - 1] if k and rows[k - 1]["stop"] == row["start"] else None
        if before is None:
            found.append((row["start"], "began"))
        elif not _same_dose(before, row):
            found.append((row["start"], "changed its dose"))
        if k + 1 == len(rows) or rows[k + 1]["start"] != row["stop"]:
            found.append((row["stop"], "ended"))
    return found


def _same_dose(one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    amounts = (float(one["amount"]), float(other["amount"]))
    return amounts[0] == amounts[1] or all(math.isnan(a) for a in amounts)
