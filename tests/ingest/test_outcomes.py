"""Outcomes through one door: tables kept by hand and exports of apps without beats."""

import pytest
from recordings_apps import APPS

import ingest
from hrv.errors import FormatError
from ingest.columns import OUTCOME_COLUMNS

HEAD = "subject,time,name,value,unit,assay\n"


def source(text, name="outcomes.csv"):
    return ingest.Source(name, content=text if isinstance(text, bytes) else text.encode())


def test_scores_laboratory_values_and_sleep_come_in_their_own_unit():
    text = HEAD + (
        "P,2026-03-02T08:00Z,GAD-7,11,,\n"
        "P,2026-03-02T08:00Z,PSS-10,22,,\n"
        "P,2026-03-02T08:00Z,STAI-S,45,,\n"
        "P,2026-03-02T08:00Z,serum Mg,0.85,mmol/L,AAS\n"
        "P,2026-03-02T08:00Z,RBC Mg,5.1,mg/dL,ICP-MS\n"
        "P,2026-03-02T08:00Z,cortisol,0.3,ug/dL,ELISA\n"
        "P,2026-03-02T08:00Z,TST,7.5,h,\n"
        "P,2026-03-02T08:00Z,mood,6,,\n"
    )
    table = ingest.read_outcomes(source(text))
    assert tuple(table.columns) == OUTCOME_COLUMNS
    assert table["name"].tolist() == [
        "gad7", "pss10", "stai_state", "serum_magnesium", "rbc_magnesium", "cortisol",
        "total_sleep_time", "mood",
    ]  # fmt: skip
    assert table["value"].round(2).tolist() == [11, 22, 45, 2.07, 5.1, 8.28, 450, 6]
    assert table["unit"].tolist()[3:7] == ["mg/dL", "mg/dL", "nmol/L", "min"]
    assert table["assay"].tolist()[3:6] == ["AAS", "ICP-MS", "ELISA"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gad7,22,", "line 2: GAD-7 total 22 is outside 0 to 21 points; mend the value"),
        ("PSS-10,-1,", "PSS-10 total -1 is outside 0 to 40 points"),
        ("stai,19,", "is outside 20 to 80 points"),
        ("gad7,7.5,", "is not a whole number"),
        ("cortisol,12,", "salivary cortisol has no unit; write nmol/L or ug/dL or ng/mL"),
        ("cortisol,12,mg/dL", "salivary cortisol cannot be in 'mg/dL'"),
        ("sleep_efficiency,101,%", "sleep efficiency 101 is outside 0 to 100 %"),
        ("serum Mg,21,mmol/L", "serum magnesium 21 is outside 0.12"),
        ("cortisol_auci,300,", "is computed from its samples"),
    ],
)
def test_what_cannot_be_true_is_one_sentence_that_names_the_line(line, message):
    with pytest.raises(FormatError) as caught:
        ingest.read_outcomes(source(f"time,name,value,unit\n2026-03-02T08:00Z,{line}\n"))
    assert message in str(caught.value)
    assert str(caught.value).startswith("outcomes.csv, line 2: ")


def test_two_spellings_of_one_outcome_at_one_time_are_doubled():
    text = "time,name,value\n2026-03-02T08:00Z,GAD-7,9\n2026-03-02T08:00Z,gad7,9\n"
    with pytest.raises(FormatError, match="is in line 2 already"):
        ingest.read_outcomes(source(text))


@pytest.mark.parametrize(
    ("format_name", "outcome"), [("hrv4training", "hrv4training_rmssd"), ("fitbit", "fitbit_rmssd")]
)
def test_daily_hrv_of_apps_comes_through_the_same_door(format_name, outcome):
    sample = next(s for s in APPS if s.format == format_name)
    given = source(sample.data, sample.name)
    table = ingest.read_outcomes(given, tz="Europe/Berlin", subject="P01")
    assert tuple(table.columns) == OUTCOME_COLUMNS
    own = table[table["name"] == outcome]
    assert len(own)
    assert set(own["subject"]) == {"P01"}
    assert set(own["unit"]) == {"ms"}


def test_an_impossible_value_of_an_app_is_refused():
    text = "timestamp,rmssd,nremhr,entropy\n2024-01-01T00:00:00,900,55,2.5\n"
    with pytest.raises(FormatError, match="night RMSSD by Fitbit 900 is outside 1 to 500 ms"):
        ingest.read_outcomes(source(text, "Daily Heart Rate Variability Summary.csv"), tz="UTC")
