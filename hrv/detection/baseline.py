"""What is usual for one person at each time of day, learned without knowing any phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hrv.detection.motion import UNKNOWN, Motion
from hrv.detection.settings import DetectionSettings
from hrv.errors import NotComputableError
from hrv.metrics.base import Metric, MetricSettings
from hrv.metrics.engine import MAX_CORRECTED, support
from hrv.recovery.settings import RecoverySettings
from hrv.recovery.signal import HR, LN_RMSSD, hr_curve
from hrv.types import Bool, Float, NNSeries, Windows
from hrv.windows import grid

MIN_USABLE_S = 1200.0
"""Least usable time without known motion from which anything is called usual, s."""
MIN_HOUR_S = 1800.0
"""Least usable time around one time of day from which it has a baseline of its own, s."""
FLOOR_HR_BPM, FLOOR_LN_RMSSD = 1.0, 0.05
"""Smallest spreads: below them a robust SD measures the ticks of the clock."""
NODES = 144
"""Times of day that have a baseline: every ten minutes."""


@dataclass(frozen=True, eq=False)
class Track:
    """Both measures in sliding windows over one recording.

    Parameters
    ----------
    start_s, stop_s : float64[k]
        Edges of the windows, s since the series' start.
    hour : float64[k]
        Local time of day of their centres; NaN without a clock.
    hr, ln_rmssd : float64[k]
        bpm and ln ms; NaN where too little is left to vote.
    fine_s, fine_hr : float64[m]
        Centres (s) and heart rate (bpm) of 10 s windows every 5 s, where it has a value: what
        onset and end are looked for in.
    fine_hour : float64[m]
        Local time of day of `fine_s`.
    """

    start_s: Float
    stop_s: Float
    hour: Float
    hr: Float
    ln_rmssd: Float
    fine_s: Float
    fine_hr: Float
    fine_hour: Float

    @property
    def centre_s(self) -> Float:
        """float64[k]: middle of each window."""
        return (self.start_s + self.stop_s) / 2


def track(nn: NNSeries, settings: DetectionSettings) -> Track:
    """Measure heart rate and ln RMSSD in the detector's windows."""
    where = grid(nn, settings.width_s, settings.step_s)
    base = support(nn, where)
    thin = (base.coverage < settings.min_coverage) | (base.pairs < settings.min_pairs)
    thin |= base.corrected > MAX_CORRECTED
    hr, ln_rmssd = (np.where(thin, np.nan, _column(nn, where, m)) for m in (HR, LN_RMSSD))
    centre = (where.start_s + where.stop_s) / 2
    fine = hr_curve(nn, float(nn.rr.begin_s[0]), float(nn.rr.t_s[-1]), RecoverySettings())
    fine_s, fine_hr = fine.centre_s[fine.valid], fine.value[fine.valid]
    return Track(
        where.start_s, where.stop_s, hours(nn, centre), hr, ln_rmssd,
        fine_s, fine_hr, hours(nn, fine_s),
    )  # fmt: skip


def _column(nn: NNSeries, where: Windows, metric: Metric) -> Float:
    block = metric.family(nn, where, MetricSettings(force=True))
    return np.asarray(block.values[:, metric.columns.index(metric.name)], dtype=np.float64)


