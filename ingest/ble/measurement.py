"""What a strap sends, as values: heart rate, battery, body location, device information.

Pure: bytes in, frozen values out, and back.  Layouts follow the Bluetooth SIG's Heart Rate
Service 1.0, GATT Specification Supplement (section "Heart Rate Measurement"), Battery Service
and Device Information Service.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

from hrv.errors import FormatError

HEART_RATE_SERVICE = 0x180D
HEART_RATE_MEASUREMENT = 0x2A37
BODY_SENSOR_LOCATION = 0x2A38
BATTERY_LEVEL = 0x2A19
TICKS_PER_S = 1024
"""RR intervals are whole numbers of 1/1024 s."""

DEVICE_INFORMATION = (
    ("manufacturer", 0x2A29),
    ("model", 0x2A24),
    ("serial", 0x2A25),
    ("hardware", 0x2A27),
    ("firmware", 0x2A26),
    ("software", 0x2A28),
)
"""Field name and characteristic of every text in the Device Information Service we read."""

_WIDE, _CONTACT_HELD, _CONTACT_KNOWN, _ENERGY, _RR = 0x01, 0x02, 0x04, 0x08, 0x10
_UINT16_MAX = 0xFFFF


class PacketError(FormatError):
    """A characteristic's bytes do not follow its layout.

    Parameters
    ----------
    message : str
        What is wrong.
    packet : bytes
        The bytes themselves, shown in the message as hexadecimal.
    """

    def __init__(self, message: str, packet: bytes) -> None:
        super().__init__(f"{message} (bytes: {packet.hex(' ') or 'none'})")
        self.packet = packet


class Contact(enum.Enum):
    """What the strap says about skin contact."""

    UNSUPPORTED = "unsupported"
    LOST = "lost"
    HELD = "held"


class BodyLocation(enum.IntEnum):
    """Where the sensor sits (0x2A38)."""

    OTHER = 0
    CHEST = 1
    WRIST = 2
    FINGER = 3
    HAND = 4
    EAR_LOBE = 5
    FOOT = 6


@dataclass(frozen=True, slots=True)
class Measurement:
    """One Heart Rate Measurement (0x2A37).

    Parameters
    ----------
    hr_bpm : int
        Heart rate as the strap averages it, bpm; 0 when it has none.
    rr_ticks : tuple of int
        RR intervals, oldest first, in 1/1024 s: never rounded to ms.
    contact : Contact
        Skin contact.
    energy_kj : int or None
        Energy expended, kJ; None where the packet carries none.
    wide : bool
        True if the heart rate was sent in two bytes (always above 255 bpm).
    rr_present : bool
        True if the packet announces RR intervals (it may hold none).

    Raises
    ------
    PacketError
        If a field does not fit its bytes, or an RR interval is zero.
    """

    hr_bpm: int
    rr_ticks: tuple[int, ...] = ()
    contact: Contact = Contact.UNSUPPORTED
    energy_kj: int | None = None
    wide: bool = False
    rr_present: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.hr_bpm <= _UINT16_MAX:
            raise PacketError(f"heart rate {self.hr_bpm} does not fit two bytes", b"")
        if self.energy_kj is not None and not 0 <= self.energy_kj <= _UINT16_MAX:
            raise PacketError(f"energy {self.energy_kj} kJ does not fit two bytes", b"")
        for ticks in self.rr_ticks:
            if not 0 < ticks <= _UINT16_MAX:
                raise PacketError(f"RR interval of {ticks} ticks is not within 1-65535", b"")
        if self.hr_bpm > 0xFF:
            object.__setattr__(self, "wide", True)
        if self.rr_ticks:
            object.__setattr__(self, "rr_present", True)


def decode(packet: bytes) -> Measurement:
    """Read a Heart Rate Measurement; reserved flag bits are ignored.

    Parameters
    ----------
    packet : bytes
        Value of characteristic 0x2A37.

    Raises
    ------
    PacketError
        If the packet is shorter or longer than its flags announce, ends within an RR
        interval, or holds an RR interval of zero.
    """
    packet = bytes(packet)
    if len(packet) < 2:
        raise PacketError("heart rate measurement is shorter than two bytes", packet)
    flags = packet[0]
    wide, has_energy = bool(flags & _WIDE), bool(flags & _ENERGY)
    at = 2 + wide + 2 * has_energy
    rest = len(packet) - at
    if rest < 0:
        raise PacketError(f"heart rate measurement ends {-rest} bytes early for its flags", packet)
    if rest and not flags & _RR:
        raise PacketError(f"{rest} bytes beyond what the flags announce", packet)
    if rest % 2:
        raise PacketError("heart rate measurement ends within an RR interval", packet)
    ticks = struct.unpack_from(f"<{rest // 2}H", packet, at)
    if 0 in ticks:
        raise PacketError("an RR interval of zero", packet)
    return Measurement(
        hr_bpm=int.from_bytes(packet[1 : 2 + wide], "little"),
        rr_ticks=ticks,
        contact=_contact(flags),
        energy_kj=int.from_bytes(packet[at - 2 : at], "little") if has_energy else None,
        wide=wide,
        rr_present=bool(flags & _RR),
    )


def encode(value: Measurement) -> bytes:
    """Write a Heart Rate Measurement; the inverse of `decode`."""
    flags = _WIDE * value.wide | _RR * value.rr_present | _ENERGY * (value.energy_kj is not None)
    if value.contact is not Contact.UNSUPPORTED:
        flags |= _CONTACT_KNOWN | _CONTACT_HELD * (value.contact is Contact.HELD)
    parts = [bytes([flags]), value.hr_bpm.to_bytes(1 + value.wide, "little")]
    if value.energy_kj is not None:
        parts.append(value.energy_kj.to_bytes(2, "little"))
    parts.append(struct.pack(f"<{len(value.rr_ticks)}H", *value.rr_ticks))
    return b"".join(parts)


def _contact(flags: int) -> Contact:
    if not flags & _CONTACT_KNOWN:
        return Contact.UNSUPPORTED
    return Contact.HELD if flags & _CONTACT_HELD else Contact.LOST


def decode_battery(packet: bytes) -> int:
    """Battery charge in percent (0x2A19).

    Raises
    ------
    PacketError
        If it is not one byte from 0 to 100.
    """
    if len(packet) != 1 or packet[0] > 100:
        raise PacketError("battery level is not one byte from 0 to 100", bytes(packet))
    return packet[0]


def decode_body_location(packet: bytes) -> BodyLocation:
    """Place of the sensor (0x2A38).

    Raises
    ------
    PacketError
        If it is not one byte from 0 to 6.
    """
    if len(packet) != 1 or packet[0] > BodyLocation.FOOT:
        raise PacketError("body sensor location is not one byte from 0 to 6", bytes(packet))
    return BodyLocation(packet[0])


def decode_text(packet: bytes) -> str:
    """Read a text of the Device Information Service: UTF-8, sometimes padded with zero bytes.

    Raises
    ------
    PacketError
        If the bytes are not UTF-8.
    """
    try:
        return bytes(packet).rstrip(b"\0").decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise PacketError("device information is not UTF-8 text", bytes(packet)) from error
