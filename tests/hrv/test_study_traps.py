"""Traps beside the headline: practice, expectation, lost blinding, a start at a symptom peak."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ttest_ind
from simulate_days import allowed_orders, phases_of
from studies import simulated_study, with_labels_swapped

import hrv
from hrv.compare import compare, words
from hrv.compare.base import CompareSettings
from hrv.endpoints import Endpoint
from hrv.plan.registration import Look, Registration
from hrv.study import Session, Study
from hrv.study.expectancy import clopper_pearson, expectancy
from hrv.study.sensitivity import shrinking, tell_practice, with_practice
from hrv.types import RRSeries

ORDER = allowed_orders()[3]
TESTS = Path(__file__).resolve().parents[1]
TRAPS = {
    "habituation": (
        "hrv/test_study_traps.py::test_a_response_that_shrinks_by_forty_percent_fakes_nothing",
        "hrv/test_study_traps.py::test_first_sessions_of_repeated_tests_are_left_out_unless_the_study_says_otherwise",
        "hrv/test_study_traps.py::test_a_difference_that_practice_moves_is_flagged",
    ),
    "peeking": (
        "hrv/test_plan_looks.py::test_declared_looks_keep_five_percent_where_peeking_does_not",
        "api/test_cli_plan.py::test_the_effect_is_sealed_until_the_end_and_then_found",
        "api/test_cli_allocate.py::test_the_folder_is_a_study_that_opens_at_its_end_and_with_its_key",
        "ingest/cohort/test_group.py::test_a_registered_cohort_stays_sealed_in_every_form_until_its_end",
        "api/service/test_plans.py::test_the_effect_stays_sealed_until_the_planned_end",
        "api/web/test_pages.py::test_a_sealed_study_shows_no_effect_anywhere",
    ),
    "forking paths": (
        "hrv/test_plan.py::test_the_hash_covers_everything_that_is_declared",
        "hrv/test_study.py::test_exploratory_endpoints_carry_holm_adjusted_p_values",
        "ingest/cohort/test_group.py::test_after_its_end_a_registered_cohort_answers_as_registered",
    ),
    "coupling": (
        "hrv/test_study_covariates.py::test_reactivity_stays_out_of_the_headline_and_is_told_beside_it",
        "hrv/test_study_covariates.py::test_a_change_is_never_regressed_on_its_own_baseline",
        "hrv/test_compare_sessions.py::test_a_group_that_began_worse_does_not_come_back_as_an_effect",
    ),
    "missing not at random": (
        "hrv/test_compare_sensitivity.py::test_days_missing_for_their_value_are_seen_by_phase",
        "hrv/test_compare_sensitivity.py::test_at_the_tipping_point_the_interval_reaches_zero",
        "hrv/test_study_covariates.py::test_days_after_a_missed_dose_are_left_out_as_taken_but_never_from_the_headline",
    ),
    "expectancy": (
        "hrv/test_study_traps.py::test_against_nothing_what_was_expected_is_part_of_the_difference",
        "hrv/test_study_traps.py::test_guesses_that_are_right_too_often_break_the_blinding",
    ),
    "group selection": (
        "hrv/test_compare_refusals.py::test_a_refused_person_still_counts_in_the_group",
        "ingest/cohort/test_group.py::test_the_report_is_one_page_with_everyone_and_the_quality",
    ),
}
"""Every trap of a before/after comparison, and the tests that show it is not fallen into."""


def study_of(order=ORDER, days=7, **changed) -> Study:
    """A study with one short recording a day."""
    phases = phases_of(order, days).assign(subject="P01")
    phases["block"] = range(len(order))
    first = phases["start"].iloc[0]
    sessions = tuple(
        Session("P01", f"day{d:02d}", RRSeries.from_ms([800, 810], start=(
            first + pd.Timedelta(days=d, hours=18)).to_pydatetime()))
        for d in range(days * len(order))
    )  # fmt: skip
    return Study("traps", sessions, phases, **changed)


def endpoint_of(study, value) -> Endpoint:
    rows = pd.DataFrame(
        {
            "subject": [s.subject for s in study.sessions],
            "session": [s.name for s in study.sessions],
            "time": [s.rr.start for s in study.sessions],
            "condition": "",
            "value": value,
        }
    )
    return Endpoint("residual_hr", "residual activation", "bpm", "linear", rows)


def both(study, value):
    found = endpoint_of(study, value)
    head = compare(found.observations[["subject", "time", "value"]], study.phases,
                   conditions=study.conditions, covariates=(), settings=study.settings)  # fmt: skip
    return tell_practice(head, with_practice(study, found))


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_has_a_test_of_its_own(trap):
    for place in TRAPS[trap]:
        path, name = place.split("::")
        assert f"\ndef {name}(" in (TESTS / path).read_text(encoding="utf-8"), place


def test_a_response_that_shrinks_by_forty_percent_fakes_nothing():
    """60 studies of 14 + 14 days without a difference; the first sessions are left out."""
    study = study_of(("off", "on"), 14)
    session = np.arange(1, 29)
    found = {"means": 0, "headline": 0, "with practice": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        value = 10 * (1 - 0.4 * np.log(session) / np.log(28)) + rng.normal(0, 1, 28)
        off, on = value[:14], value[14:]
        found["means"] += ttest_ind(off, on).pvalue < 0.05
        head = both(study, value)
        told = head.details["with_log_session_number"]
        found["headline"] += not head.low <= 0 <= head.high
        found["with practice"] += not told["low"] <= 0 <= told["high"]
    assert found["means"] > 30
    assert found["headline"] <= 7
    assert found["with practice"] <= 7


def test_a_difference_that_practice_moves_is_flagged():
    head = both(study_of(), 10 + np.random.default_rng(2).normal(0, 1, 56))
    se = head.details["standard_error"]
    moved = {"estimate": head.estimate + 1.5 * se, "low": -1.0, "high": 1.0, "standard_error": se}
    told = tell_practice(head, moved)
    assert any("practice may be part of it" in flag for flag in told.flags)
    assert told.details["assumptions"][-1]["stands_out"]
    assert tell_practice(head, {}) is head


def test_without_practice_its_sensitivity_agrees_with_the_headline():
    rng = np.random.default_rng(2)
    on = np.repeat([c == "on" for c in ORDER], 7)
    head = both(study_of(), 10 - 2.0 * on + rng.normal(0, 1, 56))
    told = head.details["with_log_session_number"]
    assert told["estimate"] == pytest.approx(head.estimate, abs=0.5)
    assert not head.flags or not any("practice" in flag for flag in head.flags)


def test_a_response_that_shrinks_is_told_with_its_size():
    study = study_of()
    session = np.arange(1, 57)
    noise = np.random.default_rng(3).normal(0, 1, 56)
    table = endpoint_of(study, 0.0).observations.assign(reactivity_hr=20 - 2 * np.log(session))
    assert "from 20 to 12 bpm" in shrinking(table, study)
    assert shrinking(table.assign(reactivity_hr=15 + noise), study) == ""


def test_first_sessions_of_repeated_tests_are_left_out_unless_the_study_says_otherwise(
    sample_data, tmp_path
):
    from ingest.study import load_study

    text = (sample_data / "study.toml").read_text().replace("familiarisation = 0\n", "")
    for name in ("phases.csv", "events.csv", "doses.csv", "outcomes.csv", "randomisation.json"):
        (tmp_path / name).write_bytes((sample_data / name).read_bytes())
    (tmp_path / "recordings").symlink_to(sample_data / "recordings")
    (tmp_path / "study.toml").write_text(text)
    assert load_study(tmp_path).familiarisation == 3
    (tmp_path / "study.toml").write_text(text.replace('"residual_hr" ', '"gad7" '))
    assert load_study(tmp_path).familiarisation == 0
    assert load_study(sample_data).familiarisation == 0


# --- expectation and blinding


def asked(study, guesses, expected=7.0):
    stops = study.phases["stop"]
    rows = [("P01", study.phases["start"].iloc[0], "expectancy", expected)]
    rows += [
        ("P01", stop - pd.Timedelta(hours=3), "allocation_guess", float(g))
        for stop, g in zip(stops, guesses, strict=True)
    ]
    return replace(study, outcomes=pd.DataFrame(rows, columns=["subject", "time", "name", "value"]))


def test_against_nothing_what_was_expected_is_part_of_the_difference():
    found, flags = expectancy(asked(study_of(), [0.5] * 8))
    assert found["expectancy"] == 7.0
    assert "compared with nothing, not with a placebo" in flags[0]
    assert "expected beforehand: 7 of 10" in flags[0]


def test_guesses_that_are_right_too_often_break_the_blinding():
    order = tuple("placebo" if c == "off" else "on" for c in ORDER)
    study = study_of(order, conditions=("placebo", "on"))
    right = [float(c == "on") for c in order]
    found, flags = expectancy(asked(study, right))
    assert (found["guesses"]["right"], found["guesses"]["of"]) == (8, 8)
    assert found["guesses"]["bang_index"] == 1.0
    assert "the blinding did not hold: 8 of 8" in flags[0]
    _, quiet = expectancy(asked(study, [1.0, 0.0] * 4))
    assert not any("did not hold" in flag for flag in quiet)


def test_guesses_say_nothing_before_the_key_is_given():
    look = Look(8, datetime(2026, 3, 1, tzinfo=UTC), 0.95)
    closed = Registration("x", look.time, (look,), blinded=True)
    order = tuple("B" if c == "off" else "A" for c in ORDER)
    study = study_of(order, conditions=("A", "B"), registration=closed)
    found, _ = expectancy(asked(study, [1.0] * 8))
    assert "guesses" not in found


@pytest.mark.parametrize(("k", "n"), [(0, 8), (5, 8), (8, 8), (3, 40)])
def test_the_exact_interval_agrees_with_scipy(k, n):
    exact = binomtest(k, n).proportion_ci(method="exact")
    assert clopper_pearson(k, n) == pytest.approx((exact.low, exact.high), abs=1e-12)


# --- the sample study


@pytest.fixture(scope="module")
def sample():
    return simulated_study()


@pytest.fixture(scope="module")
def result(sample):
    return hrv.analyse(sample[0])


def test_the_true_difference_is_inside_the_interval(sample, result):
    assert result.headline.low <= sample[1]["residual_hr"] <= result.headline.high


def test_swapped_labels_flip_the_sign_to_1e_9(sample, result):
    swapped = hrv.analyse(with_labels_swapped(sample[0])).headline
    assert swapped.estimate == pytest.approx(-result.headline.estimate, abs=1e-9)
    assert (swapped.low, swapped.high) == pytest.approx(
        (-result.headline.high, -result.headline.low), abs=1e-9
    )


def test_shuffled_doses_of_unknown_basis_change_nothing(sample, result):
    study = sample[0]
    rng = np.random.default_rng(1)
    unknown = study.doses.assign(basis="unknown")
    first, second = (
        hrv.analyse(replace(study, doses=unknown.assign(amount=rng.permutation(range(28)) + 1.0)))
        for _ in range(2)
    )
    for name, comparison in first.primary.items():
        assert repr(comparison) == repr(second.primary[name])
        assert comparison.estimate == result.primary[name].estimate or comparison.refused


def test_a_start_at_a_symptom_peak_is_flagged_and_no_word_claims_a_cause(sample):
    study = sample[0]
    peak = replace(study, settings=replace(study.settings, start_reason="symptom_peak"))
    found = hrv.analyse(peak)
    assert any("regression to the mean" in flag for flag in found.headline.flags)
    text = str(found.headline).lower()
    assert not [word for word in words.CAUSAL if f" {word}" in text]


JARGON = (
    "df", "reml", "kenward", "ar(1)", "variance", "regress", "nan", "likelihood", "null",
    "alpha", "covariate", "degrees",
)  # fmt: skip


def few_days():
    study = study_of(("off", "on"), 5)
    return compare(endpoint_of(study, np.arange(10.0)).observations[["time", "value"]],
                   phases_of(("off", "on"), 5))  # fmt: skip


def one_person():
    pair = pd.DataFrame({"subject": ["P1"] * 2, "condition": ["off", "on"], "value": [1.0, 2.0]})
    return compare(pair, None, method="paired")


def few_orders():
    study = study_of()
    pairs = [o for o in allowed_orders() if all(o[i] != o[i + 1] for i in range(0, 8, 2))]
    order = pairs[0]
    value = np.random.default_rng(1).normal(size=56)
    return compare(
        endpoint_of(study, value).observations[["time", "value"]], phases_of(order, 7),
        method="randomisation", randomisation=pairs,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (few_days, ("5 days", "at least 7 are needed")),
        (one_person, ("1 person", "at least 5")),
        (few_orders, ("16 orders", "at least 20 are needed")),
    ],
)
def test_refusals_are_one_sentence_that_a_participant_understands(make, says):
    result = make()
    assert result.refused
    for part in says:
        assert part in result.sentence
    assert result.sentence.count(". ") == 0
    assert result.sentence.endswith(".")
    assert len(result.sentence.split()) < 40
    assert not [word for word in JARGON if word in result.sentence.lower().split()]


def test_a_peak_start_is_a_setting_that_cannot_be_misspelt():
    with pytest.raises(hrv.InputError, match="symptom_peak"):
        CompareSettings(start_reason="symptom peak")
