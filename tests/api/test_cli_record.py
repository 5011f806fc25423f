"""`hrv record`, `replay` and `journal`: from a strap (simulated) to the verdict, by the command."""

import json
import random
import re
import signal
import socket
import time

import pytest
from command_rig import started, until

import ingest
from ingest.journal import Kind, records, verify

SIM = "sim:?seed=1&speed=max"


def markers(path):
    return [r.fields for r in records(path) if r.kind is Kind.MARKER]


def test_record_writes_a_journal_that_every_command_reads(hrv_command, tmp_path):
    path = tmp_path / "a.hrvj"
    done = hrv_command(
        "record", SIM + "&stress=6min-11min&duration=20min", "--out", path, "--person", "P01"
    )
    assert done.code == 0, done.err
    assert "10:00  HR" in done.out
    assert re.search(r"P01.*\n  20\.0 min, \d+ beats, no gap", done.out)
    assert hrv_command("journal", "verify", path).code == 0
    summary = json.loads(hrv_command("summary", path, "--format", "json").out)
    assert 60 < summary["mean_hr"] < 100
    assert summary["provenance"]["unit"].startswith("1/1024 s")
    rows = json.loads(hrv_command("recovery", path, "--format", "json").out)
    assert [row["label"] for row in rows] == ["stress"]
    assert rows[0]["reactivity_hr"] > 15
    assert set(ingest.open_recording(path).events["subject"]) == {"P01"}


def test_a_recording_of_the_simulator_has_its_very_intervals(hrv_command, tmp_path):
    path, text = tmp_path / "a.hrvj", tmp_path / "a.txt"
    hrv_command("record", SIM + "&duration=5min", "--out", path)
    hrv_command("simulate", "--seed", 1, "--duration", "5min", "--out", text)
    ours, truth = ingest.read(path), ingest.read(text)
    assert ours.rr_ms.tolist() == pytest.approx(truth.rr_ms.tolist(), abs=1)


def test_duration_ends_it_and_json_is_for_programs(hrv_command, tmp_path):
    path = tmp_path / "a.hrvj"
    done = hrv_command(
        "record", SIM, "--out", path, "--duration", "2min", "--every", "1min", "--format", "json"
    )
    (row,) = json.loads(done.out)
    assert row["minutes"] == pytest.approx(2, abs=0.05)
    assert row["state"].startswith("whole")
    assert [line[:5] for line in done.err.splitlines()] == ["01:00", "02:00"]


def test_recorded_and_replayed_windows_are_identical_to_the_byte(hrv_command, tmp_path):
    first, again = tmp_path / "a.hrvj", tmp_path / "b.hrvj"
    hrv_command("record", SIM + "&stress=6min-9min&duration=15min", "--out", first)
    done = hrv_command("record", f"replay:{first}?speed=max", "--out", again)
    assert done.code == 0
    out = []
    for path in (first, again):
        made = hrv_command("windows", path, "--width", "1min", "--step", "5s", "--format", "csv")
        episodes = hrv_command("recovery", path, "--format", "csv")
        out.append((made.out, episodes.out))
    assert out[0] == out[1]
    assert out[0][0].count("\n") > 150
    assert "stress" in out[0][1]


def study_with_journals(hrv_command, folder, sample_data, source):
    """The sample study with every tenth session as a journal that plays `source`'s."""
    (folder / "recordings").mkdir(parents=True)
    for file in sample_data.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text.replace("recordings/*.txt", "recordings/*"))
    for n, file in enumerate(sorted((sample_data / "recordings").iterdir())):
        if n % 10:
            (folder / "recordings" / file.name).write_bytes(file.read_bytes())
            continue
        journal = folder / "recordings" / f"{file.stem}.hrvj"
        played = file if source is None else source / "recordings" / journal.name
        done = hrv_command("record", f"replay:{played}?speed=max", "--out", journal, "--every=1h")
        assert done.code == 0, done.err
    return folder


def test_a_study_of_journals_and_of_their_replays_gives_the_same_report(
    hrv_command, tmp_path, sample_data
):
    a = study_with_journals(hrv_command, tmp_path / "a", sample_data, None)
    b = study_with_journals(hrv_command, tmp_path / "b", sample_data, a)
    told = []
    for folder in (a, b):
        report = folder / "report.html"
        done = hrv_command("compare", folder / "study.toml", "--report", report, "--format", "json")
        assert done.code == 0, done.err
        told.append((done.out, report.read_bytes()))
    assert told[0] == told[1]
    direct = json.loads(hrv_command("compare", sample_data / "study.toml", "--format", "json").out)
    journals = json.loads(told[0][0])
    assert journals["verdict"] == direct["verdict"]
    assert journals["estimate"] == pytest.approx(direct["estimate"], abs=0.05)


