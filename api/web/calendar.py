"""One person's calendar: phases, doses and adverse events above, the daily score below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from api.store import models
from api.web.scale import Scale, around
from hrv.plots.style import date_words
from hrv.report import numbers

_LEFT, _RIGHT = 0.8, 99.2
PANEL = 190
LANE = 30
TOP = 8
"""Heights of the score's panel, of a lane, and of the room above, pixels."""


@dataclass(frozen=True)
class Bar:
    """A stretch: where it is drawn (percent), what it is called, and whether it is the second."""

    at: float
    width: float
    label: str
    second: bool
    alt: str


@dataclass(frozen=True)
class Mark:
    """A moment: where it is drawn (percent), how, and what it says."""

    at: float
    look: str
    alt: str


@dataclass(frozen=True)
class Lane:
    """One line of the calendar."""

    title: str
    y: int
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Dot:
    """A day's score: percent across, pixels down."""

    at: float
    y: float
    second: bool
    alt: str


@dataclass(frozen=True)
class Calendar:
    """Everything on the drawing.

    Parameters
    ----------
    lanes : tuple of Lane
        From top to bottom.
    dots : tuple of Dot
        Scores by day; empty while the study is sealed or not compared.
    lines : tuple of str
        Points of a line for each phase, ``"x,y …"`` in a box of 1000 by `PANEL`: the model's, or
        the phase's mean.
    levels : tuple of (float, str)
        Ticks of the score: pixels down, words.
    ticks : tuple of (float, str)
        Ticks of the calendar: percent across, words.
    panel : int
        Where the score's panel begins, pixels down.
    height : int
        Pixels.
    """

    lanes: tuple[Lane, ...]
    dots: tuple[Dot, ...]
    lines: tuple[str, ...]
    levels: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    panel: int
    height: int


@dataclass(frozen=True)
class Logged:
    """What is stored of a person, each in the order of time."""

    phases: Sequence[models.Phase]
    doses: Sequence[models.Dose]
    adverse: Sequence[models.AdverseEvent]
    recordings: Sequence[models.Recording]


def calendar(
    logged: Logged, days: Sequence[dict[str, Any]], conditions: Sequence[str]
) -> Calendar | None:
    """Lay out one person's calendar; None where nothing has a date."""
    moments = [*_moments(logged), *(float(date.fromisoformat(d["day"]).toordinal()) for d in days)]
    if not moments:
        return None
    first, last = min(moments), max(moments)
    across = Scale(first, max(last, first + 1), _LEFT, _RIGHT)
    lanes = _lanes(logged, across, conditions[1])
    panel = TOP + LANE * len(lanes) + (14 if lanes else 0)
    scores = [d["score"] for d in days] + [d["fitted"] for d in days if d.get("fitted") is not None]
    down = around(scores)
    ticks = down.ticks(5) if days else ()
    level = Scale(down.low, down.high, panel + PANEL, panel)
    return Calendar(
        lanes=lanes,
        dots=tuple(_dot(d, across, level, conditions[1]) for d in days),
        lines=tuple(_lines(days, logged.phases, across, Scale(down.low, down.high, PANEL, 0))),
        levels=tuple((level.at(t), numbers.number(t, _decimals(ticks))) for t in ticks),
        ticks=_dates(across),
        panel=panel,
        height=panel + (PANEL if days else 0) + 30,
    )


def _moments(logged: Logged) -> Iterable[float]:
    for phase in logged.phases:
        yield from (day_of(phase.start), day_of(phase.stop))
    yield from (day_of(dose.time) for dose in logged.doses)
    yield from (day_of(event.time) for event in logged.adverse)
    for recording in logged.recordings:
        if recording.start is not None:
            yield day_of(recording.start)


def day_of(moment: datetime) -> float:
    """Local day number of a moment, with its fraction."""
    return moment.toordinal() + (moment.hour + moment.minute / 60) / 24


def _lanes(logged: Logged, across: Scale, second: str) -> tuple[Lane, ...]:
    found: list[tuple[str, tuple[Bar, ...], tuple[Mark, ...]]] = []
    if logged.phases:
        bars = tuple(_bar(phase, across, second) for phase in logged.phases)
        found.append(("Phases", bars, ()))
    for substance in dict.fromkeys(dose.substance for dose in logged.doses):
        own = [dose for dose in logged.doses if dose.substance == substance]
        found.append((substance, (), tuple(_dose(dose, across) for dose in own)))
    if logged.adverse:
        marks = tuple(
            Mark(
                across.at(day_of(row.time)), "adverse",
                f"{row.term}{f', {row.severity}' if row.severity else ''}, "
                f"{numbers.moment(row.time)}",
            )
            for row in logged.adverse
        )  # fmt: skip
        found.append(("Adverse events", (), marks))
    return tuple(
        Lane(title, TOP + LANE * number, bars, marks)
        for number, (title, bars, marks) in enumerate(found)
    )


def _bar(phase: models.Phase, across: Scale, second: str) -> Bar:
    start, stop = across.at(day_of(phase.start)), across.at(day_of(phase.stop))
    told = f"{phase.condition}, {numbers.day(phase.start)} to {numbers.day(phase.stop)}"
    return Bar(
        start, round(max(stop - start, 0.1), 3), phase.condition, phase.condition == second, told
    )


def _dose(dose: models.Dose, across: Scale) -> Mark:
    amount = "" if dose.amount is None else f" {dose.amount:g} {dose.unit}"
    told = f"{dose.status}{amount}, {numbers.moment(dose.time)}"
    return Mark(across.at(day_of(dose.time)), dose.status, told)


def _dot(row: dict[str, Any], across: Scale, level: Scale, second: str) -> Dot:
    day = date.fromisoformat(row["day"])
    told = f"{numbers.day(day)}: {numbers.number(row['score'], 2)}, {row['condition']}"
    at = across.at(day.toordinal() + 0.5)
    return Dot(at, level.at(row["score"]), row["condition"] == second, told)


def _lines(
    days: Sequence[dict[str, Any]], phases: Sequence[models.Phase], across: Scale, level: Scale
) -> Iterable[str]:
    """Draw the model's line within each phase, or the phase's mean where the model kept none."""
    by_phase: dict[int, list[dict[str, Any]]] = {}
    starts = [day_of(phase.start) for phase in phases]
    for row in days:
        noon = date.fromisoformat(row["day"]).toordinal() + 0.5
        by_phase.setdefault(sum(start <= noon for start in starts), []).append(row)
    for rows in by_phase.values():
        mean = sum(row["score"] for row in rows) / len(rows)
        heights = [row.get("fitted") for row in rows]
        drawn = [mean if height is None else height for height in heights]
        at = [10 * across.at(date.fromisoformat(row["day"]).toordinal() + 0.5) for row in rows]
        pairs = zip(at, drawn, strict=True)
        yield " ".join(f"{x:.1f},{level.at(height):.1f}" for x, height in pairs)


def _decimals(ticks: Sequence[float]) -> int:
    texts = [f"{tick:.6f}".rstrip("0").partition(".")[2] for tick in ticks]
    return max(map(len, texts), default=0)


def _dates(across: Scale) -> tuple[tuple[float, str], ...]:
    """At most six dates along the calendar."""
    span = across.high - across.low
    step = next((s for s in (1, 2, 7, 14, 28, 56, 91, 182, 364) if span / s <= 6), 728)
    first = date.fromordinal(int(across.low))
    first += timedelta(days=0 if across.low == int(across.low) else 1)
    days = range(first.toordinal(), int(across.high) + 1, step)
    return tuple((across.at(day), date_words(day)) for day in days if across.at(day) < 95)
