"""One person: a drawn pseudonym, everything to take along, and after a deletion no byte left."""

import contextlib
import hashlib
import io
import json
import shutil
import threading
import time
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
import zstandard
from furnished import add_logs
from server_process import ServerProcess
from serving import SETTINGS, serving
from sqlalchemy import LargeBinary, select

from api.client import Client
from api.retention import keep_rules
from api.schemas.logs import DoseIn, EventIn, PhaseIn
from api.schemas.studies import StudyIn
from api.settings import Settings
from api.store import backup, models, open_store
from api.store.persons import draw_pseudonym, everything, tables_of_persons
from ingest import cohort

MARK = "Zyxwvut-7Q"
"""A pseudonym that stands nowhere else."""
NOTE = "fainted-at-the-bakery-4711"


def rr_text(seed):
    rng = np.random.default_rng(seed)
    return "".join(f"{rr}\n" for rr in 700 + rng.integers(0, 250, 900))


def person(client, study, folder, name, seed, note=""):
    subject = client.create_subject(study.id, name, note=note)
    file = folder / f"{name}-secret-{seed}.txt"
    file.write_text(rr_text(seed))
    recording = client.upload(study.id, file, name, start="2026-03-04T08:00:00+01:00")
    add_logs(client, study.id, name)
    client.add(study.id, DoseIn(subject=name, time="2026-03-05T09:00:00Z", substance="magnesium",
                                status="taken", note=f"{NOTE}-{name}"))  # fmt: skip
    live = client.start_live(study.id, name)
    client.send_beats(live.recording_id, 0, [811.0 + seed, 813.0, 817.0])
    client.stop_live(live.recording_id)
    return client_subject(client, subject), recording, file


def client_subject(client, subject):
    return next(s for s in client.subjects(subject.study_id) if s.id == subject.id)


def traces(store_folder, *needles):
    """Every place of the store's files where one of the byte strings stands."""
    found = []
    for path in sorted(p for p in store_folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        found += [(path.name, needle) for needle in needles if needle in data]
    return found


def inside(store, *needles):
    """The same in everything that is packed: compressed columns, unpacked."""
    found = []
    with store.read() as session:
        for model in models.Base.registry.mappers:
            for column in model.columns:
                if not isinstance(column.type, LargeBinary):
                    continue
                for data in session.scalars(select(column)):
                    with contextlib.suppress(zstandard.ZstdError):
                        data = zstandard.ZstdDecompressor().decompress(data, 2**24)
                    found += [(str(column), needle) for needle in needles if needle in data]
    return found


@pytest.fixture
def two_people(tmp_path):
    """A store with two people, one of whom is going to leave."""
    settings = Settings(store="", local=True, workers=0)
    folder = tmp_path / "store"
    with serving(str(folder), settings) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="Two", tz="Europe/Berlin"))
        yield (
            url,
            client,
            folder,
            study,
            *(
                person(client, study, tmp_path, name, seed, note=f"{NOTE}-{name}")
                for name, seed in ((MARK, 1), ("P02", 2))
            ),
        )


def delete_whole(client, subject):
    client.delete_subject(subject)


def delete_after_withdrawal(client, subject):
    path, body = f"/v1/subjects/{subject.id}", {"at": "2026-04-01T08:00:00Z", "reason": "moved"}
    client._http.post(f"{path}/withdrawal", json=body).raise_for_status()
    tag = client._http.get(path).headers["etag"]
    client._http.delete(f"{path}/data", headers={"If-Match": tag}).raise_for_status()


