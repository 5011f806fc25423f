"""Smoothness priors: beside a dense solution, and what they remove and leave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.detrend import smoothness_priors
from hrv.errors import InputError


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(3, 80), smoothness=st.sampled_from((0.5, 10.0, 500.0)), seed=st.integers(0, 999)
)
def test_equals_the_dense_solution(n, smoothness, seed):
    x = np.random.default_rng(seed).normal(800, 50, n)
    second = np.diff(np.eye(n), 2, axis=0)
    trend = np.linalg.solve(np.eye(n) + smoothness**2 * second.T @ second, x)
    assert smoothness_priors(x, smoothness) == pytest.approx(x - trend, abs=1e-6)


def test_a_straight_line_is_all_trend():
    assert np.abs(smoothness_priors(np.linspace(700, 900, 2000))).max() < 1e-6


def test_500_at_4_hz_passes_what_is_faster_than_0_035_hz():
    t = np.arange(4800) / 4
    middle = slice(1200, 3600)
    for hz, low, high in ((0.01, 0.0, 0.03), (0.035, 0.6, 0.8), (0.1, 0.99, 1.01)):
        wave = np.sin(2 * np.pi * hz * t)
        passed = np.std(smoothness_priors(wave)[middle]) / np.std(wave[middle])
        assert low <= passed <= high


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_values_are_all_trend(n):
    assert smoothness_priors(np.full(n, 800.0)).tolist() == [0.0] * n


@pytest.mark.parametrize(
    ("values", "smoothness"),
    [([1.0, np.nan, 2.0], 500), ([[1.0, 2.0]], 500), ([1.0, 2.0, 3.0], 0.0), ([1.0, 2.0], np.inf)],
)
def test_what_is_no_series_or_no_smoothness_is_refused(values, smoothness):
    with pytest.raises(InputError):
        smoothness_priors(np.array(values), smoothness)
