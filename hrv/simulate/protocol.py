"""What the sample study's person, protocol and treatment are: every number it is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hrv.simulate.ipfm import Heart
from hrv.simulate.stress import (
    DELTA_HR_BPM,
    LN_SD_DELTA_HR,
    LN_SD_TAU_HR,
    LN_SD_TAU_VAGAL,
    TAU_HR_S,
    TAU_VAGAL_S,
)


@dataclass(frozen=True)
class Spread:
    """Day-to-day variation of one quantity: a stationary AR(1) process.

    Parameters
    ----------
    sd : float
        Standard deviation between days.
    phi : float
        Correlation of neighbouring days.
    """

    sd: float
    phi: float


@dataclass(frozen=True)
class Effect:
    """What the treatment really does once it has washed in; all zero is a true null.

    Parameters
    ----------
    ln_tau_hr, ln_tau_vagal : float
        Shift of the logarithms of the two time constants of recovery.
    ln_gain : float
        Shift of the logarithm of the respiratory amplitude (vagal tone).
    sleep_quality, gad7 : float
        Shift of the ratings, points.
    """

    ln_tau_hr: float = math.log(0.8)
    ln_tau_vagal: float = math.log(0.8)
    ln_gain: float = math.log(1.10)
    sleep_quality: float = 0.3
    gad7: float = 0.0


@dataclass(frozen=True)
class Person:
    """The sample study's person: levels and how they wander from day to day.

    Parameters
    ----------
    heart : Heart
        Resting heart on an average day.
    day_hr_bpm, day_ln_gain : Spread
        Of resting heart rate (bpm) and of the logarithm of the respiratory amplitude.
    delta_hr_bpm, tau_hr_s, tau_vagal_s : float
        Medians of the rise under stress (bpm) and of the time constants without treatment (s).
    ln_delta_hr, ln_tau_hr, ln_tau_vagal : Spread
        Of the logarithms of these three.
    sleep_quality, gad7 : float
        Mean ratings without treatment: 0-10 each morning, 0-21 each week.
    day_sleep, week_gad7 : Spread
        Of the ratings, from day to day and from week to week.
    """

    heart: Heart = field(default_factory=Heart)
    day_hr_bpm: Spread = Spread(2.5, 0.5)
    day_ln_gain: Spread = Spread(0.18, 0.4)
    delta_hr_bpm: float = DELTA_HR_BPM
    tau_hr_s: float = TAU_HR_S
    tau_vagal_s: float = TAU_VAGAL_S
    ln_delta_hr: Spread = Spread(LN_SD_DELTA_HR, 0.3)
    ln_tau_hr: Spread = Spread(LN_SD_TAU_HR, 0.3)
    ln_tau_vagal: Spread = Spread(LN_SD_TAU_VAGAL, 0.3)
    sleep_quality: float = 6.0
    gad7: float = 8.0
    day_sleep: Spread = Spread(1.2, 0.3)
    week_gad7: Spread = Spread(1.5, 0.3)


@dataclass(frozen=True)
class Protocol:
    """How the sample study was run.

    Parameters
    ----------
    subject, tz : str
        Pseudonym and IANA zone.
    first_day : date
        Day 0, local; eight weeks from here cross the change to summer time.
    n_blocks, block_days, max_run : int
        Randomised blocks, their length and the most alike in a row.
    washin_days : float
        Time over which the effect comes, and goes, after a change of condition.
    washin_test_share : float
        Share of wash-in days with a stress test; every other day has one.
    baseline_s, stress_s, recovery_s : float
        Parts of a stress test.
    noisy_sessions : int
        Sessions with six times the usual motion.
    """

    subject: str = "P01"
    tz: str = "Europe/Berlin"
    first_day: date = date(2026, 3, 2)
    n_blocks: int = 8
    block_days: int = 7
    max_run: int = 2
    washin_days: float = 2.0
    washin_test_share: float = 0.5
    baseline_s: float = 360.0
    stress_s: float = 300.0
    recovery_s: float = 660.0
    noisy_sessions: int = 5

    @property
    def n_days(self) -> int:
        """Days from the first block's begin to the last one's end."""
        return self.n_blocks * self.block_days

    @property
    def offset_s(self) -> float:
        """End of the stressor, s from the start of a session."""
        return self.baseline_s + self.stress_s

    @property
    def duration_s(self) -> float:
        """Length of a session, s."""
        return self.offset_s + self.recovery_s

    def moment(self, day: int, hour: float = 0.0) -> datetime:
        """Aware local time on a day, to the minute; `hour` is the wall clock's."""
        hours, minutes = divmod(round(hour * 60.0), 60)
        clock = time(int(hours), int(minutes), tzinfo=ZoneInfo(self.tz))
        return datetime.combine(self.first_day + timedelta(days=day), clock)
