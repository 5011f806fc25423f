"""While the store cannot be written, what waits for it waits; once it can, all of it is done."""

import threading
import time

import pytest

from api import retention
from api.retention import Housekeeper
from api.settings import Settings
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
def away(store, monkeypatch):
    return Away(store, monkeypatch)


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
