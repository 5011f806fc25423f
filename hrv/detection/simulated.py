"""People with known truth for the evaluation: a run-in, then days that are scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from hrv.clean import clean
from hrv.detection.evaluation import Recorded, Subject
from hrv.detection.motion import Motion
from hrv.errors import InputError
from hrv.simulate import DailyLife, free_living
from hrv.simulate.free_living import EPOCH_S, LivedDay

FIRST_DAY = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))
RUN_IN_DAYS = 2


def simulated_subjects(
    people: int = 6,
    *,
    days: int = 7,
    seed: int = 1,
    life: DailyLife | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Subject]:
    """Simulate people who wear a strap through their waking days.

    Parameters
    ----------
    people, days : int
        How many, and days each: the first two are the run-in that the baseline is frozen on.
    seed : int
        The first person's; the others follow.
    life : DailyLife, optional
        What fills the days.
    progress : callable, optional
        Told the people done and the people in all.

    Raises
    ------
    InputError
        If no day is left after the run-in, or nobody is asked for.
    """
    if people < 1 or days <= RUN_IN_DAYS:
        raise InputError(
            f"{people} people over {days} days: give at least one person and "
            f"{RUN_IN_DAYS + 1} days, of which {RUN_IN_DAYS} are the run-in"
        )
    made = []
    for k in range(people):
        name = f"S{k + 1:02d}"
        lived = free_living(seed + k, days=days, subject=name, start=FIRST_DAY, life=life)
        recorded = tuple(_recorded(lived))
        made.append(Subject(name, recorded[RUN_IN_DAYS:], recorded[:RUN_IN_DAYS]))
        if progress is not None:
            progress(k + 1, people)
    return made


def _recorded(days: tuple[LivedDay, ...]) -> Iterator[Recorded]:
    for day in days:
        motion = Motion.from_enmo(day.motion_t_s, day.enmo_mg, EPOCH_S)
        yield Recorded(clean(day.series), day.onsets_s, motion)
