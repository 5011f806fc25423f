"""A REDCap export: forms, events and repeating instruments become outcomes and doses."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hrv.errors import FormatError, InputError
from ingest.formats.base import Source
from ingest.redcap import DoseFrom, Mapping, OutcomeFrom, read_table, take, understand

HEAD = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,"
    "consent_date,participant_name,sex,enrolment_complete,"
    "gad7_date,gad7_1,gad7_2,gad7_total,gad7_notes,gad7_complete,"
    "dose_time,dose_mg,dose_taken,dosing_complete,"
    "saliva_time,cortisol_nmol_l,saliva_complete"
)
ROWS = (
    'P01,baseline_arm_1,,,2026-03-01,Ann,1,2,2026-03-02,1,2,9,"slept badly,\nwoke twice",2,,,,,,,',
    "P01,baseline_arm_1,dosing,1,,,,,,,,,,,2026-03-03 08:00,300,1,2,,,",
    "P01,baseline_arm_1,dosing,2,,,,,,,,,,,2026-03-04 08:00,300,0,2,,,",
    "P01,week_4_arm_1,,,,,,,2026-03-30,0,1,4,,2,,,,,2026-03-30 07:30,12.5,2",
    "P02,baseline_arm_1,,,2026-03-01,Bob,2,2,2026-03-02,3,3,44,,2,,,,,2026-03-02 07:30,-99,2",
    "P02,week_4_arm_1,,,,,,,,0,1,5,,2,,,,,,,",
)
TZ = "Europe/Berlin"


def table_of(head=HEAD, rows=ROWS, name="export.csv"):
    return read_table(Source(name, content="\n".join((head, *rows)).encode()))


@pytest.fixture
def table():
    return table_of()


def test_what_every_column_is_and_becomes_is_said(table):
    found = understand(table)
    assert (found.records, found.rows) == (2, 6)
    assert found.events == {"baseline_arm_1": 4, "week_4_arm_1": 2}
    assert found.instruments == {"dosing": 2}
    kinds = {c.name: c.kind for c in found.columns}
    assert kinds["record_id"] == "record"
    assert kinds["participant_name"] == "person"
    assert kinds["gad7_date"] == "date"
    assert kinds["gad7_complete"] == "form status"
    uses = {c.name: c.use for c in found.columns}
    assert uses["gad7_total"] == "GAD-7 total, dated by gad7_date"
    assert uses["gad7_1"] == "not taken unless you say which outcome it is"
    assert uses["participant_name"] == "not taken: may tell who somebody is"
    assert all(c.use for c in found.columns)


def test_known_instruments_are_proposed_dated_in_their_own_form(table):
    assert understand(table).mapping == Mapping(
        "record_id",
        (
            OutcomeFrom("gad7_total", "gad7", "gad7_date"),
            OutcomeFrom("cortisol_nmol_l", "cortisol", "saliva_time", "nmol/L"),
        ),
        (DoseFrom("dose_time", "", "dose_mg", "mg", "unknown", "dose_taken"),),
    )


def mapping(**more):
    return Mapping(
        "record_id",
        (
            OutcomeFrom("gad7_total", "gad7", "gad7_date"),
            OutcomeFrom("cortisol_nmol_l", "cortisol", "saliva_time", "nmol/L"),
        ),
        (DoseFrom("dose_time", "magnesium glycinate", "dose_mg", "mg", "elemental", "dose_taken"),),
        **more,
    )


def test_rows_are_taken_and_what_cannot_be_is_listed_with_its_line(table):
    rows = take(table, mapping(missing=("-99",)), tz=TZ)
    berlin = ZoneInfo(TZ)
    assert [(r["subject"], r["name"], r["value"], r["time"]) for r in rows.outcomes] == [
        ("P01", "gad7", 9.0, datetime(2026, 3, 2, 12, tzinfo=berlin)),
        ("P01", "gad7", 4.0, datetime(2026, 3, 30, 12, tzinfo=berlin)),
        ("P01", "cortisol", 12.5, datetime(2026, 3, 30, 7, 30, tzinfo=berlin)),
    ]
    assert [(r["status"], r["amount"], r["unit"], r["basis"]) for r in rows.doses] == [
        ("taken", 300.0, "mg", "elemental"),
        ("missed", 300.0, "mg", "elemental"),
    ]
    assert [(r.line, r.record, r.column, r.value) for r in rows.refused] == [
        (7, "P02", "gad7_total", "44"),
        (8, "P02", "gad7_total", "5"),
    ]
    assert "outside 0 to 21" in rows.refused[0].why
    assert "gad7_date is empty in this row" in rows.refused[1].why


def test_a_missing_code_nobody_named_is_refused_not_taken_as_a_value(table):
    refused = take(table, mapping(), tz=TZ).refused
    assert ("cortisol_nmol_l", "-99") in [(r.column, r.value) for r in refused]


def test_the_hour_of_a_date_without_one_is_declared(table):
    rows = take(table, mapping(hour="19:30"), tz=TZ)
    assert rows.outcomes[0]["time"].strftime("%H:%M") == "19:30"


def test_two_values_of_one_moment_are_not_both_taken():
    head = "record_id,visit_date,pss10_total"
    table = table_of(head, ("1,2026-03-02,20", "1,2026-03-02,21"))
    rows = take(table, understand(table).mapping, tz=TZ)
    assert [r["value"] for r in rows.outcomes] == [20.0]
    assert "is in line 2 already" in rows.refused[0].why


def test_dates_whose_day_and_month_cannot_be_told_apart_are_left():
    table = table_of("record_id,visit_date,gad7_total", ("1,03/04/2026,9",))
    found = understand(table)
    assert found.mapping.outcomes == ()
    said = {c.name: c.use for c in found.columns}
    assert "export dates as YYYY-MM-DD" in said["visit_date"]
    assert "no column dates its rows" in said["gad7_total"]


def test_an_export_with_labels_keeps_its_structure_and_semicolons_are_read():
    head = "Record ID;Event Name;Repeat Instrument;Repeat Instance;visit_date;gad7_score"
    found = understand(table_of(head, ("7;Baseline;;;2026-03-02;3",)))
    assert found.events == {"Baseline": 1}
    assert [o.name for o in found.mapping.outcomes] == ["gad7"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Mapping("record_id", (OutcomeFrom("nothing", "x", "gad7_date"),)), "no column 'nothing'"),
        (Mapping("record_id", (), (DoseFrom("dose_time", " "),)), "need a substance"),
        (Mapping("record_id", hour="25:00"), "no time of day"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(table, wanted, said):
    with pytest.raises(InputError, match=said):
        take(table, wanted, tz=TZ)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no record"),
        (b"record_id,a\n", "holds no record"),
        (b"record_id,a\n1,2,3\n", "line 2: 3 cells where the head has 2"),
        (b"record_id,a,a\n1,2,3\n", "there twice"),
        (b'record_id,a\n1,"open\n', "no well-formed CSV"),
        (b"\x00\x01", "binary"),
        (b"only\n1\n", "no head of variable names"),
    ],
)
def test_what_is_no_export_is_refused_with_the_line(content, said):
    with pytest.raises(FormatError, match=said):
        read_table(Source("export.csv", content=content))