@pytest.mark.parametrize("way", [delete_whole, delete_after_withdrawal])
def test_after_a_deletion_no_byte_of_the_person_is_left(two_people, way):
    url, client, folder, study, (subject, recording, file), (_other, kept, other_file) = two_people
    job = client.wait(client.start_comparison(study.id).id)
    client.windows(recording.id, step="60s", metrics=["rmssd"])
    content = file.read_bytes()
    packed = zstandard.ZstdCompressor(level=3).compress(content)
    words = [f"{NOTE}-{MARK}".encode(), file.name.encode(), packed[20:80]]
    words += [str(recording.id).encode(), recording.id.bytes, recording.id.hex.encode()]
    words += [recording.upload_sha256.encode(), recording.beats_sha256.encode()]
    if way is delete_whole:
        words.append(MARK.encode())
    assert {needle for _, needle in traces(folder, *words)} >= {words[0], words[1], words[2]}

    way(client, subject)

    audit_knows = {str(recording.id).encode()}  # who did what, without the person
    assert traces(folder, *(w for w in words if w not in audit_knows)) == []
    store = open_store(folder, upgrade=False)
    assert inside(store, *words, content[:200]) == []
    assert inside(store, other_file.read_bytes()[:200])  # the search finds what is there
    with store.read() as session:
        said = [row.detail for row in session.scalars(select(models.AuditEntry))]
    store.close()
    assert not [s for s in said if MARK in s or NOTE in s or file.name in s]
    assert client.recording(kept.id).beats == kept.beats
    assert client.summary(kept.id, ["mean_hr"]).columns
    if job.comparison_id is not None:
        assert httpx.get(f"{url}/v1/comparisons/{job.comparison_id}").status_code == 404


def test_a_backup_names_nobody_in_its_manifest_and_after_a_deletion_holds_nobody(
    two_people, tmp_path
):
    """The copy of the store itself holds who was there; a manifest lies about more openly."""
    _, client, folder, _, (subject, recording, file), _ = two_people
    store = open_store(folder, upgrade=False)
    words = [MARK, NOTE, file.name, recording.beats_sha256, recording.upload_sha256]
    words += [str(i) for i in (recording.id, subject.id, recording.id.hex, subject.id.hex)]
    sought = [word.encode() for word in words]
    backup.make(store, tmp_path / "before")
    assert traces(tmp_path / "before", MARK.encode()) == [(backup.FILE, MARK.encode())]
    manifest = (tmp_path / "before" / backup.MANIFEST).read_bytes()
    assert [word for word in sought if word in manifest] == []
    client.delete_subject(subject)
    backup.make(store, tmp_path / "after")
    audited = {str(subject.id).encode(), str(recording.id).encode()}  # identities without a name
    left = [word for word in sought if word not in audited and word != NOTE.encode()]
    assert traces(tmp_path / "after", *left, f"{NOTE}-{MARK}".encode()) == []
    store.close()


def test_measured_again_without_a_person_a_cohort_holds_no_byte_of_them(two_people, tmp_path):
    """Everything `hrv batch` writes, Parquet unpacked: of who was taken out nothing stays."""
    *_, (_, _, file), (_, _, other) = two_people
    lab, out = tmp_path / "lab", tmp_path / "out"
    for path, name in ((file, MARK), (other, "P02")):
        (lab / name).mkdir(parents=True)
        (lab / name / path.name).write_bytes(path.read_bytes())
    (lab / MARK / "cut short.txt").write_text("800\n")
    found = cohort.run(str(lab), str(out), serial=True)
    assert found.recordings == 3
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    words = [word.encode() for word in (MARK, file.name, sha)]
    assert {word for _, word in traces(out, *words) + in_parquet(out, *words)} == set(words)
    shutil.rmtree(lab / MARK)
    assert cohort.run(str(lab), str(out), serial=True).recordings == 1
    assert traces(out, *words) == in_parquet(out, *words) == []
    assert in_parquet(out, b"P02")  # the search finds what is there


def in_parquet(folder, *needles):
    """Every Parquet file in which one of the byte strings stands, once it is unpacked."""
    found = []
    for path in sorted(folder.rglob("*.parquet")):
        table = pq.read_table(path, partitioning=None)
        text = table.to_pandas().to_csv().encode() + str(table.schema.metadata).encode()
        found += [(path.name, needle) for needle in needles if needle in text]
    return found


