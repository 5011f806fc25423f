"""Group answers over a cohort: the mean effect, how much people differ, who responded, quality."""

import json
import re
import shutil
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import hrv
from api.cli import _clock, build_app
from hrv.errors import InputError, NotComputableError
from hrv.plan.registration import Look, digest, record_of
from hrv.report import render_cohort
from ingest import cohort
from ingest.cohort.group import compare_cohort
from ingest.cohort.results import read_table

MEAN, SPREAD, DAY_SD = -20.0, 15.0, 12.0
BLOCKS, DAYS = 4, 6
"""Blocks of each person, and days in a block; off and on take turns."""


def make_study(folder, people, seed):
    """Daily recordings: mean NN is the person's own, plus their effect on treated days."""
    rng = np.random.default_rng(seed)
    rows, phases, truth = [], [], {}
    (folder / "rr").mkdir()
    for p in range(people):
        name, truth[f"P{p:03d}"] = f"P{p:03d}", rng.normal(MEAN, SPREAD)
        level, flip = rng.normal(850, 60), int(rng.integers(2))
        first = pd.Timestamp("2026-01-05T07:00+01:00")
        for block in range(BLOCKS):
            on = (block + flip) % 2 == 1
            start = first + pd.Timedelta(days=DAYS * block)
            stop = start + pd.Timedelta(days=DAYS)
            phases.append((name, start - pd.Timedelta(hours=7), stop - pd.Timedelta(hours=7),
                           "on" if on else "off"))  # fmt: skip
            for day in range(DAYS):
                mean = level + on * truth[name] + rng.normal(0, DAY_SD)
                rr = np.rint(rng.normal(mean, 15, 160)).astype(int)
                file = f"rr/{name}_{block}_{day}.txt"
                (folder / file).write_text("".join(f"{x}\n" for x in rr))
                rows.append((file, name, (start + pd.Timedelta(days=day)).isoformat()))
    pd.DataFrame(rows, columns=["file", "subject", "start"]).to_csv(
        folder / "recordings.csv", index=False
    )
    columns = ["subject", "start", "stop", "condition"]
    pd.DataFrame(phases, columns=columns).to_csv(folder / "phases.csv", index=False)
    settings = cohort.CohortSettings(metrics=("mean_nn", "rmssd", "sdnn"), width="1min")
    cohort.run(str(folder / "recordings.csv"), str(folder / "out"), settings, serial=True)
    return truth


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("group")
    return folder, make_study(folder, 12, seed=21)


@pytest.fixture(scope="module")
def group(study):
    folder, _ = study
    return compare_cohort(str(folder / "out"), str(folder / "phases.csv"), name="mean_nn")


def test_the_answer_is_that_of_compare_on_the_summary_table(study, group):
    folder, _ = study
    rows = read_table(str(folder / "out"), "summary").rename(columns={"mean_nn": "value"})
    rows["time"] = rows["start"].dt.tz_convert("UTC+01:00")
    from ingest import read_phases

    own = hrv.compare(
        rows[["subject", "time", "value"]], read_phases(folder / "phases.csv"),
        scale="linear", seed=0,
    )  # fmt: skip
    assert group.comparisons["default"].estimate == own.estimate
    assert group.comparisons["default"].refusals == ()


def test_everyone_has_an_effect_nearer_the_truth_after_shrinkage(study, group):
    _, truth = study
    people = group.people.set_index("subject")
    true = pd.Series(truth)
    assert list(people.index) == sorted(truth)
    error = ((people["estimate"] - true) ** 2).mean(), ((people["shrunken"] - true) ** 2).mean()
    assert error[1] < error[0]
    inside = (people["low"] <= true) & (true <= people["high"])
    assert inside.sum() >= 10
    assert group.responders.tau_low < SPREAD < group.responders.tau_high


def test_a_table_for_people_and_a_picture_come_from_the_command(study, tmp_path):
    folder, _ = study
    args = ["compare", str(folder / "out"), "--phases", str(folder / "phases.csv"),
            "--endpoint", "mean_nn"]  # fmt: skip
    told = CliRunner().invoke(build_app(), [*args, "--forest", str(tmp_path / "f.svg")])
    assert told.exit_code == 0, told.output
    assert "How much people differ" in told.output
    assert "SD of true effects" in told.output
    assert "next person" in (tmp_path / "f.svg").read_text()
    data = CliRunner().invoke(build_app(), [*args, "--format", "json"])
    found = json.loads(data.output)
    assert len(found["people"]) == 12
    assert {d["quantity"] for d in found["quality"]["distributions"]} >= {"coverage", "rmssd"}


@pytest.fixture
def registered(study, group, tmp_path, monkeypatch):
    """The command on the same cohort with a registration beside its phases, at a moment."""
    folder, _ = study
    shutil.copy(folder / "phases.csv", tmp_path)
    end = datetime(2026, 9, 1, tzinfo=UTC)
    record = record_of(group.study, [Look(4, end, 0.95)], "obrien_fleming", None)
    content = {"record": record, "sha256": digest(record), "tz": "Europe/Berlin"}
    (tmp_path / "plan.json").write_text(json.dumps({**content, "look_names": ["planned end"]}))

    def ask(moment, *more):
        monkeypatch.setattr(_clock, "now", lambda: moment)
        args = ["compare", str(folder / "out"), "--phases", str(tmp_path / "phases.csv"), *more]
        return CliRunner().invoke(build_app(), args)

    return ask


