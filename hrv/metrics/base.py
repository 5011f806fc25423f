"""What every metric shares: table entry, settings, block of values and the reasons for refusal."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.types import Float, NNSeries, Windows


class Reason(enum.IntEnum):
    """Why a value was refused; zero means it was not.  `SENTENCES` has the words."""

    OK = 0
    TOO_SHORT = 1  #: window shorter than the metric's minimum length
    COVERAGE = 2  #: less than 80 % of the window is covered by NN intervals
    CORRECTED = 3  #: more than 20 % of the beats were corrected
    TOO_FEW_BEATS = 4  #: fewer intervals than the formula needs
    TOO_FEW_PAIRS = 5  #: fewer joined pairs than the window's length asks for
    NO_VARIATION = 6  #: all intervals alike, the formula divides by zero
    ARITHMETIC = 7  #: the formula gave no finite number


@dataclass(frozen=True)
class MetricSettings:
    """Knobs of the metric families; the settings travel with the result.

    Parameters
    ----------
    force : bool
        Compute on windows shorter than a metric's minimum length; the result is labelled.
    """

    force: bool = False


@dataclass(frozen=True, eq=False)
class Block:
    """Values of one family over k windows: one column for each of its m metrics.

    Parameters
    ----------
    values : float64[k, m]
        NaN exactly where `reasons` is not `Reason.OK`.
    reasons : uint8[k, m]
        `Reason` codes.
    """

    values: npt.NDArray[np.float64]
    reasons: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Metric:
    """One row of `hrv.METRICS`.

    Parameters
    ----------
    name : str
        Column name.
    unit : str
        ``"ms"``, ``"ms²"``, ``"%"``, ``"bpm"``, ``"Hz"``, ``""`` …
    min_s : float
        Shortest legitimate window, s.
    min_beats : int
        Fewest intervals (or joined pairs, for `pairs`) the formula needs.
    pairs : bool
        True if it is made of successive differences, so that joined pairs count.
    source : str
        Publication with DOI.
    summary : str
        One line for help and catalogues.
    family : callable
        ``(NNSeries, Windows, MetricSettings) -> Block`` shared by the family's metrics, whose
        columns come in the order of `columns`.
    columns : tuple of str
        Names of all columns of the family's block.
    """

    name: str
    unit: str
    min_s: float
    min_beats: int
    pairs: bool
    source: str
    summary: str
    family: Callable[[NNSeries, Windows, MetricSettings], Block]
    columns: tuple[str, ...]
