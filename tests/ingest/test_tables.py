"""Tables of stressors, tags, conditions, doses and outcomes."""

import contextlib
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hrv
import ingest
from hrv.errors import FormatError, HRVError, InputError
from ingest import events
from ingest.columns import OUTCOME_COLUMNS

EVENTS = (
    "subject,phase,kind,start,end\n"
    "A,stroop,stress,2024-03-01T09:00:00+01:00,2024-03-01T09:05:00+01:00\n"
    "A,rest,rest,2024-03-01T09:05:00+01:00,2024-03-01T09:10:00+01:00\n"
    "B,stroop,stress,2024-03-01T09:01:00+01:00,2024-03-01T09:06:00+01:00\n"
)
READERS = {
    "events": ingest.read_events,
    "phases": ingest.read_phases,
    "doses": ingest.read_doses,
    "outcomes": ingest.read_outcomes,
    "tags": ingest.read_tags,
}


def source(text: str | bytes) -> ingest.Source:
    return ingest.Source("t.csv", content=text if isinstance(text, bytes) else text.encode())


def test_events_have_exactly_their_columns_and_the_offset_of_the_file():
    table = ingest.read_events(source(EVENTS))
    assert tuple(table.columns) == events.EVENT_COLUMNS
    assert table["start"].iloc[0] == pd.Timestamp("2024-03-01T08:00Z")
    assert table["start"].iloc[0].utcoffset().total_seconds() == 3600
    assert table["subject"].tolist() == ["A", "A", "B"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_marks_and_line_ends_read_alike(separator):
    text = "\ufeff" + EVENTS.replace(",", separator).replace("\n", "\r\n")
    pd.testing.assert_frame_equal(
        ingest.read_events(source(text)), ingest.read_events(source(EVENTS))
    )


def test_columns_come_in_any_order_and_the_subject_may_be_left_out():
    text = "End,Start,Kind,Phase\n20,10,stress,x\n"
    table = ingest.read_events(source(text))
    assert table.iloc[0].tolist() == ["", "x", "stress", 10.0, 20.0]
    assert ingest.read_events(source(text), subject="S1")["subject"].tolist() == ["S1"]


def test_plain_numbers_are_seconds_since_the_start():
    table = ingest.read_events(source("phase,kind,start,end\na,stress,0.5,60\nb,rest,60,90.25\n"))
    assert table["start"].dtype == "float64"
    assert table["end"].tolist() == [60.0, 90.25]


def test_local_times_take_the_zone_of_tz():
    text = "phase,kind,start,end\na,stress,2024-07-01T09:00,2024-07-01T09:05\n"
    table = ingest.read_events(source(text), tz="Europe/Berlin")
    assert table["start"].iloc[0] == pd.Timestamp("2024-07-01T07:00Z")
    assert str(table["start"].dt.tz) == "Europe/Berlin"


def test_times_of_two_offsets_meet_in_utc():
    text = EVENTS + "B,late,rest,2024-07-01T09:00:00+02:00,2024-07-01T09:05:00+02:00\n"
    assert str(ingest.read_events(source(text))["start"].dt.tz) == "UTC"


def test_a_tag_in_a_table_may_be_an_instant_inside_a_phase():
    table = ingest.read_events(source("phase,kind,start,end\na,stress,10,60\nmark,tag,20,\n"))
    assert table["end"].tolist() == [60.0, 20.0]


HEAD = "phase,kind,start,end\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "a,stress,60,10\n", "line 2: phase 'a' ends (10) before it starts (60)"),
        (HEAD + "a,stress,60,60\n", "line 2: phase 'a' ends (60) when it starts"),
        (
            HEAD + "a,stress,10,60\nb,rest,59,90\n",
            "line 3: phase 'b' begins before phase 'a' of line 2",
        ),
        (
            HEAD + "b,rest,59,90\na,stress,10,60\n",
            "line 2: phase 'b' begins before phase 'a' of line 3",
        ),
        (EVENTS + "A,x,rest,2024-03-01T09:09:00+01:00,2024-03-01T09:11:00+01:00\n", "(subject A)"),
        (HEAD + "a,stress,2024-03-01T09:00,2024-03-01T09:05\n", "has no zone; write +01:00"),
        (HEAD + "a,stress,2024-03-01,2024-03-02\n", "is no ISO 8601 time"),
        (HEAD + "a,stress,09:00,09:05\n", "is no ISO 8601 time"),
        (HEAD + "a,stress,1644228196,1644228296\n", "too large for seconds"),
        (HEAD + "a,stress,10,2024-03-01T09:05Z\n", "both be clock times or both be seconds"),
        (
            HEAD + "a,stress,10,20\nb,rest,2024-03-01T09:05Z,2024-03-01T09:15Z\n",
            "line 3: clock times and",
        ),
        (HEAD + "a,stress,10,nan\n", "line 2: end 'nan'"),
        (HEAD + "a,stress,10,\n", "line 2: column 'end' is empty"),
        (HEAD + "a,,10,20\n", "line 2: column 'kind' is empty"),
        (HEAD + "a,stress,10\n", "line 2: 3 cells where the head has 4"),
        (
            "phase,kind,start,ende\na,stress,1,2\n",
            "column 'end' is missing; column 'ende' is not known",
        ),
        ("phase,kind,start,start,end\n", "column 'start' is there twice"),
        ("812\n790\n", "the first line '812' names none of the columns"),
        (HEAD + '"a,stress,10,20\n', "is no well-formed table"),
        ("", "t.csv: the file is empty"),
        (b"PK\x03\x04\x00\x00", "binary"),
    ],
)
def test_a_wrong_table_of_events_is_one_sentence(text, message):
    with pytest.raises(FormatError, match=r"t\.csv") as caught:
        ingest.read_events(source(text))
    assert message in str(caught.value)


