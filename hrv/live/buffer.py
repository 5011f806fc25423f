"""The last beats of a stream in arrays of bounded length."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from hrv.clean.base import BRIDGE_S
from hrv.live.waiting import Beat
from hrv.types import CORRECTED, Bool, Flag, FlagArray, Float, RRSeries
from hrv.types.series import CONTIGUITY_S

APART = np.uint16(Flag.GAP | Flag.SUSPECT)
GAP, REMOVED = np.uint16(Flag.GAP), np.uint16(CORRECTED)
ROOM = 1024
"""Beats that fit before the arrays are moved or grow."""


class Buffer:
    """Beats ``[0, n)``, of which ``[0, decided)`` have their final flags.

    Parameters
    ----------
    start : datetime or None
        Aware moment of 0 s.
    """

    def __init__(self, start: datetime | None) -> None:
        self.start = start
        self.n = self.decided = 0
        self._rr, self._t = np.empty(ROOM), np.empty(ROOM)
        self._flag, self._clean = np.zeros(ROOM, np.uint16), np.zeros(ROOM, np.uint16)
        self._far = np.zeros(ROOM, np.bool_)  # begins a stretch

    def append(self, beat: Beat) -> None:
        """Add a beat; one that does not follow the last carries `Flag.GAP` from now on."""
        if self.n == self._rr.size:
            self._grow()
        t_s, rr_ms, flag = beat
        i = self.n
        if i:
            last = float(self._t[i - 1])
            if t_s - last - rr_ms / 1000 > CONTIGUITY_S:
                flag |= int(GAP)
            self._far[i] = bool(flag & int(GAP)) and t_s - rr_ms / 1000 - last > BRIDGE_S
        else:
            self._far[i] = True
        self._t[i], self._rr[i], self._flag[i] = t_s, rr_ms, flag
        self.n += 1

    def drop(self, k: int) -> None:
        """Forget the first `k` beats once that frees half of the arrays."""
        if k < self._rr.size // 2:
            return
        for a in self._arrays():
            a[: self.n - k] = a[k : self.n]
        self.n -= k
        self.decided -= k

    def series(self, a: int, b: int) -> RRSeries:
        """Beats ``[a, b)`` as they were received."""
        return RRSeries(self._rr[a:b], self._t[a:b], self._flag[a:b], self.start)

    def decide(self, flag: FlagArray) -> None:
        """Settle the final flags of the next beats."""
        self._clean[self.decided : self.decided + flag.size] = flag
        self.decided += flag.size

    @property
    def t_s(self) -> Float:
        """float64[n]: ends of the intervals, s."""
        return self._t[: self.n]

    @property
    def far(self) -> Bool:
        """bool[n]: where a stretch begins that is judged alone."""
        return self._far[: self.n]

    @property
    def joined(self) -> Bool:
        """bool[n]: intervals that follow the one before."""
        return np.asarray((self._flag[: self.n] & APART) == 0)

    @property
    def clean(self) -> FlagArray:
        """uint16[decided]: final flags."""
        return self._clean[: self.decided]

    @property
    def kept(self) -> Bool:
        """bool[decided]: intervals that stay."""
        return np.asarray((self.clean & REMOVED) == 0)

    def begin_s(self, i: int) -> float:
        """Begin of interval `i`, s, as `RRSeries.begin_s` has it."""
        if i and not self._flag[i] & GAP:
            return float(self._t[i - 1])
        return float(self._t[i] - self._rr[i] / 1000)

    def _grow(self) -> None:
        size = 2 * self._rr.size
        for name in ("_rr", "_t", "_flag", "_clean", "_far"):
            old = getattr(self, name)
            new = np.zeros(size, old.dtype)
            new[: self.n] = old[: self.n]
            setattr(self, name, new)

    def _arrays(self) -> tuple[Float, Float, FlagArray, FlagArray, Bool]:
        return self._rr, self._t, self._flag, self._clean, self._far