def test_a_reader_that_holds_the_log_delays_the_scrubbing_and_does_not_prevent_it(tmp_path):
    store = open_store(tmp_path)
    with store.write() as session:
        session.add(models.Study(title=MARK, tz=None, declared={}))
    with store.read() as session:
        session.scalar(select(models.Study.title))  # holds its state of the store
        with store.write() as other:
            other.delete(other.scalars(select(models.Study)).one())
        assert not store.scrub()
        assert store.unscrubbed.is_set()
    assert store.scrub()
    assert traces(tmp_path, MARK.encode()) == []
    store.close()


def test_deleting_a_person_ends_their_running_session_and_its_journal(two_people):
    _, client, folder, study, (subject, *_), _ = two_people
    live = client.start_session(study.id, MARK, "sim:?seed=4")
    until = time.monotonic() + 20
    while client.live(live.recording_id).next_sequence < 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert traces(folder, MARK.encode())
    client.delete_subject(subject)
    assert traces(folder, MARK.encode()) == []
    assert list((folder / "live").glob("*")) == []


def test_everything_about_a_person_can_be_taken_along(two_people):
    _, client, _, _study, (subject, recording, file), (other, *_) = two_people
    archive = zipfile.ZipFile(io.BytesIO(client.export_subject(subject.id)))
    names = archive.namelist()
    assert all(not name.startswith("/") and ".." not in name for name in names)
    assert archive.read(f"recordings/{recording.id}/file") == file.read_bytes()
    beats = archive.read(f"recordings/{recording.id}/beats.csv").decode().splitlines()
    assert beats[0] == "t_s,rr_ms,flag"
    assert len(beats) == recording.beats + 1
    told = json.loads(archive.read("person.json"))
    assert told["subject"][0]["name"] == MARK
    counts = {table: len(rows) for table, rows in told.items() if rows}
    assert counts | {
        "subject": 1, "recording": 2, "event": 1, "phase": 2, "intervention": 1, "dose": 2,
        "outcome": 1, "upload": 1,
    } == counts  # fmt: skip
    text = archive.read("person.json").decode()
    assert "P02" not in text
    assert str(other.id) not in text


def test_every_table_about_persons_is_exported_and_erased(tmp_path):
    """A new table with a person in it is found by its column; one without must be named here."""
    named = {model.__tablename__ for model in tables_of_persons()}
    assert named == {
        "recording", "event", "phase", "intervention", "dose", "outcome", "adverse_event",
    }  # fmt: skip
    reaching = {
        table.name
        for table in models.Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "subject"
    }
    assert reaching - named == {"place", "access_grant"}
    store = open_store(tmp_path)
    with store.write() as session:
        study = models.Study(title="t", tz=None, declared={})
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="x", strata={})
        session.add(subject)
        session.flush()
        assert set(everything(session, subject)) == named | {
            "subject", "place", "access_grant", "upload", "audit",
        }  # fmt: skip
    store.close()


def test_without_a_name_a_person_gets_a_pseudonym_that_says_nothing(two_people):
    _, client, _, study, *_ = two_people
    drawn = [client.create_subject(study.id).name for _ in range(20)]
    assert len(set(drawn)) == 20
    assert all(name.startswith("P-") and len(name) == 8 for name in drawn)
    subject = client_subject(client, client.create_subject(study.id))
    path = f"/v1/subjects/{subject.id}"
    done = client._http.put(path, json={"note": "n"}, headers={"If-Match": f'"{subject.version}"'})
    assert done.json()["name"] == subject.name


def test_pseudonyms_do_not_follow_from_each_other(tmp_path):
    store = open_store(tmp_path)
    with store.write() as session:
        study = models.Study(title="t", tz=None, declared={})
        session.add(study)
        session.flush()
        drawn = [draw_pseudonym(session, study.id) for _ in range(300)]
    store.close()
    assert drawn != sorted(drawn)
    assert len(set(drawn)) == 300


