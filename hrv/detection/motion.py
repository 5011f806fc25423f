"""What is known of a wearer's motion; where nothing was measured it is unknown, not absent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hrv.errors import InputError
from hrv.types import Bool, Float

ENMO_MG = 25.0
"""Acceleration above gravity from which an epoch counts as motion, milli-g."""
KNOWN_SHARE = 0.8
"""Share of a span in which motion must have been measured for it to count as motion-free."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Epochs in which motion was measured, or is known from a log.

    Parameters
    ----------
    start_s, stop_s : float64[k]
        Edges of the epochs, s since the recording's start; in order and apart.
    moving : bool[k]
        True where the person moved.

    Raises
    ------
    InputError
        If the epochs overlap or run backwards.
    """

    start_s: Float
    stop_s: Float
    moving: Bool

    def __post_init__(self) -> None:
        if not self.start_s.shape == self.stop_s.shape == self.moving.shape:
            raise InputError("epochs of motion need a start, a stop and a state each")
        if (self.stop_s <= self.start_s).any() or (self.start_s[1:] < self.stop_s[:-1]).any():
            raise InputError("epochs of motion overlap or end before they start; mend their times")

    @classmethod
    def from_enmo(cls, t_s: npt.ArrayLike, enmo_mg: npt.ArrayLike, epoch_s: float) -> Motion:
        """Read measured epochs: moving above 25 mg (`ENMO_MG`).

        Parameters
        ----------
        t_s : array_like[k]
            Begin of each epoch, s since the recording's start.
        enmo_mg : array_like[k]
            Euclidean norm minus one, mean of the epoch, milli-g; NaN: not measured.
        epoch_s : float
            Length of an epoch, s.

        References
        ----------
        van Hees et al. 2013, PLoS One 8(4):e61691, doi:10.1371/journal.pone.0061691 (ENMO).
        """
        start = np.asarray(t_s, dtype=np.float64)
        level = np.asarray(enmo_mg, dtype=np.float64)
        known = np.isfinite(level)
        return cls(start[known], start[known] + epoch_s, level[known] > ENMO_MG)

    @classmethod
    def from_log(cls, spans_s: list[tuple[float, float]]) -> Motion:
        """Take logged motion or exercise; outside these spans motion stays unknown."""
        edges = np.array(sorted(spans_s), dtype=np.float64).reshape(-1, 2)
        merged: list[list[float]] = []
        for begin, end in edges.tolist():
            if merged and begin <= merged[-1][1]:
                merged[-1][1] = max(end, merged[-1][1])
            else:
                merged.append([begin, end])
        both = np.array(merged, dtype=np.float64).reshape(-1, 2)
        return cls(both[:, 0], both[:, 1], np.ones(len(both), dtype=np.bool_))

    def moved(self, start_s: Float, stop_s: Float) -> Bool:
        """bool[n]: True for the spans that touch an epoch of motion."""
        begin, end = self.start_s[self.moving], self.stop_s[self.moving]
        first = np.searchsorted(end, start_s, side="right")
        return np.asarray(first < np.searchsorted(begin, stop_s, side="left"), dtype=np.bool_)

    def known(self, start_s: Float, stop_s: Float) -> Bool:
        """bool[n]: True for the spans in which motion was measured at least 80 % of the time."""
        if not self.start_s.size:
            return np.zeros(start_s.shape, dtype=np.bool_)
        edges = np.column_stack((self.start_s, self.stop_s)).ravel()
        length = self.stop_s - self.start_s
        total = np.zeros(edges.size)
        total[1::2] = np.cumsum(length)
        total[2::2] = total[1:-1:2]
        measured = np.interp(stop_s, edges, total) - np.interp(start_s, edges, total)
        return np.asarray(measured >= KNOWN_SHARE * (stop_s - start_s), dtype=np.bool_)


UNKNOWN = Motion(np.empty(0), np.empty(0), np.empty(0, dtype=np.bool_))
"""Nothing was measured and nothing logged."""
