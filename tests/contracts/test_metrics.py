"""Every entry of METRICS keeps one contract; a newcomer in the table is held to it for free."""

import json
import math
import re

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import hrv.metrics
from hrv.metrics import METRICS, select
from hrv.metrics.base import Block, Metric, MetricSettings, Reason
from hrv.metrics.engine import evaluate
from hrv.types import NNSeries, RRSeries, Windows
from hrv.windows import grid, spans, summary, whole, windows

UNITS = {"ms", "ms²", "ln ms", "%", "bpm", "Hz", "count", "beats", "breaths/min", "1"}
PLAIN = MetricSettings()


def alone(nn, lo, hi):
    """The intervals of one window as a series of their own."""
    joined = nn.joined[lo:hi].copy()
    joined[:1] = False
    t = nn.t_s[lo:hi]
    own = (nn.filled_t_s > t[0]) & (nn.filled_t_s < t[-1])
    return NNSeries(
        nn.nn_ms[lo:hi], t, joined, nn.filled_ms[own], nn.filled_t_s[own], nn.rr, "slice"
    )


def shifted(nn, by_s):
    rr = RRSeries(nn.rr.rr_ms, nn.rr.t_s + by_s, nn.rr.flag)
    return NNSeries(
        nn.nn_ms, nn.t_s + by_s, nn.joined, nn.filled_ms, nn.filled_t_s + by_s, rr, nn.method
    )


def random_windows(nn, draw):
    """Up to six windows anywhere, overlapping, unordered, empty ones among them."""
    low, high = nn.rr.begin_s[0] - 5, nn.rr.t_s[-1] + 5
    share = st.floats(0, 1, allow_nan=False)
    start = np.array([low + (high - low) * draw(share) for _ in range(draw(st.integers(1, 6)))])
    width = np.array([draw(st.sampled_from((0.5, 5.0, 30.0, 300.0))) for _ in start])
    return spans(nn, start, start + width)


# the contract, one check a clause ---------------------------------------------------------------


def check_catalogued(metric):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    assert metric.unit in UNITS
    assert metric.min_s > 0
    assert metric.min_beats >= 1
    assert "doi:10." in metric.source
    assert metric.summary
    assert not metric.summary.endswith(".")
    assert metric.name in metric.columns
    assert metric.family.__doc__
    assert "Returns" in metric.family.__doc__


def check_alone(metric, nn, where):
    """A window's value is that of its intervals alone: bit for bit where they are integers.

    Metrics of float sums state in `rounding` how far they may differ.
    """
    block = metric.family(nn, where, PLAIN)
    column = metric.columns.index(metric.name)
    exact = metric.rounding == 0 and (nn.nn_ms == np.rint(nn.nn_ms)).all()
    close = max(metric.rounding, 1e-9)
    for j in range(len(where)):
        lo, hi = int(where.lo[j]), int(where.hi[j])
        if lo == hi:
            assert math.isnan(block.values[j, column])
            continue
        own = alone(nn, lo, hi)
        window = Windows(where.start_s[j : j + 1], where.stop_s[j : j + 1], [0], [hi - lo])
        single = metric.family(own, window, PLAIN)
        assert block.reasons[j, column] == single.reasons[0, column]
        value, other = block.values[j, column], single.values[0, column]
        if exact:
            assert np.array_equal(value, other, equal_nan=True)
        else:
            assert value == pytest.approx(other, rel=close, abs=1e-5, nan_ok=True)


def check_nan_has_reason(metric, nn, where):
    """NaN exactly where there is a reason, in the family and after the rules of validity."""
    block = metric.family(nn, where, PLAIN)
    assert block.values.shape == block.reasons.shape == (len(where), len(metric.columns))
    assert np.array_equal(np.isnan(block.values), block.reasons != Reason.OK)
    for force in (False, True):
        result = evaluate(nn, where, (metric,), MetricSettings(force=force))
        assert np.array_equal(np.isnan(result.values), result.reasons != Reason.OK)
        assert not np.isinf(result.values).any()
        short = where.width_s < metric.min_s - 1e-9  # rounding of stop - start
        if not force:
            assert (result.reasons[short, 0] == Reason.TOO_SHORT).all()
            assert not result.forced.any()
        assert np.array_equal(result.forced[:, 0], short & ~np.isnan(result.values[:, 0]))


