"""Live beats in the store, without a service: order, repeats, losses, compaction."""

import contextlib
import errno
import os
import shutil
import sqlite3
import threading

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from api.store import audit, models
from api.store.audit import Deed
from api.store.beats import CHUNK_BEATS
from api.store.database import FILE
from api.store.live import (
    Batch,
    ChangedBeatsError,
    ClosedError,
    LiveWriter,
    SequenceGapError,
    UnknownRecordingError,
)
from api.store.recordings import beats_since, read_beats, series_of
from api.store.tail import position
from api.store.types import new_id, now
from hrv.errors import InputError
from hrv.types import Flag, RRSeries


@pytest.fixture
def writer(store):
    writer = LiveWriter(store)
    yield writer
    writer.stop()


@pytest.fixture
def recording(store):
    """Identity of a new open recording."""
    with store.write() as session:
        study = models.Study(title="t", tz=None, declared={})
        session.add(study)
        session.flush()
        subject = models.Subject(study_id=study.id, name="P")
        session.add(subject)
        session.flush()
        row = models.Recording(
            id=new_id(), study_id=study.id, subject_id=subject.id, name="live", state="open",
            start=now(), provenance={}, lost=[], options={},
        )  # fmt: skip
        session.add(row)
    return row.id


def rr_of(n: int, seed: int = 0):
    return np.random.default_rng(seed).integers(500, 1500, n).astype(np.float64)


def send(writer, recording, first, rr, begin_s=None):
    return writer.append(Batch(recording, first, np.asarray(rr, np.float64), begin_s)).result(10)


def stored(store, recording):
    with store.read() as session:
        return read_beats(session, recording)


def test_beats_sent_one_by_one_are_the_series_they_would_be_in_a_file(store, writer, recording):
    rr = rr_of(50)
    for i, value in enumerate(rr):
        assert send(writer, recording, i, [value]).next_sequence == i + 1
    beats, series = stored(store, recording), RRSeries.from_ms(rr)
    assert np.array_equal(beats.rr_ms, series.rr_ms)
    assert np.array_equal(beats.t_s, series.t_s)


def test_an_answer_means_that_another_connection_sees_the_beats(store, writer, recording):
    send(writer, recording, 0, [800, 810])
    with store.read() as session:
        assert len(read_beats(session, recording)) == 2
        assert position(session, recording).next_sequence == 2


def test_beats_that_come_again_are_absorbed(store, writer, recording):
    send(writer, recording, 0, [800, 810, 820])
    again = send(writer, recording, 1, [810, 820, 830])
    assert (again.stored, again.duplicates, again.next_sequence) == (1, 2, 4)
    whole = send(writer, recording, 0, [800, 810, 820, 830])
    assert (whole.stored, whole.duplicates) == (0, 4)
    assert stored(store, recording).rr_ms.tolist() == [800, 810, 820, 830]


def test_a_beat_that_comes_again_with_another_value_is_refused(writer, recording):
    send(writer, recording, 0, [800, 810])
    with pytest.raises(ChangedBeatsError, match="beat 1 is stored as 810"):
        send(writer, recording, 1, [811])


def test_a_hole_is_refused_and_the_expected_number_told(store, writer, recording):
    send(writer, recording, 0, [800])
    with pytest.raises(SequenceGapError) as refused:
        send(writer, recording, 3, [900])
    assert refused.value.expected == 1
    assert len(stored(store, recording)) == 1


def test_a_loss_that_is_said_becomes_a_gap_and_is_reported(store, writer, recording):
    send(writer, recording, 0, [800, 800])
    lost = send(writer, recording, 5, [900, 910], begin_s=6.0)
    assert lost.lost == (2, 4)
    beats = stored(store, recording)
    assert beats.t_s.tolist() == [0.8, 1.6, 6.9, 7.81]
    assert beats.flag.tolist() == [0, 0, int(Flag.GAP), 0]
    assert send(writer, recording, 5, [900]).duplicates == 1
    assert send(writer, recording, 3, [777, 888, 900]).duplicates == 3  # 3 and 4 came too late
    assert len(stored(store, recording)) == 4


