"""Windows: membership, grids, coverage, durations, and the two tables."""

import json
import math
import timeit
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import oracles
import pandas as pd
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv._spans import _before
from hrv._units import seconds, words
from hrv.clean import clean
from hrv.errors import InputError, NotComputableError
from hrv.metrics import METRICS
from hrv.metrics.base import MetricSettings
from hrv.types import RRSeries
from hrv.windows import coverage, grid, spans, summary, whole, windows

EVEN = np.tile([1000.0, 980.0, 1010.0, 1005.0, 995.0], 80)


def kept(rr_ms, **given_):
    return clean(RRSeries.from_ms(rr_ms, **given_), "none")


# which intervals a window holds ----------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(nn=strategies.nn_series(most=80), data=st.data())
def test_a_grid_holds_what_the_slow_twin_says(nn, data):
    width = data.draw(st.sampled_from((0.9, 5.0, 20.0)))
    step = data.draw(st.sampled_from((0.1, 1.0, 7.3)))
    where = grid(nn, width, step)
    for j in range(0, len(where), max(1, len(where) // 20)):
        inside = oracles.members(nn, where.start_s[j], where.stop_s[j])
        assert inside == list(range(where.lo[j], where.hi[j]))


@settings(max_examples=100, deadline=None)
@given(nn=strategies.nn_series(most=80), data=st.data())
def test_coverage_equals_the_slow_twin(nn, data):
    low, high = nn.rr.begin_s[0] - 10, nn.rr.t_s[-1] + 10
    start = np.array([low + (high - low) * data.draw(st.floats(0, 1)) for _ in range(5)])
    where = spans(nn, start, start + data.draw(st.sampled_from((0.2, 3.0, 60.0))))
    fast = coverage(nn, where)
    for j in range(len(where)):
        slow = oracles.coverage(nn, where.start_s[j], where.stop_s[j])
        assert fast[j] == pytest.approx(slow, abs=1e-9)


def test_a_window_is_half_open_and_both_beats_lie_in_it():
    nn = kept(np.full(20, 1000.0))
    where = spans(nn, [0.0, 0.5, 3.0], [10.0, 10.5, 10.001])
    assert where.lo.tolist() == [0, 1, 3]  # a beat on the start is in
    assert where.hi.tolist() == [9, 10, 10]  # a beat on the stop is not


def test_the_whole_holds_every_interval():
    nn = kept(EVEN)
    assert (whole(nn).lo[0], whole(nn).hi[0]) == (0, len(EVEN))
    assert coverage(nn, whole(nn))[0] == pytest.approx(1.0)


@pytest.mark.parametrize("step", [0.1, 1 / 3, 1.0, 0.7])
def test_beats_on_an_edge_are_not_lost_to_rounding(step):
    nn = kept(np.full(3000, 100.0 * 3))
    where = grid(nn, 30.0, step)
    edge = np.rint(where.start_s * 1e6) % 300_000 == 0  # starts on a beat: 100 beats, 99 intervals
    assert edge.any()
    assert set(where.n[edge]) == {99}


def test_a_grid_starts_at_the_first_beat_and_stays_inside():
    nn = kept(EVEN, t_s=RRSeries.from_ms(EVEN).t_s + 77.25)
    where = grid(nn, 60, 10)
    assert where.start_s[0] == 77.25
    assert (np.diff(where.start_s) == 10).all()
    assert where.stop_s[-1] <= nn.rr.t_s[-1] < where.stop_s[-1] + 10


def test_cleaning_does_not_move_the_grid():
    rr = EVEN.copy()
    rr[0], rr[-1] = 200.0, 5000.0
    series = RRSeries.from_ms(rr)
    one, two = (grid(clean(series, how), 60, 10) for how in ("none", "range"))
    assert np.array_equal(one.start_s, two.start_s)


def test_a_recording_as_long_as_the_window_holds_one():
    assert len(grid(kept(np.full(60, 1000.0)), 60, 1)) == 1
    assert len(grid(kept(np.full(59, 1000.0)), 60, 1)) == 0


@settings(max_examples=40, deadline=None)
@given(nn=strategies.nn_series(most=100, units=("ms",)), cut=st.integers(1, 99))
def test_a_recording_cut_short_gives_the_same_first_windows(nn, cut):
    """No window knows its neighbours: dropping the end of a recording leaves the others alone."""
    series = nn.rr
    cut = min(cut, len(series))
    short = RRSeries(series.rr_ms[:cut], series.t_s[:cut], series.flag[:cut])
    wide, narrow = (clean(s, "range") for s in (series, short))
    if narrow.rr.duration_s < 10:
        return
    one, two = (windows(n, 10, 3, None, force=True) for n in (wide, narrow))
    pd.testing.assert_frame_equal(one.iloc[: len(two)], two)


@pytest.mark.parametrize(
    ("width", "step"), [(0, 1), (-5, 1), (60, 0), (math.inf, 1), (60, math.nan)]
)
def test_a_grid_without_size_is_refused(width, step):
    with pytest.raises(InputError, match="above zero"):
        grid(kept(EVEN), width, step)


def test_a_step_that_makes_too_many_windows_is_refused():
    with pytest.raises(InputError, match="take a longer step"):
        grid(kept(EVEN), 60, 1e-6)


@pytest.mark.parametrize(
    ("start", "stop"), [([5], [5]), ([5], [4]), ([math.nan], [4]), ([1, 2], [3])]
)
def test_spans_without_extent_are_refused(start, stop):
    with pytest.raises(InputError):
        spans(kept(EVEN), start, stop)


# durations -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5min", 300), ("1s", 1), ("90s", 90), ("1h", 3600), ("7d", 604800), ("1.5 h", 5400),
        ("1h30min", 5400), ("500ms", 0.5), (" 2 Minutes ", 120), (".5s", 0.5), ("60", 60),
        (60, 60), (0.25, 0.25), (timedelta(minutes=2), 120), ("1w", 604800), ("0d", 0),
    ],
)  # fmt: skip
def test_durations_are_read(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text", ["", "min", "5 parsecs", "-5s", "5min 3", "1e3s", "five", math.nan, -1, True, "inf"]
)
def test_what_is_no_duration_is_refused_by_name(text):
    with pytest.raises(InputError, match="width"):
        seconds(text, "width")


