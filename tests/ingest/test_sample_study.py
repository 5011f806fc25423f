"""The shipped sample study is what its generator makes, byte for byte, and can be read."""

import json
import tomllib

import numpy as np
import pytest

import ingest
from hrv.simulate import sample_study
from hrv.simulate.study import FIRST_SEED
from ingest.sample_study import main, sample_files, write_sample_study


@pytest.fixture(scope="module")
def study():
    return sample_study(FIRST_SEED)


@pytest.fixture(scope="module")
def files(study):
    return sample_files(study)


def test_the_shipped_files_are_made_again_byte_for_byte(files, sample_data):
    shipped = {
        path.relative_to(sample_data).as_posix(): path.read_bytes()
        for path in sample_data.rglob("*")
        if path.is_file() and "regimen" not in path.parts  # a study of its own, with its own test
    }
    assert sorted(shipped) == sorted(files)
    for name, text in files.items():
        assert shipped[name] == text.encode(), name


def test_it_is_small_enough_to_ship(files):
    assert sum(len(text.encode()) for text in files.values()) < 1_500_000


def test_the_first_seed_is_shipped(files):
    assert FIRST_SEED == 1
    assert json.loads(files["truth.json"])["seed"] == 1
    assert json.loads(files["randomisation.json"])["seed"] == 1


def test_recordings_read_back_bit_for_bit(study, sample_data):
    for session in study.sessions:
        rr = ingest.read(sample_data / "recordings" / session.name)
        np.testing.assert_array_equal(rr.rr_ms, session.rr.rr_ms)
        np.testing.assert_array_equal(rr.t_s, session.rr.t_s)
        np.testing.assert_array_equal(rr.flag, session.rr.flag)
        assert rr.start == session.rr.start


def test_tables_read_back(study, sample_data):
    tz = study.protocol.tz
    events = ingest.read_events(sample_data / "events.csv", tz=tz)
    assert events["start"].tolist() == study.events["start"].tolist()
    assert events["end"].tolist() == study.events["end"].tolist()
    phases = ingest.read_phases(sample_data / "phases.csv", tz=tz)
    for column in ("start", "stop", "condition", "block", "randomised"):
        assert phases[column].tolist() == study.phases[column].tolist(), column
    doses = ingest.read_doses(sample_data / "doses.csv", tz=tz)
    for column in ("time", "amount", "basis", "status"):
        assert doses[column].tolist() == study.doses[column].tolist(), column
    outcomes = ingest.read_outcomes(sample_data / "outcomes.csv", tz=tz)
    for column in ("time", "name", "value"):
        assert outcomes[column].tolist() == study.outcomes[column].tolist(), column


def test_the_study_file_names_files_that_are_there(files):
    content = tomllib.loads(files["study.toml"])
    assert content["tz"] == "Europe/Berlin"
    named = [content["design"]["phases"], content["design"]["randomisation"]]
    named += [content["data"][key] for key in ("events", "doses", "outcomes")]
    assert set(named) <= set(files)


def test_the_logged_randomisation_holds_the_order_that_was_run(files, study):
    logged = json.loads(files["randomisation.json"])
    assert len(logged["set"]) == 34
    assert logged["drawn"] in logged["set"]
    assert logged["drawn"] == study.phases["condition"].tolist()


def test_the_truth_says_what_each_recording_holds(files, study):
    truth = json.loads(files["truth.json"])
    assert truth["effect"]["residual_hr"] == pytest.approx(study.effects["residual_hr"], abs=1e-6)
    assert [s["name"] for s in truth["sessions"]] == [s.name for s in study.sessions]
    assert [s["intervals"] for s in truth["sessions"]] == [len(s.rr) for s in study.sessions]


def test_writing_replaces_its_own_files_and_nothing_else(tmp_path, files, capsys):
    assert main([str(tmp_path / "new")]) == 0
    assert main([str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out == f"{len(files)} files in {tmp_path / 'new'}\n" * 2
    written = {p.relative_to(tmp_path / "new").as_posix() for p in (tmp_path / "new").rglob("*.*")}
    assert written == set(files)


def test_a_folder_with_other_recordings_is_refused(tmp_path, capsys):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "mine.txt").write_text("800\n810\n")
    assert main([str(tmp_path)]) == 2
    assert "mine.txt" in capsys.readouterr().err
    assert [p.name for p in tmp_path.rglob("*.*")] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_another_seed_says_so(tmp_path):
    write_sample_study(tmp_path, seed=2)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "seed 2." in readme
    assert "not a chosen one" not in readme
