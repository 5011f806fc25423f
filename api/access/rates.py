"""How many requests a second: a bucket of tokens for each who asks."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_S = 2.0
_MOST_KNOWN = 10_000


class Rate:
    """A bucket for each name: it fills at the rate and holds `burst` at most.

    Parameters
    ----------
    per_s : float
        Rate, 1/s; 0 lets everything pass.
    burst : float
        Most that come at once.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s, self._burst, self._clock = per_s, max(burst, 1.0), clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one; 0 if there was one, else how long to wait, s."""
        if self._per_s <= 0:
            return 0.0
        left = self._now(name)
        if left >= 1.0:
            self._left[name] = (left - 1.0, self._clock())
            return 0.0
        return (1.0 - left) / self._per_s

    def empty(self, name: str) -> float:
        """How long until there is one again, s, without taking it; 0 if there is one."""
        if self._per_s <= 0:
            return 0.0
        left = self._now(name)
        return 0.0 if left >= 1.0 else (1.0 - left) / self._per_s

    def _now(self, name: str) -> float:
        at = self._clock()
        if len(self._left) >= _MOST_KNOWN and name not in self._left:
            full = self._burst / self._per_s
            self._left = {n: v for n, v in self._left.items() if at - v[1] < full}
            if len(self._left) >= _MOST_KNOWN:
                self._left.clear()
        left, since = self._left.get(name, (self._burst, at))
        return min(self._burst, left + (at - since) * self._per_s)
