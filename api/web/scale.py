"""Positions for drawings made in a template: percent of the width, so that they fit any screen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear scale from `low` to `high`, drawn from `left` to `right` (percent)."""

    low: float
    high: float
    left: float = 0.0
    right: float = 100.0

    def at(self, value: float) -> float:
        """Percent at which a value is drawn, held within the drawing."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.left + share * (self.right - self.left), 3)

    def ticks(self, most: int = 7) -> tuple[float, ...]:
        """Round values (1, 2 or 5 times a power of ten) on the scale."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(k * step + 0.0 for k in range(first, last + 1))


def around_zero(values: Iterable[float], room: float = 1.12) -> Scale:
    """Return a scale centred on zero that holds every finite value, with some room."""
    most = max((abs(v) for v in values if math.isfinite(v)), default=0.0) or 1.0
    return Scale(-room * most, room * most)


def around(values: Iterable[float], room: float = 0.12) -> Scale:
    """Return a scale that holds every finite value, with some room."""
    known = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(known), max(known)
    spare = room * (high - low) or 0.5 * abs(low) or 0.5
    return Scale(low - spare, high + spare)