def test_a_group_is_recorded_by_its_roster_and_led_by_a_protocol(hrv_command, tmp_path):
    roster, plan = tmp_path / "group.toml", tmp_path / "plan.toml"
    roster.write_text("".join(
        f'[[strap]]\nstrap = "sim:?seed={n}&speed=max"\nperson = "P{n}"\nsession = "d1"\n'
        for n in (1, 2, 3)
    ))  # fmt: skip
    plan.write_text(
        'title = "Arithmetic"\n[[phase]]\nname = "baseline"\nduration = "2min"\n'
        '[[phase]]\nname = "sums"\nkind = "stress"\nduration = "2min"\nsay = "Aloud."\n'
        'check = true\n[[phase]]\nname = "rest"\nduration = "1min"\n'
    )
    done = hrv_command("record", "--roster", roster, "--out", tmp_path / "d1", "--protocol", plan)
    assert done.code == 0, done.err
    assert "02:00  sums begins: Aloud." in done.out
    for n in (1, 2, 3):
        marks = [(m["phase"], m["edge"]) for m in markers(tmp_path / "d1" / f"P{n}_d1.hrvj")]
        expected = [(p, e) for p in ("baseline", "sums", "rest") for e in ("start", "end")]
        assert marks == expected
    again = hrv_command("record", "--roster", roster, "--out", tmp_path / "d1")
    assert again.code == 2
    assert "P1_d1.hrvj holds a finished recording" in again.err


