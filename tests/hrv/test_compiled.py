"""When compiled kernels are used, and that they give what numpy gives."""

import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hrv
from hrv import _compiled
from hrv.errors import InputError, MissingExtraError
from hrv.metrics.spectral.periodogram import Segments, shared_powers

HERE = importlib.util.find_spec("numba") is not None
NUMBA = pytest.mark.skipif(not HERE, reason="the extra fast is not installed")
NAME = "hrv.metrics._kernel"


@pytest.fixture
def fresh(monkeypatch):
    """A process that has loaded no kernel and asks for nothing."""
    monkeypatch.delenv(_compiled.SETTING, raising=False)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    monkeypatch.setattr(_compiled, "_lost", {})
    return monkeypatch


@NUMBA
def test_a_process_loads_a_kernel_once_it_has_lost_what_loading_costs(fresh):
    assert _compiled.kernel(NAME, 0.6) is None
    assert _compiled.kernel(NAME, 0.6) is not None
    assert _compiled.kernel(NAME, 0.0) is not None


@NUMBA
def test_of_a_kernel_with_other_bits_the_work_at_hand_decides_alone(fresh):
    for _ in range(3):
        assert _compiled.kernel(NAME, 0.6, same_bits=False) is None
    assert _compiled.kernel(NAME, 1.2, same_bits=False) is not None
    assert _compiled.kernel(NAME, 0.6, same_bits=False) is None


def test_the_environment_decides_where_it_is_set(fresh):
    fresh.setenv(_compiled.SETTING, "never")
    assert _compiled.kernel(NAME, 1e9) is None
    fresh.setenv(_compiled.SETTING, "always")
    if HERE:
        assert _compiled.kernel(NAME, 0.0, same_bits=False) is not None
    fresh.setenv(_compiled.SETTING, "perhaps")
    with pytest.raises(InputError, match="HRV_KERNELS is 'perhaps'; it must be auto, always or"):
        _compiled.kernel(NAME, 0.0)


def test_without_numba_numpy_does_the_work_unless_the_kernels_were_asked_for(fresh):
    fresh.setattr(importlib.util, "find_spec", lambda name: None)
    assert _compiled.kernel(NAME, 1e9) is None
    fresh.setenv(_compiled.SETTING, "always")
    with pytest.raises(MissingExtraError, match=r"HRV_KERNELS=always.*hrv-recovery\[fast\]"):
        _compiled.kernel(NAME, 0.0)


@NUMBA
def test_windows_that_numpy_takes_long_for_get_the_kernel_of_welch(fresh):
    name = "hrv.metrics.spectral._kernel"
    fresh.delitem(sys.modules, name, raising=False)
    rng = np.random.default_rng(5)
    nn = hrv.clean(hrv.RRSeries.from_ms(rng.normal(850, 30, 1000).round()), "none")
    slow = hrv.windows(nn, "5min", "1s", ["lf", "hf"])
    assert name not in sys.modules
    fresh.setattr(_compiled, "LOADING_S", 1e-4)
    fast = hrv.windows(nn, "5min", "1s", ["lf", "hf"])
    assert name in sys.modules
    assert len(fast) > 500
    assert fast[["lf", "hf"]].to_numpy() == pytest.approx(slow[["lf", "hf"]].to_numpy(), rel=1e-12)


def transformed(segments, means, weights):
    """Weighted powers of each segment by its own fast transform."""
    out, taper = [], 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segments.size) / segments.size)
    for a, low, high, mean in zip(segments.first, segments.low, segments.high, means, strict=True):
        x = segments.value_ms[a : a + segments.size] - mean
        x[:low] = x[high:] = 0.0
        out.append(np.abs(np.fft.rfft(taper * x)[: len(weights)]) ** 2 @ weights)
    return np.array(out)


@NUMBA
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    size=st.sampled_from((48, 64, 256)),
    step=st.sampled_from((1, 4, 8, 16)),
    first_bin=st.integers(0, 3),
    left_out=st.sampled_from((0.0, 0.3)),
)
def test_powers_of_overlapping_segments_are_those_of_transforms(
    seed, size, step, first_bin, left_out
):
    from hrv.metrics.spectral._kernel import powers_compiled

    rng = np.random.default_rng(seed)
    at = np.arange(0, 130 * step, step)
    at = at[rng.random(at.size) >= left_out]
    ends = rng.integers(0, size // 10 + 1, (2, at.size))
    x = 850 + 40 * np.sin(np.arange(131 * step + size)) + rng.normal(0, 20, 131 * step + size)
    segments = Segments(x, at, ends[0], size - ends[1], size)
    weights = rng.random((size // 4, 3)) * (np.arange(size // 4) >= first_bin)[:, None]
    means = segments.means()
    expected = transformed(segments, means, weights)
    for powers in (shared_powers, powers_compiled):
        assert powers(segments, means, weights) == pytest.approx(expected, rel=1e-11)
