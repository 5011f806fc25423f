"""Sums over many windows at once: one running sum, two look-ups a window.

Whole numbers of ms, of 1/1024 s ticks or of microseconds are summed as int64, so that a
window's sums are exact and cannot depend on what lies outside it.  Other values are summed in
floats about a local centre, afresh every `PART` intervals: rounding then grows with the part,
not with the recording (running sums over 30 days lose six digits in a quiet tail).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.metrics.base import ratio
from hrv.types import Bool, Float, Int

PART = 4096
"""Intervals after which float sums start afresh."""
EXACT = 2**62
"""Integer products up to here are exact in int64 with a bit to spare."""
LATTICES = (1.0, 1.024, 1000.0)
"""Units per ms that intervals may be whole numbers of: ms, 1/1024 s ticks, microseconds."""

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lattice:
    """Intervals in a unit of their own: integers where the recording allows, else ms.

    Parameters
    ----------
    values : int64[n] or float64[n]
        Intervals in the unit.
    per_ms : float
        Units in one ms.
    """

    values: Values
    per_ms: float


def lattice(nn_ms: Float) -> Lattice:
    """Express intervals as integers of the coarsest unit that holds them exactly.

    Parameters
    ----------
    nn_ms : float64[n]
        Intervals, ms.
    """
    for per_ms in LATTICES:
        units = nn_ms * per_ms
        whole = np.rint(units)
        # decimal microseconds (0.812123 s) are no binary fractions: four roundings are allowed
        slack = 4 * np.finfo(np.float64).eps * whole if per_ms == 1000.0 else 0.0
        if (np.abs(units - whole) <= slack).all():
            return Lattice(whole.astype(np.int64), per_ms)
    return Lattice(nn_ms, 1.0)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of k windows over the values used, in the values' own unit.

    Parameters
    ----------
    n : int64[k]
        Values used in each window.
    mean : float64[k]
        Their mean; NaN where n is 0.
    square : float64[k]
        Sum of squares about zero if ``about_zero``, else about a centre of no meaning.
    deviation : float64[k]
        Sum of squares about the window's own mean; 0 where n is 0.
    """

    n: Int
    mean: Float
    square: Float
    deviation: Float

    def sd(self) -> Float:
        """float64[k]: standard deviation with ddof = 1; NaN where n < 2."""
        return np.asarray(np.sqrt(ratio(self.deviation, self.n - 1)))

    def root_mean_square(self) -> Float:
        """float64[k]: root of the mean square about zero; NaN where n is 0."""
        return np.asarray(np.sqrt(ratio(self.square, self.n)))


def running(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sum of all values before each index: length n + 1, starting at 0."""
    dtype = np.float64 if values.dtype == np.float64 else np.int64
    out = np.empty(values.size + 1, dtype=dtype)
    out[0] = 0
    np.cumsum(values, out=out[1:], dtype=dtype)
    return out


def count(mask: Bool, lo: Int, hi: Int) -> Int:
    """int64[k]: true entries of `mask` in each span ``[lo, hi)``; 0 for an empty one."""
    sums = running(mask)
    return np.asarray(sums[np.maximum(hi, lo)] - sums[lo], dtype=np.int64)


def moments(
    values: Values, lo: Int, hi: Int, used: Bool | None = None, *, about_zero: bool = False
) -> Moments:
    """Sum `values` and their squared deviations over each span ``[lo, hi)``.

    Parameters
    ----------
    values : int64[n] or float64[n]
        In one unit; see `lattice`.
    lo, hi : int64[k]
        Spans; one with ``hi <= lo`` is empty.
    used : bool[n], optional
        False leaves a value out (a difference that is not between neighbours).
    about_zero : bool
        For differences, whose mean is near zero: `Moments.square` is then their own.
    """
    hi = np.maximum(hi, lo)
    n = hi - lo if used is None else count(used, lo, hi)
    if values.dtype == np.int64:
        centre = 0 if about_zero or not values.size else int(np.rint(values.mean()))
        x = np.asarray(values - centre, dtype=np.int64)
        x = x if used is None else np.where(used, x, 0)
        if _fits(x, n):
            return _exact(x, lo, hi, n, centre)
    return _anchored(np.asarray(values, np.float64), lo, hi, n, used, about_zero=about_zero)


def _fits(x: Int, n: Int) -> bool:
    peak, most = (int(a.max()) if a.size else 0 for a in (np.abs(x), n))
    return peak * peak * most < EXACT


def _exact(x: Int, lo: Int, hi: Int, n: Int, centre: int) -> Moments:
    # the running sums may wrap around in int64: a window's difference is exact all the same
    first, second = running(x), running(x * x)
    s, q = first[hi] - first[lo], second[hi] - second[lo]
    deviation = ratio(n * q - s * s, n)
    # where the product leaves int64 it is taken in floats: 1e-12 relative, for windows of weeks
    large = n.astype(np.float64) * q.astype(np.float64) >= EXACT
    if large.any():
        deviation = np.where(large, q - s * ratio(s, n), deviation)
    return Moments(
        n, ratio(s + n * centre, n), q.astype(np.float64), np.where(n > 0, deviation, 0.0)
    )


def _anchored(
    x: Float, lo: Int, hi: Int, n: Int, used: Bool | None, *, about_zero: bool
) -> Moments:
    mean, square, deviation = np.full(lo.size, np.nan), np.zeros(lo.size), np.zeros(lo.size)
    for part, first, last in _parts(lo, hi):
        piece = x[first:last]
        mask = np.ones(piece.size, np.bool_) if used is None else used[first:last]
        centre = 0.0 if about_zero or not mask.any() else float(piece[mask].mean())
        about = np.where(mask, piece - centre, 0.0)
        sums, squares = running(about), running(about * about)
        a, b, k = lo[part] - first, hi[part] - first, n[part]
        s, q = sums[b] - sums[a], np.maximum(squares[b] - squares[a], 0.0)
        shift = np.where(k > 0, s / np.maximum(k, 1), 0.0)
        mean[part] = np.where(k > 0, shift + centre, np.nan)
        square[part] = q
        deviation[part] = np.maximum(q - s * shift, 0.0)
    return Moments(n, mean, square, deviation)


def _parts(lo: Int, hi: Int) -> Iterator[tuple[Int, int, int]]:
    """Group spans by where they begin: (indices of the spans, first value, one past the last)."""
    part = lo // PART
    order = np.argsort(part, kind="stable")
    edges = np.flatnonzero(np.diff(part[order])) + 1
    for group in np.split(order, edges):
        if group.size:
            yield group, int(lo[group].min()), int(hi[group].max())
