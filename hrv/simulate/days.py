"""The sample study's days: which have a stress test, and what the person was like on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from hrv.simulate.artefacts import Artefacts
from hrv.simulate.ipfm import Heart
from hrv.simulate.protocol import Effect, Person, Protocol, Spread
from hrv.simulate.streams import ar1, stream
from hrv.simulate.stress import Stressor

_ATTENDANCE, _HOURS, _LEVELS, _MISHAPS = 11, 12, 13, 14
NOISY = replace(Artefacts(), bursts_per_h=6.0)


@dataclass(frozen=True)
class TestDay:
    """One stress test with everything that is settled before its beats are drawn.

    Parameters
    ----------
    day, block : int
        From 0 and from 1.
    condition : str
        Of the block.
    share : float
        How much of the treatment's effect is there (0 to 1), wash-in and wash-out included.
    start : datetime
        First heartbeat.
    heart, stressor, artefacts
        What the recording is made from.
    mishap : str
        What went wrong, in words; empty on most days.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    day: int
    block: int
    condition: str
    share: float
    start: datetime
    heart: Heart
    stressor: Stressor
    artefacts: Artefacts
    mishap: str = ""


def effect_share(order: Sequence[str], protocol: Protocol, days: float) -> float:
    """Share of the effect that is there at a time: it comes and goes linearly after a change.

    Parameters
    ----------
    order : sequence of str
        Condition of each block; before the first one the person was off treatment.
    protocol : Protocol
        Lengths of block and wash-in.
    days : float
        Time since the start of the study, days.
    """
    block = int(days // protocol.block_days)
    now = float(order[block] == "on")
    before = float(block > 0 and order[block - 1] == "on")
    since = days - block * protocol.block_days
    progress = since / protocol.washin_days if since < protocol.washin_days else 1.0
    return before + (now - before) * progress


def draw_test_days(
    seed: int, order: Sequence[str], protocol: Protocol, person: Person, effect: Effect
) -> tuple[TestDay, ...]:
    """Draw the stress tests of a study, in order of time."""
    attendance, hours = stream(seed, _ATTENDANCE), stream(seed, _HOURS)
    hour = np.clip(hours.normal(17.5, 2.0, protocol.n_days), 8.0, 21.0)
    levels = _levels(seed, person, protocol.n_days)
    skipped = attendance.random(protocol.n_days) >= protocol.washin_test_share
    days = [
        _test_day(day, order, protocol, person, effect, float(hour[day]), levels[day])
        for day in range(protocol.n_days)
        if day % protocol.block_days >= protocol.washin_days or not skipped[day]
    ]
    return _with_mishaps(stream(seed, _MISHAPS), days, protocol)


def _levels(seed: int, person: Person, n_days: int) -> list[tuple[float, ...]]:
    """Deviation of five quantities on each day; a stream for each, so none moves another."""
    spreads: tuple[Spread, ...] = (
        person.day_hr_bpm, person.day_ln_gain,
        person.ln_delta_hr, person.ln_tau_hr, person.ln_tau_vagal,
    )  # fmt: skip
    drawn = [
        ar1(stream(seed, _LEVELS, i), n_days, sd=s.sd, phi=s.phi) for i, s in enumerate(spreads)
    ]
    return list(zip(*drawn, strict=True))


def _test_day(
    day: int,
    order: Sequence[str],
    protocol: Protocol,
    person: Person,
    effect: Effect,
    hour: float,
    level: tuple[float, ...],
) -> TestDay:
    hr_bpm, ln_gain, ln_delta, ln_tau_hr, ln_tau_vagal = level
    share = effect_share(order, protocol, day + hour / 24.0)
    block = day // protocol.block_days
    heart = replace(
        person.heart,
        hr_bpm=person.heart.hr_bpm + hr_bpm,
        ln_gain=person.heart.ln_gain + ln_gain + share * effect.ln_gain,
    )
    stressor = Stressor(
        protocol.baseline_s,
        protocol.offset_s,
        delta_hr_bpm=person.delta_hr_bpm * float(np.exp(ln_delta)),
        tau_hr_s=person.tau_hr_s * float(np.exp(ln_tau_hr + share * effect.ln_tau_hr)),
        tau_vagal_s=person.tau_vagal_s * float(np.exp(ln_tau_vagal + share * effect.ln_tau_vagal)),
        label="mental arithmetic",
    )
    return TestDay(
        day, block + 1, order[block], share, protocol.moment(day, hour), heart, stressor,
        Artefacts(),
    )  # fmt: skip


def _with_mishaps(
    rng: np.random.Generator, days: list[TestDay], protocol: Protocol
) -> tuple[TestDay, ...]:
    """Let some recordings go wrong, none of them so that a block loses a day it needs."""
    settled = [i for i, d in enumerate(days) if d.day % protocol.block_days >= protocol.washin_days]
    early = [i for i in range(len(days)) if i not in settled]
    picks = [int(i) for i in rng.permutation(settled)[: 2 + protocol.noisy_sessions]]
    end_s = protocol.offset_s
    days[picks[0]] = _dropped(days[picks[0]], end_s + 330.0, end_s + 420.0, "late in recovery")
    days[picks[1]] = _dropped(days[picks[1]], end_s + 200.0, end_s + 230.0, "for half a minute")
    for i in picks[2:]:
        days[i] = replace(days[i], artefacts=NOISY, mishap="restless: six times the usual motion")
    if early:
        i = early[int(rng.integers(len(early)))]
        days[i] = _dropped(days[i], end_s + 40.0, end_s + 260.0, "through most of recovery")
    return tuple(days)


def _dropped(day: TestDay, begin_s: float, end_s: float, when: str) -> TestDay:
    artefacts = replace(day.artefacts, drops=((begin_s, end_s),))
    return replace(day, artefacts=artefacts, mishap=f"strap came off {when}")
