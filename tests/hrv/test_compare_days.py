"""Day scores against an explicit regression on day dummies."""

import numpy as np
import pandas as pd
import pytest
from simulate_days import Truth, person, phases_of

from hrv.compare import CompareSettings
from hrv.compare.days import day_scores
from hrv.compare.design import validate

ORDER = ("off", "on") * 4


def design_of(truth, *, seed=1, days=7, **columns):
    table = person(ORDER, days, truth, np.random.default_rng(seed))
    for name, values in columns.items():
        table[name] = values(table)
    return validate(table, phases_of(ORDER, days), settings=CompareSettings())


def by_dummies(table, regressors):
    """Scores, their covariance and s2_w from one regression with a dummy for each day."""
    day, code, count = np.unique(table["day"], return_inverse=True, return_counts=True)
    dummies = (code[:, None] == np.arange(day.size)).astype(float)
    full = np.column_stack((dummies, regressors))
    beta = np.linalg.lstsq(full, table["value"].to_numpy(), rcond=None)[0]
    rest = table["value"].to_numpy() - full @ beta
    s2 = rest @ rest / (len(table) - full.shape[1])
    day_means = dummies.T @ regressors / count[:, None]
    typical = np.tile(day_means.mean(axis=0), (day.size, 1))
    at = np.column_stack((np.eye(day.size), typical))  # each day at the average hour
    return at @ beta, s2 * at @ np.linalg.inv(full.T @ full) @ at.T, np.sqrt(s2)


def harmonics(table, *, twice):
    angle = table["hour"].to_numpy() * np.pi / 12
    waves = [np.cos(angle), np.sin(angle)]
    if twice:
        waves += [np.cos(2 * angle), np.sin(2 * angle)]
    return np.column_stack(waves)


@pytest.mark.parametrize(("per_day", "twice"), [(6, True), (3, False)])
def test_scores_and_their_covariance_are_those_of_day_dummies(per_day, twice):
    design = design_of(Truth(per_day=per_day, circadian=0.5))
    found = day_scores(design, "")
    score, covariance, sd = by_dummies(
        design.outcomes, harmonics(design.outcomes, twice=twice)
    )  # fmt: skip
    np.testing.assert_allclose(found.score, score, atol=1e-9)
    np.testing.assert_allclose(found.noise, covariance, atol=1e-12)
    assert found.within_sd == pytest.approx(sd, rel=1e-9)
    assert ("time of day (12 h)" in found.adjusted) == twice


def test_a_covariate_that_varies_within_days_joins_the_dummies():
    rng = np.random.default_rng(9)
    design = design_of(Truth(), posture=lambda t: rng.integers(0, 2, len(t)))
    table = design.outcomes
    regressors = np.column_stack((harmonics(table, twice=True), table["posture"]))
    score, covariance, _ = by_dummies(table, regressors)
    found = day_scores(design, "")
    np.testing.assert_allclose(found.score, score, atol=1e-9)
    np.testing.assert_allclose(found.noise, covariance, atol=1e-12)


def test_the_simulated_rhythm_is_taken_out_and_the_within_day_sd_found():
    design = design_of(Truth(circadian=2.0, day_sd=0.0, weekend=0.0), days=28)
    found = day_scores(design, "")
    assert found.within_sd == pytest.approx(0.25, rel=0.05)
    assert found.score.std() == pytest.approx(np.sqrt(np.diagonal(found.noise).mean()), rel=0.15)


def test_the_same_hours_every_day_leave_plain_means():
    """A rhythm seen at one pair of hours only shifts every day alike."""
    table = person(ORDER, 7, Truth(per_day=2), np.random.default_rng(1))
    midnight = table["time"].dt.normalize()
    hour = np.where(np.arange(len(table)) % 2, 20, 9)
    table["time"] = midnight + pd.to_timedelta(hour, unit="h")
    design = validate(table, phases_of(ORDER, 7), settings=CompareSettings())
    found = day_scores(design, "")
    plain = design.outcomes.groupby("day")["value"].mean()
    np.testing.assert_allclose(found.score, plain, atol=1e-12)
    halved = np.diag(np.full(len(found), found.within_sd**2 / 2))
    np.testing.assert_allclose(found.noise, halved, atol=1e-15)


def test_one_test_a_day_brings_its_own_standard_error():
    design = design_of(Truth(per_day=1, noisy_se=True))
    found = day_scores(design, "")
    assert (found.noise_from, found.adjusted) == ("own standard errors", ())
    np.testing.assert_allclose(np.diagonal(found.noise), design.outcomes["se"] ** 2)
    np.testing.assert_array_equal(found.score, design.outcomes["value"])


def test_one_test_a_day_without_standard_errors_has_no_known_noise():
    design = design_of(Truth(per_day=1))
    bare = validate(
        design.outcomes[["time", "value"]], phases_of(ORDER, 7), settings=CompareSettings()
    )
    found = day_scores(bare, "")
    assert found.noise_from == "none"
    assert not found.noise.any()
    assert np.isnan(found.within_sd)


def test_weekends_and_days_are_those_of_the_calendar():
    design = design_of(Truth(missing_days=0.0))
    found = day_scores(design, "")  # the first day is a Monday
    assert found.weekend.tolist() == ([False] * 5 + [True] * 2) * 8
    assert (np.diff(found.day) == 1).all()
    assert found.block.tolist() == sorted(list(range(8)) * 7)
