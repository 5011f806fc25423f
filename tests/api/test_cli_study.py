"""`hrv compare` and `hrv demo`: the sample study, and studies that are wrong."""

import json
import re
import shutil

import pytest

from hrv.compare.words import CAUSAL


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


def test_demo_prints_the_comparison_and_writes_the_report(hrv_command, demo_folder):
    report = demo_folder / "report.html"
    done = hrv_command("demo", "--report", report)
    assert done.code == 0, done.err
    assert "Magnesium" in done.out
    assert "p 0.059 lower; 0.12 two-sided" in done.out
    assert "p 0.059 by randomisation is the confirmatory one" in " ".join(done.out.split())
    assert str(report) in done.err
    html = report.read_text()
    assert html.startswith("<!doctype html>") or html.startswith("<!DOCTYPE html>")
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_the_sample_study_covers_the_truth_it_was_made_from(hrv_command, sample_data):
    done = hrv_command("compare", sample_data / "study.toml", "--format", "json")
    result = json.loads(done.out)
    truth = json.loads((sample_data / "truth.json").read_text())
    assert done.code == 0
    assert result["low"] <= truth["effect"]["residual_hr"] <= result["high"]
    assert {m["method"] for m in result["methods"]} >= {"default", "block_means", "randomisation"}


def test_without_the_randomisation_log_there_is_no_randomisation_p_value(
    hrv_command, sample_data, tmp_path
):
    shutil.copytree(sample_data, tmp_path / "study")
    toml = tmp_path / "study" / "study.toml"
    lines = toml.read_text().splitlines()
    toml.write_text("\n".join(line for line in lines if not line.startswith("randomisation")))
    done = hrv_command("compare", toml, "--format", "json")
    methods = {m["method"]: m for m in json.loads(done.out)["methods"]}
    assert methods["randomisation"]["p_value"] is None
    assert "randomis" in methods["randomisation"]["refusals"][0]["why"]


def test_nothing_printed_after_a_start_at_a_symptom_peak_claims_a_cause(
    hrv_command, sample_data, tmp_path
):
    shutil.copytree(sample_data, tmp_path / "study")
    toml = tmp_path / "study" / "study.toml"
    toml.write_text(toml.read_text().replace('"planned"', '"symptom_peak"'))
    done = hrv_command("compare", toml)
    assert done.code == 0, done.err
    assert "regression to the mean" in done.out
    assert not [word for word in CAUSAL if re.search(rf"\b{word}", done.out.lower())]


def minimal(tmp_path, text: str):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return path


WRONG = {
    "no TOML": "title = ",
    "an unknown key": 'titel = "x"',
    "an unknown key in a section": '[design]\nwash = "2d"',
    "a missing log": '[data]\nrecordings = "*.txt"\nevents = "gone.csv"',
    "no recording": '[data]\nrecordings = "*.txt"',
    "a wash-in that is no time": '[design]\nwashin = "soon"\n[data]\nrecordings = "study.toml"',
    "a change that is no number": '[endpoint]\nswc = "1"\n[data]\nrecordings = "study.toml"',
    "a seed that is no number": 'seed = "x"\n[data]\nrecordings = "study.toml"',
    "a name for a list": '[endpoint]\nsecondary = "gad7"\n[data]\nrecordings = "study.toml"',
    "a direction nobody knows": '[endpoint]\ndirection = "up"\n[data]\nrecordings = "study.toml"',
    "one condition": '[design]\nconditions = ["on"]\n[data]\nrecordings = "*.txt"',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_study_gets_one_sentence_and_exit_2(hrv_command, tmp_path, text):
    done = hrv_command("compare", minimal(tmp_path, text))
    assert done.code == 2
    assert "study.toml" in done.err
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_a_study_that_names_a_missing_file_names_it(hrv_command, tmp_path):
    done = hrv_command("compare", minimal(tmp_path, WRONG["a missing log"]))
    assert "gone.csv" in done.err


def changed(sample_data, tmp_path, old: str, new: str):
    """A copy of the sample study with one line changed."""
    shutil.copytree(sample_data, tmp_path / "study")
    toml = tmp_path / "study" / "study.toml"
    assert old in toml.read_text()
    toml.write_text(toml.read_text().replace(old, new))
    return toml


def test_a_wash_in_without_a_unit_is_days(hrv_command, sample_data, tmp_path):
    toml = changed(sample_data, tmp_path, 'washin = "2d"', "washin = 2")
    as_shipped = json.loads(
        hrv_command("compare", sample_data / "study.toml", "--format", "json").out
    )
    result = json.loads(hrv_command("compare", toml, "--format", "json").out)
    assert result["estimate"] == as_shipped["estimate"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('events = "events.csv"\n', "", "no stressor falls into a recording"),
        ("familiarisation = 0", "familiarisation = 99", "no recording was left"),
        ('washin = "2d"', 'washin = "6d"', "complete block"),
    ],
)
def test_a_study_that_leaves_nothing_to_compare_says_why_and_exits_1(
    hrv_command, sample_data, tmp_path, old, new, said
):
    done = hrv_command("compare", changed(sample_data, tmp_path, old, new))
    assert done.code == 1
    assert said in " ".join(done.out.split())
    assert said in done.err
    assert done.err.count("\n") == 1


