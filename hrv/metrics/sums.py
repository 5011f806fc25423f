"""Sums over many windows at once: one running sum, two look-ups a window.

Whole numbers of ms, of 1/1024 s ticks or of microseconds are summed as int64, so that a
window's sums are exact and cannot depend on what lies outside it.  Other values are summed in
floats about a local centre, afresh every `PART` intervals: rounding then grows with the part,
not with the recording (running sums over 30 days lose six digits in a quiet tail).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
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

    def ms(self, values: Float) -> Float:
        """Express results in this unit in ms."""
        return values if self.per_ms == 1.0 else values / self.per_ms


def lattice(nn_ms: Float) -> Lattice:
    """Express intervals as integers of the coarsest unit that holds them exactly.

    Parameters
    ----------
    nn_ms : float64[n]
        Intervals, ms.
    """
    for per_ms in LATTICES:
        units = nn_ms * per_ms if per_ms != 1.0 else nn_ms
        whole = np.rint(units)
        # decimal microseconds (0.812123 s) are no binary fractions: four roundings are allowed
        decimal = per_ms == 1000.0
        slack = 4 * np.finfo(np.float64).eps * whole if decimal else 0.0
        if ((np.abs(units - whole) <= slack) if decimal else (units == whole)).all():
            return Lattice(whole.astype(np.int64), per_ms)
    return Lattice(nn_ms, 1.0)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of k windows over the values used, in the values' own unit; made when asked for.

    Parameters
    ----------
    n : int64[k]
        Values used in each window.
    make_mean, make_square, make_deviation : callable
        What the properties of those names give.
    """

    n: Int
    make_mean: Callable[[], Float]
    make_square: Callable[[], Float]
    make_deviation: Callable[[], Float]

    @cached_property
    def mean(self) -> Float:
        """float64[k]: mean of the values; NaN where n is 0."""
        return self.make_mean()

    @cached_property
    def square(self) -> Float:
        """float64[k]: squares about zero if ``about_zero``, else about a centre of no meaning."""
        return self.make_square()

    @cached_property
    def deviation(self) -> Float:
        """float64[k]: sum of squares about the window's own mean; 0 where n is 0."""
        return self.make_deviation()

    def sd(self) -> Float:
        """float64[k]: standard deviation with ddof = 1; NaN where n < 2."""
        return _root(ratio(self.deviation, self.n - 1))

    def root_mean_square(self) -> Float:
        """float64[k]: root of the mean square about zero; NaN where n is 0."""
        return _root(ratio(self.square, self.n))


def _root(fresh: Float) -> Float:
    return np.sqrt(fresh, out=fresh)


def successive(values: Values) -> Values:
    """Difference of each value from the one before; 0 for the first."""
    out = np.zeros_like(values)
    np.subtract(values[1:], values[:-1], out=out[1:])
    return out


def running(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sum of all values before each index: length n + 1, starting at 0."""
    dtype = np.float64 if values.dtype == np.float64 else np.int64
    out = np.empty(values.size + 1, dtype=dtype)
    out[0] = 0
    np.cumsum(values, out=out[1:], dtype=dtype)
    return out


def count(mask: Bool, lo: Int, hi: Int) -> Int:
    """int64[k]: true entries of `mask` in each span ``[lo, hi)``; 0 for an empty one."""
    if _all(mask, lo):
        return np.asarray(np.maximum(hi - lo, 0), dtype=np.int64)
    sums = running(mask)
    return np.asarray(sums.take(np.maximum(hi, lo)) - sums.take(lo), dtype=np.int64)


def _all(mask: Bool, lo: Int) -> bool:
    """Tell whether `mask` holds from the first span on: nothing is then to be counted."""
    return lo.size > 0 and bool(mask[int(lo.min()) :].all())


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
    if used is not None and _all(used, lo):
        used = None
    n = hi - lo
    if n.size and int(n.min()) < 0:
        hi = np.maximum(hi, lo)
        n = hi - lo
    if used is not None:
        n = count(used, lo, hi)
    if values.dtype == np.int64:
        centre = 0 if about_zero or not values.size else int(np.rint(values.mean()))
        x = np.asarray(values - centre if centre else values, dtype=np.int64)
        x = x if used is None else np.where(used, x, 0)
        if _fits(x, n):
            return _exact(x, lo, hi, n, centre)
    return _anchored(np.asarray(values, np.float64), lo, hi, n, used, about_zero=about_zero)


def _fits(x: Int, n: Int) -> bool:
    peak = max(abs(int(x.min())), abs(int(x.max()))) if x.size else 0
    return peak * peak * (int(n.max()) if n.size else 0) < EXACT


def _exact(x: Int, lo: Int, hi: Int, n: Int, centre: int) -> Moments:
    # the running sums may wrap around in int64: a window's difference is exact all the same
    def between(values: Int) -> Int:
        sums = running(values)
        out = sums.take(hi)
        out -= sums.take(lo)
        return np.asarray(out)

    @cache
    def first() -> Int:
        return between(x)

    @cache
    def second() -> Int:
        return between(x * x)

    def mean() -> Float:
        return ratio(first() + n * centre, n)

    def deviation() -> Float:
        s, q = first(), second()
        apart = n * q
        apart -= s * s
        out = ratio(apart, n)
        # where the product leaves int64 it is taken in floats: 1e-12 relative, windows of weeks
        if q.size and float(q.max()) * float(n.max()) >= EXACT:
            large = n.astype(np.float64) * q.astype(np.float64) >= EXACT
            out = np.where(large, q - s * ratio(s, n), out)
        return np.where(n > 0, out, 0.0) if n.size and n.min() <= 0 else out

    return Moments(n, mean, lambda: second().astype(np.float64), deviation)


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
    return Moments(n, lambda: mean, lambda: square, lambda: deviation)


def _parts(lo: Int, hi: Int) -> Iterator[tuple[Int, int, int]]:
    """Group spans by where they begin: (indices of the spans, first value, one past the last)."""
    part = lo // PART
    order = np.argsort(part, kind="stable")
    edges = np.flatnonzero(np.diff(part[order])) + 1
    for group in np.split(order, edges):
        if group.size:
            yield group, int(lo[group].min()), int(hi[group].max())