def test_phases_of_different_people_may_overlap_and_neighbours_may_touch():
    assert len(ingest.read_events(source(EVENTS))) == 3


def test_tags_are_instants_and_are_not_paired():
    table = ingest.read_tags(source("1644228196\r\n1644228572.5\r\n"), subject="S02")
    assert table["kind"].tolist() == ["tag", "tag"]
    assert table["start"].equals(table["end"])
    assert table["start"].iloc[1] == pd.Timestamp("2022-02-07T10:09:32.5Z")
    assert ingest.read_tags(source("")).empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1644228196\nx\n", "line 2: 'x' is no time"),
        ("812\n", "line 1: '812' is no time"),
        ("1644228196\n1644228196\n", "line 2: the tag 1644228196 does not come after"),
    ],
)
def test_wrong_tags_are_one_sentence(text, message):
    with pytest.raises(FormatError, match=message):
        ingest.read_tags(source(text))


PHASES = (
    "start,stop,condition\n"
    "2024-03-01T00:00Z,2024-03-08T00:00Z,off\n"
    "2024-03-08T00:00Z,2024-03-15T00:00Z,on\n"
)


def test_conditions_get_blocks_in_order_of_time():
    table = ingest.read_phases(source(PHASES))
    assert tuple(table.columns) == events.PHASE_COLUMNS
    assert table["block"].tolist() == [0, 1]
    assert table["randomised"].tolist() == [False, False]
    head = "subject,start,stop,condition,block,randomised\n"
    text = head + "A,2024-03-01T00:00Z,2024-03-08T00:00Z,on,7,yes\n"
    row = ingest.read_phases(source(text)).iloc[0]
    assert (row["block"], row["randomised"]) == (7, True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2024-03-15", "2024-03-08", "line 3: phase 'on' ends"),
        (
            "2024-03-08T00:00Z,2024-03-15",
            "2024-03-07T00:00Z,2024-03-15",
            "begins before phase 'off' of line 2",
        ),
        (",on\n", ",\n", "column 'condition' is empty"),
    ],
)
def test_wrong_conditions_are_one_sentence(old, new, message):
    with pytest.raises(FormatError, match=message):
        ingest.read_phases(source(PHASES.replace(old, new)))


DOSE_HEAD = "time,substance,amount,unit,basis,status\n"
DOSE = "2024-03-01T21:00Z,magnesium glycinate,300,mg,elemental,taken\n"


