"""`clean` and the methods beside the default: the table, range limits, none, stand-ins."""

import numpy as np
import pytest

from hrv.clean import CLEANERS, clean
from hrv.clean.base import CleanSettings
from hrv.errors import InputError
from hrv.types import Flag, RRSeries

RHYTHM = np.tile([800.0, 820.0, 790.0, 810.0, 805.0], 8)


def test_the_default_is_lipponen_tarvainen():
    assert CLEANERS[0].name == "lipponen_tarvainen"
    assert clean(RRSeries.from_ms(RHYTHM)).method == "lipponen_tarvainen"


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'kubios'.*lipponen_tarvainen, .*range, none"):
        clean(RRSeries.from_ms(RHYTHM), "kubios")


def test_none_keeps_every_interval_whatever_its_flag():
    flag = np.zeros(40, np.uint16)
    flag[7] = Flag.ECTOPIC
    nn = clean(RRSeries.from_ms(np.append(RHYTHM[:-1], 9000.0), flag=flag), "none")
    assert len(nn) == 40
    assert nn.joined[1:].all()


def test_range_removes_what_is_outside_and_keeps_the_limits_themselves():
    rr = RHYTHM.copy()
    rr[[5, 10, 15, 20]] = 299.0, 300.0, 2000.0, 2001.0
    nn = clean(RRSeries.from_ms(rr), "range")
    assert np.flatnonzero(nn.rr.flag == Flag.RANGE).tolist() == [5, 20]
    assert nn.settings == {"low_ms": 300.0, "high_ms": 2000.0}


def test_range_takes_other_limits():
    nn = clean(RRSeries.from_ms(RHYTHM), "range", CleanSettings(low_ms=795, high_ms=815))
    assert sorted(set(nn.nn_ms)) == [800.0, 805.0, 810.0]


@pytest.mark.parametrize(("low", "high"), [(500, 500), (900, 300), (-1, 500), (300, np.inf)])
def test_limits_that_keep_nothing_are_refused(low, high):
    with pytest.raises(InputError, match="low_ms must be below high_ms"):
        CleanSettings(low_ms=low, high_ms=high)


def test_annotations_of_the_device_are_removed_too():
    flag = np.zeros(40, np.uint16)
    flag[[7, 8]] = Flag.ECTOPIC
    nn = clean(RRSeries.from_ms(RHYTHM, flag=flag), "range")
    assert len(nn) == 38
    assert not nn.joined[7]


def test_a_missed_beat_is_split_and_an_extra_one_merged():
    rr = np.concatenate((RHYTHM[:20], [1610.0], RHYTHM[:15], [290.0, 510.0], RHYTHM[:20]))
    flag = np.zeros(rr.size, np.uint16)
    flag[20], flag[36:38] = Flag.MISSED, Flag.EXTRA
    series = RRSeries.from_ms(rr, flag=flag)
    nn = clean(series, "range")
    assert nn.filled_ms.tolist() == [805.0, 805.0, 800.0]
    ends = series.t_s[[20, 37]]
    assert nn.filled_t_s.tolist() == pytest.approx([ends[0] - 0.805, ends[0], ends[1]])


def test_a_displaced_beat_is_placed_half_way():
    rr = np.concatenate((RHYTHM[:20], [560.0, 1040.0], RHYTHM[:20]))
    flag = np.zeros(rr.size, np.uint16)
    flag[20:22] = Flag.ECTOPIC
    nn = clean(RRSeries.from_ms(rr, flag=flag), "range")
    assert nn.filled_ms.tolist() == [800.0, 800.0]


def test_where_no_whole_number_of_beats_fits_the_local_level_stands_in():
    rr = np.concatenate((np.full(20, 800.0), [1130.0], np.full(20, 800.0)))
    flag = np.zeros(rr.size, np.uint16)
    flag[20] = Flag.ARTEFACT
    series = RRSeries.from_ms(rr, flag=flag)
    nn = clean(series, "range")
    assert nn.filled_ms.tolist() == [800.0]
    assert nn.filled_t_s.tolist() == [series.t_s[20]]


def test_nothing_stands_in_where_no_valid_interval_tells_how_long_it_should_be():
    nn = clean(RRSeries.from_ms(np.full(5, 100.0)), "range")
    assert len(nn) == 0
    assert nn.filled_ms.size == 0
    assert nn.corrected_share == 1.0


def test_nothing_is_learned_across_a_long_loss():
    rr = np.concatenate((np.full(30, 600.0), [2500.0], np.full(5, 2500.0)))
    series = RRSeries.from_ms(rr)
    apart = RRSeries.from_ms(rr, t_s=series.t_s + np.where(np.arange(36) > 30, 3600.0, 0.0))
    assert clean(series, "range").filled_ms.size > 0
    ends = clean(apart, "range").filled_t_s
    assert (ends <= apart.t_s[30]).all()  # the five intervals an hour later have no neighbour
