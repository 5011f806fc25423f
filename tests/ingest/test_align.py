"""Two recordings of one person: overlaps, copies, shifted and drifting clocks."""

from datetime import timedelta

import numpy as np
import pytest
from two_devices import START, heart, recorded

from hrv.errors import InputError, NotComputableError
from ingest.align import (
    align,
    align_by_heart_rate,
    align_by_markers,
    overlaps,
    realigned,
    shared,
)
from ingest.formats._parts import tags
from ingest.inspect import together


def test_a_shifted_clock_is_found_by_heart_rate_with_its_residual():
    beats = heart()
    found = align_by_heart_rate(recorded(beats), recorded(beats[40:], lambda t: t + 7.3, "b"))
    assert found.shift_s == pytest.approx(-7.3, abs=0.2)
    assert found.residual_s < 0.3
    assert found.correlation > 0.95
    assert found.warning == ""


def test_a_drifting_clock_is_found_by_heart_rate():
    beats = heart(3000)
    drifting = recorded(beats, lambda t: 5 + t * (1 + 400e-6), "b")
    found = align_by_heart_rate(recorded(beats), drifting)
    assert found.shift_s == pytest.approx(-5, abs=0.2)
    assert found.drift_ppm == pytest.approx(-400, abs=60)
    mended = realigned(drifting, found)
    assert mended.start + timedelta(seconds=float(mended.t_s[-1])) == pytest.approx(
        START + timedelta(seconds=float(beats[-1])), abs=timedelta(seconds=0.3)
    )
    assert "residual" in mended.provenance.notes[-1]
    assert np.array_equal(mended.rr_ms, drifting.rr_ms)


def test_two_different_hearts_get_a_warning_not_a_silent_shift():
    found = align_by_heart_rate(recorded(heart(seed=1)), recorded(heart(seed=2), name="b"))
    assert "may not be the same heart" in found.warning


def test_less_than_two_minutes_in_common_are_not_computable():
    with pytest.raises(NotComputableError, match="two minutes"):
        align_by_heart_rate(recorded(heart(100)), recorded(heart(100), name="b"))


def test_recordings_without_clocks_are_aligned_from_their_first_beats():
    beats = heart()
    found = align_by_heart_rate(recorded(beats, start=None), recorded(beats[60:], start=None))
    assert found.shift_s == pytest.approx(beats[60] - beats[0], abs=0.3)


def test_markers_give_shift_drift_and_residual():
    first = np.array([10.0, 400.0, 900.0, 1500.0])
    found = align_by_markers(first, (first - 3) * (1 + 100e-6))
    assert found.shift_s == pytest.approx(3, abs=0.01)
    assert found.drift_ppm == pytest.approx(-100, abs=1)
    assert found.residual_s < 1e-6
    assert "too few" in align_by_markers([10.0], [7.0]).warning


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [([], [], "0 markers"), ([1.0, 2.0], [1.0], "pair up"), ([2.0, 1.0], [1.0, 2.0], "order")],
)
def test_markers_that_do_not_pair_up_are_refused(first, second, says):
    with pytest.raises(InputError, match=says):
        align_by_markers(first, second)


def test_overlaps_tell_copies_from_two_devices():
    beats = heart(600)
    one = recorded(beats)
    copy = recorded(beats, name="copy")
    later = recorded(beats[300:], lambda t: t + 0.3, "later")
    apart = recorded(beats, lambda t: t + 9000, "apart")
    found = {(o.first, o.second): o for o in overlaps([one, copy, later, apart])}
    assert set(found) == {("a", "copy"), ("a", "later"), ("copy", "later")}
    assert found["a", "copy"].same == 1.0
    assert found["a", "later"].same < 0.1
    assert shared(one, apart) == 0.0


def test_several_files_are_told_as_copies_overlaps_and_clocks():
    beats = heart(600)
    no_clock = recorded(beats, start=None, name="no clock")
    found = together([recorded(beats), no_clock, recorded(beats, lambda t: t + 2, "b")])
    assert found.same == (("a", "no clock", "b"),)
    assert [(first, second) for first, second, _ in found.aligned] == [("a", "b")]
    assert found.aligned[0][2].shift_s == pytest.approx(-2, abs=0.2)


def test_events_of_one_name_align_before_heart_rate_does():
    beats = heart()
    first, second = recorded(beats), recorded(beats, lambda t: t + 4.0, "b")
    moments = {"a": 10, "b": 500, "c": 700}
    ours = tags(
        [(name, START + timedelta(seconds=s)) for name, s in moments.items()]
        + [("twice", 0.0), ("twice", 5.0)]
    )
    theirs = tags([("a", 10.0), ("c", 700.0), ("b", 500.0), ("other", 3.0)])
    found = align(first, second, ours, theirs)
    assert found.how == "markers"
    assert found.matched == 3
    assert found.shift_s == pytest.approx(-4.0, abs=1e-3)
    assert align(first, second).how == "heart rate"
