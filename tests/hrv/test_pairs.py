"""Template matches: numpy and the compiled kernel count the same pairs, in every number type."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.metrics import pairs

NUMBA = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="the extra fast is not installed"
)


def slow(x, limit, ok, m):
    """Pairs that agree in m and in m + 1 values, by the definition."""
    short = long = 0
    for i in range(len(x) - m):
        for j in range(i + 1, len(x) - m):
            if ok[i] and ok[j] and all(abs(x[i + k] - x[j + k]) <= limit for k in range(m)):
                short += 1
                long += abs(x[i + m] - x[j + m]) <= limit
    return short, long


@st.composite
def series(draw, dtypes=(np.int16, np.int32, np.int64, np.float64)):
    dtype = draw(st.sampled_from(dtypes))
    n, seed = draw(st.integers(6, 40)), draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, draw(st.sampled_from((2, 9, 200))), n).astype(dtype)
    ok = rng.random(n) < draw(st.sampled_from((0.7, 1.0)))
    return x, ok, draw(st.integers(1, 3))


def spans(x, m):
    lo = np.array([0, 2, 0])
    return lo, np.array([x.size, x.size, max(m + 2, x.size // 2)])


@settings(max_examples=60, deadline=None)
@given(drawn=series(), limit=st.integers(0, 30))
def test_numpy_counts_what_the_definition_says(drawn, limit):
    x, ok, m = drawn
    lo, hi = spans(x, m)
    short, long = pairs.count_numpy(x, lo, hi, np.full(3, limit, x.dtype), ok, m)
    for j, (a, b) in enumerate(zip(lo, hi, strict=True)):
        assert (short[j], long[j]) == slow(x[a:b].astype(float), limit, ok[a:b], m)


@NUMBA
@settings(max_examples=30, deadline=None)
@given(drawn=series(dtypes=(np.int16, np.float64)), limit=st.integers(0, 30))
def test_the_kernel_counts_the_same(drawn, limit):
    from hrv.metrics._kernel import count_compiled

    x, ok, m = drawn
    asked = (x, *spans(x, m), np.full(3, limit, x.dtype), ok, m)
    for a, b in zip(count_compiled(*asked), pairs.count_numpy(*asked), strict=True):
        assert a.tolist() == b.tolist()


@NUMBA
@pytest.mark.parametrize("spread", [40, 2**15 - 1])
def test_the_kernel_counts_many_lags_and_the_widest_values(spread):
    from hrv.metrics._kernel import count_compiled

    rng = np.random.default_rng(spread)
    x = rng.integers(0, spread, 700, endpoint=True).astype(np.int16)
    x[:2] = 0, spread
    limit = np.array([spread, spread // 5, 0], np.int16)
    asked = (x, np.array([0, 0, 100]), np.array([700, 259, 700]), limit, np.ones(700, bool), 2)
    counts = count_compiled(*asked)
    assert counts[0][0] == 698 * 697 // 2
    for a, b in zip(counts, pairs.count_numpy(*asked), strict=True):
        assert a.tolist() == b.tolist()


def test_numpy_counts_alike_in_blocks(monkeypatch):
    x = np.random.default_rng(0).integers(0, 50, 300).astype(np.int16)
    ok = np.random.default_rng(1).random(300) < 0.9
    asked = (x, np.array([0]), np.array([300]), np.array([9], np.int16), ok, 2)
    whole = pairs.count_numpy(*asked)
    monkeypatch.setattr(pairs, "BLOCK", 1000)
    assert [v.tolist() for v in pairs.count_numpy(*asked)] == [v.tolist() for v in whole]
