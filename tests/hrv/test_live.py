"""The stream gives the rows of batch, whatever the order in which the beats come."""

import math
import time
import timeit

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.clean import CLEANERS, clean
from hrv.errors import InputError, NotComputableError
from hrv.live import Stream
from hrv.metrics import METRICS
from hrv.simulate import Artefacts, simulate
from hrv.types import RRSeries
from hrv.windows import windows

EXACT = ("mean_nn", "sdnn", "mean_hr", "rmssd", "ln_rmssd", "sdsd", "pnn50", "sd1", "sd2")
METHODS = [c.name for c in CLEANERS if c.reach is not None]


def batch(series, width, step, method, **other):
    try:
        table = windows(clean(series, method), width, step, EXACT, **other)
    except NotComputableError:
        return []
    return table.reset_index(drop=True).to_dict("records")


def streamed(series, width, step, method, order=None, **other):
    stream = Stream(width, step, EXACT, clean=method, **other)
    rows = []
    for i in range(len(series)) if order is None else order:
        rows += stream.add(series.rr_ms[i], series.t_s[i], int(series.flag[i]))
    return rows + stream.finish(), stream


def same(rows, expected):
    assert len(rows) == len(expected)
    for row, other in zip(rows, expected, strict=True):
        assert list(row) == list(other)
        for name, value in row.items():
            if isinstance(value, float) and math.isnan(value):
                assert math.isnan(other[name]), name
            else:
                assert value == other[name], (name, row["start_s"])


def spoil(series, data):
    rr = series.rr_ms.copy()
    for _ in range(data.draw(st.integers(0, 8))):
        i = data.draw(st.integers(0, rr.size - 1))
        rr[i] = np.rint(data.draw(st.sampled_from((0.4, 0.7, 1.4, 2.0))) * series.rr_ms[i])
    lost_s = series.t_s - RRSeries.from_ms(series.rr_ms).t_s
    return RRSeries.from_ms(rr, t_s=RRSeries.from_ms(rr).t_s + lost_s)


# the same rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(series=strategies.rr_series(units=("ms",), most=250), data=st.data())
def test_rows_are_those_of_batch_bit_for_bit_on_whole_ms(method, series, data):
    series = spoil(series, data)
    width = data.draw(st.sampled_from((5, 30, 60)))
    step = data.draw(st.sampled_from((1, 7, 90)))
    every = data.draw(st.sampled_from((1, 8, 50)))
    force = data.draw(st.booleans())
    rows, _ = streamed(series, width, step, method, every=every, force=force)
    same(rows, batch(series, width, step, method, force=force))


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_hours_with_artefacts_and_gaps_are_those_of_batch(method):
    spoils = Artefacts(bursts_per_h=20.0, gaps_per_h=20.0, drops=((1000.0, 1500.0),))
    series = simulate(3, duration="2h", artefacts=spoils).series
    rows, _ = streamed(series, 60, 5, method)
    same(rows, batch(series, 60, 5, method))


def test_every_metric_of_the_catalogue_is_that_of_batch():
    series = simulate(5, duration="20min", artefacts=Artefacts(gaps_per_h=6.0)).series
    names = [metric.name for metric in METRICS]
    table = windows(clean(series), 300, 60, names, force=True)
    stream = Stream(300, 60, names, force=True)
    rows = [row for i in range(len(series)) for row in stream.add(series.rr_ms[i], series.t_s[i])]
    rows += stream.finish()
    assert len(rows) == len(table)
    for name in names:
        ours = [row[name] for row in rows]
        assert ours == pytest.approx(table[name].tolist(), rel=1e-9, nan_ok=True), name


def test_beats_without_a_time_follow_each_other_as_in_batch():
    rr = np.rint(np.random.default_rng(1).normal(800, 40, 500))
    for unit in (1.0, 1000 / 1024):
        stream = Stream(60, 5, EXACT)
        rows = [row for value in rr for row in stream.add(value * unit)] + stream.finish()
        same(rows, batch(RRSeries.from_ms(rr * unit), 60, 5, "lipponen_tarvainen"))


def test_rows_agree_to_rounding_where_intervals_are_no_integers():
    rr = np.random.default_rng(2).normal(800, 40, 600)
    series = RRSeries.from_ms(rr)
    rows, _ = streamed(series, 60, 5, "lipponen_tarvainen")
    expected = batch(series, 60, 5, "lipponen_tarvainen")
    assert len(rows) == len(expected)
    for name in EXACT:
        ours, theirs = [r[name] for r in rows], [r[name] for r in expected]
        assert ours == pytest.approx(theirs, rel=1e-9, nan_ok=True)


# late and corrected beats -----------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(series=strategies.rr_series(units=("ms",), least=60, most=200), seed=st.integers(0, 999))
def test_beats_late_within_the_horizon_change_nothing(series, seed):
    shuffled = np.argsort(series.t_s + np.random.default_rng(seed).uniform(0, 4.9, len(series)))
    rows, stream = streamed(series, 30, 5, "malik", order=shuffled.tolist(), horizon="5s")
    assert stream.n_refused == 0
    same(rows, batch(series, 30, 5, "malik"))


