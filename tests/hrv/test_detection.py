"""Detection of stressors that nobody marked, against simulated days with known truth."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hrv
from hrv.detection import (
    DetectionSettings,
    Motion,
    Subject,
    candidates,
    evaluate_detector,
    learn_baseline,
)
from hrv.detection.detector import MOTION_UNKNOWN
from hrv.detection.evaluation import FULL, HR_ONLY, RANDOM, Recorded
from hrv.detection.motion import UNKNOWN
from hrv.detection.scoring import TOLERANCE_S, Score, pairs
from hrv.detection.simulated import simulated_subjects
from hrv.errors import InputError, NotComputableError
from hrv.simulate import DailyLife, Heart, Stressor, free_living

MIDNIGHT = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))
HARD = (
    Stressor(5400.0, 5800.0, delta_hr_bpm=20.0, delta_ln_gain=-1.0),
    Stressor(9000.0, 9500.0, delta_hr_bpm=20.0, delta_ln_gain=-1.0),
)


def recorded(stress=HARD, *, hours=4, seed=1, start=MIDNIGHT + timedelta(hours=9), heart=None):
    made = hrv.simulate(seed, duration=f"{hours}h", stress=stress, start=start, heart=heart)
    return hrv.clean(made.series, method="none")


@pytest.fixture(scope="module")
def run_in():
    return learn_baseline([recorded((), seed=9)])


def test_two_strong_stressors_are_found_where_they_began(run_in):
    found = hrv.detect(recorded(), run_in)
    assert [e.kind for e in found] == ["detected"] * 2
    for episode, truth in zip(found, HARD, strict=True):
        assert abs(episode.onset_s - truth.onset_s) < 60
        assert abs(episode.offset_s - truth.offset_s) < 90


def test_detected_episodes_go_down_the_same_road_as_marked_ones(run_in):
    nn = recorded()
    table = hrv.recovery(nn, hrv.detect(nn, run_in))
    assert table["reactivity_hr"].between(12, 24).all()
    assert table["residual_hr"].notna().all()


def test_without_a_baseline_the_recording_is_its_own():
    assert len(hrv.detect(recorded())) == 2


def test_a_frozen_run_in_sees_a_raised_day_that_a_day_of_its_own_would_hide(run_in):
    high = recorded((), seed=4, heart=Heart(hr_bpm=90.0, ln_gain=-1.0))
    frozen = hrv.detect(high, run_in)
    assert sum(e.offset_s - e.onset_s for e in frozen) > 3 * 3600
    own = hrv.detect(high)
    assert sum(e.offset_s - e.onset_s for e in own) < 1800


def test_known_motion_rules_a_candidate_out_and_unknown_motion_is_said(run_in):
    nn = recorded()
    minute = np.arange(0.0, 4 * 3600, 60.0)
    moving = np.where((minute >= 5400) & (minute < 5800), 100.0, 5.0)
    found = hrv.detect(nn, run_in, motion=Motion.from_enmo(minute, moving, 60.0))
    assert [round(e.onset_s / 100) for e in found] == [90]
    assert MOTION_UNKNOWN not in found[0].flags
    assert all(MOTION_UNKNOWN in e.flags for e in hrv.detect(nn, run_in))


def test_logged_exercise_is_motion_but_leaves_the_rest_unknown(run_in):
    motion = Motion.from_log([(5300.0, 5900.0), (5800.0, 6000.0)])
    found = hrv.detect(recorded(), run_in, motion=motion)
    assert len(found) == 1
    assert MOTION_UNKNOWN in found[0].flags


def test_heart_rate_alone_is_fooled_by_what_leaves_vagal_tone_alone(run_in):
    nn = recorded((Stressor(5400.0, 6000.0, delta_hr_bpm=12.0, delta_ln_gain=0.3),))
    both, alone = DetectionSettings(), DetectionSettings(z_ln_rmssd=None)
    assert not candidates(nn, run_in, motion=UNKNOWN, settings=both)
    assert len(candidates(nn, run_in, motion=UNKNOWN, settings=alone)) == 1


def test_a_response_of_one_minute_is_too_short():
    brief = (Stressor(5400.0, 5440.0, delta_hr_bpm=20.0, delta_ln_gain=-1.0, tau_hr_s=5.0),)
    assert hrv.detect(recorded(brief), learn_baseline([recorded((), seed=9)])) == []


def test_each_time_of_day_has_its_own_baseline():
    days = free_living(3, days=2, start=MIDNIGHT, life=DailyLife(stressors=0.0))
    baseline = learn_baseline([hrv.clean(day.series) for day in days])
    assert baseline.own_hours > 0.99
    morning, afternoon = baseline.usual_hr(np.array([8.5, 16.0]))
    assert 0.5 < afternoon - morning < 8  # the simulated rhythm peaks at 16 h


def test_without_a_clock_one_baseline_serves_all_hours():
    baseline = learn_baseline([recorded(start=None)])
    assert baseline.own_hours == 0
    assert np.ptp(baseline.hr) == 0


def test_too_little_to_know_what_is_usual_is_refused():
    short = hrv.clean(hrv.simulate(1, duration="10min").series)
    with pytest.raises(NotComputableError, match="20 are needed"):
        hrv.detect(short)


@given(
    st.lists(st.integers(0, 5000), max_size=7, unique=True),
    st.lists(st.integers(0, 5000), max_size=7, unique=True),
)
def test_pairs_are_one_to_one_within_tolerance_and_leave_no_pair_unmade(true, found):
    true_s, found_s = np.array(true, dtype=float), np.array(found, dtype=float)
    met = pairs(true_s, found_s)
    assert len({i for i, _ in met}) == len({j for _, j in met}) == len(met)
    assert all(abs(true_s[i] - found_s[j]) <= TOLERANCE_S for i, j in met)
    left_true = set(range(len(true))) - {i for i, _ in met}
    left_found = set(range(len(found))) - {j for _, j in met}
    assert all(abs(true_s[i] - found_s[j]) > TOLERANCE_S for i in left_true for j in left_found)


def test_a_score_counts_events_and_adds_up():
    total = Score(4, 5, 3, 86_400.0) + Score(1, 1, 0, 86_400.0)
    assert (total.precision, total.recall) == (0.5, 0.6)
    assert total.f1 == pytest.approx(2 * 0.5 * 0.6 / 1.1)
    assert total.false_alarms_per_day == 1.5


@pytest.fixture(scope="module")
def three():
    return simulated_subjects(3, days=3, seed=1)


def test_the_detector_beats_chance_by_far_and_stands_beside_heart_rate_alone(three):
    result = evaluate_detector(three)
    table = result.detectors.set_index("detector")
    assert list(table.index) == [FULL, HR_ONLY, RANDOM]
    assert table.loc[FULL, "f1"] > table.loc[RANDOM, "f1"] + 0.3
    assert table.loc[FULL, "recall"] > 0.5
    assert abs(table.loc[FULL, "onset_error_s"]) < 60
    assert 120 <= table.loc[FULL, "latency_s"] < 300
    assert "heart rate alone" in result.sentences[0]
    assert "chance" in result.sentences[1]


def test_thresholds_of_a_person_do_not_depend_on_that_persons_truth(three):
    def thresholds(subjects):
        people = evaluate_detector(subjects).people
        own = people[(people["subject"] == "S01") & (people["detector"] == FULL)]
        return own[["z_hr", "z_ln_rmssd"]].to_numpy().tolist()

    first = three[0]
    nowhere = tuple(Recorded(r.nn, (1.0, 9e4), r.motion) for r in first.recordings)
    assert thresholds(three) == thresholds([Subject("S01", nowhere, first.run_in), *three[1:]])


def test_where_nothing_but_heart_rate_moves_it_says_no_better():
    life = DailyLife(lookalikes=0.0, activities=0.0, stressors=8.0)
    subjects = []
    for subject in simulated_subjects(3, days=3, seed=5, life=life):
        mild = tuple(
            Recorded(
                recorded(
                    tuple(Stressor(t, t + 300.0, delta_ln_gain=0.3) for t in (4000.0, 8000.0)),
                    seed=k + 20,
                ),
                (4000.0, 8000.0),
            )
            for k in range(2)
        )
        subjects.append(Subject(subject.name, mild))
    sentence = evaluate_detector(subjects).sentences[0]
    assert sentence.startswith("The detector is no better than heart rate alone here")


def test_no_truth_and_no_person_are_said_in_a_sentence():
    with pytest.raises(NotComputableError, match="no stressor is marked"):
        evaluate_detector([Subject("A", (Recorded(recorded(()), ()),))])
    short = hrv.clean(hrv.simulate(1, duration="10min").series)
    with pytest.raises(NotComputableError, match="nobody can be judged: only"):
        evaluate_detector([Subject("A", (Recorded(short, (60.0,)),))])
    with pytest.raises(InputError, match="run-in"):
        simulated_subjects(2, days=2)


def test_the_same_seed_lives_the_same_days():
    one, two = (free_living(3, days=1, start=MIDNIGHT)[0] for _ in range(2))
    assert (one.series.rr_ms == two.series.rr_ms).all()
    assert one.onsets_s == two.onsets_s
    assert (one.events["kind"] == "stress").all()
    assert len(one.events) == len(one.onsets_s)
