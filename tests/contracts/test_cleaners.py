"""Every entry of CLEANERS keeps one contract: raw values stay, corrections are flags."""

import json

import numpy as np
import pytest
import strategies
from hypothesis import given, settings

from hrv.clean import CLEANERS, clean
from hrv.clean.base import CleanSettings
from hrv.types import CORRECTED, Flag, RRSeries

BY_NAME = pytest.mark.parametrize("cleaner", CLEANERS, ids=lambda c: c.name)


def recorded_index(nn):
    """Where each NN interval stands in the recording."""
    return np.searchsorted(nn.rr.t_s, nn.t_s)


@BY_NAME
def test_is_catalogued(cleaner):
    assert cleaner.summary
    assert cleaner.apply.__doc__
    assert [c.name for c in CLEANERS].count(cleaner.name) == 1


@BY_NAME
@settings(max_examples=60, deadline=None)
@given(series=strategies.rr_series(most=250))
def test_keeps_raw_values_and_flags_what_it_removes(cleaner, series):
    nn = cleaner.apply(series, CleanSettings())
    assert np.array_equal(nn.rr.rr_ms, series.rr_ms)
    assert np.array_equal(nn.rr.t_s, series.t_s)
    assert np.array_equal(nn.rr.flag & series.flag, series.flag)
    index = recorded_index(nn)
    assert np.array_equal(nn.nn_ms, series.rr_ms[index])
    removed = np.setdiff1d(np.arange(len(series)), index)
    assert ((nn.rr.flag[removed] & CORRECTED) != 0).all()
    assert ((nn.rr.flag[index] & CORRECTED) == 0).all()
    json.dumps(dict(nn.settings))
    assert nn.method == cleaner.name


@BY_NAME
@settings(max_examples=60, deadline=None)
@given(series=strategies.rr_series(most=250))
def test_joins_only_intervals_with_nothing_removed_or_lost_between(cleaner, series):
    nn = cleaner.apply(series, CleanSettings())
    index = recorded_index(nn)
    for i in range(len(nn)):
        follows = i > 0 and index[i] == index[i - 1] + 1
        lost = bool(series.flag[index[i]] & (Flag.GAP | Flag.SUSPECT))
        assert nn.joined[i] == (follows and not lost)


@BY_NAME
@settings(max_examples=60, deadline=None)
@given(series=strategies.rr_series(most=250))
def test_stand_ins_lie_in_the_holes_and_nowhere_else(cleaner, series):
    nn = cleaner.apply(series, CleanSettings())
    assert (nn.filled_ms > 0).all()
    assert (np.diff(nn.filled_t_s) > 0).all()
    # every stand-in ends inside (or at the end of) a removed interval
    at = np.searchsorted(series.t_s, nn.filled_t_s - 1e-9)
    assert ((nn.rr.flag[at] & CORRECTED) != 0).all()
    assert (nn.filled_t_s > series.begin_s[at] - 1e-9).all()


@BY_NAME
@pytest.mark.parametrize("rr_ms", [250.0 / 256 * 1000, 1000.0, 601.5, 1500.0])
@pytest.mark.parametrize("n", [1, 2, 3, 11, 200])
def test_leaves_a_constant_rhythm_alone(cleaner, rr_ms, n):
    nn = cleaner.apply(RRSeries.from_ms(np.full(n, rr_ms)), CleanSettings())
    assert len(nn) == n
    assert nn.filled_ms.size == 0


@BY_NAME
def test_leaves_a_short_clean_series_alone(cleaner):
    nn = clean(RRSeries.from_ms([812, 790, 805]), cleaner.name)
    assert nn.nn_ms.tolist() == [812, 790, 805]
    assert nn.joined.tolist() == [False, True, True]


@BY_NAME
def test_never_pairs_across_a_gap_or_a_suspected_loss(cleaner):
    flag = np.zeros(20, np.uint16)
    flag[5], flag[9] = Flag.GAP, Flag.SUSPECT
    rr = np.tile([800.0, 820.0, 790.0, 810.0], 5)
    nn = clean(RRSeries.from_ms(rr, flag=flag), cleaner.name)
    assert np.flatnonzero(~nn.joined).tolist() == [0, 5, 9]
