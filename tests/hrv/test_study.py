"""`hrv.analyse`: the whole road in one pure call."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import simulated_study, with_labels_swapped

import hrv
from hrv.endpoints import title
from hrv.study.answers import holm
from hrv.types import Refusal


@pytest.fixture(scope="module")
def study():
    return simulated_study(1)[0]


@pytest.fixture(scope="module")
def result(study):
    return hrv.analyse(replace(study, secondary=("tau_hr_s", "gad7", "reactivity_hr")))


def test_every_recording_has_a_quality_row_and_every_stressor_a_recovery_row(study, result):
    assert len(result.quality) == len(study.sessions)
    assert len(result.recovery) == sum(len(s.episodes) for s in study.sessions)


def test_the_headline_is_the_declared_method_on_the_declared_endpoint(result):
    assert result.headline.method == "default"
    assert list(result.primary) == ["default", "block_means", "randomisation", "bayesian"]


def test_episodes_know_their_condition_and_block(study, result):
    blocks = result.recovery.groupby("block")["condition"].unique()
    drawn = study.phases.set_index("block")["condition"]
    assert {b: c[0] for b, c in blocks.items()} == drawn.to_dict()
    assert all(len(c) == 1 for c in blocks)


def test_swapping_the_labels_flips_the_sign(study, result):
    swapped = hrv.analyse(with_labels_swapped(study)).headline
    assert swapped.estimate == pytest.approx(-result.headline.estimate, abs=1e-9)
    assert swapped.low == pytest.approx(-result.headline.high, abs=1e-9)


def test_the_order_of_the_recordings_does_not_matter(study, result):
    turned = hrv.analyse(replace(study, sessions=study.sessions[::-1])).headline
    assert turned.estimate == pytest.approx(result.headline.estimate, abs=1e-12)


def test_censored_endpoints_are_refused_not_averaged(result):
    censored = int(result.recovery["tau_hr_s_censored"].sum())
    tau = result.secondary["tau_hr_s"]
    assert tau.refused == (censored > 0)
    if censored:
        assert "at least" in tau.refusals[0].why


def test_exploratory_endpoints_carry_holm_adjusted_p_values(result):
    known = {n: c.p_value for n, c in result.secondary.items() if not math.isnan(c.p_value)}
    for name, p in known.items():
        assert p <= result.secondary[name].details["p_holm"] <= min(1.0, p * len(known)) + 1e-12


def test_without_a_randomisation_log_there_is_no_randomisation_p_value(study):
    bare = hrv.analyse(replace(study, randomisation=None))
    assert math.isnan(bare.primary["randomisation"].p_value)
    assert any("randomis" in r.why for r in bare.refusals)


def test_a_logged_draw_makes_the_randomisation_test_confirm(study, result):
    assert result.confirmatory is result.primary["randomisation"]
    bare = hrv.analyse(replace(study, randomisation=None))
    assert bare.confirmatory is bare.headline


def test_doses_of_unknown_basis_do_not_change_the_answer(study, result):
    shuffled = study.doses.assign(basis="unknown", amount=study.doses["amount"].to_numpy()[::-1])
    again = hrv.analyse(replace(study, doses=shuffled)).headline
    assert again.estimate == result.headline.estimate


def test_familiarisation_sessions_are_measured_but_not_compared(study):
    result = hrv.analyse(replace(study, familiarisation=3))
    assert (result.recovery["excluded"] == "familiarisation").sum() == 3
    assert result.rates["episodes"].sum() == len(result.recovery) - 3


def test_progress_is_told_after_each_recording(study):
    told = []
    hrv.analyse(study, progress=lambda done, total: told.append((done, total)))
    assert told == [(i + 1, len(study.sessions)) for i in range(len(study.sessions))]


def test_problems_met_while_reading_stay_in_the_result(study):
    problem = Refusal("recording x.txt", "the file is empty")
    assert problem in hrv.analyse(replace(study, problems=(problem,))).refusals


def test_a_recording_metric_can_be_the_endpoint(study):
    result = hrv.analyse(replace(study, primary="ln_rmssd"))
    assert result.headline.settings["scale"] == "log"
    assert not math.isnan(result.headline.percent)


def test_an_unknown_endpoint_is_answered_with_the_choices(study):
    with pytest.raises(hrv.StudyError, match="residual_hr"):
        hrv.analyse(replace(study, primary="stress"))


def test_an_endpoint_is_called_what_the_field_calls_it():
    assert [title(name) for name in ("ln_rmssd", "mean_hr", "pnn50", "sd1", "residual_hr")] == [
        ("logarithm of RMSSD", ""), ("mean heart rate", "bpm"), ("pNN50", "%"), ("SD1", "ms"),
        ("residual activation", "bpm"),
    ]  # fmt: skip


def test_lf_hf_is_no_endpoint(study):
    with pytest.raises(hrv.StudyError, match="sympatho-vagal"):
        hrv.analyse(replace(study, primary="lf_hf"))


def test_the_mean_curve_starts_high_and_comes_down(result):
    for _, curve in result.curves.groupby("condition"):
        early = curve.loc[curve["t_s"].between(0, 20), "mean"].mean()
        late = curve.loc[curve["t_s"].between(500, 600), "mean"].mean()
        assert early > late + 5
        assert (curve["low"] < curve["mean"]).all()


def test_analysis_is_deterministic(study, result):
    again = hrv.analyse(study)
    pd.testing.assert_frame_equal(again.recovery, result.recovery)
    assert again.headline.estimate == result.headline.estimate


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02, math.nan], [0.02, math.nan]),
    ],
)
def test_holm_steps_down(p, adjusted):
    found = holm({str(i): value for i, value in enumerate(p)})
    np.testing.assert_allclose(list(found.values()), adjusted)


@pytest.mark.slow
def test_the_true_effect_lies_in_the_interval_in_90_to_98_percent_of_200_seeds():
    covered = []
    for seed in range(1, 201):
        drawn, effects = simulated_study(seed)
        headline = hrv.analyse(drawn).headline
        covered.append(headline.low <= effects["residual_hr"] <= headline.high)
    assert 0.90 <= np.mean(covered) <= 0.98, np.mean(covered)
