"""The table of measured scores: complete, as measured, and what the default must reach."""

import pytest

from hrv.clean import CLEANERS
from hrv.clean.evaluation import SCENARIOS, score
from hrv.clean.scores import SCORES

BY_NAME = {cleaner.name: cleaner for cleaner in CLEANERS}


def test_every_cleaner_was_measured_in_every_scenario():
    measured = [(s.cleaner, s.scenario) for s in SCORES]
    assert measured == [(c.name, scenario) for c in CLEANERS for scenario in SCENARIOS]


def test_the_default_leaves_little_in_rmssd_and_keeps_sound_beats():
    for s in SCORES:
        if s.cleaner == "lipponen_tarvainen":
            assert s.sensitivity > 0.95
            assert s.specificity > 0.99
            assert s.rmssd_error < 1
            assert s.rmssd_worst < 3
            assert s.refused == 0


def test_keeping_everything_removes_nothing():
    for s in SCORES:
        if s.cleaner == "none":
            assert (s.sensitivity, s.specificity) == (0, 1)
            assert s.rmssd_error > 20


def test_one_score_is_measured_again():
    assert score(BY_NAME["moving_median"], "missed", seeds=8) == next(
        s for s in SCORES if (s.cleaner, s.scenario) == ("moving_median", "missed")
    )


@pytest.mark.slow
@pytest.mark.parametrize("expected", SCORES, ids=lambda s: f"{s.cleaner}-{s.scenario}")
def test_every_score_is_measured_again(expected):
    assert score(BY_NAME[expected.cleaner], expected.scenario) == expected
