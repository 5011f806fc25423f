"""Every metric outside the spectrum equals its slow twin, on recordings of every kind."""

import numpy as np
import oracles
import oracles_metrics
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.metrics import METRICS
from hrv.metrics.base import MetricSettings
from hrv.types import Windows
from hrv.windows import spans

PLAIN = MetricSettings()
TWINS = [m for m in METRICS if m.name in oracles_metrics.FORMULAS]
SPECTRAL = {m.name for m in METRICS if "lf" in m.columns or "peak_lf" in m.columns}
BY_NAME = pytest.mark.parametrize("metric", TWINS, ids=lambda m: m.name)


def test_every_metric_has_a_twin():
    """Those of the spectrum are compared with scipy's and closed forms in test_spectral."""
    known = {*oracles.FORMULAS, *oracles_metrics.FORMULAS, *SPECTRAL}
    assert {m.name for m in METRICS} == known


def check(metric, nn, where):
    column = metric.family(nn, where, PLAIN).values[:, metric.columns.index(metric.name)]
    for j in range(len(where)):
        slow = oracles_metrics.metric(
            metric.name, nn, int(where.lo[j]), int(where.hi[j]),
            float(where.start_s[j]), float(where.stop_s[j]),
        )  # fmt: skip
        assert column[j] == pytest.approx(slow, rel=1e-9, abs=1e-6, nan_ok=True)


@BY_NAME
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_equals_its_slow_twin(metric, data):
    # the correlation sum compares equals with <=: only whole numbers are equal in both twins
    units = ("ms",) if metric.name == "correlation_dimension" else ("ms", "ticks", "us")
    nn = data.draw(strategies.nn_series(least=20, most=130, units=units))
    low, high = nn.rr.begin_s[0], nn.rr.t_s[-1]
    start = low + (high - low) * np.array([data.draw(st.floats(0, 0.5)) for _ in range(2)])
    check(metric, nn, spans(nn, start, start + (high - low) * data.draw(st.floats(0.3, 1))))


@pytest.mark.parametrize("name", ["sdann", "sdnn_index", "triangular_index", "tinn"])
def test_long_windows_equal_their_slow_twin(name):
    metric = next(m for m in METRICS if m.name == name)
    nn = strategies.long_series(seed=3, n=2600)
    check(metric, nn, spans(nn, [0.0, 210.5], [2000.0, 1710.0]))


@pytest.mark.parametrize("name", ["dfa_alpha2", "multiscale_entropy", "correlation_dimension"])
def test_windows_of_a_few_hundred_beats_equal_their_slow_twin(name):
    metric = next(m for m in METRICS if m.name == name)
    nn = strategies.long_series(seed=5, n=700)
    where = Windows(np.zeros(2), np.ones(2), np.array([0, 90]), np.array([350, 310]))
    check(metric, nn, where)
