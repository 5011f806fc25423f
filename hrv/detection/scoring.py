"""Count events, not seconds: which detections meet a true event, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.types import Float

TOLERANCE_S = 300.0
"""A detection meets an event if their onsets are at most this far apart, s."""
DAY_S = 86_400.0


@dataclass(frozen=True)
class Score:
    """Events of one person, or of several added up.

    Parameters
    ----------
    events, detections, matched : float
        True events, detections, and pairs of them (not whole for a random detector: a mean).
    watched_s : float
        Time in which the detector could see, s.
    onset_errors_s, latencies_s : tuple of float
        For each pair: detected minus true onset, and the time from the true onset until the
        thresholds had held long enough, s.
    """

    events: float = 0.0
    detections: float = 0.0
    matched: float = 0.0
    watched_s: float = 0.0
    onset_errors_s: tuple[float, ...] = ()
    latencies_s: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.events + other.events,
            self.detections + other.detections,
            self.matched + other.matched,
            self.watched_s + other.watched_s,
            self.onset_errors_s + other.onset_errors_s,
            self.latencies_s + other.latencies_s,
        )

    @property
    def precision(self) -> float:
        """Share of detections that met an event; NaN without a detection."""
        return self.matched / self.detections if self.detections else float("nan")

    @property
    def recall(self) -> float:
        """Share of events that were met; NaN without an event."""
        return self.matched / self.events if self.events else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, ``2 tp / (2 tp + fp + fn)``."""
        total = self.events + self.detections
        return 2 * self.matched / total if total else float("nan")

    @property
    def false_alarms_per_day(self) -> float:
        """Detections without an event, per 24 h of watched time."""
        if not self.watched_s:
            return float("nan")
        return (self.detections - self.matched) / (self.watched_s / DAY_S)


def pairs(true_s: Float, found_s: Float, tolerance_s: float = TOLERANCE_S) -> list[tuple[int, int]]:
    """Pair true and detected onsets one to one, the closest first.

    Parameters
    ----------
    true_s, found_s : float64[n], float64[m]
        Onsets, s.
    tolerance_s : float
        Farthest apart that two may be.

    Returns
    -------
    list of (int, int)
        Index of the true and of the detected onset.
    """
    apart = np.abs(true_s[:, None] - found_s)
    chosen = []
    order = np.argsort(apart, axis=None, kind="stable")
    free_true, free_found = set(range(true_s.size)), set(range(found_s.size))
    for flat in order[apart.ravel()[order] <= tolerance_s].tolist():
        i, j = divmod(flat, found_s.size)
        if i in free_true and j in free_found:
            chosen.append((i, j))
            free_true.remove(i)
            free_found.remove(j)
    return sorted(chosen)


def score(true_s: Float, found_s: Float, confirmed_s: Float, watched_s: float) -> Score:
    """Score the detections of one recording."""
    met = pairs(true_s, found_s)
    return Score(
        float(true_s.size),
        float(found_s.size),
        float(len(met)),
        watched_s,
        tuple(float(found_s[j] - true_s[i]) for i, j in met),
        tuple(float(confirmed_s[j] - true_s[i]) for i, j in met),
    )


def random_score(
    true_s: Float, count: int, watched_at_s: Float, watched_s: float, rng: np.random.Generator
) -> Score:
    """Mean score of `RANDOM_DRAWS` draws of as many onsets, anywhere the detector could see."""
    if not count or not watched_at_s.size:
        return Score(float(true_s.size), 0.0, 0.0, watched_s)
    draws = [rng.choice(watched_at_s, size=count) for _ in range(RANDOM_DRAWS)]
    matched = np.mean([len(pairs(true_s, drawn)) for drawn in draws])
    return Score(float(true_s.size), float(count), float(matched), watched_s)


RANDOM_DRAWS = 200
