"""Polar's own streams: frames decode like their inverse says, and a refusal costs no beat."""

import asyncio
import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ble import polar
from ingest.ble.faults import Fault, StrapError
from ingest.ble.measurement import Contact, PacketError
from ingest.ble.polar import PulseInterval, Setting, Stream
from ingest.ble.polar_session import start_streams
from ingest.ble.radio import PMD_CONTROL, PMD_DATA, Found
from ingest.ble.session import SessionSettings, StrapSession
from ingest.journal.record import Kind


def frame(stream, kind, body, last_ns=123_456_789):
    return struct.pack("<BQB", stream, last_ns, kind) + body


def delta_body(samples, width, blocks):
    """Inverse of the decoder: the reference, then blocks of (bits, samples in it)."""
    body = b"".join(int(v).to_bytes(width, "little", signed=True) for v in samples[0])
    at = 1
    for bits, count in blocks:
        text = ""
        for row in np.diff(samples, axis=0)[at - 1 : at - 1 + count]:
            text += "".join(format(int(v) & (1 << bits) - 1, f"0{bits}b")[::-1] for v in row)
        text += "0" * (-len(text) % 8)
        body += bytes([bits, count])
        body += bytes(int(text[i : i + 8][::-1], 2) for i in range(0, len(text), 8))
        at += count
    return body


@given(st.lists(st.integers(-(2**23), 2**23 - 1), max_size=80))
def test_ecg_samples_come_back(samples):
    body = b"".join(v.to_bytes(3, "little", signed=True) for v in samples)
    out = polar.decode_frame(frame(0, 0, body))
    assert out.stream is Stream.ECG
    assert out.last_ns == 123_456_789
    assert out.samples[:, 0].tolist() == samples


