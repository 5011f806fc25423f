"""One heart, recorded by two devices whose clocks differ."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import ingest
from hrv.types import Provenance, RRSeries

START = datetime(2026, 3, 4, 8, tzinfo=UTC)


def heart(seconds: float = 900.0, seed: int = 1) -> np.ndarray:
    """Beat times (s) of a heart whose rate wanders slowly."""
    rng = np.random.default_rng(seed)
    grid = np.arange(0, seconds + 60, 1.0)
    wander = np.convolve(rng.normal(size=grid.size), np.ones(15) / 15, mode="same")
    wander = 70 + 18 * wander / wander.std() / 2
    beats, now = [0.0], 0.0
    while now < seconds:
        now += 60 / np.interp(now, grid, wander)
        beats.append(now)
    return np.array(beats)


def recorded(beats, clock=lambda t: t, name="a", start=START):
    """A device's recording: its own clock gives both times and, rounded to ms, intervals."""
    times = clock(beats)
    rr_ms = np.round(np.diff(times) * 1000)
    t_s = np.cumsum(rr_ms) / 1000
    begin = None if start is None else start + timedelta(seconds=float(times[0]))
    return RRSeries.from_ms(rr_ms, t_s=t_s, start=begin, provenance=Provenance(source=name))


def two_files(folder: Path) -> tuple[Path, Path]:
    """Write a recording, and one of a device whose clock is 4 s ahead."""
    beats = heart()
    first, second = folder / "first.txt", folder / "second.txt"
    ingest.write_text(recorded(beats), first)
    ingest.write_text(recorded(beats[30:], lambda t: t + 4.0), second)
    return first, second
