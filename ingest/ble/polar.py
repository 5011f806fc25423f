"""Polar Measurement Data (PMD): ECG, accelerometer and PPI frames, features and settings; pure.

Opt-in beside the standard heart rate service.  Layouts follow Polar's "Polar Measurement Data
Specification" and its official SDK.  Stamps are the strap's own clock (ns since 2000-01-01) and
mark a frame's last sample; ECG runs at 128 to 131 Hz by that clock.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hrv.types import Int
from ingest.ble.measurement import Contact, PacketError

EPOCH_UNIX_NS = 946_684_800 * 1_000_000_000
"""2000-01-01 UTC, where a strap's clock counts from once an app has set it."""
_FEATURES, _RESPONSE, _SETTINGS, _START, _STOP = 0x0F, 0xF0, 0x01, 0x02, 0x03
_HEADER = struct.Struct("<BQB")
_COMPRESSED = 0x80


class Stream(enum.IntEnum):
    """Kinds of measurement; the number is also the bit in the feature flags."""

    ECG = 0
    ACC = 2
    PPI = 3


class Setting(enum.IntEnum):
    """What can be negotiated for a stream."""

    SAMPLE_RATE = 0  #: Hz
    RESOLUTION = 1  #: bits
    RANGE = 2  #: ± g
    RANGE_MILLI = 3  #: ± mg
    CHANNELS = 4
    FACTOR = 5  #: multiplier of compressed samples, a float32


_WIDTH = {Setting.SAMPLE_RATE: 2, Setting.RESOLUTION: 2, Setting.RANGE: 2,
          Setting.RANGE_MILLI: 4, Setting.CHANNELS: 1, Setting.FACTOR: 4}  # fmt: skip
STATUS = (
    "success", "invalid command", "invalid measurement", "not supported", "invalid length",
    "invalid parameter", "already in that state", "invalid resolution", "invalid sample rate",
    "invalid range", "invalid MTU", "invalid number of channels", "invalid state",
    "the device is in its charger",
)  # fmt: skip
"""Meaning of a control response's status, by number."""


@dataclass(frozen=True, slots=True)
class Response:
    """Answer of the control point.

    Parameters
    ----------
    command : int
        1 settings, 2 start, 3 stop.
    stream : int
        Measurement it is about.
    status : int
        0 is success; see `STATUS`.
    settings : mapping of Setting to tuple of int
        What the strap offers (settings) or uses (start).
    """

    command: int
    stream: int
    status: int
    settings: Mapping[Setting, tuple[int, ...]] = field(default_factory=dict)

    @property
    def says(self) -> str:
        """The status in words."""
        return STATUS[self.status] if self.status < len(STATUS) else f"error {self.status}"


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """Samples of ECG (µV, one channel) or accelerometer (x, y, z).

    Parameters
    ----------
    stream : Stream
        ECG or ACC.
    last_ns : int
        Strap's clock at the last sample, ns since 2000-01-01 (or since it was switched on).
    samples : int64[n, channels]
        Values as sent: µV; mg for ACC (of compressed frames: to be multiplied by `FACTOR`).
    compressed : bool
        True if the frame came as deltas.
    """

    stream: Stream
    last_ns: int
    samples: Int
    compressed: bool = False


@dataclass(frozen=True, slots=True)
class PulseInterval:
    """One pulse-to-pulse interval of an optical sensor.

    Parameters
    ----------
    hr_bpm : int
        Heart rate, 0 when unknown (common while PPI is on).
    interval_ms : int
        Interval, ms.
    error_ms : int
        Sensor's estimate of the interval's error, ms.
    blocker : bool
        True if movement spoiled it: not to be used.
    contact : Contact
        Skin contact.
    """

    hr_bpm: int
    interval_ms: int
    error_ms: int
    blocker: bool
    contact: Contact


def decode_features(packet: bytes) -> frozenset[Stream]:
    """Streams that the strap has, from reading the control point.

    Raises
    ------
    PacketError
        If it is no feature response.
    """
    if len(packet) < 2 or packet[0] != _FEATURES:
        raise PacketError("not a feature response of Polar's control point", bytes(packet))
    return frozenset(s for s in Stream if packet[1] >> s & 1)


def ask_settings(stream: Stream) -> bytes:
    """Command that asks what a stream offers."""
    return bytes([_SETTINGS, stream])


def start(stream: Stream, settings: Mapping[Setting, int]) -> bytes:
    """Command that starts a stream with one value a setting."""
    parts = [bytes([_START, stream])]
    for setting, value in settings.items():
        parts.append(bytes([setting, 1]) + value.to_bytes(_WIDTH[setting], "little"))
    return b"".join(parts)


def stop(stream: Stream) -> bytes:
    """Command that stops a stream."""
    return bytes([_STOP, stream])