def test_overlapping_phases_are_refused_by_name(hrv_command, sample_data, tmp_path):
    shutil.copytree(sample_data, tmp_path / "study")
    phases = tmp_path / "study" / "phases.csv"
    header, first, *rest = phases.read_text().splitlines()
    phases.write_text("\n".join([header, first, first, *rest]))
    done = hrv_command("compare", tmp_path / "study" / "study.toml")
    assert done.code == 2
    assert "overlap" in done.err


def test_an_unreadable_recording_is_reported_and_the_rest_is_analysed(
    hrv_command, sample_data, tmp_path
):
    shutil.copytree(sample_data, tmp_path / "study")
    (tmp_path / "study" / "recordings" / "zz.txt").write_text("no beats here\n")
    done = hrv_command("compare", tmp_path / "study", "--format", "json")
    result = json.loads(done.out)
    assert done.code == 0
    assert any("zz.txt" in r["what"] for r in result["not_answered"])


GUDB = """
title = "Sitting against mental arithmetic"
[endpoint]
primary = "ln_rmssd"
secondary = ["mean_hr"]
[design]
method = "paired"
conditions = ["sitting", "maths"]
[data]
recordings = "recordings.csv"
format = "peaks"
sampling_rate_hz = 250
"""


def test_two_conditions_in_one_session_are_compared_over_people(hrv_command, shared_data, tmp_path):
    """GUDB: eight people, sitting and mental arithmetic; no clock is needed."""
    rows = ["file,subject,condition"]
    for number in range(8):
        for condition in ("sitting", "maths"):
            name = f"subject_{number:02d}_{condition}_annotation_cs.tsv"
            shutil.copy(shared_data / "gudb" / name, tmp_path / name)
            rows.append(f"{name},S{number:02d},{condition}")
    (tmp_path / "recordings.csv").write_text("\n".join(rows) + "\n")
    study = minimal(tmp_path, GUDB)
    done = hrv_command("compare", study, "--format", "json", "--report", tmp_path / "r.html")
    result = json.loads(done.out)
    assert done.code == 0, done.err
    assert (result["method"], result["verdict"]) == ("paired", "lower")
    assert result["df"] == 7
    assert -60 < result["percent"] < -5
    assert result["sentence"].startswith("RMSSD was ")
    assert "stress episodes" not in (tmp_path / "r.html").read_text()
    (tmp_path / "recordings.csv").write_text("\n".join(rows[:9]) + "\n")
    few = hrv_command("compare", study)
    assert few.code == 1
    assert "at least 5" in few.err
