"""One simulated recording: RR intervals together with the truth they were made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from hrv._units import seconds
from hrv.errors import InputError
from hrv.simulate.artefacts import NONE, Artefacts, Detections, detect
from hrv.simulate.ipfm import GRID_HZ, Heart, beat_times, modulation_ms
from hrv.simulate.streams import stream
from hrv.simulate.stress import Stressor, draw_stressor, hr_response_bpm, ln_gain_response
from hrv.types import Flag, FlagArray, Float, Provenance, RRSeries

TICKS_PER_S = 1024
"""Resolution of the Bluetooth heart rate service."""
SHORTEST_S = 10.0
BASELINE_S = (300.0, 60.0)
RESIDUAL_S = (60.0, 300.0)
_STRESSORS, _MODULATION, _STRAP = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Truth:
    """What a simulated recording was made from.

    Parameters
    ----------
    heart : Heart
        Mean rate and modulations.
    stressors : tuple of Stressor
        The stressors with the responses that were drawn.
    artefacts : Artefacts
        Rates and losses.
    heart_s : float64[k]
        Every true heartbeat (ectopics where they fell, missed ones included), s.
    flag : uint16[n]
        `Flag` of each recorded interval: what really befell it.
    grid_s, hr_bpm, ln_gain : float64[m]
        Times (s, 10 Hz), mean heart rate without modulation (bpm) and the logarithm of the
        factor on the respiratory amplitude.
    baseline_hr_bpm, residual_hr_bpm : tuple of float
        For each stressor: mean of `hr_bpm` 300 to 60 s before its onset, and its mean 60 to
        300 s after the offset minus that; NaN where the recording does not reach so far.
    """

    heart: Heart
    stressors: tuple[Stressor, ...]
    artefacts: Artefacts
    heart_s: Float
    flag: FlagArray
    grid_s: Float
    hr_bpm: Float
    ln_gain: Float
    baseline_hr_bpm: tuple[float, ...]
    residual_hr_bpm: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Simulation:
    """A recording and its truth.

    Parameters
    ----------
    series : RRSeries
        What a strap would have recorded.
    truth : Truth
        What it was made from.
    events : DataFrame
        ``subject, phase, kind, start, end`` of the stressors; clock times if `series` has a
        start, else seconds.
    """

    series: RRSeries
    truth: Truth
    events: pd.DataFrame


def simulate(
    seed: int = 0,
    *,
    duration: float | str = "20min",
    heart: Heart | None = None,
    stress: Sequence[Stressor | tuple[float, float]] = (),
    artefacts: Artefacts | None = None,
    start: datetime | None = None,
    subject: str = "S01",
    ticks_per_s: int | None = TICKS_PER_S,
) -> Simulation:
    """Simulate RR intervals with known truth.

    The rate is ``HR(t) / 60 (1 - m(t))`` with HR(t) the person's mean rate, its 24 h rhythm
    (where `start` gives a clock) and the stress responses, and m(t) the respiratory, blood
    pressure and 1/f modulations; a beat falls wherever the integral of the rate reaches a
    whole number (IPFM).  Its mean is HR(t) exactly.

    Parameters
    ----------
    seed : int
        Same seed and arguments, same numbers.
    duration : float or str
        Length in s, or a text such as ``"20min"``, ``"90s"`` or ``"24h"``.
    heart : Heart, optional
        Mean rate and modulations.
    stress : sequence of Stressor or (onset_s, offset_s)
        Stressors; for a pair of times the response is drawn from the seed.
    artefacts : Artefacts, optional
        What the strap spoils; default nothing.  ``Artefacts()`` has everyday rates.
    start : datetime, optional
        Aware time of the first heartbeat.
    subject : str
        Name in the event list.
    ticks_per_s : int or None
        Resolution of the strap's clock: 1024 (Bluetooth), 1000 (ms) …; None keeps it exact.

    Returns
    -------
    Simulation
        ``.series``, ``.truth`` and ``.events``.

    Raises
    ------
    InputError
        If the duration is not positive, a stressor does not fit or the gaps leave nothing.
    """
    responses = stream(seed, _STRESSORS)
    stressors = tuple(
        s if isinstance(s, Stressor) else draw_stressor(responses, *s) for s in stress
    )
    return record(
        seed,
        (),
        duration_s=_length_s(duration),
        heart=heart or Heart(),
        stressors=stressors,
        artefacts=artefacts or NONE,
        start=start,
        subject=subject,
        ticks_per_s=ticks_per_s,
    )


def record(
    seed: int,
    key: tuple[int, ...],
    *,
    duration_s: float,
    heart: Heart,
    stressors: tuple[Stressor, ...],
    artefacts: Artefacts,
    start: datetime | None,
    subject: str,
    ticks_per_s: int | None = TICKS_PER_S,
) -> Simulation:
    """Simulate one recording whose parameters are settled; `key` names its random streams."""
    for s in stressors:
        if s.offset_s > duration_s:
            raise InputError(
                f"the stressor from {s.onset_s:g} to {s.offset_s:g} s ends after the recording "
                f"({duration_s:g} s); lengthen the duration"
            )
    grid_s = np.arange(math.floor(duration_s * GRID_HZ) + 1) / GRID_HZ
    hr_bpm = heart.hr_bpm + hr_response_bpm(grid_s, stressors)
    ln_gain = heart.ln_gain + ln_gain_response(grid_s, stressors)
    if start is not None:
        hr_bpm = hr_bpm + heart.circadian_hr_bpm * _daily(start, grid_s, peak_h=16.0)
        ln_gain = ln_gain + heart.circadian_ln_gain * _daily(start, grid_s, peak_h=4.0)
    mean_rr_ms = 60_000.0 / hr_bpm
    deviation_ms = modulation_ms(
        stream(seed, _MODULATION, *key), heart, grid_s, mean_rr_ms, np.exp(ln_gain)
    )
    beat_s = beat_times(hr_bpm / 60.0 * (1.0 - deviation_ms / mean_rr_ms))
    detections = detect(stream(seed, _STRAP, *key), beat_s, artefacts)
    series = _series(detections, start, ticks_per_s, f"seed {seed}")
    baseline, residual = _levels(grid_s, hr_bpm, stressors)
    truth = Truth(
        heart, stressors, artefacts, detections.heart_s,
        detections.flag | (series.flag & np.uint16(Flag.GAP)),
        grid_s, hr_bpm, ln_gain, baseline, residual,
    )  # fmt: skip
    return Simulation(series, truth, _events(stressors, start, subject))


def _series(
    detections: Detections, start: datetime | None, ticks_per_s: int | None, source: str
) -> RRSeries:
    if ticks_per_s is None:
        rr_ms, t_s = (detections.end_s - detections.begin_s) * 1000.0, detections.end_s
        unit = "ms (simulated, exact)"
    else:
        # the strap's clock counts whole ticks, so rounding errors never pile up
        begin, end = (np.rint(x * ticks_per_s) for x in (detections.begin_s, detections.end_s))
        rr_ms, t_s = (end - begin) * 1000.0 / ticks_per_s, end / ticks_per_s
        unit = f"ms (simulated, whole 1/{ticks_per_s} s)"
    clock = "start= given" if start is not None else Provenance().clock
    provenance = Provenance(f"hrv.simulate, {source}", "simulated", unit, clock, "simulator")
    return RRSeries.from_ms(rr_ms, t_s=t_s, start=start, provenance=provenance)


def _daily(start: datetime, grid_s: Float, *, peak_h: float) -> Float:
    """24 h cosine of the local clock, 1 at `peak_h`."""
    hour = start.hour + start.minute / 60.0 + start.second / 3600.0 + grid_s / 3600.0
    return np.asarray(np.cos(2.0 * np.pi * (hour - peak_h) / 24.0), dtype=np.float64)


def _levels(
    grid_s: Float, hr_bpm: Float, stressors: tuple[Stressor, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    baseline, residual = [], []
    for s in stressors:
        before = _mean_between(grid_s, hr_bpm, s.onset_s - BASELINE_S[0], s.onset_s - BASELINE_S[1])
        after = _mean_between(
            grid_s, hr_bpm, s.offset_s + RESIDUAL_S[0], s.offset_s + RESIDUAL_S[1]
        )
        baseline.append(before)
        residual.append(after - before)
    return tuple(baseline), tuple(residual)


def _mean_between(grid_s: Float, values: Float, begin_s: float, end_s: float) -> float:
    if begin_s < grid_s[0] or end_s > grid_s[-1]:
        return math.nan
    within = (grid_s >= begin_s) & (grid_s <= end_s)
    return float(values[within].mean())


def _events(stressors: tuple[Stressor, ...], start: datetime | None, subject: str) -> pd.DataFrame:
    def moment(time_s: float) -> datetime | float:
        return time_s if start is None else start + timedelta(seconds=time_s)

    rows = [(subject, s.label, "stress", moment(s.onset_s), moment(s.offset_s)) for s in stressors]
    return pd.DataFrame(rows, columns=["subject", "phase", "kind", "start", "end"])


def _length_s(duration: float | str) -> float:
    length_s = seconds(duration, "duration")
    if length_s < SHORTEST_S:
        raise InputError(f"duration {duration!r} is too short; simulate at least {SHORTEST_S:g} s")
    return length_s
