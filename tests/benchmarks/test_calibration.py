"""The calibration simulates what `hrv.compare` would answer, piece by piece and repeatably."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hrv.compare import compare

table = pytest.importorskip(
    "benchmarks.calibration.table", reason="runs in a checkout, not on the wheel"
)
run = pytest.importorskip("benchmarks.calibration.run")
cells = pytest.importorskip("benchmarks.calibration.cells")
scenarios = pytest.importorskip("benchmarks.calibration.scenarios")


def tables_of(drawn):
    """The same person as `hrv.compare` takes it."""
    own = drawn.observed
    ms = np.round(own.day * 86_400_000.0 + own.hour * 3_600_000.0).astype("int64")
    time = pd.to_datetime(ms, unit="ms").tz_localize("UTC")
    first = pd.Timestamp("2026-01-05", tz="UTC")
    edges = [first + pd.Timedelta(days=drawn.plan.days_each * k) for k in range(9)]
    n = len(drawn.order)
    phases = pd.DataFrame(
        {"start": edges[:n], "stop": edges[1 : n + 1], "condition": list(drawn.order)}
    )
    return pd.DataFrame({"time": time, "value": own.value}), phases


@pytest.mark.parametrize("method", ["default", "block_means", "randomisation"])
@pytest.mark.parametrize("per_day", [6, 1])
@pytest.mark.parametrize("plan", ["8x7 of 70", "ABAB 4x7", "AB 14+14"])
def test_answers_are_those_of_compare(plan, per_day, method):
    for seed in range(4):
        drawn = scenarios.draw(scenarios.Scenario(plan, per_day, 0.5), np.random.default_rng(seed))
        outcomes, phases = tables_of(drawn)
        orders = drawn.plan.orders if drawn.plan.randomised else None
        truth = compare(outcomes, phases, method=method, randomisation=orders)
        found = cells.PERSON[method](cells.Person(drawn))
        assert bool(found.refused) == np.isnan(truth.low)
        if not found.refused:
            got = (found.estimate, found.low, found.high, found.p_value)
            expected = (truth.estimate, truth.low, truth.high, truth.p_value)
            assert got == pytest.approx(expected, rel=1e-5, abs=1e-6)  # hours are rounded to ms


@pytest.mark.parametrize("method", ["default", "block_means", "randomisation"])
def test_an_effect_moves_estimate_and_interval_by_itself(method):
    """So that coverage and power can be read from simulations without an effect."""
    scenario = scenarios.Scenario("8x7 of 70", 6, 0.5)
    without, with_ = (
        cells.PERSON[method](
            cells.Person(scenarios.draw(scenario, np.random.default_rng(3), effect))
        )
        for effect in (0.0, scenarios.EFFECT)
    )
    assert with_[1:4] == pytest.approx(np.array(without[1:4]) + scenarios.EFFECT, abs=1e-5)


def test_a_cell_is_the_same_in_any_pieces(tmp_path):
    cell = next(c for c in cells.CELLS if c.scenario.plan == "ABAB 4x7")
    run.run(tmp_path, run.jobs(tmp_path, lambda _: 2, [cell]), 1)
    run.run(tmp_path, run.jobs(tmp_path, lambda _: 3, [cell]), 1)
    assert not run.jobs(tmp_path, lambda _: 3, [cell])
    for method in cell.methods:
        whole = [cells.answers(cell, [method], run.generator(cell, k))[method] for k in range(3)]
        np.testing.assert_array_equal(
            run.rows(tmp_path, cell, method)[:, :5], np.array(whole)[:, :5]
        )
    (row, *_) = table.write(tmp_path, tmp_path)
    assert row.runs == 3
    assert cell.methods[0] in (tmp_path / "calibration.md").read_text()


@pytest.mark.parametrize(
    ("hits", "verdict"), [(0, "outside"), (20, "inside"), (100, "inside"), (190, "outside")]
)
def test_a_cell_fails_only_when_its_monte_carlo_interval_lies_outside(hits, verdict):
    cell = cells.CELLS[0]
    found = np.full((2000, run.WIDTH), np.nan)
    alarm = np.arange(2000) < hits
    found[:, 0], found[:, 1] = 0, 0.0
    found[:, 2], found[:, 3] = np.where(alarm, 0.1, -1.0), 1.0
    found[:, 4] = np.where(alarm, 0.01, 0.5)
    assert table.line(cell, "default", found).verdict == verdict


def test_every_plan_has_its_days_and_orders():
    assert len(scenarios.PLANS["8x7"].orders) == 34
    assert scenarios.PLANS["8x14"].days == 112
    assert len({cell.name for cell in cells.CELLS}) == len(cells.CELLS)


def test_where_a_t_test_of_days_raises_false_alarms_the_default_does_not():
    """People without any effect whose days resemble each other (phi 0.7)."""
    cell = next(c for c in cells.CELLS if c.name == "AB28-28_6d_phi0.7_plain")
    naive, ours = 0, 0
    for number in range(150):
        person = cells.Person(scenarios.draw(cell.scenario, run.generator(cell, number)))
        score, second = person.days.score, person.days.second
        naive += stats.ttest_ind(score[second], score[~second], equal_var=False).pvalue <= 0.05
        ours += cells.PERSON["default"](person).p_value <= 0.05
    assert naive >= 30
    assert ours <= 15


@pytest.fixture(scope="module")
def published():
    """The table as it was last written by `make calibrate`."""
    path = Path(__file__).resolve().parents[2] / "docs" / "calibration.csv"
    with path.open(newline="") as lines:
        return [
            {k: v if k in ("method", "cell", "design", "kind", "verdict") else float(v)
             for k, v in row.items()}
            for row in csv.DictReader(lines)
        ]  # fmt: skip


def test_no_published_cell_lies_outside_the_band(published):
    assert len(published) > 200
    assert [row["cell"] for row in published if row["verdict"] == "outside"] == []


def test_every_cell_and_method_is_published(published):
    known = {(row["cell"], row["method"]) for row in published}
    wanted = {(c.name, m) for c in (*cells.CELLS, *cells.SAMPLE_CELLS) for m in c.methods}
    assert known == wanted


def test_published_power_and_refusals_keep_what_was_promised(published):
    plain = {
        (row["design"], row["phi"]): row
        for row in published
        if row["method"] == "default" and row["kind"] == "plain"
        and row["per_day"] == 6 and row["people"] == 1
    }  # fmt: skip
    for key, power in table.PUBLISHED_POWER.items():
        assert plain[key]["power"] >= power - 3, key
    for phi in (0.0, 0.3, 0.5):
        assert plain["8x7", phi]["refused"] <= 5


def test_a_sample_study_is_answered_as_compare_answers_it():
    sample = pytest.importorskip("benchmarks.calibration.sample")
    study = sample.sample_study(2)
    truth = study.effects["residual_hr"]
    phases = study.phases.drop(columns="subject")
    found = compare(sample.outcomes_of(study), phases, washin="2d", covariates=())
    short = sample.answer(2)
    assert short.estimate + truth == pytest.approx(found.estimate, rel=1e-12)
    assert (short.low + truth, short.high + truth) == pytest.approx((found.low, found.high))


def test_a_run_that_was_stopped_goes_on_and_counts_what_it_cost(tmp_path):
    cell = next(c for c in cells.CELLS if c.scenario.plan == "ABAB 4x7")
    todo = run.jobs(tmp_path, lambda _: 2 * run.CHUNK, [cell])
    assert not run.run(tmp_path, todo, 1, until=0.0)
    assert len(run.rows(tmp_path, cell, cell.methods[0])) == run.CHUNK
    before = run.spent(tmp_path)
    assert before.simulations == run.CHUNK
    assert before.processor_s > 0
    assert run.run(tmp_path, run.jobs(tmp_path, lambda _: run.CHUNK + 1, [cell]), 1)
    assert run.spent(tmp_path).simulations == run.CHUNK + 1
    table.write(tmp_path, tmp_path)
    told = f"({run.CHUNK + 1} simulations took 0 minutes of one processor"
    assert told in (tmp_path / "calibration.md").read_text()
