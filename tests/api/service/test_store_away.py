"""While the store cannot be written, what waits for it waits; once it can, all of it is done."""

import threading
import time

import pytest

from api import jobs, retention, work
from api.hub import Hub
from api.jobs import JobRunner
from api.pool import Pool
from api.retention import Housekeeper
from api.settings import Settings
from api.store import models
from api.store.types import now

SETTINGS = Settings(store="", local=True)


def until(true, seconds=20.0):
    """Wait for something, but not for ever."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class Away:
    """Stands before a store: no write finds it while it is away."""

    def __init__(self, store, monkeypatch):
        self.away, self.missed = threading.Event(), 0
        self._write = store.write
        monkeypatch.setattr(store, "write", self.write)

    def write(self, **how):
        if self.away.is_set():
            self.missed += 1
            raise OSError("the store is away")
        return self._write(**how)


@pytest.fixture
def study(store):
    """Identity of a new study."""
    with store.write() as session:
        row = models.Study(title="t", tz=None, declared={})
        session.add(row)
    return row.id


@pytest.fixture
def away(store, monkeypatch):
    return Away(store, monkeypatch)


@pytest.fixture
def runner(store, monkeypatch):
    """Runs jobs in a thread, with a quick heartbeat."""
    monkeypatch.setattr(jobs, "BEAT_S", 0.05)
    pool = Pool(0)
    runner = JobRunner(store, pool, Hub(), "this server", now)
    runner.start()
    yield runner
    runner.stop()
    pool.stop()


def ordered(store, runner, study):
    """Put a job into the store as a request does; returns its identity."""
    with store.write() as session:
        return runner.add(session, session.get_one(models.Study, study), None).id


def job_of(store, identity):
    with store.read() as session:
        return session.get_one(models.Job, identity)


def test_a_job_whose_result_could_not_be_written_is_done_once_the_store_is_back(
    store, study, away, runner, monkeypatch
):
    calls = []

    def compare(*_):
        calls.append(len(calls))
        if calls == [0]:
            away.away.set()
        return work.Analysed(f"{study}", b"data", b"report")

    monkeypatch.setattr(work, "compare", compare)
    job = ordered(store, runner, study)
    runner.submit(job)
    until(lambda: away.missed and not runner.running)
    time.sleep(0.3)
    assert calls == [0]  # nothing is computed for a store that cannot take it
    assert job_of(store, job).state not in jobs.ENDED
    away.away.clear()
    until(lambda: job_of(store, job).state == "done")
    time.sleep(0.3)
    assert calls == [0, 1]


def test_a_job_that_could_not_be_read_is_done_once_the_store_is_back(
    store, study, runner, monkeypatch
):
    monkeypatch.setattr(work, "compare", lambda *_: work.Analysed(f"{study}", b"data", b"report"))
    job = ordered(store, runner, study)

    def unread():
        raise OSError("the store is away")

    with monkeypatch.context() as once:
        once.setattr(store, "read", unread)
        with pytest.raises(OSError, match="away"):
            runner.submit(job)
    until(lambda: job_of(store, job).state == "done")


def test_a_job_called_off_before_it_could_be_written_stays_called_off(
    store, study, away, runner, monkeypatch
):
    calls = []

    def compare(*_):
        calls.append(1)
        away.away.set()
        return work.Analysed(f"{study}", b"data", b"report")

    monkeypatch.setattr(work, "compare", compare)
    job = ordered(store, runner, study)
    runner.submit(job)
    until(lambda: away.missed and not runner.running)
    with away._write() as session:
        runner.cancel(session, session.get_one(models.Job, job))
    away.away.clear()
    time.sleep(0.5)
    assert job_of(store, job).state == "cancelled"
    assert len(calls) == 1


def test_rules_that_failed_run_again_at_the_next_look(store, away, monkeypatch):
    monkeypatch.setattr(retention, "LOOK_S", 0.02)
    kept = threading.Event()
    monkeypatch.setattr(
        retention, "keep_rules", lambda *_: (kept.set(), {"files": 0, "persons": 0})[1]
    )
    away.away.set()
    housekeeper = Housekeeper(store, SETTINGS, now, lambda: None)
    housekeeper.start()
    try:
        until(lambda: away.missed > 0)
        away.away.clear()
        assert kept.wait(10)
    finally:
        housekeeper.stop()


def test_what_retention_deleted_is_told_in_the_log(store, monkeypatch, caplog):
    monkeypatch.setattr(
        retention, "keep_rules", lambda *_: {"files": 2, "persons": 1, "answers": 3, "logins": 4}
    )
    with caplog.at_level("INFO", "api.retention"):
        Housekeeper(store, SETTINGS, now, lambda: None)._keep()
    assert [r.getMessage() for r in caplog.records if r.name == "api.retention"] == [
        "retention deleted 2 files, the data of 1 persons"
    ]
