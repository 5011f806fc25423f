"""A phone's folder by REST: what `hrv import` brings, each file once, in the same words."""

import numpy as np
import pytest
from recordings_apps import APPLE

from api.client import ServiceError
from api.inspect_words import lines_of
from api.routes.folders import placed
from api.schemas.logs import Event, Outcome
from hrv.errors import InputError
from ingest.folder import import_folder
from ingest.inspect import inspect
from ingest.reading import open_recording
from ingest.study import load_study


def beats(first, n=400):
    return "".join(f"{first + (i * 37) % 61}\r\n" for i in range(n)).encode()


@pytest.fixture
def phone(tmp_path):
    """An Elite HRV folder, Apple's export, events, scores, and a picture."""
    folder = tmp_path / "phone"
    (folder / "Elite HRV").mkdir(parents=True)
    for day in (3, 4, 5):
        name = f"2026-03-0{day} 07-50-42.txt"
        (folder / "Elite HRV" / name).write_bytes(beats(780 + day))
    (folder / "export.xml").write_bytes(APPLE)
    (folder / "events.csv").write_text(
        "phase,kind,start,end\nmaths,stress,2026-03-03T07:52:00,2026-03-03T07:54:00\n"
    )
    (folder / "scores.csv").write_text("time,name,value\n2026-03-03T20:00:00,GAD-7,7\n")
    (folder / "IMG_0001.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    return folder


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_folder_brings_what_hrv_import_brings(client, study, phone, tmp_path):
    taken = client.import_folder(study.id, files_of(phone), subject="P07")
    by_hand = import_folder(phone, tmp_path / "by_hand", subject="P07", tz="Europe/Berlin")
    assert [r.name for r in taken.recordings] == by_hand.recordings
    assert taken.people == ["P07"]
    assert taken.rows == {k: v for k, v in by_hand.rows.items() if v}
    assert [(u.file, u.why) for u in taken.unread] == by_hand.unread
    series = {s.name.split("/")[-1]: s.rr for s in load_study(tmp_path / "by_hand").sessions}
    for recording in client.recordings(study.id):
        table = client.beats(recording.id)
        assert np.array_equal(table.columns["rr_ms"], series[recording.name].rr_ms)
        assert np.array_equal(table.columns["t_s"], series[recording.name].t_s)
        assert recording.start == series[recording.name].start
    assert [e.phase for e in client.entries(study.id, Event)] == ["maths"]
    assert [(o.name, o.value) for o in client.entries(study.id, Outcome) if o.name == "gad7"] == [
        ("gad7", 7.0)
    ]


def test_what_was_understood_is_said_as_hrv_inspect_says_it(client, study, phone):
    taken = client.import_folder(study.id, files_of(phone), subject="P07")
    name = "Elite HRV/2026-03-03 07-50-42.txt"
    said = next(i for i in taken.inspections if i.file == name)
    opened = open_recording(phone / name, tz="Europe/Berlin")
    wanted = lines_of(inspect(opened, source=name))
    assert [(x.what, x.said) for x in said.lines if x.what != "start"] == [
        line for line in wanted if line[0] != "start"
    ]
    first = next(r for r in taken.recordings if r.file == name)
    again = client.inspection(first.id)
    assert [x for x in again.lines if x.what == "unit"] == [
        x for x in said.lines if x.what == "unit"
    ]


def test_the_same_folder_again_brings_nothing_and_a_new_file_only_itself(client, study, phone):
    files = files_of(phone)
    first = client.import_folder(study.id, files, subject="P07")
    again = client.import_folder(study.id, files, subject="P07")
    assert (again.recordings, again.rows, again.people) == ([], {}, [])
    assert len(again.known) == len({r.file for r in first.recordings})
    new = phone / "Elite HRV" / "2026-03-06 07-50-42.txt"
    new.write_bytes(beats(790))
    more = client.import_folder(study.id, files_of(phone), subject="P07")
    assert [r.file for r in more.recordings] == [new.relative_to(phone).as_posix()]


def test_a_file_that_gave_one_recording_is_kept_byte_for_byte(client, study, phone):
    taken = client.import_folder(study.id, files_of(phone), subject="P07")
    first = next(r for r in taken.recordings if r.file.startswith("Elite"))
    assert client.file(first.id) == (phone / first.file).read_bytes()


def test_people_are_found_in_the_names_of_files(client, study, tmp_path):
    files = {}
    for who in ("A12", "B07"):
        path = tmp_path / f"{who}.txt"
        path.write_bytes(beats(800 + ord(who[0])))
        files[f"lab/{who}/2026-03-04_0800.txt"] = path
    taken = client.import_folder(study.id, files, subject_pattern="[AB][0-9]{2}")
    assert sorted(taken.people) == ["A12", "B07"]
    with pytest.raises(ServiceError, match="is no regular expression"):
        client.import_folder(study.id, files, subject_pattern="[")


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/file.txt", "abs/file.txt"),
        ("C:\\Users\\me\\a.txt", "C:/Users/me/a.txt"),
        ("a/./b/../c.txt", "a/b/c.txt"),
    ],
)
def test_a_files_name_never_leads_out_of_the_folder(name, where):
    assert str(placed(name)) == where


@pytest.mark.parametrize("name", ["", "..", "/", "\x00"])
def test_a_name_of_nothing_is_refused(name):
    with pytest.raises(InputError):
        placed(name)


def test_a_file_is_inspected_without_being_stored(http, client, study):
    answer = http.post("/v1/inspections", files={"file": ("a.txt", beats(800))})
    assert answer.status_code == 200
    assert [answer.json()["lines"][2]["what"], answer.json()["lines"][2]["said"][:2]] == [
        "unit",
        "ms",
    ]
    assert http.post("/v1/inspections", files={"file": ("a.jpg", b"\xff\xd8")}).status_code == 422
    assert list(client.recordings(study.id)) == []
