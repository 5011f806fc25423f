"""How good is the detector: by event, leave-one-subject-out, beside two simpler ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hrv.detection.baseline import Baseline, Track, learn_baseline, track, usable
from hrv.detection.detector import from_track
from hrv.detection.motion import UNKNOWN, Motion
from hrv.detection.scoring import TOLERANCE_S, Score, random_score, score
from hrv.detection.settings import DetectionSettings
from hrv.errors import NotComputableError
from hrv.types import NNSeries, Refusal

FULL, HR_ONLY, RANDOM = "heart rate and RMSSD", "heart rate only", "random"
Z_HR = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
Z_LN_RMSSD = (-0.5, -1.0, -1.5)
"""Thresholds that leave-one-subject-out chooses from, on everybody else."""
MIN_PEOPLE = 3
"""Fewer people give no interval of the difference between detectors."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """One recording with its marked truth.

    Parameters
    ----------
    nn : NNSeries
        The recording.
    onsets_s : tuple of float
        True onsets of stressors, s since the recording's start.
    motion : Motion
        What is known of motion.
    """

    nn: NNSeries
    onsets_s: tuple[float, ...]
    motion: Motion = UNKNOWN


@dataclass(frozen=True, eq=False)
class Subject:
    """One person's recordings.

    Parameters
    ----------
    name : str
        Pseudonym.
    recordings : tuple of Recorded
        What is scored.
    run_in : tuple of Recorded
        What the baseline is learned on; empty: on `recordings`, pooled, blind to the marks.
    """

    name: str
    recordings: tuple[Recorded, ...]
    run_in: tuple[Recorded, ...] = ()


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    detectors : DataFrame
        One row a detector: ``detector, events, detections, matched, precision, recall, f1,
        false_alarms_per_day, onset_error_s, latency_s, watched_h``.
    people : DataFrame
        One row a person and detector, with the thresholds ``z_hr, z_ln_rmssd`` it was given.
    sentences : tuple of str
        What the comparison with the simpler detectors says.
    refusals : tuple of Refusal
        People who could not be judged, and why.
    """

    detectors: pd.DataFrame
    people: pd.DataFrame
    sentences: tuple[str, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A person with everything that does not depend on the thresholds."""

    name: str
    recordings: tuple[Recorded, ...]
    tracks: tuple[Track, ...]
    baseline: Baseline


def evaluate_detector(
    subjects: Sequence[Subject], *, settings: DetectionSettings | None = None, seed: int = 0
) -> Evaluation:
    """Evaluate the detector by event, beside heart rate alone and beside chance.

    A detection meets an event if their onsets are within 5 min, one to one.  With two people
    or more the thresholds of both detectors are chosen on everybody but the person they are
    tried on (highest pooled F1); a single person is judged by the thresholds of `settings`.
    The random detector raises as many alarms as the detector, at moments it could see.

    Parameters
    ----------
    subjects : sequence of Subject
        At least one, with at least one true onset between them.
    settings : DetectionSettings, optional
        Everything but the two thresholds, and these for a single person.
    seed : int
        Of the random detector.

    Raises
    ------
    NotComputableError
        If nobody can be judged, or nobody has an event.
    """
    settings = settings or DetectionSettings()
    seen, refusals = _watch(subjects, settings)
    if not seen:
        raise NotComputableError(f"nobody can be judged: {refusals[0].why}")
    if not any(r.onsets_s for s in seen for r in s.recordings):
        raise NotComputableError("no stressor is marked in these recordings, so there is no truth")
    rows = _people(seen, settings, np.random.default_rng(seed))
    people = pd.DataFrame([row.as_mapping() for row in rows])
    totals = {
        name: sum((row.score for row in rows if row.detector == name), Score())
        for name in (FULL, HR_ONLY, RANDOM)
    }
    detectors = pd.DataFrame([{"detector": name, **_row(total)} for name, total in totals.items()])
    return Evaluation(detectors, people, tuple(_sentences(people, totals)), tuple(refusals))


@dataclass(frozen=True)
class _Judged:
    """One person by one detector."""

    subject: str
    detector: str
    z_hr: float
    z_ln_rmssd: float
    score: Score

    def as_mapping(self) -> dict[str, float | str]:
        head = {"subject": self.subject, "detector": self.detector}
        return {**head, "z_hr": self.z_hr, "z_ln_rmssd": self.z_ln_rmssd, **_row(self.score)}


def _watch(
    subjects: Sequence[Subject], settings: DetectionSettings
) -> tuple[list[_Seen], list[Refusal]]:
    seen, refusals = [], []
    for subject in subjects:
        learn = subject.run_in or subject.recordings
        try:
            baseline = learn_baseline(
                [r.nn for r in learn], motion=[r.motion for r in learn], settings=settings
            )
        except NotComputableError as error:
            refusals.append(Refusal(f"subject {subject.name}", str(error)))
            continue
        tracks = tuple(track(r.nn, settings) for r in subject.recordings)
        seen.append(_Seen(subject.name, subject.recordings, tracks, baseline))
    return seen, refusals


def _people(
    seen: list[_Seen], settings: DetectionSettings, rng: np.random.Generator
) -> list[_Judged]:
    """Score every person by every detector, thresholds chosen on the others."""
    rows = []
    both = itertools.product(Z_HR, Z_LN_RMSSD)
    options = {
        FULL: [replace(settings, z_hr=a, z_ln_rmssd=b) for a, b in both],
        HR_ONLY: [replace(settings, z_hr=a, z_ln_rmssd=None) for a in Z_HR],
    }
    alone = {FULL: settings, HR_ONLY: replace(settings, z_ln_rmssd=None)}
    for name, choices in options.items():
        tried = choices if len(seen) > 1 else [alone[name]]
        table = [[_scored(person, choice) for person in seen] for choice in tried]
        for k, person in enumerate(seen):
            best = _best_for_others(table, k)
            z_hr, z = tried[best].z_hr, tried[best].z_ln_rmssd
            z_ln_rmssd = math.nan if z is None else z
            rows.append(_Judged(person.name, name, z_hr, z_ln_rmssd, table[best][k]))
            if name == FULL:
                drawn = _drawn(person, tried[best], rng)
                rows.append(_Judged(person.name, RANDOM, math.nan, math.nan, drawn))
    return rows


def _best_for_others(table: list[list[Score]], left_out: int) -> int:
    """Row of the thresholds with the highest F1 over everybody but one; the first of equals."""
    totals = [sum((s for k, s in enumerate(row) if k != left_out), Score()).f1 for row in table]
    return int(np.argmax(np.nan_to_num(totals, nan=-1.0)))


def _scored(person: _Seen, settings: DetectionSettings) -> Score:
    total = Score()
    for recorded, one in zip(person.recordings, person.tracks, strict=True):
        found = from_track(one, person.baseline, motion=recorded.motion, settings=settings)
        total += score(
            np.array(recorded.onsets_s),
            np.array([c.onset_s for c in found]),
            np.array([c.confirmed_s for c in found]),
            float(usable(one).sum() * settings.step_s),
        )
    return total


def _drawn(person: _Seen, settings: DetectionSettings, rng: np.random.Generator) -> Score:
    total = Score()
    for recorded, one in zip(person.recordings, person.tracks, strict=True):
        seen = one.centre_s[usable(one)]
        found = from_track(one, person.baseline, motion=recorded.motion, settings=settings)
        total += random_score(
            np.array(recorded.onsets_s), len(found), seen, float(seen.size * settings.step_s), rng
        )
    return total


def _row(total: Score) -> dict[str, float]:
    return {
        "events": total.events,
        "detections": total.detections,
        "matched": total.matched,
        "precision": total.precision,
        "recall": total.recall,
        "f1": total.f1,
        "false_alarms_per_day": total.false_alarms_per_day,
        "onset_error_s": _median(total.onset_errors_s),
        "latency_s": _median(total.latencies_s),
        "watched_h": total.watched_s / 3600,
    }


def _median(values: tuple[float, ...]) -> float:
    return float(np.median(values)) if values else math.nan


def _sentences(people: pd.DataFrame, totals: dict[str, Score]) -> list[str]:
    wide = people.pivot_table(index="subject", columns="detector", values="f1").dropna()
    return [
        _against(wide, totals, HR_ONLY, "heart rate alone"),
        _against(wide, totals, RANDOM, "chance"),
    ]


def _against(wide: pd.DataFrame, totals: dict[str, Score], other: str, words: str) -> str:
    """Say whether the detector is better, from the paired differences between people."""
    from scipy.special import stdtrit  # lazily: costs start-up

    figures = f"F1 {totals[FULL].f1:.2f} against {totals[other].f1:.2f}"
    if len(wide) < MIN_PEOPLE:
        if totals[FULL].f1 > totals[other].f1:
            return (
                f"The detector is not shown to be better than {words}: {figures}, and fewer than "
                f"{MIN_PEOPLE} people give no interval."
            )
        return f"The detector is no better than {words} here: {figures}."
    apart = (wide[FULL] - wide[other]).to_numpy(dtype=np.float64)
    half = float(stdtrit(len(apart) - 1, 0.975) * apart.std(ddof=1) / np.sqrt(len(apart)))
    low, high = apart.mean() - half, apart.mean() + half
    told = (
        f"{figures}; mean difference of people {apart.mean():+.2f}, 95 % interval {low:+.2f} to "
        f"{high:+.2f}, {len(apart)} people"
    ).replace("-", "−")
    if low > 0:
        return f"The detector is better than {words}: {told}."
    if apart.mean() > 0:
        return f"The detector is not shown to be better than {words}: {told}."
    return f"The detector is no better than {words} here: {told}."


def describe_rule() -> str:
    """One sentence on what counts as met, for tables."""
    return (
        f"A detection meets an event if their onsets are within {TOLERANCE_S / 60:.0f} min, one "
        "to one; false alarms are per 24 h in which both measures could be judged; onset error "
        "and latency are medians of the events met; latency lasts until the thresholds had held "
        "long enough."
    )
