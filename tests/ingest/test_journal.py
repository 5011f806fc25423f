"""The journal: bit-exact, whole up to any cut, honest about damage, one writer at a time."""

import io
import json
import struct
import zlib
from pathlib import Path

import journal_rig as rig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.errors import FormatError, InputError
from ingest.journal import JournalWriter, Kind, Record, export, records, repair, verify, writer
from ingest.journal.record import HEADER, MAGIC, OVERHEAD, SYNC, of_fields, pack, unpack

any_record = st.builds(
    Record,
    kind=st.sampled_from([Kind.NOTIFICATION, Kind.READING]),
    mono_ns=st.integers(0, 2**64 - 1),
    wall_ns=st.integers(-(2**63), 2**63 - 1),
    payload=st.binary(max_size=64),
    channel=st.integers(0, 0xFFFF),
)


def written(path, items, **options):
    with JournalWriter(path, time=rig.StillTime(), **options) as journal:
        for item in items:
            journal.append(item)
    return path


def body(path):
    return [r for r in records(path) if r.kind not in (Kind.SESSION, Kind.CLOSE)]


@given(any_record, st.integers(0, 2**32 - 1), st.binary(max_size=9))
def test_a_record_survives_its_bytes(record, sequence, around):
    data = around + pack(record, sequence) + around
    assert unpack(data, len(around)) == (record, sequence, OVERHEAD + len(record.payload))


@given(any_record, st.data())
def test_any_changed_byte_is_noticed(record, data):
    raw = bytearray(pack(record, 7))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert unpack(bytes(raw), 0) is None


def test_the_layout_is_what_the_documentation_says():
    record = Record(Kind.NOTIFICATION, 0x0102, 0x0304, b"\x10\x3c\x8c\x04", 0x2A37)
    raw = pack(record, 5)
    assert MAGIC == b"\x89HRVJ\r\n\x1a"
    assert raw[0:2] == b"\xb7J" == SYNC
    assert struct.unpack_from("<H", raw, 2) == (4,)
    assert struct.unpack_from("<I", raw, 4) == (5,)
    assert raw[8] == 3
    assert raw[9] == 0
    assert struct.unpack_from("<H", raw, 10) == (0x2A37,)
    assert struct.unpack_from("<Q", raw, 12) == (0x0102,)
    assert struct.unpack_from("<q", raw, 20) == (0x0304,)
    assert raw[28:32] == record.payload
    assert struct.unpack_from("<I", raw, 32) == (zlib.crc32(raw[:32]),)
    assert HEADER.size == 28
    documented = (Path(__file__).parents[2] / "docs" / "journal-format.md").read_text()
    assert all(f"| {kind.value} | `{kind.name}` |" in documented for kind in Kind)


