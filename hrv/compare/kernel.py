"""AR(1) correlation of days any number of days apart, with its derivatives in phi."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrv.types import Float, Int


@dataclass(frozen=True, eq=False)
class Kernel:
    """``phi**lag`` and its derivatives in phi.

    Parameters
    ----------
    r, r1, r2 : float64[n, n]
        Correlation of days, its first and its second derivative.
    """

    r: Float
    r1: Float
    r2: Float


def kernel(lag: Int, phi: float, nugget: float = 0.0) -> Kernel:
    """Return the AR(1) correlation of days `lag` apart and its derivatives; exact at phi = 0.

    With a nugget the correlation of different scores is ``(1 - nugget) phi**lag``, also of two
    of the same day.
    """
    k = np.arange(int(lag.max(initial=0)) + 1, dtype=np.float64)
    power = phi**k
    first, second = np.zeros_like(power), np.zeros_like(power)
    first[1:] = k[1:] * power[:-1]
    second[2:] = k[2:] * (k[2:] - 1) * power[:-2]
    r, r1, r2 = ((1 - nugget) * values[lag] for values in (power, first, second))
    r[np.diag_indices_from(r)] += nugget
    return Kernel(r, r1, r2)
