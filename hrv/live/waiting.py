"""Beats as they come: late ones put in order, corrected ones replaced, impossible ones refused."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

from hrv.errors import InputError
from hrv.types.series import CONTIGUITY_S, RR_MAX_MS

REMEMBERED = 100
"""Refused beats that are remembered; all are counted."""
LONGEST_GAP_S = 86_400.0
"""A beat later than this after the last belongs to a recording of its own."""

Beat = tuple[float, float, int]
"""End time (s), interval (ms) and flag."""


@dataclass(frozen=True)
class Refused:
    """A beat that was not taken.

    Parameters
    ----------
    t_s, rr_ms : float
        End of the interval (s since the start) and its length.
    why : str
        One sentence.
    """

    t_s: float
    rr_ms: float
    why: str


class WaitingRoom:
    """Holds the beats of the last `horizon_s` seconds and lets them out in order of time.

    Parameters
    ----------
    horizon_s : float
        How long a beat may still be overtaken or corrected, s; 0 takes beats in order only.
    """

    def __init__(self, horizon_s: float) -> None:
        self.horizon_s = horizon_s
        self.refused: deque[Refused] = deque(maxlen=REMEMBERED)
        self.n_refused = 0
        self._held: list[Beat] = []
        self._base_s, self._since_ms = 0.0, 0.0  # the next beat without a time of its own
        self._newest_s = -math.inf
        self._out_s = -math.inf  # end of the last beat let out

    def put(self, rr_ms: float, t_s: float | None, flag: int) -> None:
        """Take a beat in.

        Parameters
        ----------
        rr_ms : float
            Interval, ms.
        t_s : float or None
            Its end, s since the start; None: it follows the newest beat.
        flag : int
            `hrv.Flag` value.

        Raises
        ------
        InputError
            If the values are no interval or lie more than a day after the newest beat.
        """
        rr_ms, t_s = self._checked(rr_ms, t_s)
        if t_s <= self._out_s:
            return self._refuse(t_s, rr_ms, self._why_late(t_s))
        at = bisect_left(self._held, (t_s - CONTIGUITY_S, 0.0, 0))
        if at < len(self._held) and self._held[at][0] <= t_s + CONTIGUITY_S:
            self._held[at] = (t_s, rr_ms, flag)
        else:
            insort(self._held, (t_s, rr_ms, flag))
        self._newest_s = max(self._newest_s, t_s)
        return None

    def out(self, *, final: bool = False) -> list[Beat]:
        """Beats that nothing can overtake or correct any more, in order; all if `final`."""
        limit_s = math.inf if final else self._newest_s - self.horizon_s
        ready, done = [], 0
        for t_s, rr_ms, flag in self._held:
            if t_s > limit_s:
                break
            done += 1
            # the very test that a whole series is held to
            if self._out_s > -math.inf and t_s - self._out_s - rr_ms / 1000 < -CONTIGUITY_S:
                self._refuse(t_s, rr_ms, "it begins before the beat that ended last")
                continue
            self._out_s = t_s
            ready.append((t_s, rr_ms, flag))
        del self._held[:done]
        return ready

    def _checked(self, rr_ms: float, t_s: float | None) -> tuple[float, float]:
        rr_ms = float(rr_ms)
        if not 0 < rr_ms <= RR_MAX_MS:  # NaN fails too
            raise InputError(
                f"RR interval {rr_ms:g} ms is not between 0 and {RR_MAX_MS:g} ms: "
                "a gap, a wrong unit or a broken packet"
            )
        if t_s is None:
            self._since_ms += rr_ms  # a sum of whole ms or ticks is exact, as in batch
            return rr_ms, self._base_s + self._since_ms / 1000.0
        t_s = float(t_s)
        if not math.isfinite(t_s):
            raise InputError(f"beat time {t_s} is not a finite number of seconds")
        if t_s > self._newest_s + LONGEST_GAP_S > -math.inf:
            raise InputError(
                f"beat at {t_s:g} s comes {(t_s - self._newest_s) / 3600:.1f} h after the last; "
                "finish() this stream and begin another"
            )
        if t_s > self._newest_s:
            self._base_s, self._since_ms = t_s, 0.0
        return rr_ms, t_s

    def _why_late(self, t_s: float) -> str:
        return (
            f"it came {self._newest_s - t_s:.3g} s after a newer beat; "
            f"the horizon is {self.horizon_s:g} s"
        )

    def _refuse(self, t_s: float, rr_ms: float, why: str) -> None:
        self.n_refused += 1
        self.refused.append(Refused(t_s, rr_ms, why))
