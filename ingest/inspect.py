"""Describe a recording: what was understood, what is missing, and what a study could use it for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from hrv.clean import clean
from hrv.errors import NotComputableError
from hrv.types import CONTIGUITY_S, CORRECTED, Flag, Float, RRSeries, cumulative_s
from ingest.align import (
    SHORTEST_S,
    Alignment,
    Overlap,
    align_by_heart_rate,
    beats_hash,
    overlaps,
)
from ingest.formats._times import wall_s
from ingest.formats.base import Recording

BLOCKS = "▁▂▃▄▅▆▇█"
"""Signs of the tachogram, low to high."""
_COPY = 0.9
"""Share of beats in common above which two recordings are copies, with nothing to align."""
_REPEAT = 4
"""Intervals in a row that must be the same twice to count as doubled."""


@dataclass(frozen=True)
class Inspection:
    """What there is to say of one file; numbers of a file without beats are NaN.

    Parameters
    ----------
    source, format, device, unit, clock : str
        As in `Provenance`.
    start : datetime or None
        Moment of the first beat.
    duration_s, beats_s : float
        Time from the first beat to the last, and the sum of intervals.
    wall_s : float
        Time that passed by the source's own clock, to check `beats_s` against; NaN without one.
    intervals, gaps : int
        Counts.
    longest_gap_s, covered : float
        Longest time without beats, s; share of the duration that intervals cover.
    mean_hr_bpm : float
        60000 / mean interval.
    artefacts, duplicates : float
        Share of intervals that cleaning flags, and that repeat the four or more just before.
    events, outcomes : int
        Counts.
    tachogram : str
        Interval against time, one sign a stretch, a blank where there is no beat.
    uses : tuple of str
        What a study could use it for.
    notes : tuple of str
        What the reader noted.
    """

    source: str
    format: str
    device: str
    unit: str
    clock: str
    start: datetime | None
    duration_s: float
    beats_s: float
    wall_s: float
    intervals: int
    gaps: int
    longest_gap_s: float
    covered: float
    mean_hr_bpm: float
    artefacts: float
    duplicates: float
    events: int
    outcomes: int
    tachogram: str
    uses: tuple[str, ...]
    notes: tuple[str, ...]


def inspect(recording: Recording, *, source: str, format: str = "") -> Inspection:
    """Describe one recording.

    Parameters
    ----------
    recording : Recording
        As `ingest.open_recording` gives it.
    source, format : str
        Name and format of a file without beats (others carry them in their provenance).

    Returns
    -------
    Inspection
    """
    rr = recording.rr
    if rr is None:
        uses = []
        if len(recording.outcomes):
            uses.append("outcomes of a study (no beats: no recovery can be computed)")
        if len(recording.events):
            uses.append("events beside a recording")
        nan = float("nan")
        return Inspection(
            source, format, "", "", "", None, nan, nan, nan, 0, 0, nan, nan, nan, nan, nan,
            len(recording.events), len(recording.outcomes), "", tuple(uses), recording.notes,
        )  # fmt: skip
    lost_s = _lost_s(rr)
    beats_s = float(rr.rr_ms.sum()) / 1000
    artefacts = (
        float(np.mean((clean(rr).rr.flag & CORRECTED) != 0)) if len(rr) >= 3 else float("nan")
    )
    covered = beats_s / rr.duration_s if rr.duration_s > 0 else float("nan")
    return Inspection(
        source=rr.provenance.source,
        format=rr.provenance.format,
        device=rr.provenance.device,
        unit=rr.provenance.unit,
        clock=rr.provenance.clock,
        start=rr.start,
        duration_s=rr.duration_s,
        beats_s=beats_s,
        wall_s=_wall_s(rr),
        intervals=len(rr),
        gaps=int(((rr.flag & Flag.GAP) != 0).sum()),
        longest_gap_s=float(lost_s.max()),
        covered=min(covered, 1.0),
        mean_hr_bpm=60_000 / float(rr.rr_ms.mean()),
        artefacts=artefacts,
        duplicates=duplicate_share(rr.rr_ms),
        events=len(recording.events),
        outcomes=len(recording.outcomes),
        tachogram=tachogram(rr),
        uses=_uses(rr, recording, artefacts, covered),
        notes=rr.provenance.notes,
    )


def _wall_s(rr: RRSeries) -> float:
    """Time by the source's clock: as its reader noted, or where beats were placed with gaps."""
    noted = wall_s(rr.provenance.notes)
    if noted is not None:
        return noted
    placed = not np.array_equal(cumulative_s(rr.rr_ms), rr.t_s - rr.begin_s[0])
    return rr.duration_s if placed else float("nan")


