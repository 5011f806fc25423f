"""A journal as a recording: every delivered interval once, losses flagged, markers as events."""

import io
from dataclasses import replace

import journal_rig as rig
import numpy as np
import pytest

from hrv.errors import FormatError
from hrv.types import Flag
from ingest.ble.measurement import Contact, decode
from ingest.formats import journal
from ingest.formats.base import ReadOptions, Source
from ingest.journal import JournalWriter, Kind
from ingest.journal.record import MAGIC, of_fields, pack


def opened(items, **options):
    raw = io.BytesIO()
    session = of_fields(Kind.SESSION, 0, rig.WALL_NS, session="s", run=1, person="P01")
    close = of_fields(Kind.CLOSE, 0, 0, reason="stopped")
    raw.write(MAGIC)
    for i, item in enumerate([session, *items, close]):
        raw.write(pack(item, i))
    source = Source("a.hrvj", content=raw.getvalue())
    assert journal.sniff(raw.getvalue()[:4096], "x")
    return journal.read(source, ReadOptions(**options))


def ticks(items):
    return [r for i in items if i.kind is Kind.NOTIFICATION for r in decode(i.payload).rr_ticks]


def test_every_interval_is_there_once_exact_and_in_order():
    items = rig.recording(120)
    rr = opened(items).rr
    assert (rr.rr_ms * 1.024).tolist() == ticks(items)
    assert not rr.flag.any()
    assert rr.provenance.format == "journal"
    assert abs(rr.start.timestamp() - (rig.WALL_NS / 1e9 + 100)) < 0.3


def test_a_reconnect_is_a_gap_of_the_right_length():
    items = rig.recording(120)
    broken = [*items[:50], rig.event(items[50].mono_ns, "lost"), *items[70:]]
    rr = opened(broken).rr
    (at,) = np.flatnonzero(rr.flag & Flag.GAP)
    assert at == len(ticks(items[:50]))
    lost_s = sum(ticks(items[50:70])) / 1024
    gap_s = rr.t_s[at] - rr.rr_ms[at] / 1000 - rr.t_s[at - 1]
    assert abs(gap_s - lost_s) < 0.2
    assert "lost 1x" in " ".join(rr.provenance.notes)


def test_lost_contact_breaks_the_run_but_keeps_its_intervals():
    items = rig.recording(60)
    contact = [Contact.LOST if 20 <= n < 25 else Contact.HELD for n in range(len(items))]
    held = [
        rig.notification(i.mono_ns, ticks([i]), contact=c)
        for i, c in zip(items, contact, strict=True)
    ]
    rr = opened(held).rr
    assert (rr.rr_ms * 1.024).tolist() == ticks(items)
    gaps = np.flatnonzero(rr.flag & Flag.GAP).tolist()
    assert gaps == [len(ticks(items[:20])), len(ticks(items[:25]))]


def test_a_packet_that_does_not_decode_is_a_named_gap():
    # at exactly 60 bpm arrival times cannot prove the loss: only the packet itself tells
    items = [rig.notification(n * 10**9, [1024]) for n in range(1, 61)]
    items[30] = replace(items[30], payload=b"\x10\x40\x07")
    rr = opened(items).rr
    assert any("ends within an RR interval (bytes: 10 40 07)" in n for n in rr.provenance.notes)
    assert np.flatnonzero(rr.flag & Flag.GAP).tolist() == [30]


def test_a_restart_with_another_monotonic_clock_keeps_the_wall_time():
    items = rig.recording(60)
    later = [
        replace(i, mono_ns=i.mono_ns - 90_000_000_000, wall_ns=i.wall_ns + 600_000_000_000)
        for i in items
    ]
    again = of_fields(Kind.SESSION, 1, later[0].wall_ns, session="s", run=2)
    rr = opened([*items, again, *later]).rr
    n = len(ticks(items))
    assert (rr.rr_ms * 1.024).tolist() == ticks(items) * 2
    assert rr.flag[n] & Flag.GAP
    assert abs((rr.t_s[n] - rr.t_s[0]) - 600) < 0.2
    assert np.allclose(rr.t_s[n:] - rr.t_s[n], rr.t_s[:n] - rr.t_s[0], atol=1e-6)


def test_a_wall_clock_set_back_between_runs_never_makes_beats_overlap():
    items = rig.recording(60)
    again = of_fields(Kind.SESSION, 1, 1, session="s", run=2)
    back = [replace(i, wall_ns=i.wall_ns - 3_600_000_000_000) for i in items]
    rr = opened([*items, again, *back]).rr
    assert (np.diff(rr.t_s) > 0).all()
    assert len(rr) == 2 * len(ticks(items))


def test_an_interval_above_ten_seconds_leaves_a_gap():
    items = rig.recording(60)
    items[20] = rig.notification(items[20].mono_ns, [20000])
    rr = opened(items).rr
    assert rr.rr_ms.max() < 2000
    assert any("above 10 s left out" in note for note in rr.provenance.notes)


def test_markers_become_phases_and_tags():
    items = rig.recording(30)
    at = items[10].mono_ns
    marks = [
        rig.marker(at, "stroop", "start"),
        rig.marker(at + 5 * 10**9, "dose taken", "now", kind="tag"),
        rig.marker(at + 9 * 10**9, "stroop", "end"),
        rig.marker(at + 10 * 10**9, "speech", "start"),
        rig.marker(at + 11 * 10**9, "walk", "end", kind="motion"),
    ]
    recording = opened([*items, *marks], tz="Europe/Berlin")
    events = recording.events
    assert events["phase"].tolist() == [
        "stroop", "dose taken",
        "speech (stress begun, its end is not recorded)",
        "walk (motion ended, its begin is not recorded)",
    ]  # fmt: skip
    assert events["kind"].tolist() == ["stress", "tag", "tag", "tag"]
    assert (events["end"] - events["start"]).dt.total_seconds().tolist() == [9, 0, 0, 0]
    assert set(events["subject"]) == {"P01"}
    assert str(recording.rr.start.tzinfo) == "Europe/Berlin"


def test_a_journal_without_beats_is_one_clear_error(tmp_path):
    JournalWriter(tmp_path / "a.hrvj").close()
    with pytest.raises(FormatError, match=r"a.hrvj: no RR interval was received"):
        journal.read(Source("a.hrvj", tmp_path / "a.hrvj"), ReadOptions())


def test_a_recording_cut_off_by_a_crash_says_so(tmp_path):
    writer = JournalWriter(tmp_path / "a.hrvj", time=rig.StillTime())
    for item in rig.recording(20):
        writer.append(item)
    writer.abandon()
    rr = journal.read(Source("a.hrvj", tmp_path / "a.hrvj"), ReadOptions()).rr
    assert any("cut short" in note for note in rr.provenance.notes)


def test_records_swallowed_by_damage_leave_a_gap(tmp_path):
    path = tmp_path / "a.hrvj"
    items = rig.recording(60)
    with JournalWriter(path, time=rig.StillTime()) as writer:
        for item in items:
            writer.append(item)
    raw = bytearray(path.read_bytes())
    raw[raw.index(pack(items[30], 31)) + 20] ^= 1
    path.write_bytes(raw)
    rr = journal.read(Source("a.hrvj", path), ReadOptions()).rr
    assert (rr.rr_ms * 1.024).tolist() == ticks(items[:30] + items[31:])
    assert np.flatnonzero(rr.flag & Flag.GAP).tolist() == [len(ticks(items[:30]))]
