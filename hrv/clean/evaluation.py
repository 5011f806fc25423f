"""What each cleaner finds, and what it leaves in RMSSD, measured on recordings of known truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from hrv.clean.base import Cleaner, CleanSettings
from hrv.simulate import Artefacts, Heart, Simulation, simulate
from hrv.simulate.artefacts import NONE
from hrv.types import CORRECTED, Flag, Float, NNSeries
from hrv.windows import windows

SCENARIOS: Mapping[str, Artefacts] = {
    "ectopic": replace(NONE, ectopic=0.01),
    "missed": replace(NONE, missed=0.01),
    "extra": replace(NONE, extra=0.01),
    "bursts": Artefacts(bursts_per_h=12.0, burst_s=15.0, burst_factor=50.0, gaps_per_h=0.0),
    "everyday": Artefacts(),
}
"""Name -> what the strap spoils; in a burst of 15 s a tenth of the beats are missed."""
HEARTS: tuple[Heart, ...] = (
    Heart(),
    Heart(hr_bpm=52.0, rsa_ms=80.0, rsa_hz=0.2),
    Heart(hr_bpm=95.0, rsa_ms=10.0, lf_ms=10.0, slow_ms=15.0),
    Heart(hr_bpm=48.0, rsa_ms=180.0, rsa_hz=0.15, lf_ms=40.0, slow_ms=50.0),
)
"""A usual heart, a slow one with much respiratory variation, a fast one with little, and an
athlete's whose sinus arrhythmia is a third of the interval from peak to trough."""
LENGTH = "1h"
WIDTH = "5min"
BAD = np.uint16(Flag.ECTOPIC | Flag.MISSED | Flag.EXTRA)


@dataclass(frozen=True)
class Score:
    """One cleaner in one scenario, over all hearts and seeds.

    Parameters
    ----------
    cleaner, scenario : str
        Names in `hrv.CLEANERS` and `SCENARIOS`.
    sensitivity : float
        Share of the spoiled intervals that it removed, 0 to 1.
    specificity : float
        Share of the sound intervals that it kept, 0 to 1.
    rmssd_error, rmssd_worst : float
        Median and 95th percentile of the error of RMSSD in windows of 5 min against a perfect
        strap on the same heart, %.
    refused : float
        Share of the windows that had no RMSSD, 0 to 1.
    """

    cleaner: str
    scenario: str
    sensitivity: float
    specificity: float
    rmssd_error: float
    rmssd_worst: float
    refused: float


def score(cleaner: Cleaner, scenario: str, seeds: int = 8) -> Score:
    """Measure one cleaner in one scenario.

    Parameters
    ----------
    cleaner : Cleaner
        Entry of `hrv.CLEANERS`.
    scenario : str
        Key of `SCENARIOS`.
    seeds : int
        Recordings of `LENGTH` for each of `HEARTS`.
    """
    counts, errors = np.zeros(4), []
    for heart, seed in product(HEARTS, range(seeds)):
        spoiled = simulate(seed, duration=LENGTH, heart=heart, artefacts=SCENARIOS[scenario])
        perfect = simulate(seed, duration=LENGTH, heart=heart)
        nn = cleaner.apply(spoiled.series, CleanSettings())
        counts += tally(nn, spoiled)
        errors.append(rmssd(nn) / rmssd(_as_recorded(perfect)) - 1)
    hit, missed, kept, lost = counts
    error = np.abs(100 * np.concatenate(errors))
    known = error[np.isfinite(error)]
    middle, worst = np.percentile(known, (50, 95)) if known.size else (np.nan, np.nan)
    return Score(
        cleaner.name,
        scenario,
        sensitivity=round(float(hit / (hit + missed)), 4),
        specificity=round(float(kept / (kept + lost)), 4),
        rmssd_error=round(float(middle), 2),
        rmssd_worst=round(float(worst), 2),
        refused=round(1 - known.size / error.size, 3),
    )


def tally(nn: NNSeries, spoiled: Simulation) -> Float:
    """float64[4]: spoiled intervals removed and not, sound intervals kept and not."""
    bad = (spoiled.truth.flag & BAD) != 0
    found = (nn.rr.flag & CORRECTED) != 0
    return np.array(
        [(bad & found).sum(), (bad & ~found).sum(), (~bad & ~found).sum(), (~bad & found).sum()],
        dtype=np.float64,
    )


def rmssd(nn: NNSeries) -> Float:
    """float64[k]: RMSSD of the windows that follow each other, ms; NaN where refused."""
    return windows(nn, WIDTH, WIDTH, ["rmssd"])["rmssd"].to_numpy(np.float64)


def _as_recorded(perfect: Simulation) -> NNSeries:
    nothing, joined = np.empty(0), np.arange(len(perfect.series)) > 0
    rr = perfect.series
    return NNSeries(rr.rr_ms, rr.t_s, joined, nothing, nothing, rr, "none")