def test_what_went_in_comes_out_to_the_bit_and_in_order(tmp_path):
    sent = [*rig.recording(30), rig.marker(10**12, "stroop", "start"), rig.event(10**12, "lost")]
    path = written(tmp_path / "a.hrvj", sent, session={"person": "P01"})
    assert body(path) == sent
    verdict = verify(path)
    assert verdict.whole
    assert verdict.closed
    assert (verdict.runs, verdict.markers) == (1, 1)
    first = next(records(path)).fields
    assert (first["person"], first["run"], first["format"]) == ("P01", 1, 1)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_at_any_byte_everything_before_the_cut_is_kept(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cut")
    sent = rig.recording(8)
    path = written(folder / "a.hrvj", sent)
    raw = path.read_bytes()
    cut = data.draw(st.integers(len(MAGIC), len(raw) - 1))
    path.write_bytes(raw[:cut])
    whole = body(path)
    assert whole == sent[: len(whole)]
    verdict = verify(path)
    assert not verdict.closed
    assert verdict.size - sum(d.length for d in verdict.damage) <= cut
    if not verdict.whole:
        assert [d.tail for d in verdict.damage] == [True]
        assert "torn tail" in verdict.sentence

    with JournalWriter(path, time=rig.StillTime()) as journal:  # recording goes on after the cut
        journal.append(sent[-1])
    assert body(path) == [*whole, sent[-1]]
    assert verify(path).whole


def test_a_resumed_recording_is_the_same_session_and_keeps_the_torn_bytes(tmp_path):
    path = written(tmp_path / "a.hrvj", rig.recording(5))
    before = verify(path)
    torn = pack(Record(Kind.READING, 1, 2, bytes(60_000)), 99)[:-3]
    path.write_bytes(path.read_bytes() + torn)
    written(path, rig.recording(5))
    after = verify(path)
    assert after.whole
    assert after.session == before.session
    assert after.runs == 2
    sessions = [r.fields for r in records(path) if r.kind is Kind.SESSION]
    assert sessions[1]["run"] == 2
    assert bytes.fromhex(sessions[1]["cut_tail_hex"]) == torn[:4096]
    assert sessions[1]["cut_tail_bytes"] == len(torn)


def test_damage_in_the_middle_costs_only_what_it_hit(tmp_path):
    sent = rig.recording(20)
    path = written(tmp_path / "a.hrvj", sent)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    kept = body(path)
    assert len(kept) == len(sent) - 1
    assert [r for r in sent if r in kept] == kept
    verdict = verify(path)
    assert [d.records_lost for d in verdict.damage] == [1]
    assert not verdict.damage[0].tail
    assert "damaged at byte" in verdict.sentence

    found = repair(path, tmp_path / "b.hrvj")
    assert found == verdict
    assert body(tmp_path / "b.hrvj") == kept
    assert path.read_bytes() == raw
    again = verify(tmp_path / "b.hrvj")
    assert [(d.length, d.records_lost) for d in again.damage] == [(0, 1)]
    with pytest.raises(InputError, match="exists already"):
        repair(path, tmp_path / "b.hrvj")


def test_a_removed_record_is_noticed_although_every_checksum_is_right(tmp_path):
    path = written(tmp_path / "a.hrvj", rig.recording(5))
    raw, part = path.read_bytes(), pack(rig.recording(5)[2], 3)
    assert raw.count(part) == 1
    path.write_bytes(raw.replace(part, b""))
    assert [d.records_lost for d in verify(path).damage] == [1]


def test_a_doubled_record_is_damage_and_not_read_twice(tmp_path):
    sent = rig.recording(5)
    path = written(tmp_path / "a.hrvj", sent)
    part = pack(sent[2], 3)
    path.write_bytes(path.read_bytes().replace(part, part + part))
    assert body(path) == sent
    assert [(d.length, d.records_lost) for d in verify(path).damage] == [(len(part), 0)]


def test_sync_bytes_inside_a_payload_do_not_mislead(tmp_path):
    inner = pack(Record(Kind.READING, 1, 2, b"x"), 0)
    sent = [Record(Kind.NOTIFICATION, 5, 6, SYNC + inner + SYNC, 0x2A37)] * 3
    path = written(tmp_path / "a.hrvj", sent)
    raw = bytearray(path.read_bytes())
    raw[raw.index(pack(sent[0], 1)) + 30] ^= 1  # the first of the three
    path.write_bytes(raw)
    assert [r for r in body(path) if r.kind is Kind.NOTIFICATION] == sent[1:]


def test_two_recorders_cannot_share_a_journal(tmp_path):
    path = tmp_path / "a.hrvj"
    with JournalWriter(path), pytest.raises(InputError, match="another recorder"):
        JournalWriter(path)
    JournalWriter(path).close()


@pytest.mark.parametrize("content", [b"805\n790\n", b"\x89HRVJ\n\x1a", b"PK"])
def test_another_file_is_neither_read_nor_overwritten(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    for use in (verify, lambda p: list(records(p)), JournalWriter):
        with pytest.raises(FormatError, match="not a journal"):
            use(path)
    assert path.read_bytes() == content


def test_the_disk_is_asked_at_once_for_markers_and_each_second_for_beats(tmp_path, monkeypatch):
    time, synced = rig.StillTime(), []
    journal = JournalWriter(tmp_path / "a.hrvj", time=time, sync_every_s=1.0)
    monkeypatch.setattr(writer.os, "fsync", lambda _: synced.append(time.now_ns))
    for step in range(1, 31):
        time.now_ns = 1_000_000_000 + step * 100_000_000
        journal.append(rig.recording(3)[0])
    assert [round((ns - 1e9) / 1e8) for ns in synced] == [10, 20, 30]
    journal.append(rig.marker(time.now_ns, "stroop", "start"))
    assert len(synced) == 4
    journal.close()


def test_a_full_disk_leaves_no_half_record(tmp_path, monkeypatch):
    path = tmp_path / "a.hrvj"
    journal = JournalWriter(path, time=rig.StillTime())
    real, calls = writer.os.write, []

    def short_then_full(file, data):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(file, bytes(data)[:10])

    with monkeypatch.context() as patch:
        patch.setattr(writer.os, "write", short_then_full)
        with pytest.raises(OSError, match="No space"):
            journal.append(rig.recording(3)[0])
    journal.append(rig.recording(3)[1])
    journal.close()
    assert verify(path).whole
    assert body(path) == [rig.recording(3)[1]]


def test_an_error_while_recording_is_named_in_the_close(tmp_path):
    path = tmp_path / "a.hrvj"
    with pytest.raises(RuntimeError, match="boom"), JournalWriter(path):
        raise RuntimeError("boom")
    assert list(records(path))[-1].fields == {"reason": "RuntimeError: boom"}


def test_export_gives_one_line_a_record(tmp_path):
    path = written(tmp_path / "a.hrvj", [rig.recording(3)[0], rig.marker(5, "stroop", "start")])
    out = io.StringIO()
    assert export(path, out) == 4
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["kind"] for line in lines] == ["session", "notification", "marker", "close"]
    assert lines[1]["characteristic"] == "2a37"
    assert bytes.fromhex(lines[1]["bytes"]) == rig.recording(3)[0].payload
    assert lines[2]["fields"]["phase"] == "stroop"
    assert [line["sequence"] for line in lines] == [0, 1, 2, 3]


def test_records_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="at most 65535"):
        Record(Kind.NOTIFICATION, 0, 0, bytes(65536))
    with pytest.raises(InputError, match="raw bytes"):
        _ = Record(Kind.NOTIFICATION, 0, 0).fields
    with pytest.raises(InputError, match="not JSON"):
        _ = Record(Kind.EVENT, 0, 0, b"{").fields
    with pytest.raises(InputError, match="not a JSON object"):
        _ = Record(Kind.EVENT, 0, 0, b"[]").fields
    assert of_fields(Kind.EVENT, 0, 0, a="ä").fields == {"a": "ä"}