def test_replay_shows_and_writes_nothing(hrv_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "rr.txt"
    file.write_text("\n".join(["812", "790", "805", "830"] * 100))
    done = hrv_command("replay", "rr.txt", "--speed", "max", "--every", "2min")
    assert done.code == 0
    assert "02:00  HR" in done.out
    assert "400 beats" in done.out
    assert [p.name for p in tmp_path.iterdir()] == ["rr.txt"]
    done = hrv_command("replay", "rr.txt", "--speed", "max", "--format", "json")
    assert json.loads(done.out)[0]["beats"] == 400


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["sim:"], "--out FILE"),
        ([], "one SOURCE"),
        (["sim:", "--roster", "x.toml", "--out", "y"], "one SOURCE"),
        (["nowhere", "--out", "a.hrvj"], "no source is called"),
        (["sim:", "--out", "no/such/folder/a.hrvj"], "cannot record into"),
        (["sim:", "--out", "a.hrvj", "--duration", "ten"], "--duration"),
        (["sim:", "--out", "a.hrvj", "--polar", "emg"], "ecg, acc and ppi"),
        (["sim:", "--out", "a.hrvj", "--protocol", "none.toml"], "does not exist"),
        (["--roster", "none.toml", "--out", "d"], "does not exist"),
        (["sim:", "--out", "text.txt"], "not a journal"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(hrv_command, tmp_path, monkeypatch, args, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("800\n" * 20)
    done = hrv_command("record", *args)
    assert done.code == 2
    assert why in done.err
    assert done.err.count("\n") == 1
    assert (tmp_path / "text.txt").read_text() == "800\n" * 20


def test_a_finished_recording_is_gone_on_with_only_when_asked(hrv_command, tmp_path):
    path = tmp_path / "a.hrvj"
    hrv_command("record", SIM, "--out", path, "--duration", "1min")
    before = path.read_bytes()
    done = hrv_command("record", SIM, "--out", path)
    assert (done.code, path.read_bytes()) == (2, before)
    assert "--append" in done.err
    done = hrv_command("record", SIM, "--out", path, "--duration", "1min", "--append")
    assert done.code == 0
    assert path.read_bytes().startswith(before)
    assert verify(path).runs == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_polite_kills_end_it_cleanly(tmp_path, number):
    path = tmp_path / "a.hrvj"
    process = started("record", "sim:?seed=1&speed=20", "--out", path)
    until(path, 30, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "beats" in out
    assert verify(path).closed
    assert verify(path).whole


def test_killed_it_goes_on_in_the_same_session(tmp_path):
    path, rng = tmp_path / "a.hrvj", random.Random(3)
    for run in range(1, 4):
        process = started("record", "sim:?seed=1&speed=20", "--out", path, "--person", "P01")
        until(path, 25 * run, process)
        time.sleep(rng.uniform(0, 0.1))
        kept = [r for r in records(path) if r.kind is Kind.NOTIFICATION]
        process.kill()
        process.communicate()
        after = [r for r in records(path) if r.kind is Kind.NOTIFICATION]
        assert after[: len(kept)] == kept
        assert verify(path).whole
    process = started("record", SIM + "&duration=2min", "--out", path, "--person", "P01")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    sessions = [r.fields for r in records(path) if r.kind is Kind.SESSION]
    assert [s["run"] for s in sessions] == [1, 2, 3, 4]
    assert len({s["session"] for s in sessions}) == 1
    assert verify(path).closed
    assert len(ingest.read(path)) > 200


def test_a_task_program_marks_over_tcp(tmp_path):
    path = tmp_path / "a.hrvj"
    process = started("record", "sim:?seed=1&speed=10", "--out", path, "--marker-port", 0)
    line = process.stdout.readline()
    port = int(re.search(r"127\.0\.0\.1 port (\d+)", line)[1])
    until(path, 20, process)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as task:
        answers = task.makefile()
        for text in ("start stress stroop", '{"phase": "dose taken", "note": "400 mg"}'):
            task.sendall(text.encode() + b"\n")
            assert answers.readline() == "ok\n"
        task.sendall(b"GET / HTTP/1.1\n")
        assert answers.readline().startswith("error: a marker is")
    until(path, 80, process)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as task:
        task.sendall(b"end stress stroop\n")
        assert task.makefile().readline() == "ok\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert [(m["phase"], m["edge"]) for m in markers(path)] == [
        ("stroop", "start"), ("dose taken", "now"), ("stroop", "end")
    ]  # fmt: skip
    events = ingest.open_recording(path).events
    assert sorted(events["kind"]) == ["stress", "tag"]


def test_a_reader_that_goes_away_does_not_end_the_recording(tmp_path):
    path = tmp_path / "a.hrvj"
    process = started("record", "sim:?seed=1&speed=50", "--out", path)
    process.stdout.readline()
    process.stdout.close()
    until(path, 200, process)
    process.send_signal(signal.SIGINT)
    process.wait(20)
    process.stderr.close()
    assert verify(path).closed


# hrv journal -----------------------------------------------------------------------------------


def torn(hrv_command, tmp_path):
    path = tmp_path / "a.hrvj"
    hrv_command("record", SIM, "--out", path, "--duration", "1min")
    whole = verify(path)
    path.write_bytes(path.read_bytes()[:-9])
    return path, whole


def test_a_torn_tail_is_told_repaired_and_recorded_on(hrv_command, tmp_path):
    path, whole = torn(hrv_command, tmp_path)
    done = hrv_command("journal", "verify", path)
    assert done.code == 1
    assert "torn tail" in done.err
    assert "hrv journal repair" in done.err
    found = json.loads(hrv_command("journal", "verify", path, "--format", "json").out)
    assert (found["whole"], found["records"]) == (False, whole.records - 1)
    mended = tmp_path / "b.hrvj"
    assert hrv_command("journal", "repair", path).code == 2
    assert hrv_command("journal", "repair", path, "--out", mended).code == 0
    assert verify(mended).notifications == whole.notifications
    assert hrv_command("journal", "verify", mended).code == 0
    assert hrv_command("journal", "repair", mended, "--out", tmp_path / "c").code == 0
    assert not (tmp_path / "c").exists()
    assert hrv_command("journal", "repair", path, "--out", mended).code == 2
    assert hrv_command("record", SIM, "--out", path, "--duration", "1min").code == 0
    assert verify(path).whole


def test_export_gives_a_line_a_record(hrv_command, tmp_path):
    path = tmp_path / "a.hrvj"
    hrv_command("record", SIM, "--out", path, "--duration", "1min")
    lines = [json.loads(x) for x in hrv_command("journal", "export", path).out.splitlines()]
    assert [x["sequence"] for x in lines] == list(range(verify(path).records))
    hrv_command("journal", "export", path, "--out", tmp_path / "a.jsonl")
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == len(lines)


@pytest.mark.parametrize("action", ["verify", "export", "repair"])
def test_what_is_no_journal_is_told(hrv_command, tmp_path, action):
    assert "does not exist" in hrv_command("journal", action, tmp_path / "x").err
    (tmp_path / "y").write_text("805\n")
    done = hrv_command("journal", action, tmp_path / "y")
    assert (done.code, "not a journal" in done.err) == (2, True)