def test_a_batch_cannot_begin_before_the_last_beat(writer, recording):
    send(writer, recording, 0, [800, 800])
    with pytest.raises(InputError, match="before the last stored beat"):
        send(writer, recording, 2, [900], begin_s=1.0)


@pytest.mark.parametrize("bad", [0.0, -5.0, float("nan"), float("inf"), 10_001.0])
def test_an_impossible_interval_is_refused_by_its_number(writer, recording, bad):
    with pytest.raises(InputError, match="RR interval 2 of 2"):
        send(writer, recording, 0, [800, bad])


def test_an_unknown_recording_is_told(writer):
    with pytest.raises(UnknownRecordingError):
        send(writer, new_id(), 0, [800])


def test_the_tail_becomes_chunks_and_nothing_changes_by_it(store, writer, recording):
    rr = rr_of(2 * CHUNK_BEATS + 100, seed=4)
    for lo in range(0, rr.size, 1000):
        send(writer, recording, lo, rr[lo : lo + 1000])
    with store.read() as session:
        chunks = session.query(models.Chunk).filter_by(recording_id=recording).count()
        tail = session.query(models.TailPart).filter_by(recording_id=recording).count()
    assert chunks == 2
    assert tail < 10
    beats, series = stored(store, recording), RRSeries.from_ms(rr)
    assert np.array_equal(beats.t_s, series.t_s)
    assert send(writer, recording, 4000, rr[4000:4200]).duplicates == 200


def test_holes_survive_compaction_and_numbers_go_on_behind_them(store, writer, recording):
    rr = rr_of(CHUNK_BEATS + 50, seed=6)
    send(writer, recording, 0, rr[:3000])
    send(writer, recording, 3100, rr[3000:4090], begin_s=float(rr[:3000].sum()) / 1000 + 80)
    last = send(writer, recording, 4300, rr[4090:], begin_s=9000.0)
    assert last.next_sequence == 4300 + rr.size - 4090
    beats = stored(store, recording)
    assert np.array_equal(beats.rr_ms, rr)
    assert np.flatnonzero(beats.flag).tolist() == [3000, 4090]
    assert send(writer, recording, 4300, rr[4090:4100]).duplicates == 10


def test_a_finished_recording_is_a_series_and_takes_no_more(store, writer, recording):
    rr = rr_of(300, seed=2)
    send(writer, recording, 0, rr)
    writer.finish(recording).result(10)
    with store.read() as session:
        row = session.get_one(models.Recording, recording)
        series = series_of(row, read_beats(session, recording))
    assert (row.state, row.beats, len(series)) == ("closed", 300, 300)
    assert row.duration_s == pytest.approx(rr.sum() / 1000)
    writer.finish(recording).result(10)
    with pytest.raises(ClosedError):
        send(writer, recording, 300, [800])


def test_a_new_writer_goes_on_where_the_last_one_ended(store, recording):
    for part in range(3):
        writer = LiveWriter(store)
        send(writer, recording, part * 2, [800.0, 801.0])
        writer.stop()
    assert stored(store, recording).t_s.tolist() == RRSeries.from_ms([800, 801] * 3).t_s.tolist()


def test_two_writers_of_one_recording_do_not_overwrite_each_other(store, recording):
    one, other = LiveWriter(store), LiveWriter(store)
    send(one, recording, 0, [800])
    send(other, recording, 1, [810])
    assert send(one, recording, 2, [820]).next_sequence == 3
    with pytest.raises(ChangedBeatsError):
        send(other, recording, 2, [999])
    one.stop()
    other.stop()


