"""Days of ordinary life with known truth: stressors, activity that is measured, and look-alikes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from hrv.simulate.artefacts import Artefacts
from hrv.simulate.ipfm import Heart
from hrv.simulate.protocol import Spread
from hrv.simulate.recording import record
from hrv.simulate.streams import ar1, stream
from hrv.simulate.stress import Stressor, draw_stressor
from hrv.types import Float, RRSeries

_LEVELS, _EVENTS, _DAY = 51, 52, 53
EPOCH_S = 60.0
"""Length of an epoch of motion."""


@dataclass(frozen=True)
class DailyLife:
    """What fills a simulated waking day; numbers of events are means of a Poisson draw.

    Parameters
    ----------
    awake_h, first_h : float
        Hours recorded and hour of the first beat.
    stressors, activities, lookalikes : float
        Events a day: stressors (60–600 s), bouts of activity (2–15 min) whose motion is
        measured, and what lifts heart rate without motion or arousal (posture, a meal, talk).
    activity_hr_bpm, activity_ln_gain : tuple of float
        Least and greatest rise of heart rate in a bout, and its change of vagal gain.
    lookalike_hr_bpm, lookalike_ln_gain : tuple of float
        The same of look-alikes.
    apart_s : float
        Least quiet between the end of one event and the begin of the next, s.
    motion_known : bool
        False for a strap without an accelerometer.
    day_hr_bpm, day_ln_gain : Spread
        Variation between days.
    heart : Heart
        Resting heart on an average day.
    """

    awake_h: float = 14.0
    first_h: float = 8.0
    stressors: float = 6.0
    activities: float = 8.0
    lookalikes: float = 6.0
    activity_hr_bpm: tuple[float, float] = (15.0, 40.0)
    activity_ln_gain: float = -1.0
    lookalike_hr_bpm: tuple[float, float] = (5.0, 12.0)
    lookalike_ln_gain: tuple[float, float] = (-0.3, 0.0)
    apart_s: float = 600.0
    motion_known: bool = True
    day_hr_bpm: Spread = field(default_factory=lambda: Spread(2.5, 0.5))
    day_ln_gain: Spread = field(default_factory=lambda: Spread(0.18, 0.4))
    heart: Heart = field(default_factory=Heart)


@dataclass(frozen=True, eq=False)
class LivedDay:
    """One recorded day.

    Parameters
    ----------
    subject : str
        Pseudonym.
    series : RRSeries
        What a strap would have recorded.
    events : DataFrame
        ``subject, phase, kind, start, end`` of the true stressors (kind ``"stress"``).
    onsets_s : tuple of float
        Their onsets, s since the recording's start.
    motion_t_s, enmo_mg : float64[k]
        Begin of each minute and its acceleration; NaN where motion is not known.
    """

    subject: str
    series: RRSeries
    events: pd.DataFrame
    onsets_s: tuple[float, ...]
    motion_t_s: Float
    enmo_mg: Float


def free_living(
    seed: int = 0,
    *,
    days: int = 7,
    subject: str = "S01",
    start: datetime,
    life: DailyLife | None = None,
    artefacts: Artefacts | None = None,
) -> tuple[LivedDay, ...]:
    """Simulate one person's waking days.

    Parameters
    ----------
    seed : int
        Same seed and arguments, same days.
    days : int
        How many in a row.
    subject : str
        Pseudonym; it does not change what is drawn.
    start : datetime
        Aware midnight of the first day.
    life : DailyLife, optional
        What fills the days.
    artefacts : Artefacts, optional
        What the strap spoils; default everyday rates.
    """
    life = life or DailyLife()
    hr = ar1(stream(seed, _LEVELS, 0), days, sd=life.day_hr_bpm.sd, phi=life.day_hr_bpm.phi)
    gain = ar1(stream(seed, _LEVELS, 1), days, sd=life.day_ln_gain.sd, phi=life.day_ln_gain.phi)
    return tuple(
        _lived(
            seed, day, subject, start + timedelta(days=day, hours=life.first_h), life,
            replace(life.heart, hr_bpm=life.heart.hr_bpm + hr[day], ln_gain=gain[day]),
            artefacts or Artefacts(),
        )
        for day in range(days)
    )  # fmt: skip


def _lived(
    seed: int,
    day: int,
    subject: str,
    start: datetime,
    life: DailyLife,
    heart: Heart,
    artefacts: Artefacts,
) -> LivedDay:
    rng = stream(seed, _EVENTS, day)
    stressors, activities, lookalikes = _events(rng, life)
    made = record(
        seed, (_DAY, day), duration_s=life.awake_h * 3600, heart=heart,
        stressors=(*stressors, *activities, *lookalikes), artefacts=artefacts, start=start,
        subject=subject,
    )  # fmt: skip
    truth = made.events[made.events["phase"] == stressors[0].label] if stressors else None
    t_s = np.arange(0.0, life.awake_h * 3600, EPOCH_S)
    enmo = rng.gamma(4.0, 2.0, t_s.size)  # sitting: 8 mg on average
    for bout in activities:
        inside = (t_s + EPOCH_S > bout.onset_s) & (t_s < bout.offset_s)
        enmo[inside] = rng.uniform(60.0, 250.0, int(inside.sum()))
    if not life.motion_known:
        enmo[:] = np.nan
    return LivedDay(
        subject, made.series, made.events.iloc[:0] if truth is None else truth,
        tuple(sorted(s.onset_s for s in stressors)), t_s, enmo,
    )  # fmt: skip


def _events(
    rng: np.random.Generator, life: DailyLife
) -> tuple[tuple[Stressor, ...], tuple[Stressor, ...], tuple[Stressor, ...]]:
    """Lay a day's events out one after the other, in random order with random quiet between."""
    kinds = ("stress", "activity", "look-alike")
    means = (life.stressors, life.activities, life.lookalikes)
    drawn = [
        kind for kind, mean in zip(kinds, means, strict=True) for _ in range(rng.poisson(mean))
    ]
    drawn = [drawn[i] for i in rng.permutation(len(drawn))]
    shortest_s = {"stress": 60.0, "activity": 120.0, "look-alike": 300.0}
    longest_s = {"stress": 600.0, "activity": 900.0, "look-alike": 1200.0}
    lengths = [float(rng.uniform(shortest_s[k], longest_s[k])) for k in drawn]
    spare_s = life.awake_h * 3600 - sum(lengths) - life.apart_s * (len(drawn) + 1)
    while spare_s < 0:  # a fuller day than fits loses its last events
        spare_s += lengths.pop() + life.apart_s
        drawn.pop()
    quiet = rng.dirichlet(np.ones(len(drawn) + 1)) * spare_s + life.apart_s
    made: dict[str, list[Stressor]] = {kind: [] for kind in kinds}
    at_s = 0.0
    for kind, length_s, before_s in zip(drawn, lengths, quiet[:-1].tolist(), strict=True):
        at_s += before_s
        made[kind].append(_response(rng, kind, at_s, at_s + length_s, life))
        at_s += length_s
    return tuple(made["stress"]), tuple(made["activity"]), tuple(made["look-alike"])


def _response(
    rng: np.random.Generator, kind: str, onset_s: float, offset_s: float, life: DailyLife
) -> Stressor:
    if kind == "stress":
        return draw_stressor(rng, onset_s, offset_s)
    if kind == "activity":
        return Stressor(
            onset_s, offset_s, delta_hr_bpm=float(rng.uniform(*life.activity_hr_bpm)),
            delta_ln_gain=life.activity_ln_gain, label=kind,
        )  # fmt: skip
    return Stressor(
        onset_s, offset_s, delta_hr_bpm=float(rng.uniform(*life.lookalike_hr_bpm)),
        delta_ln_gain=float(rng.uniform(*life.lookalike_ln_gain)), label=kind,
    )  # fmt: skip