@pytest.mark.parametrize(
    ("value", "text"),
    [(60, "60 s"), (240, "240 s"), (600, "600 s"), (1200, "20 min"), (5400, "90 min"),
     (86400, "24 h"), (604800, "7 d"), (3599.365, "3599 s"), (99.8, "99.8 s")],
)  # fmt: skip
def test_durations_are_written_for_people(value, text):
    assert words(value) == text


# the tables ------------------------------------------------------------------------------------


def test_the_table_has_the_fixed_columns():
    table = windows(kept(EVEN), "5min", "10s", metrics=["rmssd", "sdnn"])
    assert list(table.columns) == [
        "start_s", "stop_s", "n", "coverage", "rmssd", "sdnn", "corrected", "flag", "reason",
    ]  # fmt: skip
    assert (table["reason"] == "").all()
    assert (table["flag"] == "").all()
    assert isinstance(table.index, pd.RangeIndex)
    assert table.attrs["units"]["rmssd"] == "ms"
    assert table.attrs["settings"]["width_s"] == 300
    assert table.attrs["settings"]["clean"] == "none"
    json.dumps(table.attrs)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Berlin")])
def test_the_index_is_the_start_time_if_the_clock_is_known(zone):
    start = datetime(2024, 10, 27, 2, 58, tzinfo=zone)  # the clocks go back in Berlin at 3:00
    table = windows(kept(EVEN, start=start), "1min", "30s", ["mean_hr"])
    assert isinstance(table.index, pd.DatetimeIndex)
    assert table.index.name == "start"
    assert table.index[0] == pd.Timestamp(start)
    assert set(np.diff(table.index.to_numpy())) == {np.timedelta64(30, "s")}


def test_a_window_too_short_for_a_metric_is_refused_in_words():
    table = windows(kept(EVEN), 60, 10, ["sdnn", "rmssd"])
    assert table["sdnn"].isna().all()
    assert table["rmssd"].notna().all()
    assert set(table["reason"]) == {
        "sdnn: 60 s window is shorter than the 240 s that sdnn needs (force computes it anyway)"
    }


def test_force_computes_it_and_labels_it():
    table = windows(kept(EVEN), 60, 10, ["sdnn", "rmssd"], force=True)
    assert table["sdnn"].notna().all()
    assert (table["reason"] == "").all()
    assert set(table["flag"]) == {"sdnn: forced on less than the 240 s it needs"}
    also = windows(kept(EVEN), 60, 10, ["sdnn"], settings=MetricSettings(force=True))
    assert np.array_equal(also["sdnn"], table["sdnn"])
    assert also.attrs["settings"]["force"] is True


