"""Beats on one time axis: always a valid series, also live and with its past forgotten."""

import journal_rig as rig
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.errors import FormatError
from hrv.types import Flag, Provenance
from ingest.ble.clock import Lookahead
from ingest.ble.series import SeriesBuilder
from ingest.ble.stream import BeatStream


def laid(items, lookahead, builder=None):
    stream, builder = BeatStream(lookahead), builder or SeriesBuilder()
    for item in items:
        for beat in stream.feed(item):
            builder.add(beat)
    for beat in stream.finish():
        builder.add(beat)
    return builder


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000_000_000),
            st.lists(st.integers(1, 12000), max_size=3),
            st.sampled_from(["", "", "", "lost"]),
        ),
        min_size=1,
        max_size=50,
    ),
    st.sampled_from(Lookahead),
)
def test_whatever_arrives_the_series_is_valid_and_holds_every_interval(arrivals, lookahead):
    at_ns, items, ticks = 10**9, [], []
    for gap_ns, rrs, event in arrivals:
        at_ns += gap_ns
        if event:
            items.append(rig.event(at_ns, event))
        items.append(rig.notification(at_ns, rrs))
        ticks += [t for t in rrs if t <= 10240]
    builder = laid(items, lookahead)
    if not ticks:
        with pytest.raises(FormatError, match="no RR interval"):
            builder.series(None, Provenance())
        return
    series = builder.series(None, Provenance())  # an RRSeries refuses overlaps and reversals
    assert (series.rr_ms * 1.024).round().tolist() == ticks


def test_live_and_file_agree_on_intervals_and_flags_and_nearly_on_times():
    items = rig.recording(300)
    items = [*items[:100], rig.event(items[100].mono_ns, "lost"), *items[110:]]
    live, full = (laid(items, look).series(None, Provenance()) for look in Lookahead)
    assert live.rr_ms.tolist() == full.rr_ms.tolist()
    sure = ~np.uint16(Flag.UNSURE)  # how well a time is known grows with the packets seen
    assert (live.flag & sure).tolist() == (full.flag & sure).tolist()
    assert not (full.flag & Flag.UNSURE).any()
    assert np.abs(live.t_s - full.t_s).max() < 0.5
    assert (full.flag & Flag.GAP).astype(bool).sum() == 1


def test_a_likely_loss_is_a_gap_that_says_it_is_not_proved():
    items = [rig.notification(10**9 * i, [1024]) for i in range(1, 61) if i != 30]
    series = laid(items, Lookahead.FULL).series(None, Provenance())
    assert (series.flag[29] & (Flag.GAP | Flag.SUSPECT)) == Flag.GAP | Flag.SUSPECT
    assert not (np.delete(series.flag, 29) & (Flag.GAP | Flag.SUSPECT)).any()
    assert (series.flag & Flag.UNSURE).all()  # packets at one phase of the cycle


def test_forgetting_the_past_changes_nothing_that_follows():
    items = rig.recording(300)
    whole = laid(items, Lookahead.LIVE).intervals
    stream, builder, seen = BeatStream(Lookahead.LIVE), SeriesBuilder(), []
    for item in items:
        for beat in stream.feed(item):
            seen.append(builder.add(beat))
            builder.forget(seen[-1].t_s - 60)
            assert len(builder.intervals) < 90
    assert seen == whole[: len(seen)]
    builder.forget(1e9)
    assert len(builder.intervals) == 1
