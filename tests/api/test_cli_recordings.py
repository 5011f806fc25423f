"""`hrv summary`, `windows` and `recovery` on one recording, with right and wrong input."""

import csv
import io
import json
import math
import sys

import pytest
from recordings import fit_walk


def rising_and_falling(beats: int = 900) -> list[int]:
    return [round(800 + 60 * math.sin(i / 7) + 25 * math.sin(i / 1.9)) for i in range(beats)]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "session.txt"
    path.write_text("\n".join(map(str, rising_and_falling())) + "\n")
    return path


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_summary_as_json_carries_values_units_and_provenance(hrv_command, recording):
    done = hrv_command("summary", recording, "--metrics", "rmssd,sdnn", "--format", "json")
    result = json.loads(done.out)
    assert done.code == 0
    assert result["rmssd"] > 0
    assert result["sdnn"] > 0
    assert result["units"]["rmssd"] == "ms"
    assert "200-3000" in result["provenance"]["unit"].replace("–", "-")


def test_summary_for_people_names_each_metric_with_its_unit(hrv_command, recording):
    done = hrv_command("summary", recording)
    assert done.code == 0
    assert "rmssd" in done.out
    assert "bpm" in done.out


def test_summary_as_csv_is_one_row(hrv_command, recording):
    done = hrv_command("summary", recording, "--metrics", "rmssd", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert len(rows) == 1
    assert float(rows[0]["rmssd"]) > 0


def test_windows_as_csv_has_one_row_a_window(hrv_command, recording):
    done = hrv_command(
        "windows", recording, "--width", "5min", "--step", "1min", "--metrics", "rmssd,sdnn",
        "--format", "csv",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert done.code == 0
    assert [float(r["start_s"]) for r in rows] == [60.0 * i for i in range(len(rows))]
    assert len(rows) == math.floor((sum(rising_and_falling()) / 1000 - 300) / 60) + 1


def test_a_refused_value_is_null_with_its_reason_and_exit_1_if_nothing_is_left(
    hrv_command, tmp_path
):
    short = tmp_path / "short.txt"
    short.write_text("\n".join(["800", "810"] * 40))
    done = hrv_command("summary", short, "--metrics", "sdnn", "--format", "json")
    result = json.loads(done.out)
    assert done.code == 1
    assert result["sdnn"] is None
    assert "240 s" in result["reasons"]["sdnn"]
    assert "sdnn" in one_line(done.err)


def test_standard_input_is_read_with_a_dash(hrv_command, monkeypatch):
    text = "\n".join(map(str, rising_and_falling())).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert hrv_command("summary", "-", "--metrics", "rmssd").code == 0


def test_parquet_round_trips(hrv_command, recording, tmp_path):
    pandas = pytest.importorskip("pandas")
    out = tmp_path / "w.parquet"
    done = hrv_command("windows", recording, "--format", "parquet", "--out", out)
    assert done.code == 0
    assert "rmssd" in pandas.read_parquet(out).columns


def test_parquet_without_its_extra_names_the_extra(hrv_command, recording, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = tmp_path / "w.parquet"
    done = hrv_command("windows", recording, "--format", "parquet", "--out", out)
    assert done.code == 2
    assert "hrv-recovery[parquet]" in one_line(done.err)
    assert not out.exists()


BAD = {
    "an empty file": b"",
    "one beat": b"812\n",
    "text": b"Dear diary,\ntoday I breathed slowly.\n",
    "negative interval": b"800\n-790\n810\n820\n",
    "65 s interval": b"800\n65000\n810\n820\n",
    "not a number": b"800\nnan\n810\n820\n",
    "binary junk": bytes(range(256)) * 8,
    "a truncated FIT": fit_walk([800, 810, 805, 790, 800])[:-20],
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_bad_recordings_get_one_sentence_and_exit_2(hrv_command, tmp_path, content):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    done = hrv_command("summary", path)
    assert done.code == 2
    assert "bad.txt" in one_line(done.err)


def test_seconds_called_milliseconds_are_refused(hrv_command, tmp_path):
    path = tmp_path / "seconds.txt"
    path.write_text("0.812\n0.790\n0.805\n0.800\n")
    done = hrv_command("summary", path, "--unit", "ms")
    assert done.code == 2
    assert "unit" in one_line(done.err)


def test_a_folder_is_no_recording(hrv_command, tmp_path):
    done = hrv_command("summary", tmp_path)
    assert done.code == 2
    one_line(done.err)


def test_a_missing_file_is_named(hrv_command, tmp_path):
    done = hrv_command("summary", tmp_path / "gone.txt")
    assert done.code == 2
    assert "gone.txt" in one_line(done.err)


@pytest.mark.parametrize(
    ("option", "value"), [("--metrics", "rmsd"), ("--clean", "magic"), ("--unit", "years")]
)
def test_an_unknown_name_is_answered_with_the_choices(hrv_command, recording, option, value):
    done = hrv_command("summary", recording, option, value)
    assert done.code == 2
    assert value in one_line(done.err)


@pytest.mark.parametrize(("option", "value"), [("--width", "soon"), ("--step", "0s")])
def test_an_impossible_window_is_refused(hrv_command, recording, option, value):
    done = hrv_command("windows", recording, option, value)
    assert done.code == 2
    one_line(done.err)


def test_a_window_longer_than_the_recording_is_not_computable(hrv_command, recording):
    done = hrv_command("windows", recording, "--width", "3h")
    assert done.code == 1
    one_line(done.err)


EVENTS = {
    "a phase that ends before it starts": "P,maths,stress,500,300\n",
    "overlapping phases": "P,maths,stress,300,500\nP,speech,stress,400,600\n",
    "a time without a zone": "P,maths,stress,2026-03-02T08:00:00,2026-03-02T08:05:00\n",
}


@pytest.mark.parametrize("rows", EVENTS.values(), ids=EVENTS.keys())
def test_bad_events_get_one_sentence_and_exit_2(hrv_command, recording, tmp_path, rows):
    events = tmp_path / "events.csv"
    events.write_text("subject,phase,kind,start,end\n" + rows)
    done = hrv_command("recovery", recording, "--events", events)
    assert done.code == 2
    assert "events.csv" in one_line(done.err)


def test_recovery_gives_one_row_an_episode(hrv_command, recording, tmp_path):
    events = tmp_path / "events.csv"
    events.write_text("subject,phase,kind,start,end\nP,maths,stress,310,400\n")
    done = hrv_command("recovery", recording, "--events", events, "--format", "json")
    (row,) = json.loads(done.out)
    assert done.code == 0
    assert row["label"] == "maths"
    assert row["baseline_hr"] == pytest.approx(75, abs=3)


@pytest.mark.parametrize(
    "shelf", ["formats", "cleaners", "metrics", "neurokit2", "presets", "measures", "methods"]
)
def test_catalogue_lists_every_table(hrv_command, shelf):
    done = hrv_command("catalogue", shelf, "--format", "json")
    entries = json.loads(done.out)
    assert done.code == 0
    assert all(entry["name"] and entry["summary"] for entry in entries)


def test_catalogue_of_cleaners_shows_what_each_finds_on_simulated_truth(hrv_command):
    entries = json.loads(hrv_command("catalogue", "cleaners", "--format", "json").out)
    scores = {s["scenario"]: s for s in entries[0]["scores"]}
    assert entries[0]["name"] == "lipponen_tarvainen"
    assert set(scores) == {"ectopic", "missed", "extra", "bursts", "everyday"}
    assert scores["ectopic"]["sensitivity"] > 0.95
    assert scores["ectopic"]["rmssd_error"] < 1
    shown = hrv_command("catalogue", "cleaners").out
    assert "sensitivity" in shown
    assert "bursts" in shown
    rows = hrv_command("catalogue", "cleaners", "--format", "csv").out.splitlines()
    assert len(rows) == 1 + 5 * len(entries)


def test_catalogue_of_metrics_has_unit_length_and_source(hrv_command):
    for entry in json.loads(hrv_command("catalogue", "metrics", "--format", "json").out):
        assert entry["unit"]
        assert entry["min_s"] > 0
        assert entry["min_beats"] >= 1
        assert "doi:10." in entry["source"]


def test_summary_gives_the_whole_catalogue_by_presets_and_estimators(hrv_command, recording):
    asked = ("summary", recording, "--format", "json", "--force", "--metrics")
    every = json.loads(hrv_command(*asked, "all", "--preset", "kubios").out)
    assert every["hf"] > 0
    assert every["settings"]["spectral"]["interpolation"] == "spline"
    model = json.loads(hrv_command(*asked, "hf,neurokit2:CSI", "--spectrum", "ar").out)
    assert model["settings"]["spectral"]["method"] == "ar"
    assert model["hf"] != every["hf"]
    assert model["units"]["neurokit2:CSI"] == "NeuroKit2's"


@pytest.mark.parametrize(
    ("option", "value"), [("--preset", "elite"), ("--spectrum", "fft"), ("--metrics", "hf2")]
)
def test_unknown_settings_are_named_and_exit_2(hrv_command, recording, option, value):
    done = hrv_command("windows", recording, option, value)
    assert done.code == 2
    assert value in one_line(done.err)
