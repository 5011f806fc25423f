"""What every metric shares: table entry, settings, block of values and the reasons for refusal."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hrv.metrics.settings import (
    DetrendSettings,
    EntropySettings,
    ScalingSettings,
    SpectralSettings,
)
from hrv.types import Float, NNSeries, Windows

Codes = npt.NDArray[np.uint8]

BRIDGED_S = 2.0
"""Longest loss of beats that an even timeline bridges by interpolation (one or two beats)."""


class Reason(enum.IntEnum):
    """Why a value was refused; zero means it was not.  `hrv.metrics.words` has the sentences."""

    OK = 0
    TOO_SHORT = 1  #: window shorter than the metric's minimum length
    COVERAGE = 2  #: too little of the window is covered by NN intervals
    CORRECTED = 3  #: too many of the beats were corrected
    TOO_FEW_PAIRS = 4  #: fewer joined pairs than the window's length asks for
    TOO_FEW_BEATS = 5  #: fewer intervals or pairs than the formula needs
    NO_VARIATION = 6  #: all intervals alike, the formula has no value there
    ARITHMETIC = 7  #: the formula gave no finite number
    GAP = 8  #: beats are missing for too long for an even timeline
    NO_PEAK = 9  #: the spectrum has no local maximum in the band
    NO_MATCHES = 10  #: too few templates match, so the logarithm has no value
    TOO_MANY_BEATS = 11  #: more intervals than the metric takes at a time
    NO_MODEL = 12  #: no autoregressive model has the variance of the intervals
    FOREIGN = 13  #: another tool's function failed or gave no finite number


@dataclass(frozen=True)
class MetricSettings:
    """Knobs of the metric families; the settings travel with the result.

    Parameters
    ----------
    force : bool
        Compute on windows shorter than a metric's minimum length; the result is labelled.
    spectral, entropy, scaling, detrend
        Knobs of those families.
    """

    force: bool = False
    spectral: SpectralSettings = field(default_factory=SpectralSettings)
    entropy: EntropySettings = field(default_factory=EntropySettings)
    scaling: ScalingSettings = field(default_factory=ScalingSettings)
    detrend: DetrendSettings = field(default_factory=DetrendSettings)


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

    values: Float
    reasons: Codes

    @classmethod
    def of(cls, columns: Sequence[Float], why: Reason = Reason.TOO_FEW_BEATS) -> Block:
        """Join columns of float64[k]; `why` is the reason wherever one is NaN.

        A value that is infinite becomes NaN with `Reason.ARITHMETIC`.
        """
        values = np.empty((len(columns[0]), len(columns)), dtype=np.float64, order="F")
        for j, column in enumerate(columns):
            values[:, j] = column
        reasons = np.zeros(values.shape, dtype=np.uint8, order="F")
        reasons[np.isnan(values)] = why
        infinite = np.isinf(values)
        values[infinite], reasons[infinite] = np.nan, Reason.ARITHMETIC
        return cls(values, reasons)

    def column(self, j: int) -> tuple[Float, Codes]:
        """float64[k], uint8[k]: values and reasons of one metric."""
        return self.values[:, j], self.reasons[:, j]


@dataclass(frozen=True, eq=False)
class Columns:
    """A `Block` whose columns are computed when they are asked for.

    Parameters
    ----------
    makers : tuple of callable
        One a metric: ``() -> float64[k]``, NaN or infinite where there is no number.
    why : tuple of Reason
        One a metric: the reason wherever its value is NaN.
    """

    makers: tuple[Callable[[], Float], ...]
    why: tuple[Reason, ...]

    def column(self, j: int) -> tuple[Float, Codes]:
        """float64[k], uint8[k]: values and reasons of one metric."""
        values = self.makers[j]()
        if np.isfinite(values).all():
            return values, np.zeros(values.size, np.uint8)
        block = Block.of((values,), self.why[j])
        return block.values[:, 0], block.reasons[:, 0]

    @cached_property
    def _whole(self) -> Block:
        values, reasons = zip(*(self.column(j) for j in range(len(self.makers))), strict=True)
        return Block(np.column_stack(values), np.column_stack(reasons))

    @property
    def values(self) -> Float:
        """float64[k, m]: as in `Block`."""
        return self._whole.values

    @property
    def reasons(self) -> Codes:
        """uint8[k, m]: as in `Block`."""
        return self._whole.reasons


Family = Callable[[NNSeries, Windows, MetricSettings], Block | Columns]
"""Signature of every family: pure, no warning from numpy, one row a window."""


@dataclass(frozen=True)
class Metric:
    """One row of `hrv.METRICS`.

    Parameters
    ----------
    name : str
        Column name.
    unit : str
        ``"ms"``, ``"ms²"``, ``"%"``, ``"bpm"``, ``"Hz"``, ``"1"`` (a pure number) …
    min_s : float
        Shortest legitimate window, s.
    min_beats : int
        Fewest intervals (or joined pairs, for `pairs`) the formula needs.
    source : str
        Publication with DOI.
    summary : str
        One line for help and catalogues.
    family : callable
        ``(NNSeries, Windows, MetricSettings) -> Block`` shared by the family's metrics, whose
        columns come in the order of `columns`.
    columns : tuple of str
        Names of all columns of the family's block.
    pairs : bool
        True if it is made of successive differences, so that joined pairs count.
    rounding : float
        Largest relative difference between a window in a batch and the same window alone:
        0 where whole-number intervals give identical bits, else what float sums may differ by.
    max_beats : int
        Most intervals it takes at a time, for the sake of work and memory; 0 for no limit.
    """

    name: str
    unit: str
    min_s: float
    min_beats: int
    source: str
    summary: str
    family: Family
    columns: tuple[str, ...]
    pairs: bool = False
    rounding: float = 0.0
    max_beats: int = 0


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Float:
    """Divide elementwise; NaN where the denominator is not above zero, never a warning."""
    divisor = np.asarray(denominator)
    if divisor.size and divisor.min() > 0:  # the usual case, without a mask
        return np.asarray(np.asarray(numerator) / divisor, np.float64)
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    )
    out = np.full(bottom.shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out