def test_a_correction_within_the_horizon_replaces_the_beat():
    rr = np.tile([800.0, 820.0, 790.0], 60)
    right = RRSeries.from_ms(rr)
    stream = Stream(30, 5, EXACT, clean="none", horizon="5s")
    rows = []
    for i in range(len(right)):
        if i == 50:  # a missed beat, first received as one interval of double length
            rows += stream.add(rr[50] + rr[51], right.t_s[51])
        elif i == 51:
            rows += stream.add(rr[51], right.t_s[51])  # the correction
            rows += stream.add(rr[50], right.t_s[50])  # and the beat that was missed, late
        else:
            rows += stream.add(rr[i], right.t_s[i])
    same(rows + stream.finish(), batch(right, 30, 5, "none"))
    assert stream.n_refused == 0


def test_a_beat_later_than_the_horizon_is_refused_and_its_loss_is_a_gap():
    rr = np.full(120, 800.0)
    series = RRSeries.from_ms(rr)
    stream = Stream(30, 5, EXACT, clean="none", horizon="2s")
    order = [i for i in range(120) if i != 40]
    order.insert(50, 40)
    rows = []
    for i in order:
        rows += stream.add(rr[i], series.t_s[i])
    rows += stream.finish()
    (refused,) = stream.refused
    assert refused.t_s == series.t_s[40]
    assert "horizon is 2 s" in refused.why
    kept = np.arange(120) != 40
    same(rows, batch(RRSeries.from_ms(rr[kept], t_s=series.t_s[kept]), 30, 5, "none"))


def test_a_beat_that_overlaps_the_last_is_refused():
    stream = Stream(10, 1, "mean_nn", clean="none")
    stream.add(800.0, 1.0)
    stream.add(900.0, 1.5)
    stream.add(800.0, 1.8)
    assert [r.t_s for r in stream.refused] == [1.5]
    assert "begins before" in stream.refused[0].why


@pytest.mark.parametrize(
    ("rr_ms", "t_s", "words"),
    [
        (0.0, None, "not between 0"),
        (math.nan, None, "not between 0"),
        (20_000.0, None, "not between 0"),
        (800.0, math.inf, "not a finite number"),
        (800.0, 100_000.0, "begin another"),
    ],
)
def test_what_is_no_interval_is_an_error_and_changes_nothing(rr_ms, t_s, words):
    stream = Stream(10, 1, "mean_nn", clean="none", force=True)
    stream.add(800.0, 1.0)
    with pytest.raises(InputError, match=words):
        stream.add(rr_ms, t_s)
    for _ in range(14):
        stream.add(800.0)
    assert {row["mean_nn"] for row in stream.finish()} == {800.0}


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="for streams is called 'acar'"):
        Stream(clean="acar")
    with pytest.raises(InputError, match="above zero"):
        Stream(step=0)
    with pytest.raises(InputError, match="every is 0"):
        Stream(every=0)
    stream = Stream()
    assert stream.finish() == []
    with pytest.raises(InputError, match="was finished"):
        stream.add(800.0)


# how soon, how fast, how large -----------------------------------------------------------------


def test_a_row_comes_within_the_stated_latency():
    series = simulate(1, duration="20min").series
    stream = Stream(60, 5, EXACT)
    for i in range(len(series)):
        for row in stream.add(series.rr_ms[i], series.t_s[i]):
            ended = int(np.searchsorted(series.t_s, row["stop_s"]))
            assert i - ended <= stream.latency_beats


def test_memory_does_not_grow_with_the_stream():
    stream = Stream(60, 5, EXACT)
    rr = np.rint(np.random.default_rng(7).normal(800, 40, 6000))
    rr[::50] *= 1.9
    sizes = []
    for value in rr:
        stream.add(value)
        sizes.append(stream._buffer._rr.size)
    assert max(sizes) == 1024
    all_wrong = Stream(60, 5, EXACT)  # nothing is kept, so that no neighbour is ever found
    rows = [row for value in np.tile([400.0, 1200.0], 3000) for row in all_wrong.add(value)]
    assert all_wrong._buffer._rr.size <= 4096
    assert len(rows) > 800


def test_a_beat_costs_little_work():
    series = simulate(2, duration="40min").series
    beats = list(zip(series.rr_ms.tolist(), series.t_s.tolist(), strict=True))

    def run():
        stream = Stream("60s", "5s", ["rmssd", "sdnn", "mean_hr", "pnn50"], force=True)
        for rr_ms, t_s in beats:
            stream.add(rr_ms, t_s)

    # the processor's time: other work on the machine does not count
    spent = min(timeit.repeat(run, number=1, repeat=3, timer=time.process_time))
    assert spent / len(beats) < 300e-6  # 100 microseconds is the aim: see make bench
