"""Studies from files: manifests, real recordings, and what is wrong with them."""

import math
from pathlib import Path

import numpy as np
import pytest

import hrv
from hrv.errors import FormatError, StudyError
from ingest.study import StudyFile, load_study, orders_of

GUDB = """
title = "Sitting against mental arithmetic"
[endpoint]
primary = "ln_rmssd"
[design]
conditions = ["sitting", "maths"]
method = "paired"
[clean]
method = "lipponen_tarvainen"
[data]
recordings = "manifest.csv"
format = "peaks"
sampling_rate_hz = 250
"""


def gudb_study(folder, data):
    rows = ["file,subject,condition"]
    for path in sorted((data / "gudb").glob("*.tsv")):
        _, subject, condition, *_ = path.stem.split("_")
        rows.append(f"{path},{subject},{condition}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    (folder / "study.toml").write_text(GUDB)
    return folder / "study.toml"


def test_sitting_against_arithmetic_compares_over_eight_people(tmp_path, shared_data):
    result = hrv.analyse(load_study(gudb_study(tmp_path, shared_data)))
    assert len(result.quality) == 16
    assert list(result.primary) == ["paired"]
    assert result.headline.estimate < 0
    assert result.headline.df == 7
    assert not math.isnan(result.headline.percent)


ARMS = """
[endpoint]
primary = "ln_rmssd"
[design]
conditions = ["control", "drug"]
method = "{method}"
familiarisation = 0
[data]
recordings = "manifest.csv"
"""


def allocated_study(folder, method, header, allocated):
    """Twelve people, two recordings each; treatment raises the spread of RR by half."""
    rng = np.random.default_rng(4)
    rows = [header]
    for k in range(12):
        own = np.exp(rng.normal(0, 0.1))
        for number in (1, 2):
            label, treated = allocated(k, number)
            rr_ms = 800 + 30 * own * (1.5 if treated else 1.0) * rng.normal(size=200)
            (folder / f"P{k}_{number}.txt").write_text("\n".join(str(int(v)) for v in rr_ms))
            rows.append(f"P{k}_{number}.txt,P{k:02d},{label}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    (folder / "study.toml").write_text(ARMS.format(method=method))
    return load_study(folder / "study.toml")


def test_two_arms_with_a_baseline_come_from_a_manifest(tmp_path):
    def allocated(k, number):
        arm = ("control", "drug")[k % 2]
        period = ("baseline", "treatment")[number - 1]
        return f"{arm},{period}", arm == "drug" and number == 2

    study = allocated_study(tmp_path, "ancova", "file,subject,arm,period", allocated)
    result = hrv.analyse(study).headline
    assert result.method == "ancova"
    assert result.low < np.log(1.5) < result.high
    assert result.details["arms"]["drug"] == {"allocated": 6, "with_outcome": 6}


def test_an_allocation_that_was_drawn_fills_the_arms_and_allows_to_speak_of_an_effect(tmp_path):
    def allocated(k, number):
        return ("baseline", "treatment")[number - 1], k % 2 and number == 2

    allocated_study(tmp_path, "ancova", "file,subject,period", allocated)
    rows = ["subject,sex,arm", *(f"P{k:02d},f,{('control', 'drug')[k % 2]}" for k in range(12))]
    (tmp_path / "allocation.csv").write_text("\n".join(rows) + "\n")
    text = (tmp_path / "study.toml").read_text()
    given = text.replace("familiarisation", 'allocation = "allocation.csv"\nfamiliarisation')
    (tmp_path / "study.toml").write_text(given)
    sentence = hrv.analyse(load_study(tmp_path)).headline.sentence
    assert "Who got what was drawn at random" in sentence
    assert "association" not in sentence


def test_a_crossover_comes_from_a_manifest(tmp_path):
    def allocated(k, number):
        sequence = ("control-drug", "drug-control")[k % 2]
        return f"{sequence},{number}", sequence.split("-")[number - 1] == "drug"

    study = allocated_study(tmp_path, "crossover", "file,subject,sequence,period", allocated)
    result = hrv.analyse(study).headline
    assert result.df == 10
    assert result.low < np.log(1.5) < result.high


def test_a_manifest_without_the_arms_a_method_needs_says_so(tmp_path):
    def allocated(k, number):
        return ("control", "drug")[number - 1], number == 2

    study = allocated_study(tmp_path, "ancova", "file,subject,condition", allocated)
    with pytest.raises(StudyError, match="needs the column 'arm' for every recording"):
        hrv.analyse(study)


def test_a_manifest_that_names_a_missing_recording_names_the_line(tmp_path):
    (tmp_path / "manifest.csv").write_text("file\ngone.txt\n")
    (tmp_path / "study.toml").write_text('[data]\nrecordings = "manifest.csv"\n')
    with pytest.raises(StudyError, match=r"line 2.*gone\.txt"):
        load_study(tmp_path)


def test_a_manifest_with_an_unknown_column_is_refused(tmp_path):
    (tmp_path / "manifest.csv").write_text("file,colour\na.txt,red\n")
    (tmp_path / "study.toml").write_text('[data]\nrecordings = "manifest.csv"\n')
    with pytest.raises(StudyError, match="colour"):
        load_study(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\xff\xfe", b'"subject,arm'])
def test_a_list_or_an_allocation_that_is_no_table_is_refused_by_name(tmp_path, content):
    (tmp_path / "manifest.csv").write_text("file\n")
    (tmp_path / "other.csv").write_bytes(content)
    for text in (
        '[data]\nrecordings = "other.csv"\n',
        '[data]\nrecordings = "manifest.csv"\n[design]\nallocation = "other.csv"\n',
    ):
        (tmp_path / "study.toml").write_text(text)
        with pytest.raises(FormatError, match=r"other\.csv: is no table of"):
            load_study(tmp_path)


def test_the_sample_study_is_read_whole(sample_data):
    study = load_study(sample_data)
    assert len(study.sessions) == len(list((sample_data / "recordings").iterdir()))
    assert not study.problems
    assert all(len(session.episodes) == 1 for session in study.sessions)
    assert study.settings.washin_days == 2
    assert len(study.randomisation) == 34


def test_a_draw_that_cannot_be_read_is_one_sentence(tmp_path, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "drawn.json").write_text('{"set": []}')
    file = StudyFile(tmp_path / "study.toml", {"design": {"randomisation": "drawn.json"}})
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(FormatError, match=r"drawn\.json: cannot be read \(Permission denied\)"):
        orders_of(file)
