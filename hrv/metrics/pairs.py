"""Compare all templates of a window with each other: numpy, or a compiled kernel where it pays.

Both paths count the same integers; `hrv._compiled` says which is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv._compiled import kernel
from hrv.types import Bool, Float, Int, Windows

SAVED_S = 5e-10
"""What the kernel saves a comparison, s."""
BLOCK = 4_000_000
"""Comparisons that numpy makes at a time: bounds the memory."""


def matches(
    values: Float | Int,
    windows: Windows,
    limit: Float,
    valid: Bool,
    m: int,
    scale: int,
    wanted: Bool,
) -> tuple[Int, Int]:
    """Count pairs of templates that agree in m and in m + 1 values.

    Parameters
    ----------
    values : int64[n] or float64[n]
        Intervals.
    windows : Windows
        k spans.
    limit : float64[k]
        Largest difference that agrees, in the values' unit.
    valid : bool[n]
        A template of (m + 1) * scale intervals may begin here.
    m, scale : int
        Template length, and intervals averaged to one value.
    wanted : bool[k]
        False leaves a window out (zero counts).

    Returns
    -------
    short, long : int64[k]
        Pairs, each counted once, of the templates that have a value after their m.
    """
    short, long = np.zeros(len(windows), np.int64), np.zeros(len(windows), np.int64)
    rows = np.flatnonzero(wanted & (windows.n // scale > m + 1))
    if rows.size == 0:
        return short, long
    x, ok, lo, hi = _coarse(values, valid, windows.lo[rows], windows.hi[rows], scale)
    x, largest = _narrow(x, limit[rows] * scale)
    compiled = kernel("hrv.metrics._kernel", SAVED_S * float(((hi - lo) ** 2).sum()))
    count = compiled.count_compiled if compiled else count_numpy
    short[rows], long[rows] = count(x, lo, hi, largest, ok, m)
    return short, long


def _coarse(
    values: Float | Int, valid: Bool, lo: Int, hi: Int, scale: int
) -> tuple[Float | Int, Bool, Int, Int]:
    """Add up `scale` neighbours from each window's first interval, the windows one by one."""
    if scale == 1:
        first, last = int(lo.min()), int(hi.max())
        return values[first:last], valid[first:last], lo - first, hi - first
    size = (hi - lo) // scale
    stop: Int = np.cumsum(size)
    x: Any = np.empty(int(stop[-1]), values.dtype)
    ok = np.empty(x.size, np.bool_)
    for a, b, n in zip(lo.tolist(), stop.tolist(), size.tolist(), strict=True):
        x[b - n : b] = values[a : a + n * scale].reshape(n, scale).sum(axis=1)
        ok[b - n : b] = valid[a : a + n * scale : scale]
    return x, ok, stop - size, stop


def _narrow(x: Float | Int, limit: Float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Express values and limits in the smallest type that compares them alike."""
    if x.dtype != np.int64:
        return x, limit
    low, spread = int(x.min()), int(np.ptp(x))
    whole = np.minimum(np.floor(limit), spread)
    for dtype in (np.int16, np.int32):
        if spread <= np.iinfo(dtype).max:
            return (x - low).astype(dtype), whole.astype(dtype)
    return x - low, whole.astype(np.int64)


def count_numpy(
    x: npt.NDArray[Any], lo: Int, hi: Int, limit: npt.NDArray[Any], ok: Bool, m: int
) -> tuple[Int, Int]:
    """Count agreeing pairs of windows: (of m values, of m + 1 values), int64[k] each.

    Parameters
    ----------
    x : array[n]
        Values.
    lo, hi : int64[k]
        Spans of m + 2 values or more.
    limit : array[k] of x's type
        Largest difference that agrees.
    ok : bool[n]
        Templates that may be used.
    m : int
        Shorter length.
    """
    spans = zip(lo.tolist(), hi.tolist(), limit, strict=True)
    counts = [_count_one(x[a:b], r, ok[a : b - m], m) for a, b, r in spans]
    both = np.array(counts, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _count_one(x: npt.NDArray[Any], limit: Any, ok: Bool, m: int) -> tuple[int, int]:
    templates, every = x.size - m, bool(ok.all())
    short = long = 0
    for first, last in _blocks(templates):
        near = np.abs(x[first : last + m, None] - x[None, first:]) <= limit
        agree = near[: last - first, : templates - first].copy()
        for k in range(1, m):
            agree &= near[k : last - first + k, k : templates - first + k]
        if not every:
            agree &= ok[first:last, None] & ok[None, first:]
        longer = agree & near[m : last - first + m, m:]
        size = last - first
        short += _above(agree, size)
        long += _above(longer, size)
    return short, long


def _above(agree: Bool, size: int) -> int:
    """Pairs i < j of a block whose first `size` columns are its own rows."""
    square = agree[:, :size]
    inside = int(np.count_nonzero(square)) - int(np.count_nonzero(square.diagonal()))
    return inside // 2 + int(np.count_nonzero(agree[:, size:]))


def _blocks(templates: int) -> Iterator[tuple[int, int]]:
    rows = max(1, BLOCK // max(templates, 1))
    for first in range(0, templates, rows):
        yield first, min(first + rows, templates)


def mean_log_share(
    values: Float | Int,
    windows: Windows,
    limit: Float,
    valid: Bool,
    length: int,
    wanted: Bool,
) -> Float:
    """Mean logarithm of the share of templates that agree with each, itself included.

    Parameters
    ----------
    values, windows, limit, wanted
        As in `matches`.
    valid : bool[n]
        A template of `length` intervals may begin here.
    length : int
        Of the templates.

    Returns
    -------
    float64[k]
        NaN where a window has no template.
    """
    out = np.full(len(windows), np.nan)
    rows = np.flatnonzero(wanted & (windows.n >= length))
    if rows.size == 0:
        return out
    x, ok, lo, hi = _coarse(values, valid, windows.lo[rows], windows.hi[rows], 1)
    x, largest = _narrow(x, limit[rows])
    for j, a, b, r in zip(rows.tolist(), lo.tolist(), hi.tolist(), largest, strict=True):
        own_ok = ok[a : b - length + 1]
        counts = agreeing(x[a:b], r, own_ok, length)[own_ok]
        if counts.size:
            out[j] = np.log(counts / counts.size).mean()
    return out


def agreeing(x: npt.NDArray[Any], limit: Any, ok: Bool, length: int) -> Int:
    """int64[n - length + 1]: templates that agree with each, itself included."""
    templates = x.size - length + 1
    counts = np.empty(templates, np.int64)
    for first, last in _blocks(templates):
        rows = last - first
        near = np.abs(x[first : last + length - 1, None] - x[None, :]) <= limit
        agree = near[:rows, :templates].copy()
        for k in range(1, length):
            agree &= near[k : rows + k, k : templates + k]
        agree &= ok[None, :]
        counts[first:last] = np.count_nonzero(agree, axis=1)
    return counts
