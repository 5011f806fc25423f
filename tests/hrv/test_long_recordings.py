"""Long recordings are computed by stretches: the same numbers, and memory that stays bounded."""

import subprocess
import sys

import numpy as np
import pytest
import strategies

from hrv.clean import CLEANERS, clean
from hrv.metrics import METRICS, engine
from hrv.metrics.base import MetricSettings
from hrv.metrics.engine import evaluate
from hrv.metrics.sums import PART
from hrv.simulate import simulate
from hrv.types import RRSeries
from hrv.windows import grid, spans

SETTINGS = MetricSettings(force=True)


def in_parts(monkeypatch, nn, where, metrics=METRICS):
    whole = evaluate(nn, where, metrics, SETTINGS)
    monkeypatch.setattr(engine, "MOST_BEATS", PART)
    return whole, evaluate(nn, where, metrics, SETTINGS)


def check_same(whole, parts):
    assert np.array_equal(whole.reasons, parts.reasons)
    assert np.array_equal(whole.forced, parts.forced)
    for name in ("n", "pairs", "coverage", "corrected"):
        a, b = (getattr(result.support, name) for result in (whole, parts))
        assert a == pytest.approx(b, rel=1e-12, abs=1e-12), name
    for j, metric in enumerate(whole.metrics):
        a, b = whole.values[:, j], parts.values[:, j]
        if metric.rounding:
            assert a == pytest.approx(b, rel=metric.rounding, abs=1e-9, nan_ok=True), metric.name
        else:
            assert np.array_equal(a, b, equal_nan=True), metric.name


def test_every_metric_is_the_same_by_stretches(monkeypatch):
    nn = strategies.long_series(seed=1, n=3 * PART)
    check_same(*in_parts(monkeypatch, nn, grid(nn, 360, 600)))


def test_windows_in_any_order_over_gaps_are_the_same_by_stretches(monkeypatch):
    rr = np.rint(np.random.default_rng(2).normal(850, 40, 3 * PART))
    t = RRSeries.from_ms(rr).t_s + 86_400.0 * (np.arange(rr.size) // 5000)
    nn = clean(RRSeries.from_ms(rr, t_s=t), "moving_median")
    start = np.random.default_rng(3).uniform(-10, t[-1], 300)
    start[:50] = t[5000] - 86_400 - np.arange(50) * 7  # windows that end in a gap, or lie in it
    where = spans(nn, start, start + 120)
    few = tuple(m for m in METRICS if m.name in {"sdnn", "rmssd", "nn50", "hf", "dfa_alpha1"})
    check_same(*in_parts(monkeypatch, nn, where, few))


def test_floats_are_the_same_bit_for_bit_by_stretches(monkeypatch):
    rr = np.random.default_rng(4).normal(850, 40, 3 * PART)
    nn = clean(RRSeries.from_ms(rr), "none")
    few = tuple(m for m in METRICS if m.name in {"mean_nn", "sdnn", "rmssd", "sd2"})
    whole, parts = in_parts(monkeypatch, nn, grid(nn, 300, 60), few)
    assert np.array_equal(whole.values, parts.values)


@pytest.mark.parametrize("cleaner", [c for c in CLEANERS if c.reach], ids=lambda c: c.name)
@pytest.mark.parametrize("seed", [0, 1])
def test_cleaning_by_stretches_gives_the_same_verdicts(monkeypatch, cleaner, seed):
    series = simulate(seed, duration="10h").series
    whole = clean(series, cleaner.name)
    monkeypatch.setattr(sys.modules["hrv.clean"], "MOST_BEATS", 7000)
    parts = clean(series, cleaner.name)
    assert np.array_equal(whole.rr.flag, parts.rr.flag)
    assert np.array_equal(whole.nn_ms, parts.nn_ms)
    assert np.array_equal(whole.joined, parts.joined)
    assert np.array_equal(whole.filled_ms, parts.filled_ms)
    assert whole.settings == parts.settings
    assert parts.method == cleaner.name


YEAR = """
import resource, numpy as np, hrv
rr = np.empty(37_000_000)
for a in range(0, rr.size, 1_000_000):
    rr[a : a + 1_000_000] = np.random.default_rng(a).integers(700, 1001, 1_000_000)
series = hrv.RRSeries.from_ms(rr)
del rr
nn = hrv.clean(series, METHOD)
table = hrv.windows(nn, "5min", "1min", ["rmssd", "sdnn", "mean_hr", "hf"])
assert len(table) > 500_000 and table["rmssd"].notna().all() and table["hf"].notna().all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured in KiB on Linux")
@pytest.mark.parametrize("method", ["none", "lipponen_tarvainen"])
def test_a_year_of_beats_stays_under_2_gib(method):
    code = YEAR.replace("METHOD", repr(method))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2.0
