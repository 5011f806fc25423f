"""A backup under load is one moment of the store, and comes back to the last row elsewhere."""

import itertools
import threading
import time

import httpx
import postgres
import pytest
from serving import serving
from sqlalchemy import delete

from api.client import Client
from api.schemas.studies import StudyIn
from api.store import backup, open_store
from api.store.models import ComparisonResult
from hrv.errors import InputError

_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request, tmp_path):
    """A store to back up, and another to restore into."""
    if request.param == "sqlite":
        return str(tmp_path / "here"), str(tmp_path / "there")
    url = request.getfixturevalue("postgres_url")
    return tuple(postgres.new_database(url, f"backup{next(_numbers)}") for _ in range(2))


def rows_of(where):
    store = open_store(where, upgrade=False)
    try:
        with store.engine.connect() as connection:
            return backup.digests(connection)
    finally:
        store.close()


def comparison(url, study):
    with Client(url) as client:
        done = client.wait(client.start_comparison(study).id, timeout_s=120)
    return httpx.get(f"{url}/v1/comparisons/{done.comparison_id}").content


class Load:
    """Straps and readers at work until it is left."""

    def __init__(self, url, study):
        self.url, self.study, self.ending, self.sent = url, study, threading.Event(), [0] * 4

    def __enter__(self):
        self.threads = [threading.Thread(target=self._send, args=(i,)) for i in range(4)]
        for thread in self.threads:
            thread.start()
        while not all(self.sent):
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def _send(self, i):
        with Client(self.url) as client:
            live = client.start_live(self.study, "P01", name=f"under load {i}")
            while not self.ending.is_set():
                client.send_beats(live.recording_id, self.sent[i], [800.0 + i] * 7)
                self.sent[i] += 7
                client.study(self.study)


def test_a_backup_under_load_is_restored_with_identical_rows_and_comparison(
    places, tmp_path, sample_data
):
    here, there = places
    with serving(here) as url, Client(url) as client:
        study = client.import_study(sample_data).id
        busy = client.create_study(StudyIn(title="Busy")).id
        client.create_subject(busy, "P01")
        # the answer is one of the numeric core, the same on both databases: compared once
        first = comparison(url, study) if places[0].startswith("/") else None
        with Load(url, busy) as load:
            before = sum(load.sent)
            store = open_store(here, upgrade=False)
            made = backup.make(store, tmp_path / "backup")
            store.close()
            after = sum(load.sent)
    assert after > before, "nothing came in while the backup was made"
    backup.restore(tmp_path / "backup", there)
    assert rows_of(there) == made.tables
    if first is None:
        return
    store = open_store(there)
    with store.write() as session:
        session.execute(delete(ComparisonResult))  # else it would be answered from the copy
    store.close()
    with serving(there) as url:
        assert comparison(url, study) == first


@pytest.fixture
def small(tmp_path):
    """A backup of a small store."""
    store = open_store(tmp_path / "store")
    backup.make(store, tmp_path / "backup")
    store.close()
    return tmp_path / "backup"


def test_a_store_is_never_written_over(small, hrv_command):
    done = hrv_command("restore", small, "--store", small.parent / "store")
    assert done.code == 2
    assert "already" in done.err
    again = hrv_command("backup", small, "--store", small.parent / "store")
    assert (again.code, "a new folder" in again.err) == (2, True)


def test_a_damaged_backup_is_refused(small, tmp_path):
    file = small / "store.sqlite3"
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match="is damaged"):
        backup.restore(small, str(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_backup_is_said_to_be_none(tmp_path, hrv_command):
    done = hrv_command("restore", tmp_path, "--store", tmp_path / "x")
    assert (done.code, "is no backup" in done.err) == (2, True)


def test_a_backup_says_what_it_holds(small, hrv_command):
    done = hrv_command("restore", small, "--dry-run")
    assert done.code == 0
    assert "study" in done.out


def test_a_copy_that_differs_is_no_backup(tmp_path, monkeypatch):
    store = open_store(tmp_path / "store")
    honest = backup._digests_of
    monkeypatch.setattr(
        backup, "_digests_of", lambda folder: {**honest(folder), "study": (1, "other")}
    )
    with pytest.raises(InputError, match="the copy differs from the store: study"):
        backup.make(store, tmp_path / "backup")
    store.close()
    assert not list(tmp_path.glob("backup*"))