def test_many_recordings_share_a_commit_and_one_bad_batch_spoils_no_other(store, recording):
    writer = LiveWriter(store)
    good = [writer.append(Batch(recording, i, np.array([800.0 + i]))) for i in range(20)]
    bad = writer.append(Batch(new_id(), 0, np.array([800.0])))
    more = [writer.append(Batch(recording, 20 + i, np.array([900.0]))) for i in range(20)]
    writer.stop()
    assert isinstance(bad.exception(), UnknownRecordingError)
    assert [f.result().next_sequence for f in (*good, *more)] == list(range(1, 41))


@pytest.mark.parametrize(("index", "most"), [(0, 10), (4090, 12), (4096, 5), (9000, 3), (10, 9999)])
def test_beats_are_found_by_index_across_chunks_and_tail(store, writer, recording, index, most):
    rr = rr_of(CHUNK_BEATS + 30, seed=9)
    send(writer, recording, 0, rr[:CHUNK_BEATS])
    send(writer, recording, CHUNK_BEATS, rr[CHUNK_BEATS:])
    with store.read() as session:
        found = beats_since(session, recording, index, most)
    assert np.array_equal(found.rr_ms, rr[index : index + most])


@pytest.mark.parametrize("span", [(0.0, 10.0), (100.5, 3700.5), (-5.0, 0.5), (9e5, 9e6)])
def test_beats_are_found_by_time(store, writer, recording, span):
    rr = rr_of(2 * CHUNK_BEATS, seed=11)
    send(writer, recording, 0, rr[:CHUNK_BEATS])
    send(writer, recording, CHUNK_BEATS, rr[CHUNK_BEATS:])
    with store.read() as session:
        found = read_beats(session, recording, *span)
    t_s = RRSeries.from_ms(rr).t_s
    inside = (t_s >= span[0]) & (t_s < span[1])
    assert np.array_equal(found.rr_ms, rr[inside])


class Disk:
    """Stands before the disk: a sync waits to be let go, and fails as often as told."""

    def __init__(self, store):
        self.go, self.asked, self.fails = threading.Event(), threading.Event(), 0
        self.calls: list[str] = []
        self._flush, self._scrub = store.flush, store.scrub
        store.flush, store.scrub = self.flush, self.scrub

    def flush(self):
        self.calls.append("flush")
        self.asked.set()
        assert self.go.wait(60)
        self.fails -= 1
        if self.fails >= 0:
            raise OSError(errno.EIO, "Input/output error")
        self._flush()

    def scrub(self):
        self.calls.append("scrub")
        return self._scrub()


@pytest.fixture
def disk(store):
    if not store.embedded:
        pytest.skip("PostgreSQL syncs in a commit that holds up no other")
    return Disk(store)


def test_beats_wait_for_the_disk_and_who_only_reads_does_not(disk, store, writer, recording):
    sent = writer.append(Batch(recording, 0, np.array([800.0])))
    assert disk.asked.wait(60)
    reads = [writer.record([Deed("key:1", f"read {i}", "read")]) for i in range(3)]
    for read in reads:
        read.result(60)
    assert not sent.done()
    taken_out = writer.record([Deed("key:1", "export", "export")])
    disk.go.set()
    assert sent.result(60).stored == 1
    taken_out.result(60)
    with store.read() as session:
        assert [e["action"] for e in audit.entries(session)] == [
            "read 0", "read 1", "read 2", "export",
        ]  # fmt: skip
        assert audit.verify(session)[1] == []


def test_a_sync_that_failed_is_told_and_the_log_is_emptied_before_it_is_trusted_again(
    disk, store, writer, recording
):
    disk.go.set()
    disk.fails = 1
    with pytest.raises(OSError, match="Input/output"):
        send(writer, recording, 0, [800.0])
    accepted = send(writer, recording, 0, [800.0, 810.0])  # sent again: nothing twice
    assert (accepted.duplicates, accepted.stored) == (1, 1)
    assert disk.calls == ["flush", "scrub", "flush"]
    send(writer, recording, 2, [790.0])
    assert disk.calls == ["flush", "scrub", "flush", "flush"]
    assert stored(store, recording).rr_ms.tolist() == [800.0, 810.0, 790.0]