def test_metrics_refused_for_one_cause_share_a_clause():
    rr = np.tile(EVEN, 4)
    t = np.cumsum(rr) / 1000 + 200.0 * (np.arange(rr.size) >= 200)
    table = windows(kept(rr, t_s=t), "5min", "10s", ["sdnn", "rmssd"])
    why = "sdnn, rmssd: normal intervals cover less than 80 % of the window"
    assert set(table["reason"]) == {"", why}
    assert (table["rmssd"].isna() == (table["reason"] == why)).all()


def test_corrected_beats_are_flagged_above_5_percent():
    rr = EVEN.copy()
    rr[300::10] = 250.0
    table = windows(clean(RRSeries.from_ms(rr), "range"), "1min", "10s", ["mean_hr"])
    care = "corrected: more than 5 % of the intervals were removed as artefacts"
    assert set(table["flag"]) == {"", care}
    assert ((table["flag"] == care) == (table["corrected"] > 0.05)).all()
    assert table["mean_hr"].notna().all()


def test_a_recording_shorter_than_the_window_says_so():
    with pytest.raises(NotComputableError, match=r"20\.0 s holds no window of 300 s"):
        windows(kept(np.full(20, 1000.0)))


def test_the_summary_is_the_window_over_everything():
    nn = kept(EVEN)
    row = summary(nn)
    assert list(row.index) == [
        "start_s", "stop_s", "n", "coverage", *[m.name for m in METRICS], "corrected",
    ]  # fmt: skip
    assert row["n"] == EVEN.size
    assert row["sdnn"] == pytest.approx(EVEN.std(ddof=1), rel=1e-12)
    assert set(row.attrs["reasons"]) == set(row.index[row.isna()])
    assert row.attrs["flags"] == []
    assert row.dtype == np.float64
    assert summary(nn, ["sdnn", "rmssd"]).attrs["reasons"] == {}


def test_the_summary_of_a_short_recording_refuses_sdnn_and_says_why():
    row = summary(kept(EVEN[:100]), ["sdnn", "rmssd"])
    assert math.isnan(row["sdnn"])
    assert row["rmssd"] > 0
    why = "99.8 s recording is shorter than the 240 s that sdnn needs (force computes it anyway)"
    assert row.attrs["reasons"] == {"sdnn": why}
    forced = summary(kept(EVEN[:100]), ["sdnn"], force=True)
    assert forced.attrs["flags"] == ["sdnn: forced on less than the 240 s it needs"]


def test_the_summary_of_a_recording_with_a_lost_hour_is_refused():
    t = np.cumsum(EVEN) / 1000 + 3600.0 * (np.arange(EVEN.size) >= 200)
    row = summary(kept(EVEN, t_s=t), "mean_hr")
    assert math.isnan(row["mean_hr"])
    assert row["coverage"] == pytest.approx(0.1, abs=0.01)
    assert "cover less than 80 % of the recording" in row.attrs["reasons"]["mean_hr"]


def test_tables_survive_csv_and_json():
    table = windows(kept(EVEN, start=datetime(2024, 1, 1, tzinfo=UTC)), 60, 60, ["rmssd"])
    assert len(table.to_csv().splitlines()) == len(table) + 1
    assert len(json.loads(table.reset_index().to_json(orient="records"))) == len(table)


def test_a_day_at_every_second_takes_a_fraction_of_a_second():
    rr = np.rint(860 + 40 * np.sin(np.arange(100_000) * 0.7))
    nn = clean(RRSeries.from_ms(rr))
    names = ["rmssd", "sdnn", "mean_hr", "pnn50"]
    assert len(windows(nn, "5min", "1s", names)) > 85_000
    assert min(timeit.repeat(lambda: windows(nn, "5min", "1s", names), number=1, repeat=3)) < 0.5


@pytest.mark.parametrize("step_s", [1.0, 0.3, 0.77, 1 / 3])
@pytest.mark.parametrize("first_s", [0.0, 1e-6, 123.456, 1.7e9])
def test_edges_on_a_grid_are_met_where_a_search_would_meet_them(step_s, first_s):
    rng = np.random.default_rng(5)
    edge = first_s + np.arange(2000) * step_s
    # times anywhere, on edges, a rounding beside them, before the first and after the last
    beside = np.nextafter(edge[::7], np.where(np.arange(edge[::7].size) % 2, np.inf, -np.inf))
    far = first_s + np.array([-50.0, -1e-9, 3000 * step_s])
    times = np.sort(np.concatenate((rng.uniform(edge[0], edge[-1], 900), edge[::5], beside, far)))
    for some in (times, times[:1], times[times > edge[50]]):
        assert np.array_equal(_before(some, edge), np.searchsorted(some, edge))
