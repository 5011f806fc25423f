"""The sample study's generator, seed by seed: beats, cleaning, recovery and comparison.

Slower than all other cells (half a second a study), so it is a run of its own:
`python -m benchmarks.calibration --sample`.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.calibration.answers import LEVEL, NONE, Answer
from benchmarks.calibration.scenarios import Scenario
from hrv.clean import clean
from hrv.compare import checks, mixed_ar1, results
from hrv.compare.base import CompareSettings
from hrv.compare.days import day_scores
from hrv.compare.design import validate
from hrv.recovery import RecoverySettings
from hrv.recovery.residual import residual_hr
from hrv.recovery.response import Response
from hrv.simulate import sample_study
from hrv.simulate.study import SampleStudy

KINDS = {
    "sample": (
        "the generator of the sample study from beats to interval, one seed a simulation; error is "
        "counted against its true effect, which should be held in 93–97 %"
    ),
}
RUNS = 1000
NAME = "default_on_sample_study"


def sample_scenario() -> Scenario:
    """Eight randomised weeks, one stress test a day, days correlated as the generator says."""
    return Scenario("8x7", 1, 0.4, "sample")


def answer(seed: int) -> Answer:
    """Analyse the sample study drawn from a seed; estimate and interval minus the truth."""
    study = sample_study(seed)
    truth = study.effects["residual_hr"]
    phases = study.phases.drop(columns="subject")
    settings = CompareSettings(washin_days=2.0)
    design = validate(outcomes_of(study), phases, settings=settings, covariates=())
    if checks.too_little(design, checks.blocks_of(design, "")):
        return NONE
    # `compare` makes the same answer, and the tables beside it, which take longer
    found = mixed_ar1.day_model(day_scores(design, ""), trend=True).inference
    low, high = results.t_interval(found, LEVEL)
    return Answer(0.0, found.estimate - truth, low - truth, high - truth, float("nan"))


def outcomes_of(study: SampleStudy) -> pd.DataFrame:
    """Residual activation of each session, from its beats."""
    rows = []
    for session in study.sessions:
        (episode,) = session.episodes
        value = residual_hr(Response.of(clean(session.rr), episode, RecoverySettings())).value
        rows.append((session.rr.start + pd.Timedelta(seconds=episode.onset_s), value))
    return pd.DataFrame(rows, columns=["time", "value"])
