"""The compiled twin of `hrv.metrics.pairs.count_numpy`; importing it needs numba and a second."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from hrv.metrics.sums import running
from hrv.types import Bool, Int

numba: Any = importlib.import_module("numba")


def _count(x, lo, hi, limit, ok, m, short, long):  # type: ignore[no-untyped-def]  # numba infers
    # along each diagonal: bytes of "these two values agree", and-ed with their followers; no
    # branch inside and only local buffers, so that the compiler uses vector instructions
    most = (hi - lo).max()
    near, agree = np.empty(most, np.uint8), np.empty(most, np.uint8)
    usable = np.empty(most, np.uint8)
    for w in range(lo.size):
        n, top, own = hi[w] - lo[w], limit[w], x[lo[w] : hi[w]]
        for i in range(n):
            usable[i] = np.uint8(ok[lo[w] + i])
        some_pairs, more_pairs = np.int64(0), np.int64(0)
        for lag in range(1, n - m):
            later = own[lag:]
            for i in range(n - lag):
                apart = own[i] - later[i]
                near[i] = np.uint8((apart <= top) & (apart >= -top))
            some, more = np.int32(0), np.int32(0)
            for i in range(n - lag - m):
                agree[i] = near[i] & usable[i] & usable[i + lag]
            for k in range(1, m):
                for i in range(n - lag - m):
                    agree[i] &= near[i + k]
            for i in range(n - lag - m):
                some += np.int32(agree[i])
                more += np.int32(agree[i] & near[i + m])
            some_pairs += some
            more_pairs += more
        short[w], long[w] = some_pairs, more_pairs


def _count_whole(x, lo, hi, limit, short, long):  # type: ignore[no-untyped-def]
    # the usual case, m = 2, no template left out and values below 2**15 in two bytes: faster by
    # a half.  -limit <= a - b <= limit is one comparison of unsigned numbers (what lies below
    # wraps round to a large one); agreements are added up in bytes, 255 lags at a time
    most = (hi - lo).max()
    near = np.zeros(most, np.uint8)
    some, more = np.zeros(most, np.uint8), np.zeros(most, np.uint8)
    next_near, third_near = near[1:], near[2:]
    for w in range(lo.size):
        n, top, own = hi[w] - lo[w], limit[w], x[lo[w] : hi[w]]
        twice = np.uint16(top + top)
        short[w] = long[w] = 0
        for lag in range(1, n - 2):
            later = own[lag:]
            for i in range(n - lag):
                near[i] = np.uint8(np.uint16(own[i] - later[i] + top) <= twice)
            for i in range(n - lag - 2):
                both = near[i] & next_near[i]
                some[i] += both
                more[i] += both & third_near[i]
            if lag % 255 == 0 or lag == n - 3:
                for i in range(n):
                    short[w] += some[i]
                    long[w] += more[i]
                    some[i] = more[i] = 0


_compiled = numba.njit(cache=True, nogil=True)(_count)
_compiled_whole = numba.njit(cache=True, nogil=True)(_count_whole)


def count_compiled(
    x: npt.NDArray[Any], lo: Int, hi: Int, limit: npt.NDArray[Any], ok: Bool, m: int
) -> tuple[Int, Int]:
    """Count agreeing pairs of windows of one series; see `hrv.metrics.pairs.count_numpy`."""
    short, long = np.zeros(lo.size, np.int64), np.zeros(lo.size, np.int64)
    out = running(~ok)
    whole = (out[hi - m] == out[lo]) & (m == 2) & (x.dtype == np.int16)
    x = np.ascontiguousarray(x)
    for rows in (np.flatnonzero(whole), np.flatnonzero(~whole)):
        if rows.size == 0:
            continue
        spans, some, more = (lo[rows], hi[rows]), short[rows], long[rows]
        if whole[rows[0]]:
            _compiled_whole(x.view(np.uint16), *spans, limit[rows].astype(np.uint16), some, more)
        else:
            _compiled(x, *spans, limit[rows], ok, m, some, more)
        short[rows], long[rows] = some, more
    return short, long
