"""Samples of Polar's streams out of a journal, by the strap's own clock."""

import struct

import journal_rig as rig
import pytest

from ingest.ble.polar import Stream
from ingest.ble.polar_samples import COLUMNS, samples
from ingest.ble.radio import PMD_CONTROL, PMD_DATA
from ingest.journal.record import Kind, Record


def frame(stream, last_ns, body, kind=0, at_ns=10**9):
    payload = struct.pack("<BQB", stream, last_ns, kind) + body
    return Record(Kind.NOTIFICATION, at_ns, at_ns + rig.WALL_NS, payload, PMD_DATA)


def control(text):
    return Record(Kind.NOTIFICATION, 0, 0, bytes.fromhex(text), PMD_CONTROL)


def ecg(*values):
    return b"".join(v.to_bytes(3, "little", signed=True) for v in values)


def test_ecg_is_spread_between_the_stamps_of_the_straps_own_clock():
    items = [
        control("F0 01 00 00 00 00 01 82 00 01 01 0E 00"),
        rig.notification(1, [800]),
        frame(0, 1_000_000_000, ecg(*range(13))),
        frame(0, 1_104_000_000, ecg(*range(13, 26))),  # 125 Hz by its clock
        frame(0, 9_000_000_000, ecg(1, 2, 3)),  # after a loss: the rate negotiated
        frame(0, 9_100_000_000, b"\x01"),  # cut short
    ]
    rows = list(samples(items, Stream.ECG))
    assert [row[2] for row in rows] == [*range(26), 1, 2, 3]
    times = [row[1] for row in rows]
    assert times[:2] == [0, pytest.approx(1 / 130, abs=2e-6)]
    assert times[14] - times[13] == pytest.approx(0.008, abs=2e-6)
    assert times[25] - times[12] == pytest.approx(0.104, abs=2e-6)
    assert times[28] - times[25] == pytest.approx(7.896, abs=2e-6)
    assert times[28] - times[27] == pytest.approx(1 / 130, abs=2e-6)
    assert times == sorted(times)
    assert rows[0][0] == "2025-10-09T08:53:21.000+00:00"


def test_acceleration_that_came_compressed_is_scaled_by_the_factor():
    factor = struct.pack("<f", 0.5).hex()
    body = struct.pack("<hhh", 100, -200, 1000) + bytes([3, 1]) + bytes([0b01_111_001, 0])
    items = [control(f"F0 02 02 00 00 05 01 {factor}"), frame(2, 10**9, body, kind=0x81)]
    rows = list(samples(items, Stream.ACC))
    assert [row[2:] for row in rows] == [(50, -100, 500), (50.5, -100.5, 500.5)]
    assert len(rows[0]) == len(COLUMNS[Stream.ACC])


def test_pulse_intervals_carry_error_blocker_and_contact():
    items = [frame(3, 0, struct.pack("<BHHB", 0, 812, 10, 0b110)), frame(0, 1, ecg(5))]
    ((_, *rest),) = samples(items, Stream.PPI)
    assert rest == [0, 812, 10, False, "held"]
