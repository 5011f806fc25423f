"""0x2A37 and its neighbours: every flag combination survives, and no byte string crashes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrv.errors import FormatError
from ingest.ble import measurement
from ingest.ble.measurement import BodyLocation, Contact, Measurement, PacketError, decode, encode

u16 = st.integers(0, 0xFFFF)
measurements = st.builds(
    Measurement,
    hr_bpm=u16,
    rr_ticks=st.lists(st.integers(1, 0xFFFF), max_size=9).map(tuple),
    contact=st.sampled_from(Contact),
    energy_kj=st.none() | u16,
    wide=st.booleans(),
    rr_present=st.booleans(),
)


@given(measurements)
def test_decoding_what_was_encoded_gives_the_same_value(value):
    assert decode(encode(value)) == value


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("contact", list(Contact))
@pytest.mark.parametrize("energy", [None, 0, 0xFFFF])
@pytest.mark.parametrize("ticks", [(), (1,), (0xFFFF,) * 9])
def test_every_flag_combination_survives(wide, contact, energy, ticks):
    for hr, rr_present in itertools.product((0, 255), (False, True)):
        value = Measurement(hr, ticks, contact, energy, wide, rr_present)
        assert decode(encode(value)) == value


@given(st.binary(max_size=24))
def test_random_bytes_give_a_value_or_the_typed_error_with_the_bytes(packet):
    try:
        value = decode(packet)
    except PacketError:
        with pytest.raises(FormatError) as caught:
            decode(packet)
        assert caught.value.packet == packet
    else:
        again = encode(value)
        assert again[1:] == packet[1:]  # all but reserved and meaningless flag bits
        assert decode(again) == value


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("10 43 72 03 8A 03", Measurement(67, (0x372, 0x38A))),
        ("10 3C 8C 04", Measurement(60, (0x48C,))),
        ("00 40", Measurement(64)),
        ("16 48 00 04", Measurement(72, (1024,), Contact.HELD)),
        ("14 00", Measurement(0, (), Contact.LOST, rr_present=True)),
        ("19 2C 01 05 00 00 02", Measurement(300, (512,), energy_kj=5, wide=True)),
        ("02 40", Measurement(64)),  # "held" without "supported" means nothing
    ],
)
def test_known_frames(packet, expected):
    assert decode(bytes.fromhex(packet)) == expected


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        ("", "shorter than two"),
        ("10", "shorter than two"),
        ("01 40", "ends 1 bytes early"),
        ("08 40 01", "ends 1 bytes early"),
        ("10 40 07", "ends within an RR"),
        ("10 40 00 04 07", "ends within an RR"),
        ("00 40 07 00", "2 bytes beyond"),
        ("10 40 00 00", "RR interval of zero"),
    ],
)
def test_malformed_frames_are_refused_with_their_bytes(packet, why):
    with pytest.raises(PacketError, match=why) as caught:
        decode(bytes.fromhex(packet))
    assert caught.value.packet == bytes.fromhex(packet)


@given(st.integers(0, 0xFF), st.integers(0xE0, 0xE0))
def test_reserved_flag_bits_are_ignored(hr, reserved):
    assert decode(bytes([reserved, hr])) == Measurement(hr)


@pytest.mark.parametrize("field", [{"hr_bpm": -1}, {"hr_bpm": 1, "energy_kj": 70000},
                                   {"hr_bpm": 1, "rr_ticks": (0,)}])  # fmt: skip
def test_values_that_no_packet_can_hold_are_refused(field):
    with pytest.raises(PacketError):
        Measurement(**field)


def test_battery_location_and_texts():
    assert measurement.decode_battery(b"\x57") == 87
    assert measurement.decode_body_location(b"\x01") is BodyLocation.CHEST
    assert measurement.decode_text(b"Polar Electro Oy\0\0") == "Polar Electro Oy"
    for read, packet in (
        (measurement.decode_battery, b"\x65"),
        (measurement.decode_battery, b""),
        (measurement.decode_body_location, b"\x07"),
        (measurement.decode_text, b"\xff\xfe"),
    ):
        with pytest.raises(PacketError) as caught:
            read(packet)
        assert caught.value.packet == packet
