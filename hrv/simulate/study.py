"""The sample study in memory: one person, eight randomised weeks on and off magnesium."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from hrv.episodes import mark
from hrv.schedule import schedules
from hrv.simulate import diary
from hrv.simulate.days import TestDay, draw_test_days
from hrv.simulate.expected import expected_effects
from hrv.simulate.protocol import Effect, Person, Protocol
from hrv.simulate.recording import Truth, record
from hrv.simulate.streams import stream
from hrv.types import Episode, Flag, RRSeries

_ORDER, _SESSION = 31, 32
FIRST_SEED = 1
"""The seed of the shipped study: the first, not a chosen one."""


@dataclass(frozen=True, eq=False)
class SampleSession:
    """One recording of the sample study with its stressor and its truth.

    Parameters
    ----------
    subject, name : str
        Pseudonym and file name.
    rr : RRSeries
        The recording.
    episodes : tuple of Episode
        The stressor.
    test : TestDay
        What was settled beforehand.
    truth : Truth
        What the recording was made from.
    """

    subject: str
    name: str
    rr: RRSeries
    episodes: tuple[Episode, ...]
    test: TestDay
    truth: Truth


@dataclass(frozen=True, eq=False)
class SampleStudy:
    """The sample study, all in memory.

    Parameters
    ----------
    seed : int
        What it was drawn from.
    sessions : tuple of SampleSession
        In order of time.
    phases, events, doses, outcomes : DataFrame
        As the study file's tables; times are aware and local.
    order : tuple of str
        The order of conditions that was drawn.
    orders : tuple of tuple of str
        All orders it was drawn from.
    effects : dict of str to float
        True effects (see `expected_effects`).
    protocol, person, effect
        What it was made from.
    """

    seed: int
    sessions: tuple[SampleSession, ...]
    phases: pd.DataFrame
    events: pd.DataFrame
    doses: pd.DataFrame
    outcomes: pd.DataFrame
    order: tuple[str, ...]
    orders: tuple[tuple[str, ...], ...]
    effects: dict[str, float]
    protocol: Protocol = field(default_factory=Protocol)
    person: Person = field(default_factory=Person)
    effect: Effect = field(default_factory=Effect)


def sample_study(
    seed: int = FIRST_SEED,
    *,
    protocol: Protocol | None = None,
    person: Person | None = None,
    effect: Effect | None = None,
) -> SampleStudy:
    """Draw a whole study with known truth.

    Parameters
    ----------
    seed : int
        Same seed, same study.
    protocol, person, effect : optional
        Other designs, people and treatments; ``Effect(0, 0, 0, 0, 0)`` is a true null.

    Returns
    -------
    SampleStudy
    """
    protocol, person, effect = protocol or Protocol(), person or Person(), effect or Effect()
    orders = schedules(protocol.n_blocks, max_run=protocol.max_run)
    order = draw_order(seed, orders)
    days = draw_test_days(seed, order, protocol, person, effect)
    events = diary.events(days, protocol)
    episodes = mark(events)
    sessions = tuple(
        _session(seed, day, episode, protocol) for day, episode in zip(days, episodes, strict=True)
    )
    return SampleStudy(
        seed, sessions, diary.phases(order, protocol), events,
        diary.doses(seed, order, protocol),
        diary.outcomes(seed, order, protocol, person, effect),
        order, orders, expected_effects(person, effect), protocol, person, effect,
    )  # fmt: skip


def draw_order(seed: int, orders: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Draw the order of conditions, each equally likely."""
    return orders[int(stream(seed, _ORDER).integers(len(orders)))]


def _session(seed: int, day: TestDay, episode: Episode, protocol: Protocol) -> SampleSession:
    recorded = record(
        seed,
        (_SESSION, day.day),
        duration_s=protocol.duration_s,
        heart=day.heart,
        stressors=(day.stressor,),
        artefacts=day.artefacts,
        start=day.start,
        subject=protocol.subject,
    )
    name = f"{day.start:%Y-%m-%d}.txt"
    return SampleSession(protocol.subject, name, recorded.series, (episode,), day, recorded.truth)


def truth_record(study: SampleStudy) -> dict[str, Any]:
    """Everything the study was made from as plain JSON values, rounded to 6 decimals."""
    made_from: dict[str, Any] = {
        "seed": study.seed,
        "order": study.order,
        "effect": {
            "explained": (
                "Full treatment minus none, expected over the generator's days, computed "
                "from noise-free curves: residual_hr in bpm (mean heart rate 60-300 s after "
                "the stressor minus baseline), tau_hr_s in s, ln_* on the log scale, ratings "
                "in points before rounding."
            ),
            "washin": (
                f"comes and goes linearly over {study.protocol.washin_days:g} days after a "
                "change of condition; full afterwards; a single missed dose changes nothing"
            ),
            **study.effects,
        },
        "protocol": {**asdict(study.protocol), "first_day": str(study.protocol.first_day)},
        "person": asdict(study.person),
        "treatment": asdict(study.effect),
        "sessions": [_session_record(session) for session in study.sessions],
    }
    return {key: _plain(value) for key, value in made_from.items()}


def _session_record(session: SampleSession) -> dict[str, Any]:
    test, truth = session.test, session.truth
    counts = {
        flag.name.lower(): int(np.count_nonzero(truth.flag & flag))
        for flag in (Flag.ECTOPIC, Flag.MISSED, Flag.EXTRA, Flag.GAP)
        if flag.name
    }
    return {
        "name": session.name,
        "condition": test.condition,
        "block": test.block,
        "effect_share": test.share,
        "resting_hr_bpm": test.heart.hr_bpm,
        "baseline_hr_bpm": truth.baseline_hr_bpm[0],
        "residual_hr_bpm": truth.residual_hr_bpm[0],
        "ln_gain": test.heart.ln_gain,
        "delta_hr_bpm": test.stressor.delta_hr_bpm,
        "tau_hr_s": test.stressor.tau_hr_s,
        "tau_vagal_s": test.stressor.tau_vagal_s,
        "mishap": test.mishap,
        "intervals": len(session.rr),
        "intervals_by_flag": counts,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return value
