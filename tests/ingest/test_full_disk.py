"""A disk that takes nothing for a while: a recording goes on, and is whole once there is room."""

import asyncio
import errno
import os

import journal_rig as rig
import pytest

from hrv.errors import StorageError
from ingest.ble import recorder as recording
from ingest.ble.post import Post
from ingest.ble.recorder import Recorder
from ingest.ble.station import Station
from ingest.durable import make_folder, write_file
from ingest.journal import JournalWriter, Kind, records, verify, writer

FULL = OSError(errno.ENOSPC, "No space left on device")


class Playing:
    """A source of given records."""

    label = "playing"

    def __init__(self, items):
        self._items = items

    async def records(self):
        for item in self._items:
            yield item
            await asyncio.sleep(0)

    def stop(self):
        pass

    def now(self):
        return (10**12, 10**12)


class Disk:
    """Takes writes or syncs, or does not."""

    def __init__(self, monkeypatch):
        self.full, self.no_sync = False, False
        real_write, real_sync = os.write, os.fsync

        def write(file, data):
            if self.full:
                raise FULL
            return real_write(file, data)

        def fsync(file):
            if self.no_sync:
                raise OSError(errno.EIO, "Input/output error")
            real_sync(file)

        monkeypatch.setattr(writer.os, "write", write)
        monkeypatch.setattr(writer.os, "fsync", fsync)


def notified(path):
    return [r for r in records(path) if r.kind is Kind.NOTIFICATION]


@pytest.mark.parametrize("fault", ["full", "no_sync"])
def test_records_wait_in_memory_and_are_written_when_the_disk_takes_them(
    tmp_path, monkeypatch, fault
):
    disk, sent = Disk(monkeypatch), rig.recording(30)

    def seen(record, beats):
        setattr(disk, fault, 10 < sent.index(record) < 20)

    journal = JournalWriter(tmp_path / "a.hrvj", sync_every_s=0.0)
    recorder = Recorder(Playing(sent), journal, seen)
    asyncio.run(recorder.run())
    assert recorder.trouble is None
    assert not recorder.held
    journal.close()
    assert notified(tmp_path / "a.hrvj") == sent
    assert verify(tmp_path / "a.hrvj").whole


def test_a_station_tells_of_the_disk_and_of_what_was_lost_at_the_end(tmp_path, monkeypatch):
    disk, sent = Disk(monkeypatch), rig.recording(30)
    post = Post(Playing(sent), JournalWriter(tmp_path / "a.hrvj"), person="P01")
    heard = []
    station = Station([post], on_news=heard.append)
    real_told = post.told

    def told(post, record):
        real_told(post, record)
        if len(notified(tmp_path / "a.hrvj")) == 5:
            disk.full = True
        station.tick()

    post.told = told
    with pytest.raises(StorageError, match=r"the last \d+ records could not be written"):
        asyncio.run(station.run())
    assert any("kept in memory" in news.text for news in heard)
    assert notified(tmp_path / "a.hrvj") == sent[:5]


def test_what_is_held_has_an_end(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    journal = JournalWriter(tmp_path / "a.hrvj")
    disk.full = True
    monkeypatch.setattr(recording, "MOST_HELD", 3)
    with pytest.raises(OSError, match="No space"):
        asyncio.run(Recorder(Playing(rig.recording(30)), journal).run())
    journal.abandon()


def test_a_journal_on_a_disk_that_takes_nothing_is_named(tmp_path, monkeypatch):
    Disk(monkeypatch).full = True
    with pytest.raises(StorageError, match=r"cannot record into .*a\.hrvj: No space left"):
        JournalWriter(tmp_path / "a.hrvj")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_file(path, b"old")
    path.chmod(0o640)
    Disk(monkeypatch).full = True
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    monkeypatch.undo()
    write_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    write_file(link, b"newer")
    assert link.is_symlink()
    assert path.read_bytes() == b"newer"


def test_every_folder_on_the_way_is_made(tmp_path):
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