def test_retention_deletes_old_files_and_who_withdrew_long_ago(two_people):
    _url, client, folder, study, (subject, _recording, file), (_other, kept, _) = two_people
    client._http.post(
        f"/v1/subjects/{subject.id}/withdrawal",
        json={"at": "2026-04-01T08:00:00Z", "reason": "moved"},
    ).raise_for_status()
    settings = Settings(store="", local=True, keep_files_days=30.0, keep_withdrawn_days=90.0)
    store = open_store(folder, upgrade=False)
    at = datetime.now(UTC)
    with store.write() as session:
        assert keep_rules(session, Settings(store="", local=True), at)["files"] == 0
        late = at + timedelta(days=400)
        gone = keep_rules(session, settings, late)
    assert (gone["files"], gone["persons"]) == (2, 1)
    store.scrub()
    with store.read() as session:
        actions = [e.action for e in session.scalars(select(models.AuditEntry)) if
                   e.who == "retention"]  # fmt: skip
        assert sorted(actions) == ["delete_file", "delete_file", "delete_subject_data"]
    store.close()
    assert traces(folder, f"{NOTE}-{MARK}".encode(), file.name.encode()) == []
    assert client.recording(kept.id).upload_sha256 is None
    assert len(client.beats(kept.id).columns["rr_ms"]) == kept.beats
    assert [r.name for r in client.recordings(study.id)] != []


def test_the_housekeeper_keeps_the_rules_in_a_running_service(tmp_path):
    with serving(str(tmp_path / "store")) as url, Client(url) as client:
        study = client.create_study(StudyIn(title="t"))
        person(client, study, tmp_path, MARK, 1)
    late = SETTINGS.__class__(**{**vars(SETTINGS), "keep_files_days": 1e-9})
    with serving(str(tmp_path / "store"), late) as url, Client(url) as client:
        until = time.monotonic() + 20
        while any(r.upload_sha256 for r in client.recordings(study.id)):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_errors_and_logs_of_the_server_do_not_name_persons(tmp_path):
    """What a client may see of a person, the server's own log does not hold."""
    with ServerProcess(tmp_path / "store", workers=0) as server, Client(server.url) as client:
        study = client.create_study(StudyIn(title="t"))
        person(client, study, tmp_path, MARK, 1)
        http = client._http
        for body in ({"name": MARK}, {"name": f"{MARK}\n{NOTE}"}, {"name": MARK, "x": NOTE}):
            http.post(f"/v1/studies/{study.id}/subjects", json=body)
        http.get(f"/v1/studies/{study.id}/recordings?subject={MARK}x")
        http.post(f"/v1/studies/{study.id}/events/table?subject={MARK}", content=b"phase\n1\n",
                  headers={"Content-Type": "text/csv"})  # fmt: skip
        client.add(
            study.id,
            EventIn(
                subject=MARK,
                phase="x",
                kind="stress",
                start="2027-01-01T00:00:00Z",
                end="2027-01-01T00:01:00Z",
            ),
        )
        client.add(study.id, PhaseIn(subject=MARK, condition="off", start="2027-01-01T00:00:00Z",
                                     stop="2027-01-02T00:00:00Z"))  # fmt: skip
        server.terminate()
        _, _, said = server.ended(15)
    assert MARK not in said
    assert NOTE not in said


def test_deleting_while_others_read_and_write_ends_clean(two_people):
    url, client, folder, _study, (subject, _, file), (_, kept, _) = two_people
    stop, errors = threading.Event(), []

    def read():
        with Client(url) as own:
            while not stop.is_set():
                try:
                    own.beats(kept.id)
                except Exception as error:
                    errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    client.delete_subject(subject)
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []
    until = time.monotonic() + 25  # the housekeeper clears what readers delayed
    while traces(folder, MARK.encode(), file.name.encode()) and time.monotonic() < until:
        time.sleep(0.1)
    assert traces(folder, MARK.encode(), file.name.encode()) == []
