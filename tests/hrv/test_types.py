"""The values of the road refuse what cannot be, and stay as they were made."""

from datetime import UTC, datetime

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.clean import clean
from hrv.errors import InputError
from hrv.types import Episode, Flag, NNSeries, RRSeries, Windows, cumulative_s


@pytest.mark.parametrize(
    ("rr", "says"),
    [
        ([], "at least one"),
        ([800, np.nan], r"interval 2 of 2 \(nan\) is not a finite number"),
        ([800, -5, 800], r"interval 2 of 3 \(-5\) is not positive"),
        ([0.0], "is not positive"),
        ([800, 65000], r"\(65000\) ms is longer than 10 s: a gap or a wrong unit"),
        ([[800, 810]], "one-dimensional"),
    ],
)
def test_impossible_intervals_are_named(rr, says):
    with pytest.raises(InputError, match=says):
        RRSeries.from_ms(np.array(rr, dtype=float))


def test_arrays_are_copied_and_cannot_be_written():
    rr = np.array([800.0, 810.0])
    series = RRSeries.from_ms(rr)
    rr[0] = 1.0
    assert series.rr_ms[0] == 800.0
    for array in (series.rr_ms, series.t_s, series.flag):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_start_without_zone_is_refused():
    with pytest.raises(InputError, match="no time zone"):
        RRSeries.from_ms([800], start=datetime(2024, 1, 1))


@pytest.mark.parametrize("t_s", [[0.8, 0.7], [0.8, 1.0]])
def test_beats_that_overlap_or_run_backwards_are_refused(t_s):
    with pytest.raises(InputError, match="overlap"):
        RRSeries.from_ms([800, 800], t_s=t_s)


def test_lost_time_is_flagged_as_a_gap_and_rounding_is_not():
    series = RRSeries.from_ms([800, 800, 800, 800], t_s=[0.8, 1.601, 2.4, 9.0])
    assert series.flag.tolist() == [0, 0, 0, Flag.GAP]
    assert series.begin_s.tolist() == pytest.approx([0, 0.8, 1.601, 8.2])
    assert series.duration_s == pytest.approx(9.0)


@settings(max_examples=50, deadline=None)
@given(k=st.lists(st.integers(300, 2000), min_size=1, max_size=500))
def test_running_sums_of_ms_and_ticks_do_not_drift(k):
    ms = np.array(k, dtype=float)
    assert cumulative_s(ms)[-1] == sum(k) / 1000
    assert cumulative_s(ms * 1000 / 1024)[-1] == sum(k) / 1024


@settings(max_examples=50, deadline=None)
@given(series=strategies.rr_series())
def test_beats_without_loss_begin_where_the_last_ended(series):
    follows = (series.flag[1:] & Flag.GAP) == 0
    assert np.array_equal(series.begin_s[1:][follows], series.t_s[:-1][follows])
    assert (series.begin_s[1:] >= series.t_s[:-1] - 0.002).all()


def test_the_first_nn_interval_is_joined_to_nothing():
    series = RRSeries.from_ms([800.0])
    nothing = np.empty(0)
    with pytest.raises(InputError, match="joined"):
        NNSeries(series.rr_ms, series.t_s, np.array([True]), nothing, nothing, series, "none")


@settings(max_examples=50, deadline=None)
@given(nn=strategies.nn_series())
def test_nn_intervals_begin_where_the_recorded_ones_do(nn):
    index = np.searchsorted(nn.rr.t_s, nn.t_s)
    assert nn.begin_s == pytest.approx(nn.rr.begin_s[index], abs=1e-9)


def test_the_corrected_share_counts_what_was_removed():
    nn = clean(RRSeries.from_ms([800.0, 100.0, 800.0, 800.0]), "range")
    assert nn.corrected_share == 0.25


def test_windows_pair_their_arrays():
    with pytest.raises(InputError, match="one length"):
        Windows(np.zeros(2), np.ones(2), np.zeros(2, int), np.ones(1, int))


def test_an_episode_needs_extent_and_a_zone():
    with pytest.raises(InputError, match="ends"):
        Episode("stroop", 10.0, 10.0)
    with pytest.raises(InputError, match="finite"):
        Episode("stroop", np.nan, 10.0)
    with pytest.raises(InputError, match="no time zone"):
        Episode("stroop", 0.0, 10.0, start=datetime(2024, 1, 1))
    assert Episode("stroop", 0.0, 10.0, start=datetime(2024, 1, 1, tzinfo=UTC)).label == "stroop"