def test_a_registered_cohort_stays_sealed_in_every_form_until_its_end(registered, tmp_path):
    early = datetime(2026, 8, 31, tzinfo=UTC)
    told = registered(early, "--report", str(tmp_path / "r.html"))
    assert isinstance(told.exception, NotComputableError)
    assert "sealed until 1 September 2026, the planned end" in str(told.exception)
    page = (tmp_path / "r.html").read_text()
    assert "sealed until 1 September 2026" in page
    assert "Quality of the recordings" in page
    found = json.loads(registered(early, "--format", "json").output)
    assert {row["estimate"] for row in found["people"]} == {None}
    assert found["comparisons"]["default"]["estimate"] is None
    rows = registered(early, "--format", "csv").output.splitlines()
    assert all(",,,,,,the result stays sealed" in row.replace('"', "") for row in rows[1:])


def test_after_its_end_a_registered_cohort_answers_as_registered(registered, group):
    late = datetime(2026, 9, 1, tzinfo=UTC)
    found = json.loads(registered(late, "--format", "json").output)["comparisons"]["default"]
    assert found["estimate"] == group.comparisons["default"].estimate
    assert found["details"]["registration"]["as_registered"]
    other = registered(late, "--format", "json", "--washin", "1d")
    flags = json.loads(other.output)["comparisons"]["default"]["flags"]
    assert "exploratory, not confirmatory: since registration the wash-in was" in flags[0]


def test_the_report_is_one_page_with_everyone_and_the_quality(study, group, tmp_path):
    folder, _ = study
    args = ["compare", str(folder / "out"), "--phases", str(folder / "phases.csv"),
            "--endpoint", "mean_nn", "--report"]  # fmt: skip
    told = CliRunner().invoke(build_app(), [*args, str(tmp_path / "a.html")])
    assert told.exit_code == 0, told.output
    page = (tmp_path / "a.html").read_text()
    parts = (group.people, group.responders, group.why_not, group.quality)
    assert page == render_cohort(group.result, *parts)  # the same bytes again
    for text in ("Everyone&#39;s effect", "next person", "How the recordings are spread", "P011",
                 "Drawn to the group", "Devices and formats", "SD of true effects"):  # fmt: skip
        assert text in page, text
    assert "<script" not in page
    seen = re.sub(r"<[^>]*>", " ", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.DOTALL))
    assert "responder" not in seen.lower()  # nobody is called one without repeated crossovers
    assert ">nan" not in page


def test_a_cohort_without_phases_says_what_it_needs(study):
    told = CliRunner().invoke(build_app(), ["compare", str(study[0] / "out")])
    assert "say with --phases CSV who was on when" in str(told.exception)


def test_the_quality_report_finds_the_recording_that_is_unlike_the_others(tmp_path):
    (tmp_path / "rr").mkdir()
    rng = np.random.default_rng(1)
    for i in range(20):
        n = 80 if i == 7 else int(rng.integers(300, 330))
        (tmp_path / "rr" / f"r{i}.txt").write_text(
            "".join(f"{x}\n" for x in rng.integers(800, 850, n))
        )
    (tmp_path / "rr" / "bad.txt").write_text("no numbers")
    cohort.run(str(tmp_path / "rr"), str(tmp_path / "out"), serial=True)
    from ingest.cohort.quality import quality_report

    found = quality_report(str(tmp_path / "out"))
    assert "r7.txt" in set(found["outliers"].query("quantity == 'duration_s'")["file"])
    assert found["missing"].set_index("subject").loc["bad", "unread"] == 1
    assert found["devices"]["recordings"].sum() == 20


def test_an_unfinished_cohort_gives_no_answer(study, tmp_path):
    (tmp_path / "run.json").write_text('{"state": "running", "keys": {}}')
    with pytest.raises(InputError, match=r"is not finished; run hrv batch again"):
        compare_cohort(str(tmp_path), str(study[0] / "phases.csv"))
    with pytest.raises(InputError, match="holds no results of a cohort"):
        compare_cohort(str(tmp_path / "nowhere"), str(study[0] / "phases.csv"))


@pytest.mark.slow
def test_two_hundred_people_give_back_the_true_mean_and_spread(tmp_path):
    """One cohort of 200 people, 4,800 recordings (seed 22), through every step."""
    truth = pd.Series(make_study(tmp_path, 200, seed=22))
    found = compare_cohort(str(tmp_path / "out"), str(tmp_path / "phases.csv"), name="mean_nn")
    together = found.responders
    answer = found.comparisons["default"]
    assert answer.low <= MEAN <= answer.high
    assert together.low <= MEAN <= together.high
    assert together.tau_low <= SPREAD <= together.tau_high
    people = found.people.set_index("subject")
    inside = (people["low"] <= truth) & (truth <= people["high"])
    assert inside.mean() > 0.95 - 3 * 0.0154
