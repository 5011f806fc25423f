"""The compiled twin of `hrv.clean.rolling.quantiles_numpy`; importing it needs numba."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from hrv.types import Float

numba: Any = importlib.import_module("numba")


def _quantiles(values, half, shares, out):  # type: ignore[no-untyped-def]  # numba infers
    # the window stays sorted: one value goes, one comes, and only what lies between them moves;
    # ranks are counted, not searched for, because counting has no branch and is vectorised
    n, held = values.size, 0
    ordered = np.empty(2 * half + 1)
    for i in range(-half, n):
        if i > half:
            old, at = values[i - half - 1], 0
            for m in range(held):
                at += ordered[m] < old
            held -= 1
            if i + half >= n:
                for m in range(at, held):
                    ordered[m] = ordered[m + 1]
        else:
            at = held
        if i + half < n:
            new, to = values[i + half], 0
            for m in range(held + (i > half)):
                to += ordered[m] < new
            if to > at:
                to -= 1
                for m in range(at, to):
                    ordered[m] = ordered[m + 1]
            else:
                for m in range(at, to, -1):
                    ordered[m] = ordered[m - 1]
            ordered[to] = new
            held += 1
        if i >= 0:
            for k in range(shares.size):
                place = shares[k] * (held - 1)
                below = np.int64(place)
                low = ordered[below]
                high = ordered[below + 1] if below + 1 < held else low
                out[k, i] = low + (high - low) * (place - below)


_compiled = numba.njit(cache=True, nogil=True)(_quantiles)


def quantiles_compiled(values: Float, width: int, shares: tuple[float, ...]) -> Float:
    """Quantiles of a centred sliding window; see `hrv.clean.rolling.rolling_quantiles`."""
    out = np.empty((len(shares), values.size))
    _compiled(np.ascontiguousarray(values), width // 2, np.array(shares, np.float64), out)
    return out
