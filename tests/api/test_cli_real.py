"""The command line on real recordings, against what others computed from them."""

import csv
import io
import json

import pytest

PEOPLE = ("S02", "S03", "S04", "S05", "S07", "S08", "S09", "S10")


@pytest.mark.parametrize("name", ["series_1", "series_3"])
def test_summary_gives_every_digit_that_kubios_printed(hrv_command, shared_data, name):
    folder = shared_data / "kubios"
    printed = json.loads((folder / f"{name}.json").read_text())["values"]
    table = hrv_command("summary", folder / f"{name}.txt", "--clean", "none").out
    shown = {row[0]: row[1] for row in map(str.split, table.splitlines()) if len(row) > 1}
    for metric, kubios in (
        ("sdnn", "sdnn_ms"), ("rmssd", "rmssd_ms"), ("nn50", "nn50"), ("pnn50", "pnn50_percent"),
    ):  # fmt: skip
        assert shown[metric] == f"{printed[kubios]:.4f}".removesuffix(".0000"), metric


def test_summary_at_rest_gives_the_published_values(hrv_command, shared_data):
    file = shared_data / "rest" / "rest_rri.txt"
    done = hrv_command("summary", file, "--clean", "none", "--format", "json")
    found = json.loads(done.out)
    assert [round(found[m], 4) for m in ("sdnn", "rmssd", "pnn50")] == [57.8182, 55.1374, 35.3135]


def test_wrist_recordings_give_a_row_a_stressor_with_readable_reasons(hrv_command, shared_data):
    folder = shared_data / "stress_predict"
    done = hrv_command(
        "recovery", *(folder / f"{p}_IBI.csv" for p in PEOPLE), "--events", folder / "phases.csv",
        "--format", "csv",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(done.out)))
    stressors = ["stroop", "interview", "hyperventilation"]
    assert [(r["subject"], r["label"]) for r in rows] == [(p, s) for p in PEOPLE for s in stressors]
    refused = [r for r in rows if not r["residual_hr"]]
    assert len(refused) > len(rows) / 2
    assert all("beats cover" in r["reason"] or "no baseline" in r["reason"] for r in refused)
    assert all("coverage" in r["flags"] for r in refused)


@pytest.mark.parametrize(
    ("name", "intervals"),
    [("garmin-edge-820-bike", 126), ("garmin-fenix-5-run", 113), ("garmin-fenix-5-walk", 62)],
)
def test_fit_files_hold_the_known_number_of_intervals(hrv_command, shared_data, name, intervals):
    file = shared_data / "garmin_fit" / f"{name}.fit"
    done = hrv_command("summary", file, "--clean", "none", "--format", "json")
    assert json.loads(done.out)["n"] == intervals