def test_a_dose_log_has_all_its_columns_and_guesses_no_basis():
    text = (
        DOSE_HEAD
        + DOSE
        + "2024-03-02T21:00Z,magnesium glycinate,300,mg,,missed\n2024-03-02T22:00Z,CBT,,,,taken\n"
    )
    table = ingest.read_doses(source(text))
    assert tuple(table.columns) == events.DOSE_COLUMNS
    assert table["basis"].tolist() == ["elemental", "unknown", "unknown"]
    assert table["amount"].isna().tolist() == [False, False, True]
    assert table["time"].iloc[0] == datetime(2024, 3, 1, 21, tzinfo=UTC)
    assert table["route"].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("elemental", "pure", "basis 'pure' must be one of elemental, compound, unknown"),
        ("taken", "done", "status 'done' must be one of planned, taken, missed"),
        ("300", "-300", "amount -300 is negative"),
        ("300", "3e999", "amount '3e999' is not a number"),
        ("300", "lots", "amount 'lots' is not a number"),
        ("mg", "", "amount 300 has no unit"),
        ("magnesium glycinate", "", "column 'substance' is empty"),
        ("Z,", ",", "has no zone"),
    ],
)
def test_a_wrong_dose_is_one_sentence(old, new, message):
    with pytest.raises(FormatError, match="line 2") as caught:
        ingest.read_doses(source(DOSE_HEAD + DOSE.replace(old, new)))
    assert message in str(caught.value)


def test_a_dose_written_twice_is_refused_naming_both_lines():
    with pytest.raises(FormatError, match="line 3: repeats line 2"):
        ingest.read_doses(source(DOSE_HEAD + DOSE + DOSE))


def test_outcomes_read_as_numbers():
    text = "subject,time,name,value\nA,2024-03-01T21:00Z,GAD-7,11\nA,2024-03-01T21:00Z,sleep,7.5\n"
    table = ingest.read_outcomes(source(text))
    assert tuple(table.columns) == OUTCOME_COLUMNS
    assert table["value"].tolist() == [11.0, 7.5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2024-03-01T21:00Z,GAD-7,", "value is empty"),
        ("2024-03-01T21:00Z,GAD-7,nan", "value 'nan' is not a number"),
        (
            "2024-03-01T22:00+01:00,GAD-7,12",
            "'GAD-7' at 2024-03-01T22:00+01:00 is in line 2 already",
        ),
        ("2024-03-01T22:00Z,,12", "column 'name' is empty"),
    ],
)
def test_a_wrong_outcome_is_one_sentence(line, message):
    text = f"time,name,value\n2024-03-01T21:00Z,GAD-7,11\n{line}\n"
    with pytest.raises(FormatError, match="line 3") as caught:
        ingest.read_outcomes(source(text))
    assert message in str(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_and_a_folder_are_one_sentence(name, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        READERS[name](tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        READERS[name](tmp_path)


@pytest.mark.parametrize("name", [n for n in READERS if n != "tags"])
def test_a_table_with_a_head_only_is_empty_with_its_columns(name):
    heads = {"events": HEAD, "phases": PHASES, "doses": DOSE_HEAD, "outcomes": "time,name,value\n"}
    table = READERS[name](source(heads[name].split("\n")[0] + "\n"))
    assert table.empty
    assert len(table.columns) >= 4


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(data=st.data())
def test_damaged_tables_never_crash(name, data):
    good = {
        "events": EVENTS, "phases": PHASES, "doses": DOSE_HEAD + DOSE, "tags": "1644228196\n",
        "outcomes": "time,name,value\n2024-03-01T21:00Z,GAD-7,11\n",
    }  # fmt: skip
    raw = bytearray(good[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(HRVError):
        READERS[name](source(bytes(raw)))


def test_events_may_name_sessions_and_carry_notes(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "note,session,kind,phase,end,start\n"
        "spoke,am,stress,maths,660,360\n"
        ",pm,stress,maths,1660,1360\n"
    )
    events = ingest.read_events(path)
    assert list(events.columns) == ["subject", "phase", "kind", "start", "end", "session", "note"]
    assert [episode.previous_offset_s for episode in hrv.mark(events)] == [None, None]