def test_every_sync_is_of_the_one_descriptor_that_hears_of_failed_writes(
    disk, store, writer, recording, monkeypatch
):
    disk.go.set()
    synced, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda log: (synced.append(log), sync(log)))
    for first in range(3):
        send(writer, recording, first, [800.0])
        other = os.open(os.devnull, os.O_RDONLY)  # takes the number of one that was closed
        try:
            assert other not in synced
        finally:
            os.close(other)
    assert len(synced) == 3
    assert len(set(synced)) == 1


def test_a_log_in_doubt_that_cannot_be_emptied_takes_nothing(disk, store, writer, recording):
    disk.go.set()
    disk.fails = 1
    with pytest.raises(OSError, match="Input/output"):
        send(writer, recording, 0, [800.0])
    empties, disk._scrub = disk._scrub, lambda: False  # somebody reads on
    with pytest.raises(OSError, match="Input/output"):
        send(writer, recording, 0, [800.0])
    disk._scrub = empties
    assert send(writer, recording, 0, [800.0]).duplicates == 1


def in_the_file(store, recording, folder):
    """How many beats the database file holds without its log, as after a power cut that lost it."""
    copy = folder / "copy.sqlite3"
    shutil.copyfile(store.folder / FILE, copy)
    with contextlib.closing(sqlite3.connect(copy)) as opened:
        query = "SELECT count(*) FROM tail_part WHERE recording_id = ?"
        return opened.execute(query, (recording.hex,)).fetchone()[0]


def test_no_durable_commit_goes_behind_what_a_failed_sync_may_have_left_out_of_the_log(
    disk, store, writer, recording, tmp_path
):
    disk.go.set()
    assert store.scrub()
    disk.fails = 1
    with pytest.raises(OSError, match="Input/output"):
        send(writer, recording, 0, [800.0])
    assert in_the_file(store, recording, tmp_path) == 0
    writer.record([Deed("key:1", "read", "read")]).result(60)  # waits for no disk, as ever
    assert in_the_file(store, recording, tmp_path) == 0
    with store.seen_by(store.view).write() as session:  # as a request of REST writes
        assert in_the_file(store, recording, tmp_path) == 1
        session.get_one(models.Recording, recording).name = "renamed"
    assert send(writer, recording, 1, [810.0]).stored == 1
    assert disk.calls == ["scrub", "flush", "flush"]  # emptied once is enough


def test_a_durable_commit_is_refused_while_a_log_in_doubt_cannot_be_emptied(
    disk, store, writer, recording
):
    disk.go.set()
    with store.read() as reader:
        reader.get_one(models.Recording, recording)  # reads on
        disk.fails = 1
        with pytest.raises(OSError, match="Input/output"):
            send(writer, recording, 0, [800.0])
        with pytest.raises(OSError, match="Input/output"), store.write() as session:
            session.get_one(models.Recording, recording).name = "renamed"
    with store.write() as session:
        assert session.get_one(models.Recording, recording).name == "live"
        session.get_one(models.Recording, recording).name = "renamed"
    with store.read() as session:
        assert session.get_one(models.Recording, recording).name == "renamed"


@pytest.mark.parametrize(
    ("code", "doubtful"), [(sqlite3.SQLITE_IOERR | 4 << 8, True), (sqlite3.SQLITE_FULL, False)]
)
def test_a_commit_that_itself_could_not_sync_leaves_the_log_in_doubt(
    disk, store, writer, recording, tmp_path, code, doubtful
):
    disk.go.set()
    assert store.scrub()
    send(writer, recording, 0, [800.0])
    failed = sqlite3.OperationalError("disk I/O error")
    failed.sqlite_errorcode = code  # SQLITE_IOERR_FSYNC, as SQLite tells it
    with pytest.raises(OperationalError), store.write():
        raise OperationalError("COMMIT", None, failed)
    with store.write() as session:
        assert in_the_file(store, recording, tmp_path) == doubtful
        session.get_one(models.Recording, recording).name = "renamed"
    assert not store.in_doubt.is_set()