def decode_response(packet: bytes) -> Response:
    """Read an indication of the control point.

    Raises
    ------
    PacketError
        If it is no response, or its settings do not fit its length.
    """
    packet = bytes(packet)
    if len(packet) < 4 or packet[0] != _RESPONSE:
        raise PacketError("not a response of Polar's control point", packet)
    settings: dict[Setting, tuple[int, ...]] = {}
    at = 5  # byte 4 says whether more follows
    while at < len(packet):
        if at + 2 > len(packet) or packet[at] not in Setting.__members__.values():
            raise PacketError("a setting of an unknown kind", packet)
        setting, count = Setting(packet[at]), packet[at + 1]
        width, at = _WIDTH[setting], at + 2
        if at + count * width > len(packet):
            raise PacketError("settings end early", packet)
        values = [packet[at + i * width : at + (i + 1) * width] for i in range(count)]
        settings[setting] = tuple(int.from_bytes(value, "little") for value in values)
        at += count * width
    return Response(packet[1], packet[2], packet[3], settings)


def choose(offered: Mapping[Setting, tuple[int, ...]], rate_hz: int | None = None) -> dict[
    Setting, int
]:  # fmt: skip
    """Pick one value a setting: `rate_hz` if offered, else the lowest; otherwise the highest.

    The lowest rate and the widest range and resolution: enough to see motion, and the radio's
    time stays with the beats.
    """
    picked: dict[Setting, int] = {}
    for setting, values in offered.items():
        if not values or setting is Setting.FACTOR:
            continue
        if setting is Setting.SAMPLE_RATE:
            picked[setting] = rate_hz if rate_hz in values else min(values)
        else:
            picked[setting] = max(values)
    return picked


def decode_frame(packet: bytes) -> Frame | tuple[PulseInterval, ...]:
    """Read one notification of the data characteristic.

    Returns
    -------
    Frame or tuple of PulseInterval
        ECG and ACC give a frame, PPI its intervals, oldest first.

    Raises
    ------
    PacketError
        If the stream or the kind of frame is unknown, or a sample is cut short.
    """
    packet = bytes(packet)
    if len(packet) < _HEADER.size:
        raise PacketError("Polar frame is shorter than its header", packet)
    number, last_ns, kind = _HEADER.unpack_from(packet)
    body, compressed = packet[_HEADER.size :], bool(kind & _COMPRESSED)
    kind &= ~_COMPRESSED
    if number == Stream.PPI and (kind, compressed) == (0, False):
        return _intervals(body, packet)
    layout = _LAYOUTS.get((number, kind, compressed))
    if layout is None:
        raise PacketError(
            f"Polar frame of measurement {number}, type {kind}"
            f"{' compressed' if compressed else ''} is not known",
            packet,
        )
    channels, width = layout
    samples = (
        _deltas(body, channels, width, packet)
        if compressed
        else _signed(body, channels, width, packet)
    )
    return Frame(Stream(number), last_ns, samples, compressed)


_LAYOUTS = {
    (Stream.ECG, 0, False): (1, 3),
    (Stream.ECG, 0, True): (1, 3),
    (Stream.ACC, 0, False): (3, 1),
    (Stream.ACC, 1, False): (3, 2),
    (Stream.ACC, 2, False): (3, 3),
    (Stream.ACC, 0, True): (3, 2),
    (Stream.ACC, 1, True): (3, 2),
}
"""(measurement, frame type, compressed) -> (channels, bytes a value)."""


def _signed(body: bytes, channels: int, width: int, packet: bytes) -> Int:
    if len(body) % (channels * width):
        raise PacketError("Polar frame ends within a sample", packet)
    values = [
        int.from_bytes(body[i : i + width], "little", signed=True)
        for i in range(0, len(body), width)
    ]
    return np.array(values, dtype=np.int64).reshape(-1, channels)


def _deltas(body: bytes, channels: int, width: int, packet: bytes) -> Int:
    """Read the samples of a delta frame: one whole sample, then blocks of differences.

    A block is bits a value, number of samples, then the values, least significant bit first,
    filled up to a whole byte.
    """
    at = channels * width
    if len(body) < at:
        raise PacketError("Polar delta frame has no reference sample", packet)
    rows = [_signed(body[:at], channels, width, packet)]
    while at < len(body):
        if at + 2 > len(body):
            raise PacketError("Polar delta frame ends within a block's header", packet)
        bits, count = body[at], body[at + 1]
        size = -(-bits * count * channels // 8)
        block, at = body[at + 2 : at + 2 + size], at + 2 + size
        if len(block) < size or not 1 <= bits <= 32:
            raise PacketError("Polar delta frame ends within a block", packet)
        flat = np.unpackbits(np.frombuffer(block, np.uint8), bitorder="little")
        raw = flat[: bits * count * channels].reshape(-1, bits).astype(np.int64)
        weights = 1 << np.arange(bits, dtype=np.int64)
        weights[-1] = -weights[-1]  # two's complement
        rows.append((raw @ weights).reshape(-1, channels))
    return np.asarray(np.cumsum(np.concatenate(rows), axis=0), dtype=np.int64)


def _intervals(body: bytes, packet: bytes) -> tuple[PulseInterval, ...]:
    if len(body) % 6:
        raise PacketError("Polar PPI frame ends within an interval", packet)
    out = []
    for rate, interval, error, flags in struct.iter_unpack("<BHHB", body):
        contact = Contact.UNSUPPORTED
        if flags & 4:
            contact = Contact.HELD if flags & 2 else Contact.LOST
        out.append(PulseInterval(rate, interval, error, bool(flags & 1), contact))
    return tuple(out)
