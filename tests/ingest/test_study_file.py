"""Studies from files: manifests, real recordings, and what is wrong with them."""

import math

import pytest

import hrv
from hrv.errors import StudyError
from ingest.study import load_study

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


def test_the_sample_study_is_read_whole(sample_data):
    study = load_study(sample_data)
    assert len(study.sessions) == len(list((sample_data / "recordings").iterdir()))
    assert not study.problems
    assert all(len(session.episodes) == 1 for session in study.sessions)
    assert study.settings.washin_days == 2
    assert len(study.randomisation) == 34
