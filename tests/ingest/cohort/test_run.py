"""A cohort run: the same numbers as one by one, the same files however it runs, and resuming."""

import json
import shutil
import time

import numpy as np
import pandas as pd
import pytest
from cohort_rig import BAD, DAYS, PEOPLE, contents, make_dataset, make_lab, table

import hrv
import ingest
from hrv.errors import InputError, MissingExtraError
from ingest import cohort
from ingest.cohort.engine import flow

SETTINGS = {"metrics": ("mean_nn", "rmssd", "sdnn", "lf"), "width": "5min", "step": "1min"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "lab"
    events = make_lab(folder)
    events.to_csv(folder.parent / "events.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def settings(lab):
    return cohort.CohortSettings(**SETTINGS, events=str(lab.parent / "events.csv"))


@pytest.fixture(scope="module")
def serial(lab, settings):
    out = lab.parent / "serial"
    outcome = cohort.run(str(lab), str(out), settings, serial=True)
    return out, outcome


def test_every_recording_is_in_the_tables_once_and_every_bad_file_is_listed(serial):
    out, outcome = serial
    assert outcome.recordings == PEOPLE * DAYS + len(BAD)
    assert outcome.unread == outcome.failures == len(BAD)
    files = table(out, "recordings")["file"]
    assert list(files) == [f"P{p:02d}/day{d}.txt" for p in range(PEOPLE) for d in (1, 2)]
    failures = pd.read_csv(out / "failures.csv")
    assert list(failures["file"]) == sorted(BAD)
    assert failures["reason"].str.len().min() > 10
    assert len(table(out, "recovery")) == PEOPLE * DAYS


def test_the_numbers_are_those_of_one_recording_by_itself(lab, serial):
    out, _ = serial
    nn = hrv.clean(ingest.read(lab / "P05" / "day2.txt"))
    own = hrv.windows(nn, **SETTINGS)
    found = table(out, "windows")
    found = found[found["file"] == "P05/day2.txt"]
    for name in ("start_s", "n", "coverage", "mean_nn", "rmssd", "sdnn", "lf"):
        np.testing.assert_array_equal(found[name], own[name])
    assert list(found["reason"]) == list(own["reason"])
    assert list(found["start"]) == list(own.index)
    summary = table(out, "summary").set_index("file").loc["P05/day2.txt"]
    whole = hrv.summary(nn, metrics=SETTINGS["metrics"])
    assert summary["rmssd"] == whole["rmssd"]
    assert summary["subject"] == "P05"
    episodes = hrv.mark(ingest.read_events(lab.parent / "events.csv"))
    own = hrv.recovery(nn, hrv.episodes.within(episodes, nn, subject="P05"))
    found = table(out, "recovery").set_index("file").loc["P05/day2.txt"]
    assert found["residual_hr"] == own["residual_hr"][0]
    assert found["time"] == pd.Timestamp(nn.start) + pd.Timedelta(seconds=400)


def test_the_recordings_table_says_where_every_value_came_from(lab, serial):
    row = table(serial[0], "recordings").set_index("file").loc["P05/day2.txt"]
    content = (lab / "P05/day2.txt").read_bytes()
    import hashlib

    assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert row["bytes"] == len(content)
    assert row["format"] == "text"
    assert row["episodes"] == 1
    assert row["coverage"] > 0.9


def slowly(number):
    time.sleep(0.02)
    return number


def test_a_cluster_that_grows_is_filled(monkeypatch):
    from distributed import Client, LocalCluster

    rooms = iter([8, 8])
    monkeypatch.setattr("ingest.cohort.engine.LOOK_S", 0.05)
    monkeypatch.setattr("ingest.cohort.engine._room", lambda _client: next(rooms, 24))
    options = {"processes": False, "threads_per_worker": 2, "dashboard_address": "127.0.0.1:0"}
    asked, given, waiting = [], [], []
    with LocalCluster(n_workers=1, **options) as cluster, Client(cluster) as client:
        submit = client.submit
        monkeypatch.setattr(client, "submit", lambda *a, **k: asked.append(a) or submit(*a, **k))
        for number in flow(client, range(100), work=slowly, rescue=pytest.fail):
            given.append(number)
            waiting.append(len(asked) - len(given))
    assert sorted(given) == list(range(100))
    assert waiting[0] == 7
    assert max(waiting) == 23  # and the one just given


def test_what_is_finished_is_kept(lab, settings, serial, tmp_path):
    out = shutil.copytree(serial[0], tmp_path / "out")
    before = contents(out)
    outcome = cohort.run(str(lab), str(out), settings, serial=True, started=pytest.fail)
    assert outcome.kept == outcome.recordings
    assert contents(out) == before


def test_a_changed_setting_makes_only_the_tables_that_depend_on_it(lab, settings, serial, tmp_path):
    out = shutil.copytree(serial[0], tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("part-*.parquet")}
    from dataclasses import replace

    cohort.run(str(lab), str(out), replace(settings, step="2min"), serial=True)
    changed = {p.parent.name for p, was in before.items() if p.stat().st_mtime_ns != was}
    assert changed == {"windows"}
    fresh = tmp_path / "fresh"
    cohort.run(str(lab), str(fresh), replace(settings, step="2min"), serial=True)
    assert contents(out) == contents(fresh)


def test_a_recording_that_changes_comes_or_goes_gives_the_result_of_a_fresh_run(
    lab, settings, tmp_path
):
    copy, out = shutil.copytree(lab, tmp_path / "lab"), tmp_path / "out"
    cohort.run(str(copy), str(out), settings, serial=True)
    lines = (copy / "P02/day1.txt").read_text().splitlines()
    (copy / "P02/day1.txt").write_text("\n".join(lines[:-300]) + "\n")
    (copy / "P07/day2.txt").unlink()
    shutil.copy(copy / "P01/day1.txt", copy / "P01/day9.txt")
    cohort.run(str(copy), str(out), settings, serial=True)
    fresh = tmp_path / "fresh"
    cohort.run(str(copy), str(fresh), settings, serial=True)
    assert contents(out) == contents(fresh)


def test_a_touched_file_is_known_by_its_content(lab, settings, serial, tmp_path):
    copy, out = shutil.copytree(lab, tmp_path / "lab"), tmp_path / "out"
    cohort.run(str(copy), str(out), settings, serial=True)
    tables = {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    (copy / "P02/day1.txt").touch()
    outcome = cohort.run(str(copy), str(out), settings, serial=True)
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")} == tables
    assert outcome.kept == outcome.recordings


def test_a_manifest_says_whose_and_how(lab, tmp_path):
    (tmp_path / "P00.txt").write_bytes((lab / "P00/day1.txt").read_bytes())
    (tmp_path / "raw.txt").write_text("0.8\n0.81\n0.79\n" * 200)
    (tmp_path / "list.csv").write_text(
        "file,study,subject,condition,unit,start\n"
        "P00.txt,mag,anna,on,,\n"
        "raw.txt,mag,ben,off,s,2026-03-01T08:00:00+01:00\n"
        "gone.txt,mag,cleo,off,,\n"
    )
    out = tmp_path / "out"
    outcome = cohort.run(str(tmp_path / "list.csv"), str(out), serial=True)
    assert outcome.unread == 1
    rows = table(out, "recordings").set_index("subject")
    assert list(rows.index) == ["anna", "ben"]
    assert list(rows["condition"]) == ["on", "off"]
    assert rows.loc["ben", "start"] == pd.Timestamp("2026-03-01T07:00Z")
    failure = pd.read_csv(out / "failures.csv").iloc[0]
    assert failure["reason"] == "gone.txt does not exist"
    (tmp_path / "gone.txt").write_text("800\n810\n" * 300)  # alternans: nothing is kept
    assert cohort.run(str(tmp_path / "list.csv"), str(out), serial=True).unread == 0
    row = table(out, "summary").set_index("subject").loc["cleo"]
    assert np.isnan(row["rmssd"])
    assert "rmssd: " in row["reason"]


def test_a_parquet_dataset_in_folders_says_whose_each_session_is(tmp_path):
    make_dataset(tmp_path / "data")
    out = tmp_path / "out"
    outcome = cohort.run(str(tmp_path / "data"), str(out), serial=True)
    assert (outcome.recordings, outcome.unread) == (3, 0)
    rows = table(out, "recordings")
    assert list(rows["study"]) == ["a", "a", "b"]
    assert list(rows["subject"]) == ["S1", "S2", "S1"]
    assert list(rows["session"]) == ["1", "1", "eve ning"]
    # the session that lay in two parts is one recording
    assert rows["beats"][2] == len(hrv.simulate(seed=2, duration="15min").series)


def test_an_object_store_gives_the_same_tables(lab, settings, serial, tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in lab.rglob("*.*"):
        memory.pipe_file(f"/bucket/rr/{path.relative_to(lab).as_posix()}", path.read_bytes())
    cohort.run("memory://bucket/rr", "memory://bucket/out", settings, serial=True)
    for name in ("recordings", "summary", "windows", "recovery"):
        for path in memory.glob(f"/bucket/out/{name}/*.parquet"):
            local = serial[0] / name / path.rpartition("/")[2]
            assert memory.cat_file(path) == local.read_bytes()
    again = cohort.run("memory://bucket/rr", "memory://bucket/out", settings, serial=True)
    assert again.kept == again.recordings


def test_results_of_another_input_are_not_written_over(lab, serial, tmp_path):
    other = tmp_path / "other"
    make_dataset(other)
    with pytest.raises(InputError, match=r"holds the results of .*lab"):
        cohort.run(str(other), str(serial[0]), serial=True)


def test_the_manifest_of_a_run_names_versions_settings_and_hashes(serial):
    told = json.loads((serial[0] / "run.json").read_text())
    assert told["state"] == "complete"
    assert told["versions"]["hrv-recovery"]
    assert told["settings"]["windows"]["width_s"] == 300.0
    assert set(told["hashes"]) == {"recordings", "summary", "windows", "recovery", "input"}


@pytest.mark.parametrize(
    ("source", "why"), [("nowhere", "no file is there"), ("lab/*.xyz", "no file is there")]
)
def test_an_input_without_files_is_refused(lab, tmp_path, source, why):
    with pytest.raises(InputError, match=why):
        cohort.run(str(lab.parent / source), str(tmp_path), serial=True)


def test_without_dask_the_extra_is_named(lab, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"hrv-recovery\[cluster\]"):
        cohort.run(str(lab), str(tmp_path), workers=2)


def test_a_scheduler_that_does_not_answer_is_named(lab, tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.cohort.engine.PATIENCE_S", 0.2)
    with pytest.raises(InputError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        cohort.run(str(lab), str(tmp_path), scheduler="tcp://127.0.0.1:9")
