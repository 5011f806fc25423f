"""Motion and posture out of a strap's acceleration, as covariates of a study."""

import struct

import journal_rig as rig
import numpy as np
import pandas as pd
import pytest

from ingest.ble.radio import PMD_DATA
from ingest.journal.record import MAGIC, Kind, Record, pack
from ingest.strap_motion import acceleration, motion_and_posture
from ingest.study import load_study

UPRIGHT, LEANING = np.array([0.0, 1000.0, 0.0]), np.array([0.0, 866.0, 500.0])


def journal(path, gravity, jerk_mg=0.0, seconds=60):
    """A strap's beats with 25 samples of acceleration a second beside them."""
    rng = np.random.default_rng(1)
    items = [rig.event(0, "connected"), *rig.recording(seconds)]
    for k in range(seconds):
        values = gravity * (1 + jerk_mg / 1000 * np.abs(rng.normal(size=(25, 1))))
        body = b"".join(struct.pack("<hhh", *map(int, v)) for v in values)
        stamp = (k + 1) * 10**9
        payload = struct.pack("<BQB", 2, stamp, 1) + body
        items.append(Record(Kind.NOTIFICATION, stamp, stamp + rig.WALL_NS, payload, PMD_DATA))
    items.sort(key=lambda record: record.mono_ns)
    path.write_bytes(MAGIC + b"".join(pack(item, i) for i, item in enumerate(items)))
    return path


def test_motion_is_enmo_and_posture_the_angle_from_the_first_recording(tmp_path):
    start = pd.Timestamp("2026-01-05", tz="UTC")
    files = [
        ("P1", start, journal(tmp_path / "a.hrvj", UPRIGHT)),
        ("P1", start + pd.Timedelta("1d"), journal(tmp_path / "b.hrvj", LEANING, jerk_mg=100)),
    ]
    table = motion_and_posture(files).pivot_table(values="value", index="time", columns="name")
    assert table["posture_deg"].to_numpy() == pytest.approx([0, 30], abs=0.5)
    assert table["motion_mg"].to_numpy() == pytest.approx([0, 80], abs=3)  # 100 sqrt(2 / pi)


def test_a_file_without_acceleration_says_nothing(tmp_path):
    path = tmp_path / "plain.txt"
    path.write_text("800\n810\n")
    assert acceleration(path).shape == (0, 3)
    assert motion_and_posture([("P1", pd.Timestamp("2026-01-05", tz="UTC"), path)]).empty


def test_a_study_that_declares_motion_takes_it_from_its_journals(tmp_path):
    journal(tmp_path / "one.hrvj", UPRIGHT, jerk_mg=50)
    study = (
        '[endpoint]\nprimary = "ln_rmssd"\n[design]\nmethod = "paired"\n'
        'covariates = ["motion_mg"]\n[data]\nrecordings = "*.hrvj"\nsubject = "P1"\n'
    )
    (tmp_path / "study.toml").write_text(study)
    found = load_study(tmp_path).outcomes
    assert list(found["name"]) == ["motion_mg", "posture_deg"]
    (tmp_path / "study.toml").write_text(study.replace('["motion_mg"]', "[]"))
    assert load_study(tmp_path).outcomes.empty
