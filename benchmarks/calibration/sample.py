"""The sample study's generator, seed by seed: beats, cleaning, recovery and comparison.

Slower than all other cells (about a second a study), so it is a run of its own:
`python -m benchmarks.calibration --sample`.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.calibration.answers import NONE, Answer
from benchmarks.calibration.scenarios import Scenario
from hrv.clean import clean
from hrv.compare import compare
from hrv.recovery import recovery
from hrv.simulate import sample_study

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
    rows = []
    for session in study.sessions:
        (value,) = recovery(clean(session.rr), list(session.episodes))["residual_hr"]
        start = session.rr.start
        rows.append((start + pd.Timedelta(seconds=session.episodes[0].onset_s), value))
    outcomes = pd.DataFrame(rows, columns=["time", "value"])
    found = compare(outcomes, study.phases.drop(columns="subject"), washin="2d", covariates=())
    if found.refused:
        return NONE
    nan = float("nan")
    return Answer(0.0, found.estimate - truth, found.low - truth, found.high - truth, nan)