def check_shift(metric, nn, by_s=4096.0):
    """The moment a recording starts does not matter (a power of two shifts without rounding)."""
    moved = shifted(nn, by_s)
    base = metric.family(nn, whole(nn), PLAIN)
    after = metric.family(moved, whole(moved), PLAIN)
    assert np.array_equal(base.reasons, after.reasons)
    column = metric.columns.index(metric.name)
    value, other = base.values[0, column], after.values[0, column]
    if metric.rounding == 0:
        assert np.array_equal(value, other, equal_nan=True)
    else:  # 0.812 s and 4096.812 s are not rounded alike
        assert value == pytest.approx(other, rel=max(metric.rounding, 1e-6), abs=1e-5, nan_ok=True)


def check_tables(metric, nn):
    """Both tables carry the metric, its unit, and its reason where it is NaN; attrs are JSON."""
    row = summary(nn, metric.name)
    assert row.attrs["units"][metric.name] == metric.unit
    assert math.isnan(row[metric.name]) == (metric.name in row.attrs["reasons"])
    json.dumps(row.attrs)
    if nn.rr.duration_s > 12:
        table = windows(nn, 10, 2, [metric.name])
        named = table["reason"].str.contains(rf"\b{metric.name}\b.*:")
        assert (table[metric.name].isna() == named).all()
        assert table.attrs["units"][metric.name] == metric.unit
        json.dumps(table.attrs)


BY_NAME = pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)


@BY_NAME
def test_is_catalogued_with_unit_length_source_and_summary(metric):
    check_catalogued(metric)


@BY_NAME
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_window_equals_its_intervals_alone(metric, data):
    nn = data.draw(strategies.nn_series())
    check_alone(metric, nn, random_windows(nn, data.draw))


@BY_NAME
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_is_nan_exactly_where_a_reason_is_given(metric, data):
    nn = data.draw(strategies.nn_series())
    check_nan_has_reason(metric, nn, random_windows(nn, data.draw))


@BY_NAME
@settings(max_examples=15, deadline=None)
@given(nn=strategies.nn_series())
def test_does_not_depend_on_when_the_recording_starts(metric, nn):
    check_shift(metric, nn)


@BY_NAME
@settings(max_examples=10, deadline=None)
@given(nn=strategies.nn_series())
def test_appears_in_both_tables_with_unit_and_reason(metric, nn):
    check_tables(metric, nn)


def test_names_are_unique_and_families_list_their_columns():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert set(metric.columns) <= set(names)


# a newcomer: one family, one line in the table -------------------------------------------------


def middle(nn, windows, settings):
    """Median interval of every window, ms.

    Returns
    -------
    Block
        float64[k, 1].
    """
    del settings
    spans_ = zip(windows.lo, windows.hi, strict=True)
    return Block.of([np.array([np.median(nn.nn_ms[a:b]) if b > a else np.nan for a, b in spans_])])


NEWCOMER = Metric(
    "median_nn", "ms", 10.0, 1, "Nobody 2000, doi:10.0/none", "median of the NN intervals",
    middle, ("median_nn",),
)  # fmt: skip


@pytest.fixture
def newcomer(monkeypatch):
    monkeypatch.setattr(hrv.metrics, "METRICS", (*METRICS, NEWCOMER))
    return NEWCOMER


def test_a_newcomer_needs_one_line_in_the_table(newcomer):
    nn = NNSeries(*_plain(np.tile([800.0, 830.0, 790.0], 60)))
    check_catalogued(newcomer)
    check_alone(newcomer, nn, grid(nn, 20, 3))
    check_nan_has_reason(newcomer, nn, grid(nn, 5, 3))
    check_shift(newcomer, nn)
    check_tables(newcomer, nn)
    assert summary(nn)["median_nn"] == 800.0
    assert set(windows(nn, 30, 10, ["median_nn"])["median_nn"]) == {800.0}
    assert select()[-1] is newcomer


def _plain(rr):
    series = RRSeries.from_ms(rr)
    nothing = np.empty(0)
    return series.rr_ms, series.t_s, np.arange(rr.size) > 0, nothing, nothing, series, "none"
