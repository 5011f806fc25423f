"""What every cleaner shares: its settings, its table entry and the step from flags to NN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hrv.types import NNSeries, RRSeries


@dataclass(frozen=True)
class CleanSettings:
    """Knobs of the cleaners; each cleaner uses its own and ignores the rest.

    Parameters
    ----------
    low_ms, high_ms : float
        Absolute limits of a plausible interval, ms (`range`).
    """

    low_ms: float = 300.0
    high_ms: float = 2000.0


@dataclass(frozen=True)
class Cleaner:
    """One row of `hrv.CLEANERS`."""

    name: str
    summary: str
    source: str
    apply: Callable[[RRSeries, CleanSettings], NNSeries]