def hours(nn: NNSeries, t_s: Float) -> Float:
    """Local time of day (hours) at `t_s`, float64[k]; NaN without a clock."""
    start = nn.start
    if start is None:
        return np.full(t_s.size, np.nan)
    begin = start.hour + start.minute / 60 + (start.second + start.microsecond / 1e6) / 3600
    return np.asarray((begin + t_s / 3600) % 24, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Baseline:
    """A person's usual heart rate and ln RMSSD, by time of day.

    Parameters
    ----------
    hr, hr_spread, ln_rmssd, ln_rmssd_spread : float64[144]
        Median and 1.4826 MAD at 0:00, 0:10 …; all alike where the clock is not known.
    usable_s : float
        Time it was learned from, s.
    own_hours : float
        Share of the time learned from that had a baseline of its own time of day, 0 to 1.
    """

    hr: Float
    hr_spread: Float
    ln_rmssd: Float
    ln_rmssd_spread: Float
    usable_s: float
    own_hours: float

    def z_hr(self, hour: Float, hr: Float) -> Float:
        """Heart rate above the usual one, in robust SD."""
        return (hr - self._at(hour, self.hr)) / self._at(hour, self.hr_spread)

    def z_ln_rmssd(self, hour: Float, value: Float) -> Float:
        """Ln RMSSD above the usual one, in robust SD."""
        return (value - self._at(hour, self.ln_rmssd)) / self._at(hour, self.ln_rmssd_spread)

    def usual_hr(self, hour: Float) -> Float:
        """Usual heart rate at a time of day, bpm."""
        return self._at(hour, self.hr)

    def _at(self, hour: Float, values: Float) -> Float:
        place = np.nan_to_num(hour) * NODES / 24
        ring = np.concatenate((values, values[:1]))
        return np.asarray(np.interp(place, np.arange(NODES + 1), ring), dtype=np.float64)


def learn_baseline(
    run_in: Sequence[NNSeries],
    *,
    motion: Sequence[Motion] | None = None,
    settings: DetectionSettings | None = None,
) -> Baseline:
    """Learn what is usual from a run-in, or from all of a person's recordings pooled.

    No phase and no condition goes in, so that a comparison made with what is detected later
    cannot have shaped the detector.  Windows with known motion are left out.

    Parameters
    ----------
    run_in : sequence of NNSeries
        Recordings of one person.
    motion : sequence of Motion, optional
        One a recording; default unknown.
    settings : DetectionSettings, optional
        Windows and the width of a time of day.

    Raises
    ------
    NotComputableError
        If less than 20 min are usable (`MIN_USABLE_S`).
    """
    settings = settings or DetectionSettings()
    known = motion or [UNKNOWN] * len(run_in)
    parts = []
    for nn, moves in zip(run_in, known, strict=True):
        one = track(nn, settings)
        kept = usable(one) & ~in_motion(one, moves, settings)
        parts.append(np.column_stack((one.hour, one.hr, one.ln_rmssd))[kept])
    rows = np.concatenate(parts) if parts else np.empty((0, 3))
    usable_s = len(rows) * settings.step_s
    if usable_s < MIN_USABLE_S:
        raise NotComputableError(
            f"only {usable_s / 60:.0f} min are usable and free of known motion, and "
            f"{MIN_USABLE_S / 60:.0f} are needed to know what is usual for this person"
        )
    return _learned(rows, settings)


def usable(one: Track) -> Bool:
    """bool[k]: True where both measures have a value."""
    return np.isfinite(one.hr) & np.isfinite(one.ln_rmssd)


def in_motion(one: Track, motion: Motion, settings: DetectionSettings) -> Bool:
    """bool[k]: True for windows with known motion in them or shortly before."""
    return motion.moved(one.start_s - settings.still_s, one.stop_s)


def _learned(rows: Float, settings: DetectionSettings) -> Baseline:
    hour, values = rows[:, 0], rows[:, 1:]
    pooled = _robust(values)
    table = np.tile(pooled, (NODES, 1))
    need = MIN_HOUR_S / settings.step_s
    own = np.zeros(NODES, dtype=np.bool_)
    for node in range(NODES):
        apart = np.abs((hour - node * 24 / NODES + 12) % 24 - 12)  # NaN is never near
        near = apart <= settings.around_h
        if near.sum() >= need:
            table[node], own[node] = _robust(values[near]), True
    clocked = np.isfinite(hour)
    at = (np.nan_to_num(hour) * NODES / 24).astype(np.int64) % NODES
    share = float((own[at] & clocked).mean())
    hr, hr_spread, ln_rmssd, ln_rmssd_spread = table.T
    usable_s = len(rows) * settings.step_s
    return Baseline(hr, hr_spread, ln_rmssd, ln_rmssd_spread, usable_s, share)


def _robust(values: Float) -> Float:
    """Median and 1.4826 MAD of both columns, in the order of `Baseline`'s fields."""
    middle = np.median(values, axis=0)
    spread = 1.4826 * np.median(np.abs(values - middle), axis=0)
    spread = np.maximum(spread, (FLOOR_HR_BPM, FLOOR_LN_RMSSD))
    return np.array([middle[0], spread[0], middle[1], spread[1]])
