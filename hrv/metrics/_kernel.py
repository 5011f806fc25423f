"""The compiled twin of `hrv.metrics.pairs.count_numpy`; importing it needs numba and a second."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.types import Bool, Int

numba: Any = importlib.import_module("numba")


def _count(x, lo, hi, high, low, ok, m, short, long):  # type: ignore[no-untyped-def]  # numba infers
    # along each diagonal: bytes of "these two values agree", and-ed with their followers; no
    # branch inside and only local buffers, so that the compiler uses vector instructions
    most = (hi - lo).max()
    own, apart = np.empty(most, x.dtype), np.empty(most, x.dtype)
    near, agree = np.empty(most, np.uint8), np.empty(most, np.uint8)
    usable = np.empty(most, np.uint8)
    for w in range(lo.size):
        begin, n, top, bottom = lo[w], hi[w] - lo[w], high[w], low[w]
        whole = True
        for i in range(n):
            own[i] = x[begin + i]
            usable[i] = np.uint8(ok[begin + i])
            whole = whole and (ok[begin + i] or i >= n - m)
        some_pairs, more_pairs = np.int64(0), np.int64(0)
        for lag in range(1, n - m):
            size = n - lag
            for i in range(size):
                apart[i] = own[i] - own[i + lag]
            for i in range(size):
                near[i] = np.uint8((apart[i] <= top) & (apart[i] >= bottom))
            templates = size - m
            some, more = np.int32(0), np.int32(0)
            if m == 2 and whole:  # offsets known beforehand: twice as fast, and the usual case
                for i in range(templates):
                    both = near[i] & near[i + 1]
                    some += np.int32(both)
                    more += np.int32(both & near[i + 2])
            else:
                for i in range(templates):
                    agree[i] = near[i] & usable[i] & usable[i + lag]
                for k in range(1, m):
                    for i in range(templates):
                        agree[i] &= near[i + k]
                for i in range(templates):
                    some += np.int32(agree[i])
                    more += np.int32(agree[i] & near[i + m])
            some_pairs += some
            more_pairs += more
        short[w] = some_pairs
        long[w] = more_pairs


_compiled = numba.njit(cache=True, nogil=True)(_count)


def count_compiled(
    x: npt.NDArray[Any], lo: Int, hi: Int, limit: npt.NDArray[Any], ok: Bool, m: int
) -> tuple[Int, Int]:
    """Count agreeing pairs of windows of one series; see `hrv.metrics.pairs.count_numpy`."""
    short, long = np.zeros(lo.size, np.int64), np.zeros(lo.size, np.int64)
    if lo.size:
        _compiled(np.ascontiguousarray(x), lo, hi, limit, -limit, ok, m, short, long)
    return short, long
