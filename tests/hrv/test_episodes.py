"""Episodes from marks: neighbours, sessions, motion, and refusals that name the event."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from hrv.episodes import mark, within
from hrv.errors import InputError
from hrv.types import RRSeries

NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


def stress(start, end, **more):
    return {"kind": "stress", "phase": "stroop", "start": start, "end": end, **more}


def after(minutes):
    return NOON + timedelta(minutes=minutes)


def test_only_events_of_kind_stress_become_episodes():
    events = [
        {"kind": "rest", "phase": "baseline", "start": 0, "end": 300},
        stress(300, 600),
        {"kind": "questionnaire", "phase": "sam", "start": 610, "end": 700},
    ]
    (episode,) = mark(events)
    assert (episode.label, episode.onset_s, episode.offset_s) == ("stroop", 300.0, 600.0)
    assert episode.kind == "marked"
    assert episode.start is None
    assert episode.next_onset_s is None  # neither rest nor a questionnaire bounds a recovery
    assert episode.previous_offset_s is None
    assert episode.first_onset_s == 300.0


def test_no_stressor_gives_no_episode():
    assert mark([{"kind": "rest", "start": 0, "end": 5}]) == []
    assert mark([]) == []
    assert mark(pd.DataFrame(columns=["kind", "start", "end"])) == []


def test_neighbours_are_those_of_the_session_in_time_order_whatever_the_order_of_rows():
    late, early, middle = stress(2000, 2100), stress(100, 200), stress(900, 1000)
    first, second, third = mark([late, early, middle])
    assert (first.previous_offset_s, first.next_onset_s) == (None, 900.0)
    assert (second.previous_offset_s, second.next_onset_s) == (200.0, 2000.0)
    assert (third.previous_offset_s, third.next_onset_s) == (1000.0, None)
    assert {e.first_onset_s for e in (first, second, third)} == {100.0}


def test_more_than_two_hours_without_stress_open_a_new_session():
    apart = mark([stress(0, 100), stress(7301, 7400)])
    assert [e.previous_offset_s for e in apart] == [None, None]
    assert [e.next_onset_s for e in apart] == [None, None]
    assert apart[1].first_onset_s == 7301.0
    together = mark([stress(0, 100), stress(7300, 7400)])
    assert together[1].previous_offset_s == 100.0


def test_a_session_column_decides_instead_of_the_two_hours():
    joined = mark([stress(0, 100, session="a"), stress(9000, 9100, session="a")])
    assert joined[1].previous_offset_s == 100.0
    split = mark([stress(0, 100, session="a"), stress(300, 400, session="b")])
    assert split[1].previous_offset_s is None
    assert split[0].next_onset_s is None


def test_another_day_changes_nothing_of_the_first():
    one = mark([stress(after(0), after(5)), stress(after(10), after(15))])
    both = mark(
        [stress(after(0), after(5)), stress(after(10), after(15)), stress(after(1440), after(1445))]
    )
    assert both[:2] == one


def test_subjects_are_kept_apart_and_sorted():
    events = pd.DataFrame(
        [
            stress(after(1), after(6), subject="S2"),
            stress(after(0), after(5), subject="S1"),
            stress(after(9), after(12), subject="S1"),
        ]
    )
    episodes = mark(events)
    assert [e.subject for e in episodes] == ["S1", "S1", "S2"]
    assert episodes[2].previous_offset_s is None


def test_clock_times_count_from_the_sessions_first_stressor():
    first, second = mark([stress(after(0), after(5)), stress(after(10), after(16))])
    assert first.start == second.start == NOON
    assert (second.onset_s, second.offset_s) == (600.0, 960.0)


def test_clock_times_of_any_zone_are_one_time_line():
    berlin = ZoneInfo("Europe/Berlin")
    first, second = mark(
        [stress(after(0), after(5)), stress(after(10).astimezone(berlin), after(15))]
    )
    assert second.onset_s == 600.0
    assert first.next_onset_s == 600.0


@pytest.mark.parametrize("kind", ["motion", "exercise", "Motion "])
def test_motion_bounds_the_recovery_like_a_stressor(kind):
    walk = {"kind": kind, "phase": "walk", "start": 500, "end": 600}
    first, _ = mark([stress(0, 100), walk, stress(900, 1000)])
    assert first.next_onset_s == 500.0


def test_motion_that_outlasts_the_stressor_leaves_no_recovery():
    walk = {"kind": "motion", "phase": "walk", "start": 50, "end": 150}
    (episode,) = mark([stress(0, 100), walk])
    assert episode.next_onset_s == 100.0


@pytest.mark.parametrize(
    ("start", "end", "flag"),
    [
        (600, 701, "motion (walk) within 5 min before it"),
        (600, 700, None),
        (1050, 1060, "motion (walk) during it"),
        (1399, 1500, "motion (walk) within 5 min after it"),
        (1400, 1500, None),
    ],
)
def test_motion_within_five_minutes_is_flagged(start, end, flag):
    walk = {"kind": "motion", "phase": "walk", "start": start, "end": end}
    (episode,) = mark([stress(1000, 1100), walk])
    assert episode.flags == ((flag,) if flag else ())


def test_motion_of_another_subject_or_hours_later_changes_nothing():
    other = {"kind": "motion", "start": 110, "end": 150, "subject": "B"}
    later = {"kind": "motion", "start": 9000, "end": 9100, "subject": "A"}
    (episode,) = mark([stress(0, 100, subject="A"), other, later])
    assert episode.next_onset_s is None
    assert episode.flags == ()


def test_touching_stressors_are_two_episodes_with_no_recovery_between():
    first, second = mark([stress(0, 100), stress(100, 200)])
    assert first.next_onset_s == 100.0
    assert second.previous_offset_s == 100.0


def test_overlapping_stressors_are_refused_naming_both():
    events = [stress(0, 100, subject="S1"), stress(90, 200, phase="speech", subject="S1")]
    with pytest.raises(InputError, match=r"'stroop' of subject S1 .* and 'speech'.* overlap"):
        mark(events)
    mark([stress(0, 100, subject="S1"), stress(90, 200, subject="S2")])


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"kind": "stress", "start": 0}, r"event 1 has no 'end'"),
        (stress(100, 50), r"event 1, 'stroop' \(100 s to 50 s\), ends before it starts"),
        (stress(100, 100), "ends before it starts or at once"),
        (stress("noon", 100), r"start 'noon' is not a time"),
        (stress(float("nan"), 100), "start nan is not a time"),
        (stress(True, 100), "start True is not a time"),
        (stress(pd.NaT, after(1)), "start NaT is not a time"),
        (stress(datetime(2024, 3, 1, 12), after(1)), "has no time zone"),
        (stress(after(0), 100), "must both be clock times or both be seconds"),
    ],
)
def test_a_wrong_event_is_named_with_its_value(event, words):
    with pytest.raises(InputError, match=words):
        mark([event])


def test_seconds_and_clock_times_do_not_mix():
    with pytest.raises(InputError, match="event 2 has clock times but event 1 has seconds"):
        mark([stress(0, 100), stress(after(0), after(5))])


def test_numpy_numbers_and_missing_optional_cells_are_read():
    events = pd.DataFrame(
        {"kind": ["stress"], "start": [1], "end": [2.5], "subject": [np.nan], "phase": [None]}
    )
    (episode,) = mark(events)
    assert (episode.subject, episode.label, episode.offset_s) == ("", "stress", 2.5)


class TestWithin:
    def series(self, start=None, seconds=600):
        return RRSeries.from_ms(np.full(seconds, 1000.0), start=start)

    def test_takes_the_episodes_that_overlap_the_recording(self):
        events = [stress(t, t + 20) for t in (-70, -10, 100, 590, 610)]
        chosen = within(mark(events), self.series())
        assert [e.onset_s for e in chosen] == [-10.0, 100.0, 590.0]

    def test_uses_the_clock_of_both(self):
        episodes = mark([stress(after(m), after(m + 1)) for m in (0, 9, 11, 400)])
        chosen = within(episodes, self.series(start=after(5)))
        assert [e.label for e in chosen] == ["stroop"] * 2
        assert [e.start + timedelta(seconds=e.onset_s) for e in chosen] == [after(9), after(11)]

    def test_takes_one_subject_only_when_named(self):
        episodes = mark([stress(0, 60, subject="A"), stress(10, 60, subject="B")])
        assert len(within(episodes, self.series())) == 2
        assert [e.subject for e in within(episodes, self.series(), subject="B")] == ["B"]

    def test_clock_episodes_need_a_recording_with_a_clock(self):
        with pytest.raises(InputError, match="the recording has no clock"):
            within(mark([stress(after(0), after(5))]), self.series())


def test_instants_such_as_button_presses_change_nothing():
    stress = {"phase": "maths", "kind": "stress", "start": 300.0, "end": 600.0}
    press = {"phase": "1", "kind": "tag", "start": 310.0, "end": 310.0}
    assert mark([stress, press]) == mark([stress])