def _lost_s(rr: RRSeries) -> Float:
    """Time without beats before each interval, s."""
    ahead = np.diff(rr.t_s, prepend=rr.t_s[0] - rr.rr_ms[0] / 1000) - rr.rr_ms / 1000
    return np.where(ahead > CONTIGUITY_S, ahead, 0.0)


def duplicate_share(rr_ms: Float) -> float:
    """Share of intervals that belong to a run of four or more repeating the run just before.

    A strap that reconnects may send its buffer again; the copied beats follow the originals
    and pull RMSSD off.

    Parameters
    ----------
    rr_ms : float64[n]
        Intervals, ms.
    """
    doubled = np.zeros(rr_ms.size, dtype=bool)
    for lag in range(_REPEAT, min(32, rr_ms.size // 2) + 1):
        same = rr_ms[lag:] == rr_ms[:-lag]
        run = np.convolve(same, np.ones(lag, dtype=np.int64), mode="valid") == lag
        for at in np.flatnonzero(run):
            if np.unique(rr_ms[at : at + lag]).size > 2:  # a constant pulse repeats itself
                doubled[at + lag : at + 2 * lag] = True
    return float(doubled.mean())


def tachogram(rr: RRSeries, columns: int = 60) -> str:
    """Draw intervals against time: median of each stretch on eight levels, blank without beats."""
    edges = np.linspace(rr.t_s[0] - rr.rr_ms[0] / 1000, rr.t_s[-1], columns + 1)
    place = np.clip(np.searchsorted(edges, rr.t_s, side="left") - 1, 0, columns - 1)
    low, high = np.percentile(rr.rr_ms, [2, 98])
    signs = []
    for column in range(columns):
        inside = rr.rr_ms[place == column]
        if inside.size == 0:
            signs.append(" ")
            continue
        level = 0.5 if high <= low else (float(np.median(inside)) - low) / (high - low)
        signs.append(BLOCKS[int(np.clip(level * len(BLOCKS), 0, len(BLOCKS) - 1))])
    return "".join(signs).rstrip()


def _uses(rr: RRSeries, recording: Recording, artefacts: float, covered: float) -> tuple[str, ...]:
    """Say what the length, coverage, clock and events of a recording allow."""
    uses = []
    if rr.duration_s < 60:
        uses.append("too short for HRV: five minutes are the standard, one minute the least")
    elif rr.duration_s < 300:
        uses.append("RMSSD and heart rate at rest (under five minutes: not SDNN, not spectra)")
    else:
        uses.append("HRV of five-minute windows")
    if covered < 0.8:
        uses.append(
            f"only {100 * covered:.0f} % of the time has beats: many windows will be refused"
        )
    if artefacts > 0.05:
        uses.append(
            f"{100 * artefacts:.0f} % artefacts: above 5 % HRV is doubtful, heart rate holds"
        )
    if len(recording.events):
        uses.append("stress episodes, if its events mark stressors")
    elif rr.duration_s >= 900:
        uses.append("recovery after stress, once an events file marks the stressors")
    if rr.start is None:
        uses.append(
            "no clock: it cannot be matched with events or days unless its start or zone is given"
        )
    return tuple(uses)


@dataclass(frozen=True)
class Together:
    """What several files of one person are to each other.

    Parameters
    ----------
    same : tuple of tuple of str
        Names of files with the very same intervals, whatever their format.
    overlapping : tuple of Overlap
        Pairs that were recorded at the same time.
    aligned : tuple of (str, str, Alignment)
        How the second's clock reads against the first's, by their heart rates, for pairs that
        overlap and are no copies of each other.
    """

    same: tuple[tuple[str, ...], ...]
    overlapping: tuple[Overlap, ...]
    aligned: tuple[tuple[str, str, Alignment], ...]


def together(series: Sequence[RRSeries]) -> Together:
    """Find copies and overlaps among recordings, and how far apart their clocks are."""
    by_beats: dict[str, list[str]] = {}
    for each in series:
        by_beats.setdefault(beats_hash(each), []).append(each.provenance.source)
    same = tuple(tuple(names) for names in by_beats.values() if len(names) > 1)
    found = overlaps(series)
    named = {each.provenance.source: each for each in series}
    aligned = []
    for pair in found:
        if pair.same < _COPY and pair.seconds >= SHORTEST_S:
            try:
                how = align_by_heart_rate(named[pair.first], named[pair.second])
            except NotComputableError:
                continue  # the overlap has too few beats: it is listed, without a shift
            aligned.append((pair.first, pair.second, how))
    return Together(same, found, tuple(aligned))


def content_hash(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
