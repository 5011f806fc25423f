"""While the store cannot be written, what waits for it waits; once it can, all of it is done."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from api import jobs, retention, work
from api.hub import Hub
from api.jobs import JobRunner
from api.live import sessions
from api.live.sessions import Sessions
from api.pool import Pool
from api.retention import Housekeeper
from api.settings import Settings
from api.store import models
from api.store.live import LiveWriter
from api.store.live_models import LiveSession
from api.store.types import new_id, now

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


@pytest.fixture
def live(store, tmp_path, monkeypatch):
    """Sessions that are quick to try again."""
    monkeypatch.setattr(sessions, "AGAIN_S", 0.05)
    writer = LiveWriter(store)
    live = Sessions(replace(SETTINGS, live_folder=str(tmp_path)), store, writer, Hub())
    yield live
    live.stop()
    writer.stop()


@pytest.fixture
def session_row(store, study, live):
    """Identity of a session that was ordered here."""
    with store.write() as session:
        subject = models.Subject(study_id=study, name="P")
        session.add(subject)
        session.flush()
        row = models.Recording(
            id=new_id(), study_id=study, subject_id=subject.id, name="live", state="open",
            start=now(), provenance={}, lost=[], options={},
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(
            LiveSession(
                recording_id=row.id, source="sim:", options={}, state="starting", place=live.place
            )
        )
    return row.id


def states_of(store, identity):
    """How the session and its recording stand."""
    with store.read() as session:
        row = session.get_one(LiveSession, identity)
        return row.state, session.get_one(models.Recording, identity).state


def test_a_session_that_cannot_begin_is_said_to_have_failed_once_the_store_is_back(
    store, live, session_row, away, caplog
):
    away.away.set()
    live.start()
    until(lambda: away.missed > 3)
    assert states_of(store, session_row) == ("starting", "open")
    assert "could not be written down as failed" in caplog.text
    away.away.clear()
    until(lambda: states_of(store, session_row) == ("failed", "closed"))


def test_a_session_that_fails_with_the_store_is_said_to_have_failed_once_it_is_back(
    store, live, session_row, away
):
    async def run():
        away.away.set()
        raise OSError("the store is away")

    order = SimpleNamespace(recording_id=session_row)
    live.submit(live._run(SimpleNamespace(order=order, run=run))).result(20)
    assert live.get(session_row) is None  # what it used is free for another
    away.away.clear()
    until(lambda: states_of(store, session_row) == ("failed", "closed"))


def test_sessions_end_while_the_store_is_away_and_the_next_run_takes_up_what_is_left(
    store, live, session_row, away
):
    away.away.set()
    live.start()
    until(lambda: away.missed > 1)
    live.stop()
    away.away.clear()
    assert states_of(store, session_row) == ("starting", "open")


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
