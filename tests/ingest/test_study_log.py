"""The regimen's log, adverse events and claims of others, with right and wrong input."""

import pytest

from hrv.errors import FormatError, StudyError
from ingest import Source
from ingest.study import load_study
from ingest.study_log import read_adverse_events, read_claims, read_regimen_log

LOG = "component,start,stop,amount,unit,basis,elemental_share,elemental_source,randomised\n"
A, B, C = (f"2026-03-{d:02d}T00:00+01:00" for d in (2, 9, 16))


def source(text):
    return Source("log.csv", content=text.encode())


def test_a_regimen_log_keeps_dose_basis_and_its_source():
    table = read_regimen_log(
        source(LOG + f"magnesium,{A},{B},2,g,compound,0.141,label,yes\nbreathing,{A},{C},,,,,,no\n")
    )
    assert table["elemental_share"].tolist()[0] == 0.141
    assert table["basis"].tolist() == ["compound", "unknown"]
    assert table["randomised"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"magnesium,{B},{A},,,,,,", "stops before it starts"),
        (f"magnesium,{A},{B},300,,,,,", "amount 300 has no unit"),
        (f"magnesium,{A},{B},-3,mg,,,,", "is negative"),
        (f"magnesium,{A},{B},300,mg,salt,,,", "must be one of elemental, compound, unknown"),
        (f"magnesium,{A},{B},300,mg,compound,14.1,label,", "no share between 0 and 1"),
        (f"magnesium,{A},{B},300,mg,compound,0.141,,", "has no source"),
        (f"magnesium,{A},{B},,,,,,perhaps", "must be one of"),
    ],
)
def test_a_wrong_line_is_one_sentence(line, message):
    with pytest.raises(FormatError, match=r"log\.csv, line 2") as caught:
        read_regimen_log(source(LOG + line + "\n"))
    assert message in str(caught.value)


def test_adverse_events_have_a_term_an_onset_and_a_severity():
    table = read_adverse_events(source(f"time,term,severity\n{A},Loose stools,Mild\n"))
    assert table["severity"].tolist() == ["mild"]
    with pytest.raises(FormatError, match="must be mild, moderate or severe"):
        read_adverse_events(source(f"time,term,severity\n{A},x,awful\n"))
    with pytest.raises(FormatError, match="ends before it begins"):
        read_adverse_events(source(f"time,end,term\n{B},{A},x\n"))


def test_a_claim_names_its_source_and_whether_it_was_verified():
    head = "claim,population,comparator,measure,source,verified\n"
    assert read_claims(source(head + "better,,,,a leaflet,no\n"))["verified"].tolist() == [False]
    with pytest.raises(FormatError, match="the claim has no source"):
        read_claims(source(head + "better,,,,,no\n"))
    with pytest.raises(FormatError, match="must be one of"):
        read_claims(source(head + "better,,,,leaflet,maybe\n"))


STUDY = '[data]\nrecordings = "a.txt"\nsubject = "P"\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text("# start: 2026-03-03T10:00:00+01:00\n" + "800\n790\n" * 50)
    (tmp_path / "log.csv").write_text(LOG + f"magnesium,{A},{B},300,mg,elemental,,,yes\n")
    return tmp_path


def load(folder, text):
    (folder / "study.toml").write_text(STUDY + text)
    return load_study(folder)


def test_magnesium_washes_in_for_seven_days_and_others_as_the_study_says(folder):
    with (folder / "log.csv").open("a") as file:
        file.write(f"tea,{A},{B},,,,,,no\n")
    study = load(folder, '[design]\nregimen = "log.csv"\nwashin = "2d"\n')
    washins = {c.name: c.washin_days for c in study.log.regimen.components}
    assert washins == {"magnesium": 7.0, "tea": 2.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[components.magnesium]\nkind = "supplement"\n', "needs .design. regimen"),
        ('[design]\nregimen = "log.csv"\n[components.magnesium]\ndose = 3\n', "unknown key 'dose'"),
        ('[design]\nregimen = "log.csv"\n[components.magnesium]\nkind = "pill"\n', "kind 'pill'"),
        ('[design]\nregimen = "log.csv"\n[components]\nmagnesium = 3\n', "must be a table of keys"),
        ('[design]\nregimen = "none.csv"\n', "which does not exist"),
    ],
)
def test_a_wrong_component_is_one_sentence(folder, text, message):
    with pytest.raises(StudyError, match=message):
        load(folder, text)
