"""`hrv import`: phone exports into a study that `hrv compare` takes."""

import io
import json
import shutil
import zipfile

import pandas as pd
import pytest
from recordings import Sample, fit_walk, samples
from recordings_apps import APPLE, POLAR_FLOW, apple_xml

import ingest
from hrv.errors import InputError
from ingest.folder import import_folder, sessions
from ingest.study import load_study

ZONE = ("--tz", "Europe/Berlin")


def zip_of(**members: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return raw.getvalue()


def beats(first: int = 800, n: int = 400) -> bytes:
    return "".join(f"{first + (i * 37) % 61}\r\n" for i in range(n)).encode()


@pytest.fixture
def phone(tmp_path):
    """An Elite HRV folder, Apple's zip, Polar's and Garmin's account exports, and other things."""
    folder = tmp_path / "phone"
    (folder / "Elite HRV").mkdir(parents=True)
    for day in (3, 4, 5):
        name = f"2026-03-0{day} 07-50-42.txt"
        (folder / "Elite HRV" / name).write_bytes(beats(780 + day))
    (folder / "apple.zip").write_bytes(zip_of(**{"apple_health_export/export.xml": APPLE}))
    polar = {"training-session-2017-09-12.json": POLAR_FLOW, "account-data.json": b'{"a": 1}'}
    (folder / "polar-user-data-export.zip").write_bytes(zip_of(**polar))
    inner = zip_of(**{"walk.fit": fit_walk([800, 810, 805, 790, 800])})
    (folder / "garmin.zip").write_bytes(
        zip_of(**{"DI_CONNECT/Uploaded/UploadedFiles_0-_Part1.zip": inner})
    )
    (folder / "IMG_0001.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(300))
    (folder / ".DS_Store").write_bytes(b"hidden")
    return folder


def test_a_phone_export_becomes_a_study_once(hrv_command, phone, tmp_path):
    study = tmp_path / "study"
    done = hrv_command("import", phone, "--into", study, *ZONE)
    assert done.code == 0
    assert "6 recordings, 1 outcomes brought into" in done.out
    assert "not read: IMG_0001.jpeg: no known recording, events or outcomes\n" in done.err
    assert "not read: polar-user-data-export.zip/account-data.json" in done.err
    assert "DS_Store" not in done.err
    again = hrv_command("import", phone, "--into", study, *ZONE)
    assert again.code == 0
    assert "0 recordings brought" in again.out
    assert "6 files are there already" in again.out
    assert len(list((study / "recordings").iterdir())) == 6


def test_the_study_that_an_import_makes_is_loaded_with_subjects_and_clocks(phone, tmp_path):
    import_folder(phone, tmp_path / "study", subject="P07", tz="Europe/Berlin")
    study = load_study(tmp_path / "study")
    assert not study.problems
    assert {session.subject for session in study.sessions} == {"P07"}
    assert all(session.rr.start is not None for session in study.sessions)
    assert len(study.outcomes) == 1
    elite = [s for s in study.sessions if s.rr.start.year == 2026]
    assert elite[0].rr.start.isoformat() == "2026-03-03T07:50:42+01:00"


def test_a_moved_or_renamed_file_is_known_by_its_content(phone, tmp_path):
    import_folder(phone, tmp_path / "study", tz="UTC")
    shutil.move(phone / "Elite HRV" / "2026-03-03 07-50-42.txt", phone / "copy of it.txt")
    assert "copy of it.txt" in import_folder(phone, tmp_path / "study", tz="UTC").known


def test_a_dry_run_tells_and_writes_nothing(hrv_command, phone, tmp_path):
    done = hrv_command("import", phone, "--into", tmp_path / "study", "--dry-run", *ZONE)
    assert done.code == 0
    assert "6 recordings, 1 outcomes would be brought" in done.out
    assert not (tmp_path / "study").exists()


def test_imported_sample_study_compares_like_the_sample_study(hrv_command, sample_data, tmp_path):
    study = tmp_path / "study"
    phone = shutil.copytree(
        sample_data, tmp_path / "phone", ignore=shutil.ignore_patterns("regimen")
    )
    done = hrv_command("import", phone, "--into", study)
    assert done.code == 0
    assert "44 recordings" in done.out
    (study / "study.toml").write_text(
        (sample_data / "study.toml").read_text()
        .replace('recordings = "recordings/*.txt"', 'recordings = "recordings.csv"')
    )  # fmt: skip
    shutil.copy(sample_data / "randomisation.json", study)
    for name in ("events", "doses", "outcomes", "phases"):
        reader = getattr(ingest, f"read_{name}")
        ours, theirs = (reader(f / f"{name}.csv", tz="Europe/Berlin") for f in (study, sample_data))
        pd.testing.assert_frame_equal(ours, theirs)
    ours, theirs = (load_study(folder).sessions for folder in (study, sample_data))
    for one, other in zip(ours, theirs, strict=True):
        assert (one.subject, one.episodes) == (other.subject, other.episodes)
        assert one.rr.start == other.rr.start
        assert one.rr.rr_ms.tolist() == other.rr.rr_ms.tolist()
    result = json.loads(hrv_command("compare", study, "--format", "json").out)
    assert result["estimate"] == pytest.approx(-0.52, abs=0.01)  # as the report of the sample says


def test_subjects_are_taken_from_names_by_a_pattern(tmp_path):
    for person in ("S02", "S03"):
        (tmp_path / "lab" / person).mkdir(parents=True)
        (tmp_path / "lab" / person / "rr.txt").write_bytes(beats(800 + int(person[1:])))
    (tmp_path / "lab" / "rr.txt").write_bytes(beats(900))
    found = import_folder(tmp_path / "lab", tmp_path / "study", subject_pattern=r"S\d+")
    assert [s.subject for s in load_study(tmp_path / "study").sessions] == ["S02", "S03"]
    assert found.unread == [("rr.txt", "its name does not say whose it is")]


def test_a_table_that_names_its_people_needs_no_subject_in_its_name(tmp_path):
    (tmp_path / "lab" / "S02").mkdir(parents=True)
    (tmp_path / "lab" / "S02" / "2026-03-03 07-50-42.txt").write_bytes(beats())
    rows = ("S02,stroop,stress,2026-03-03T07:52Z,2026-03-03T07:54Z\n"
            ",stroop,stress,2026-03-03T07:55Z,2026-03-03T07:56Z\n")  # fmt: skip
    (tmp_path / "lab" / "all.csv").write_text("subject,phase,kind,start,end\n" + rows)
    found = import_folder(tmp_path / "lab", tmp_path / "study", subject_pattern=r"S\d+", tz="UTC")
    assert [len(s.episodes) for s in load_study(tmp_path / "study").sessions] == [1]
    assert found.unread == [("all.csv", "1 events have no subject, nor does the name of the file")]


def test_a_second_person_joins_the_study(tmp_path):
    for person in ("P01", "P02"):
        (tmp_path / person).mkdir()
        (tmp_path / person / "rr.txt").write_bytes(beats(800 + int(person[2])))
        import_folder(tmp_path / person, tmp_path / "study", subject=person)
    assert [s.subject for s in load_study(tmp_path / "study").sessions] == ["P01", "P02"]


def test_copies_in_other_formats_and_overlaps_are_reported(hrv_command, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for sample in samples():
        if sample.name in ("ms.txt", "comma.txt"):
            (folder / sample.name).write_bytes(sample.data)
    (folder / "2026-03-03 07-50-42.txt").write_bytes(beats())
    (folder / "2026-03-03 07-51-42.txt").write_bytes(beats(700))
    done = hrv_command("import", folder, "--into", tmp_path / "study", "--tz", "UTC")
    assert "the same beats: comma_" in done.out
    assert "overlap by 27" in done.out
    assert "2 recordings have no clock" in done.out


def test_an_events_file_in_seconds_is_placed_on_the_recording_of_its_name(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "2026-03-03 07-50-42.txt").write_bytes(beats())
    (folder / "2026-03-04 07-50-42.txt").write_bytes(beats(700))
    rows = "phase,kind,start,end\nstroop,stress,60,120\n"
    (folder / "2026-03-04 07-50-42_events.csv").write_text(rows)
    import_folder(folder, tmp_path / "study", tz="UTC")
    events = ingest.read_events(tmp_path / "study" / "events.csv")
    assert events["start"].tolist() == [pd.Timestamp("2026-03-04 07:51:42", tz="UTC")]
    episodes = [len(s.episodes) for s in load_study(tmp_path / "study").sessions]
    assert episodes == [0, 1]


def test_events_in_seconds_beside_a_recording_without_a_clock_are_reported(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(beats())
    (tmp_path / "in" / "a_events.csv").write_text("phase,kind,start,end\nstroop,stress,60,120\n")
    found = import_folder(tmp_path / "in", tmp_path / "study")
    assert "in seconds since the start" in found.unread[0][1]
    assert len(load_study(tmp_path / "study").sessions) == 1


def test_a_phase_that_overlaps_one_that_is_there_is_reported_not_added(tmp_path):
    for i, rows in enumerate(("2026-01-01,2026-02-01,off", "2026-01-15,2026-03-01,on")):
        (tmp_path / f"in{i}").mkdir()
        start, stop, condition = rows.split(",")
        (tmp_path / f"in{i}" / "phases.csv").write_text(
            f"start,stop,condition\n{start}T00:00Z,{stop}T00:00Z,{condition}\n"
        )
        found = import_folder(tmp_path / f"in{i}", tmp_path / "study")
    assert "'on'" in found.unread[0][1]
    assert "overlaps 'off'" in found.unread[0][1]
    assert len(ingest.read_phases(tmp_path / "study" / "phases.csv")) == 1


def test_a_study_written_by_hand_is_kept_and_what_it_lacks_is_said(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text('[data]\nrecordings = "recordings/*.txt"\nsubject = "P01"\n')
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "export.xml").write_bytes(APPLE)
    found = import_folder(tmp_path / "in", study)
    assert (study / "study.toml").read_text().startswith("[data]")
    assert any('add outcomes = "outcomes.csv" to [data]' in what for what in found.todo)
    assert [s.subject for s in load_study(study).sessions] == ["P01"]
    with pytest.raises(InputError, match="cannot say that new ones are of P02"):
        import_folder(tmp_path / "in", study, subject="P02")


def test_a_log_kept_by_hand_gets_the_column_it_lacks(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "outcomes.csv").write_text("time,name,value\n2026-01-01T08:00Z,mood,5")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "more.csv").write_text(
        "time,name,value,unit,assay\n2026-01-02T08:00Z,cortisol,12.5,nmol/L,LC-MS\n"
    )
    import_folder(tmp_path / "in", study)
    outcomes = ingest.read_outcomes(study / "outcomes.csv")
    assert outcomes["value"].tolist() == [5.0, 12.5]
    assert outcomes["subject"].tolist() == ["", "P01"]


def test_measurements_hours_apart_become_sessions_of_their_own(tmp_path):
    times = [f"10:00:0{i}.00" for i in range(6)]
    later = [f"18:00:0{i}.00" for i in range(6)]
    export = apple_xml(("2024-03-01 10:00:00 +0100", times), ("2024-03-01 18:00:00 +0100", later))
    (tmp_path / "export.xml").write_bytes(export)
    whole = ingest.read(tmp_path / "export.xml")
    parts = list(sessions(whole))
    assert [len(part) for part in parts] == [5, 5]
    assert [part.start.hour for part in parts] == [10, 18]
    found = import_folder(tmp_path / "export.xml", tmp_path / "study")
    assert len(found.recordings) == 2


def test_sessions_of_a_file_without_a_clock_do_not_overwrite_each_other(tmp_path):
    rows = [(0.8 * (i + 1) + (5000 if i > 4 else 0), 0.8) for i in range(10)]
    (tmp_path / "a.txt").write_text("".join(f"{t:.3f} {rr}\n" for t, rr in rows))
    found = import_folder(tmp_path / "a.txt", tmp_path / "study")
    assert len(set(found.recordings)) == 2
    assert len(load_study(tmp_path / "study").sessions) == 2


def test_a_record_and_its_annotations_are_one_recording(tmp_path):
    (tmp_path / "in").mkdir()
    for sample in samples():
        if sample.name == "r.atr":
            for name, data in {sample.name: sample.data, **sample.beside}.items():
                (tmp_path / "in" / name).write_bytes(data)
    found = import_folder(tmp_path / "in", tmp_path / "study")
    assert len(found.recordings) == 1
    assert found.beside == ["r.atr"]


def bombs() -> dict[str, bytes]:
    zeros = zip_of(**{"a.txt": bytes(1 << 26)})
    nested = zeros
    for _ in range(5):
        nested = zip_of(**{"b.zip": nested})
    return {"ratio": zeros, "nested": nested, "cut": zeros[:-30],
            "outside": zip_of(**{"../../evil.txt": beats()})}  # fmt: skip


@pytest.mark.parametrize("name", ["ratio", "nested", "cut", "outside"])
def test_zip_files_that_mean_harm_are_listed_and_leave_nothing(name, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.zip").write_bytes(bombs()[name])
    found = import_folder(tmp_path / "in", tmp_path / "study")
    assert found.recordings == []
    assert not list(tmp_path.rglob("evil.txt"))
    assert name == "outside" or found.unread


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("gone",), "does not exist"),
        ((".", "--tz", "Mars/Base"), "no time zone is called"),
        ((".", "--subject-pattern", "("), "no regular expression"),
        ((".", "--subject", "P1", "--subject-pattern", "P"), "not both"),
    ],
)
def test_wrong_words_are_one_sentence(hrv_command, tmp_path, monkeypatch, args, says):
    monkeypatch.chdir(tmp_path)
    done = hrv_command("import", *args, "--into", tmp_path / "study")
    assert done.code == 2
    assert says in done.err
    assert done.err.count("\n") == 1


def test_a_folder_with_nothing_to_read_is_exit_1(hrv_command, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpeg").write_bytes(b"\xff\xd8\xff")
    done = hrv_command("import", tmp_path / "in", "--into", tmp_path / "study")
    assert done.code == 1
    assert "not read: a.jpeg" in done.err


def test_a_broken_index_is_never_overwritten(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(beats())
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "imported.csv").write_text("mine\n")
    with pytest.raises(InputError, match="is not the index"):
        import_folder(tmp_path / "in", tmp_path / "study")
    assert (tmp_path / "study" / "imported.csv").read_text() == "mine\n"


def test_every_sample_of_every_format_goes_through_or_says_why(tmp_path):
    def place(sample: Sample):
        folder = tmp_path / "in" / f"{sample.format}-{sample.name}"
        folder.mkdir(parents=True)
        for name, data in {sample.name: sample.data, **sample.beside}.items():
            (folder / name).write_bytes(data)

    for sample in samples():
        place(sample)
    found = import_folder(tmp_path / "in", tmp_path / "study", tz="Europe/Berlin")
    assert len(found.unread) == 3  # ecg.csv and peaks need a rate, events of XDF a clock
    assert not load_study(tmp_path / "study").problems
