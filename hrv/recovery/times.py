"""Times to come back: t50 and time to baseline, right-censored where the end came first."""

from __future__ import annotations

import numpy as np

from hrv.recovery.response import Response
from hrv.recovery.signal import hr_windows
from hrv.types import Bool, Float, Int, Measure

SUSTAIN_S = 30.0
"""Half the way counts once it has lasted this long."""
MEAN_S = 60.0
"""Back at baseline is the mean of a minute."""
SHORTEST_S = 60.0
"""A shorter recovery is refused: hardly any time could be found in it."""


def t50_hr_s(response: Response) -> Measure:
    """First time heart rate is at least half-way back and stays so for 30 s, s after stress.

    Looked for in 10 s windows every 5 s; the time is that of the first window's centre, so
    its resolution is 5 s and its least value 5 s.
    """
    reason = response.no_height or _unusable(response)
    if reason:
        return Measure.refused(reason)
    curve = response.recovery_curve
    off, base = response.off_hr.value, response.baseline_hr.level
    back = np.where(curve.valid, curve.value, np.inf) <= (off + base) / 2
    run = 1 + round(SUSTAIN_S / response.settings.hr_step_s)
    return _first(back, curve.valid, run, curve.centre_s - response.phases.offset_s)


def time_to_baseline_hr_s(response: Response) -> Measure:
    """First time the mean heart rate of 60 s is at most y_B + s_B, s after stress.

    One-sided: an overshoot is back, too.  The time is that of the minute's centre, every
    5 s; an instant recovery therefore gives 30 s.
    """
    reason = response.no_response or _unusable(response)
    if reason:
        return Measure.refused(reason)
    start = response.recovery_curve.start_s
    start = start[start + MEAN_S <= response.recovery_end_s + 1e-6]
    minutes = hr_windows(response.nn, start, MEAN_S)
    base = response.baseline_hr
    back = np.where(minutes.valid, minutes.value, np.inf) <= base.level + base.spread
    return _first(back, minutes.valid, 1, minutes.centre_s - response.phases.offset_s)


def _unusable(response: Response) -> str:
    phases = response.phases
    return phases.too_short(SHORTEST_S) or response.problem(
        phases.offset_s, response.recovery_end_s, "the recovery"
    )


def _first(back: Bool, valid: Bool, run: int, t_s: Float) -> Measure:
    """Time of the first of `run` windows in a row that are all back.

    Windows lost to gaps could have been back or not.  Where that decides, the earliest time
    it can have been is given as censored: at least so long.  Without any such time the last
    one that could be tested is.
    """
    sure, possible = _starts(back, run), _starts(back | ~valid, run)
    if possible.size == 0:
        return Measure(float(t_s[len(back) - run]), censored=True)
    censored = sure.size == 0 or int(sure[0]) != int(possible[0])
    return Measure(float(t_s[possible[0]]), censored=censored)


def _starts(good: Bool, run: int) -> Int:
    count = np.concatenate(([0], np.cumsum(good)))
    return np.flatnonzero(count[run:] - count[:-run] == run)
