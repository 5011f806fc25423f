"""Several recordings in one command, and whose stressors are whose."""

import contextlib
import csv
import io
import json
import os
import subprocess
from datetime import UTC, datetime

import pytest
from command_rig import HRV, environment

import hrv
import ingest

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEAD = "subject,phase,kind,start,end\n"


@pytest.fixture
def two_people(tmp_path):
    """Two recordings made at the same time, and one log of both people's stressors."""
    for seed, name in ((1, "S01"), (2, "S02")):
        made = hrv.simulate(seed, duration="25min", stress=[(600, 800)], start=MORNING)
        ingest.write_text(made.series, tmp_path / f"{name}_rr.txt")
    events = tmp_path / "events.csv"
    events.write_text(
        HEAD
        + "S01,maths,stress,2026-03-02T08:10:00Z,2026-03-02T08:13:20Z\n"
        + "S02,speech,stress,2026-03-02T08:10:00Z,2026-03-02T08:13:20Z\n"
        + "S02,pasat,stress,2026-03-02T08:40:00Z,2026-03-02T08:43:20Z\n"
    )
    return tmp_path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("command", ["summary", "windows"])
def test_a_terminal_sees_a_bar_over_many_files_and_a_log_sees_none(tmp_path, command):
    for name in "abc":
        rr = "".join(f"{800 + (i * 37) % 60}\n" for i in range(500))
        (tmp_path / f"{name}.txt").write_text(rr)
    args = [*HRV, command, *sorted(tmp_path.glob("*.txt")), "--metrics", "rmssd", "--clean", "none"]
    ours, theirs = os.openpty()
    environ = environment(TERM="xterm", COLUMNS="80")
    with subprocess.Popen(args, env=environ, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # the terminal ends with the process
            while part := os.read(ours, 4096):
                seen += part
        table = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    for word in (b"reading", b"computing", b"100%"):
        assert word in seen
    quiet = subprocess.run(args, env=environ, capture_output=True, check=True)
    assert (quiet.stderr, quiet.stdout) == (b"", table)


def test_summary_of_several_files_is_one_row_each(hrv_command, two_people):
    files = sorted(two_people.glob("*_rr.txt"))
    done = hrv_command("summary", *files, "--metrics", "rmssd", "--format", "csv")
    assert done.code == 0
    assert [row["file"] for row in rows(done.out)] == [str(f) for f in files]
    alone = json.loads(hrv_command("summary", files[1], "--format", "json").out)
    assert float(rows(done.out)[1]["rmssd"]) == alone["rmssd"]
    together = json.loads(hrv_command("summary", *files, "--format", "json").out)
    assert together[1] == {"file": str(files[1]), **alone}


def test_windows_of_several_files_name_theirs(hrv_command, two_people):
    files = sorted(two_people.glob("*_rr.txt"))
    done = hrv_command("windows", *files, "--format", "csv")
    counts = [sum(row["file"] == str(f) for row in rows(done.out)) for f in files]
    assert counts == [20, 20]


def test_one_bad_file_of_several_stops_before_anything_is_printed(hrv_command, two_people):
    (two_people / "bad.txt").write_text("800\n-1\n")
    done = hrv_command("summary", two_people / "S01_rr.txt", two_people / "bad.txt")
    assert (done.code, done.out) == (2, "")
    assert "bad.txt" in done.err


def test_a_file_given_twice_is_refused(hrv_command, two_people):
    done = hrv_command("summary", two_people / "S01_rr.txt", two_people / "S01_rr.txt")
    assert done.code == 2
    assert "twice" in done.err


def test_a_file_named_after_its_subject_takes_that_subjects_stressors(hrv_command, two_people):
    done = hrv_command(
        "recovery", *sorted(two_people.glob("*_rr.txt")), "--events", two_people / "events.csv",
        "--format", "csv",
    )  # fmt: skip
    found = [(row["subject"], row["label"]) for row in rows(done.out)]
    assert done.code == 0
    assert found == [("S01", "maths"), ("S02", "speech"), ("S02", "pasat")]


def test_a_stressor_that_the_recording_missed_keeps_its_row_and_says_so(hrv_command, two_people):
    done = hrv_command(
        "recovery", two_people / "S02_rr.txt", "--events", two_people / "events.csv",
        "--format", "json",
    )  # fmt: skip
    covered, missed = json.loads(done.out)
    assert covered["residual_hr"] is not None
    assert missed["label"] == "pasat"
    assert missed["residual_hr"] is None
    assert "recording" in missed["reason"]


def test_stressors_of_two_people_at_one_time_need_a_name(hrv_command, two_people):
    file = (two_people / "S01_rr.txt").rename(two_people / "monday.txt")
    done = hrv_command("recovery", file, "--events", two_people / "events.csv")
    assert done.code == 2
    assert "--subject" in done.err
    named = hrv_command("recovery", file, "--events", two_people / "events.csv", "--subject", "S02")
    assert "speech" in named.out


def test_an_unknown_subject_is_answered_with_those_there_are(hrv_command, two_people):
    done = hrv_command(
        "recovery", two_people / "S01_rr.txt", "--events", two_people / "events.csv",
        "--subject", "S9",
    )  # fmt: skip
    assert done.code == 2
    assert "S01, S02" in done.err


def test_start_gives_a_recording_its_clock(hrv_command, two_people):
    file = two_people / "plain.txt"
    file.write_text("\n".join(["800", "810", "790"] * 600))
    arguments = ("recovery", file, "--events", two_people / "events.csv", "--subject", "S01")
    without = hrv_command(*arguments)
    assert without.code == 2
    assert "no clock" in without.err
    done = hrv_command(*arguments, "--start", "2026-03-02T08:00:00Z", "--format", "json")
    assert json.loads(done.out)[0]["onset_s"] == 600.0
