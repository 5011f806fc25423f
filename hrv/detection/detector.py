"""Find candidate arousals: heart rate up and vagal tone down for minutes, without motion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hrv.detection.baseline import (
    Baseline,
    Track,
    in_motion,
    learn_baseline,
    track,
    usable,
)
from hrv.detection.motion import UNKNOWN, Motion
from hrv.detection.settings import DetectionSettings
from hrv.episodes import mark
from hrv.types import Bool, Episode, Float, NNSeries

LABEL = "candidate arousal"
MOTION_UNKNOWN = "motion was not measured here: it is unknown, not absent"
NO_HOUR = "this time of day has no baseline of its own: the person's pooled one stands in"
OFFSET_SHARE = 0.7
"""The end is where heart rate was last at this share of its rise over the usual one."""


@dataclass(frozen=True)
class Candidate:
    """One candidate arousal.

    Parameters
    ----------
    onset_s, offset_s : float
        Begin, by back-tracking, and end, s since the recording's start.
    confirmed_s : float
        When the thresholds had held long enough for it to be known, s.
    flags : tuple of str
        What a reader must know.
    """

    onset_s: float
    offset_s: float
    confirmed_s: float
    flags: tuple[str, ...] = ()


def detect(
    nn: NNSeries,
    baseline: Baseline | None = None,
    *,
    motion: Motion | None = None,
    settings: DetectionSettings | None = None,
    subject: str = "",
) -> list[Episode]:
    """Detect candidate arousals in a free-living recording.

    A candidate is a stretch of at least 2 min in which heart rate is 1.5 robust SD or more
    above, and ln RMSSD 1 robust SD or more below, what is usual for this person at this time
    of day (60 s windows every 10 s), without known motion in it or in the 5 min before.  Its
    onset is found by back-tracking heart rate in 10 s windows to where it was last usual.

    What the signal means it does not say: an arousal may be fear, joy, coffee or a staircase
    that nobody measured.  Marked episodes stay primary; see `evaluate_detector`.

    Parameters
    ----------
    nn : NNSeries
        The recording, from `hrv.clean`.
    baseline : Baseline, optional
        Learned on the run-in by `learn_baseline`; default: learned from this recording.
    motion : Motion, optional
        What is known of motion; default nothing, and every candidate says so.
    settings : DetectionSettings, optional
        Thresholds, fixed beforehand.
    subject : str
        Whose recording it is.

    Returns
    -------
    list of Episode
        Of kind ``"detected"``, in order of time, with their neighbours as `hrv.mark` gives
        them; times in s since the recording's start.

    Raises
    ------
    NotComputableError
        If too little is usable to know what is usual for this person.
    """
    settings, motion = settings or DetectionSettings(), motion or UNKNOWN
    if baseline is None:
        baseline = learn_baseline([nn], motion=[motion], settings=settings)
    found = candidates(nn, baseline, motion=motion, settings=settings)
    rows = [_event(subject, LABEL, "stress", c.onset_s, c.offset_s) for c in found]
    rows += [
        _event(subject, "measured", "motion", float(begin), float(end))
        for begin, end in zip(
            motion.start_s[motion.moving], motion.stop_s[motion.moving], strict=True
        )
    ]
    return [
        replace(episode, kind="detected", flags=(*episode.flags, *candidate.flags))
        for episode, candidate in zip(mark(rows), found, strict=True)
    ]


def _event(subject: str, phase: str, kind: str, start_s: float, end_s: float) -> dict[str, Any]:
    return {"subject": subject, "phase": phase, "kind": kind, "start": start_s, "end": end_s}


def candidates(
    nn: NNSeries, baseline: Baseline, *, motion: Motion, settings: DetectionSettings
) -> list[Candidate]:
    """Find the candidates of one recording against a baseline that is already fixed."""
    one = track(nn, settings)
    return from_track(one, baseline, motion=motion, settings=settings)


def from_track(
    one: Track, baseline: Baseline, *, motion: Motion, settings: DetectionSettings
) -> list[Candidate]:
    """Find the candidates of a recording whose windows are measured already."""
    hit = hits(one, baseline, settings) & ~in_motion(one, motion, settings)
    centre = one.centre_s
    known = motion.known(one.start_s, one.stop_s)
    fine_z = baseline.z_hr(one.fine_hour, one.fine_hr)
    rise = one.fine_hr - baseline.usual_hr(one.fine_hour)
    found: list[Candidate] = []
    for first, last in _runs(centre, hit, settings):
        onset_s = _onset(one, float(centre[first]), fine_z, settings)
        confirmed_s = float(one.stop_s[first]) + settings.sustain_s
        flags: tuple[str, ...] = () if known[first : last + 1].all() else (MOTION_UNKNOWN,)
        flags += () if baseline.own_hours else (NO_HOUR,)
        if found and onset_s <= found[-1].offset_s + settings.width_s:
            # heart rate was never usual in between: it is the same arousal
            before = found.pop()
            onset_s, confirmed_s = before.onset_s, before.confirmed_s
            flags = tuple(dict.fromkeys(before.flags + flags))
        offset_s = _offset(one, onset_s, float(centre[last]), rise)
        found.append(Candidate(onset_s, max(offset_s, onset_s + 1.0), confirmed_s, flags))
    return found


def hits(one: Track, baseline: Baseline, settings: DetectionSettings) -> Bool:
    """bool[k]: windows beyond the thresholds; a window without a value is none."""
    up = baseline.z_hr(one.hour, one.hr) >= settings.z_hr
    if settings.z_ln_rmssd is None:
        return np.asarray(up & np.isfinite(one.hr), dtype=np.bool_)
    down = baseline.z_ln_rmssd(one.hour, one.ln_rmssd) <= settings.z_ln_rmssd
    return np.asarray(up & down & usable(one), dtype=np.bool_)


def _runs(centre_s: Float, hit: Bool, settings: DetectionSettings) -> list[tuple[int, int]]:
    """First and last window of each stretch of hits that lasts, short interruptions bridged."""
    at = np.flatnonzero(hit)
    if not at.size:
        return []
    breaks = np.flatnonzero(np.diff(centre_s[at]) > settings.bridge_s + settings.step_s)
    first = at[np.concatenate(([0], breaks + 1))]
    last = at[np.concatenate((breaks, [at.size - 1]))]
    kept = centre_s[last] - centre_s[first] >= settings.sustain_s
    return [(int(a), int(b)) for a, b in zip(first[kept], last[kept], strict=True)]


def _onset(one: Track, first_s: float, fine_z: Float, settings: DetectionSettings) -> float:
    """Last moment before the first hit at which heart rate was still usual.

    Where none is known the earliest moment at which it was seen raised.
    """
    begin, end = np.searchsorted(one.fine_s, (first_s - settings.back_s, first_s))
    quiet = np.flatnonzero(fine_z[begin:end] <= settings.onset_z)
    if quiet.size:
        return float(one.fine_s[begin + quiet[-1]])
    return float(one.fine_s[begin]) if end > begin else first_s - settings.width_s / 2


def _offset(one: Track, onset_s: float, last_s: float, rise: Float) -> float:
    """Last moment at which heart rate was at 70 % of its rise."""
    begin, middle, end = np.searchsorted(one.fine_s, (onset_s, last_s, last_s + 60.0))
    if middle <= begin:
        return last_s
    least = OFFSET_SHARE * float(np.median(rise[begin:middle]))
    high = np.flatnonzero(rise[begin:end] >= least)
    return float(one.fine_s[begin + high[-1]]) if high.size else last_s