@pytest.mark.parametrize(("kind", "width"), [(0, 1), (1, 2), (2, 3)])
@given(data=st.data())
def test_accelerometer_samples_come_back(kind, width, data):
    value = st.integers(-(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1)
    rows = data.draw(st.lists(st.tuples(value, value, value), max_size=30))
    body = b"".join(v.to_bytes(width, "little", signed=True) for row in rows for v in row)
    assert [tuple(r) for r in polar.decode_frame(frame(2, kind, body)).samples] == rows


@given(st.data())
def test_delta_frames_come_back(data):
    blocks = data.draw(
        st.lists(st.tuples(st.integers(1, 14), st.integers(1, 12)), min_size=1, max_size=4)
    )
    steps = []
    for bits, count in blocks:
        value = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        steps += data.draw(st.lists(st.tuples(value, value, value), min_size=count, max_size=count))
    first = data.draw(st.tuples(*[st.integers(-1000, 1000)] * 3))
    samples = np.cumsum([first, *steps], axis=0)
    out = polar.decode_frame(frame(2, 0x81, delta_body(samples, 2, blocks)))
    assert out.compressed
    assert out.samples.tolist() == samples.tolist()


def test_a_delta_frame_by_hand():
    # reference (1, 2, 3); 2 samples of 3 bits: +1 -1 0, then -4 +3 +2
    bits = "100111000001110010"
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    body = struct.pack("<hhh", 1, 2, 3) + bytes([3, 2]) + packed
    out = polar.decode_frame(frame(2, 0x81, body))
    assert out.samples.tolist() == [[1, 2, 3], [2, 1, 3], [-2, 4, 5]]


def test_pulse_intervals_carry_blocker_error_and_contact():
    body = struct.pack("<BHHB", 0, 812, 10, 0b110) + struct.pack("<BHHB", 71, 790, 30, 0b001)
    assert polar.decode_frame(frame(3, 0, body)) == (
        PulseInterval(0, 812, 10, False, Contact.HELD),
        PulseInterval(71, 790, 30, True, Contact.UNSUPPORTED),
    )
    lost = polar.decode_frame(frame(3, 0, struct.pack("<BHHB", 0, 812, 10, 0b100)))
    assert lost[0].contact is Contact.LOST


@given(st.binary(max_size=60))
def test_random_bytes_give_a_value_or_the_typed_error(packet):
    for read in (polar.decode_frame, polar.decode_response, polar.decode_features):
        try:
            read(packet)
        except PacketError:
            with pytest.raises(PacketError) as caught:
                read(packet)
            assert caught.value.packet == packet


@given(st.sampled_from([(0, 0), (0, 0x80), (2, 1), (2, 0x81), (3, 0)]), st.binary(max_size=60))
def test_random_bodies_give_a_value_or_the_typed_error(kinds, body):
    try:
        polar.decode_frame(frame(*kinds, body))
    except PacketError as error:
        assert error.packet == frame(*kinds, body)  # noqa: PT017


def test_commands_and_answers_are_those_of_the_specification():
    ecg = {Setting.SAMPLE_RATE: 130, Setting.RESOLUTION: 14}
    assert polar.start(Stream.ECG, ecg) == bytes.fromhex("02 00 00 01 82 00 01 01 0E 00")
    acc = {Setting.SAMPLE_RATE: 200, Setting.RESOLUTION: 16, Setting.RANGE: 8}
    expected = bytes.fromhex("02 02 00 01 C8 00 01 01 10 00 02 01 08 00")
    assert polar.start(Stream.ACC, acc) == expected
    assert polar.ask_settings(Stream.ACC) == b"\x01\x02"
    assert polar.stop(Stream.ECG) == b"\x03\x00"
    answer = bytes.fromhex(
        "F0 01 02 00 00 00 04 19 00 32 00 64 00 C8 00 01 01 10 00 02 03 02 00 04 00 08 00"
    )
    response = polar.decode_response(answer)
    assert response.settings == {
        Setting.SAMPLE_RATE: (25, 50, 100, 200), Setting.RESOLUTION: (16,),
        Setting.RANGE: (2, 4, 8),
    }  # fmt: skip
    assert polar.choose(response.settings) == {
        Setting.SAMPLE_RATE: 25, Setting.RESOLUTION: 16, Setting.RANGE: 8,
    }  # fmt: skip
    assert polar.decode_features(b"\x0f\x05\x00") == {Stream.ECG, Stream.ACC}
    assert polar.decode_response(b"\xf0\x02\x00\x06").says == "already in that state"
    assert polar.decode_response(b"\xf0\x02\x00\x63").says == "error 99"


class PolarLink:
    """A strap's control point in plain Python."""

    def __init__(self, features=b"\x0f\x05", status=0, silent=False, on_lost=None):
        self.features, self.status, self.silent = features, status, silent
        self.callbacks, self.written, self.on_lost = {}, [], on_lost

    async def connect(self):
        pass

    async def read(self, channel):
        return self.features if channel == PMD_CONTROL else None

    async def subscribe(self, channel, on_packet):
        self.callbacks[channel] = on_packet
        if channel not in (PMD_CONTROL, PMD_DATA):
            asyncio.get_running_loop().call_later(0.02, on_packet, b"\x10\x3c\x8c\x04")

    async def write(self, channel, data):
        self.written.append(data)
        if self.silent:
            return
        offer = bytes.fromhex("00 01 82 00 01 01 0E 00") if data[0] == 1 else b""
        answer = bytes([0xF0, data[0], data[1], self.status, 0]) + offer
        asyncio.get_running_loop().call_soon(self.callbacks[PMD_CONTROL], answer)
        if data[0] == 2:
            ecg = frame(0, 0, (5).to_bytes(3, "little"))
            asyncio.get_running_loop().call_soon(self.callbacks[PMD_DATA], ecg)

    async def disconnect(self):
        pass


def test_a_stream_is_negotiated_and_started():
    got, link = [], PolarLink()

    async def scenario():
        used = await start_streams(link, [Stream.ECG], lambda *packet: got.append(packet))
        await asyncio.sleep(0.01)
        return used

    used = asyncio.run(scenario())
    assert used == {Stream.ECG: {Setting.SAMPLE_RATE: 130, Setting.RESOLUTION: 14}}
    assert link.written[1] == bytes.fromhex("02 00 00 01 82 00 01 01 0E 00")
    assert [channel for channel, _ in got] == [PMD_CONTROL, PMD_CONTROL, PMD_DATA]


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (PolarLink(features=None), "no Polar measurement service"),
        (PolarLink(features=b"\x0f\x08"), "has no ECG"),
        (PolarLink(status=3), "ECG: not supported"),
        (PolarLink(silent=True), "did not answer"),
    ],
)
def test_a_refusal_says_why(link, why, monkeypatch):
    monkeypatch.setattr("ingest.ble.polar_session.ANSWER_S", 0.05)
    with pytest.raises(StrapError, match=why) as caught:
        asyncio.run(start_streams(link, [Stream.ECG], lambda *_: None))
    assert caught.value.fault is Fault.REFUSED


@pytest.mark.parametrize("refuses", [False, True])
def test_a_session_records_polar_streams_beside_the_beats_or_goes_on_without(refuses):
    class Radio:
        async def scan(self, seconds, *, until=""):
            return [Found("A", "H10")]

        def link(self, found, on_lost):
            return PolarLink(features=b"\x0f\x00" if refuses else b"\x0f\x01")

    async def scenario():
        settings = SessionSettings(find_s=0.1, silence_s=1, polar=(Stream.ECG,))
        session = StrapSession(Radio(), "", settings=settings, rng=random.Random(0))
        out = []
        async with asyncio.timeout(5):
            async for record in session.records():
                out.append(record)
                if record.kind is Kind.NOTIFICATION and record.channel == 0x2A37:
                    session.stop()
        return out

    out = asyncio.run(scenario())
    channels = {r.channel for r in out if r.kind is Kind.NOTIFICATION}
    events = [r.fields["event"] for r in out if r.kind is Kind.EVENT]
    if refuses:
        assert channels == {0x2A37}
        assert "fault" in events
    else:
        assert channels == {0x2A37, PMD_CONTROL, PMD_DATA}
        assert "stream" in events
