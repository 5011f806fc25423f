"""The tidy export: every table long, every column in the codebook, every value as it is stored."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from api.codebook import CODEBOOK
from api.schemas.logs import AdverseEventIn, DoseIn, EventIn, InterventionIn, OutcomeIn, PhaseIn
from hrv.recovery import MEASURES

DAY = datetime(2026, 3, 4, 8, tzinfo=UTC)
END = DAY + timedelta(minutes=2)


@pytest.fixture
def exported(client, study, rr_file):
    recording = client.upload(study.id, rr_file("a.txt"), "P01", name="first", start=DAY)
    for entry in (
        EventIn(subject="P01", phase="maths", kind="stress", start=DAY + timedelta(minutes=3),
                end=DAY + timedelta(minutes=5), note='said "no", then; tried'),
        EventIn(subject="P01", phase="talk", kind="stress", recording_id=recording.id,
                start_s=400.0, end_s=420.0),
        PhaseIn(subject="P01", condition="off", start=DAY - timedelta(1), stop=DAY + timedelta(1)),
        InterventionIn(subject="P01", name="walks", kind="exercise", start=DAY),
        DoseIn(subject="P01", time=DAY, substance="magnesium", status="taken", amount=300.0,
               unit="mg"),
        OutcomeIn(subject="P01", time=DAY, name="gad7", value=7.0),
        AdverseEventIn(subject="P01", time=DAY, term="headache", severity="mild"),
    ):  # fmt: skip
        client.add(study.id, entry)

    def export(**said):
        with zipfile.ZipFile(io.BytesIO(client.tidy(study.id, **said))) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name).decode() for name in archive.namelist()}

    return export, recording


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_column_of_every_table_is_in_the_codebook_and_no_other(exported):
    files = exported[0]()
    codebook = read(files["codebook.csv"])
    for row in codebook:
        assert row["meaning"], row
        assert row["missing"].startswith(("never", "empty")), row
    told = {}
    for row in codebook:
        told.setdefault(row["table"], []).append(row["column"])
    for name, text in files.items():
        if name.endswith(".csv"):
            assert text.splitlines()[0].split(",") == told[name.removesuffix(".csv")], name


def test_cells_that_are_never_empty_are_not(client, study, exported):
    client.compare(study.id)
    for name, text in exported[0]().items():
        for row in read(text) if name.endswith(".csv") else ():
            for column, entry in CODEBOOK[name.removesuffix(".csv")].items():
                assert row[column] or entry.missing != "never empty", (name, column)


def test_values_come_as_they_are_stored(exported, client):
    export, recording = exported
    files = export()
    events = read(files["events.csv"])
    assert [(e["phase"], e["recording"], e["start_s"]) for e in events] == [
        ("maths", "", ""), ("talk", "first", "400.0"),
    ]  # fmt: skip
    assert events[0]["note"] == 'said "no", then; tried'
    beats = pd.read_csv(io.StringIO(files["beats.csv"]))
    stored = client.beats(recording.id).columns
    assert beats["rr_ms"].tolist() == stored["rr_ms"]
    assert beats["t_s"].tolist() == stored["t_s"]
    assert (read(files["doses.csv"])[0]["amount"], read(files["outcomes.csv"])[0]["unit"]) == (
        "300.0", "points",
    )  # fmt: skip
    assert read(files["participants.csv"])[0]["data"] == "kept"


def test_recovery_is_there_once_the_present_data_was_compared_one_row_a_measure(
    exported, client, study
):
    before = exported[0](beats=False)
    assert "beats.csv" not in before
    assert "recovery.csv" not in before
    assert "compute one and export again" in before["README.txt"]
    client.compare(study.id)
    rows = read(exported[0]()["recovery.csv"])
    assert {r["measure"] for r in rows} == {m.name for m in MEASURES}
    assert len(rows) == 2 * len(MEASURES)
