"""The journal's byte layout: one value a record, with its checksum (see docs/journal-format.md).

The same `Record` travels from the radio through the journal to the beats, so a replay hands the
consumer exactly what the strap session did.
"""

from __future__ import annotations

import enum
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from hrv.errors import InputError
from ingest.documents import parse_json

MAGIC = b"\x89HRVJ\r\n\x1a"
"""First 8 bytes of every journal; survives neither text mode nor newline conversion unnoticed."""
SYNC = b"\xb7J"
"""First two bytes of every record: where a reader looks on after damage."""
HEADER = struct.Struct("<2sHIBBHQq")
"""sync, payload length, sequence number, kind, reserved, channel, monotonic ns, wall ns."""
CHECKSUM = struct.Struct("<I")
OVERHEAD = HEADER.size + CHECKSUM.size
PAYLOAD_MAX = 0xFFFF


class Kind(enum.IntEnum):
    """What a record holds."""

    SESSION = 1  #: JSON; begins every run of the recorder
    DEVICE = 2  #: JSON; who the strap is
    NOTIFICATION = 3  #: bytes exactly as notified; `channel` says by which characteristic
    READING = 4  #: bytes exactly as read (battery …)
    EVENT = 5  #: JSON; what happened to the connection
    MARKER = 6  #: JSON; what happened to the person
    CLOSE = 7  #: JSON; the recorder ended on purpose


JSON_KINDS = frozenset({Kind.SESSION, Kind.DEVICE, Kind.EVENT, Kind.MARKER, Kind.CLOSE})
"""Kinds whose payload is one JSON object in UTF-8."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened, stamped twice.

    Parameters
    ----------
    kind : Kind
        What it is.
    mono_ns : int
        Monotonic clock of the run, ns: for intervals.
    wall_ns : int
        Wall clock, ns since 1970-01-01 UTC: for dates.
    payload : bytes
        Bytes of a notification or reading, else JSON; at most 65,535.
    channel : int
        Assigned number of the characteristic (0x2A37 …), 0 where none applies.
    """

    kind: Kind
    mono_ns: int
    wall_ns: int
    payload: bytes = b""
    channel: int = 0

    def __post_init__(self) -> None:
        if len(self.payload) > PAYLOAD_MAX:
            raise InputError(
                f"a journal record holds at most {PAYLOAD_MAX} bytes, not {len(self.payload)}"
            )

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object of the payload.

        Raises
        ------
        InputError
            If the kind has none or the payload is not a JSON object.
        """
        if self.kind not in JSON_KINDS:
            raise InputError(f"a {self.kind.name.lower()} record holds raw bytes, not fields")
        try:
            value = parse_json(self.payload)
        except ValueError as error:
            raise InputError(f"{self.kind.name.lower()} record is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise InputError(f"{self.kind.name.lower()} record is not a JSON object")
        return value


def of_fields(kind: Kind, mono_ns: int, wall_ns: int, /, **fields: Any) -> Record:
    """Make a record whose payload is `fields` as JSON, keys in the order given."""
    payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return Record(kind, mono_ns, wall_ns, payload)


def pack(record: Record, sequence: int) -> bytes:
    """Bytes of `record` as number `sequence` of its journal."""
    head = HEADER.pack(
        SYNC, len(record.payload), sequence, record.kind, 0, record.channel,
        record.mono_ns, record.wall_ns,
    )  # fmt: skip
    body = head + record.payload
    return body + CHECKSUM.pack(zlib.crc32(body))


def unpack(data: bytes, at: int) -> tuple[Record, int, int] | None:
    """Read the record at byte `at`.

    Returns
    -------
    tuple of (Record, int, int) or None
        The record, its sequence number and its length in bytes; None where no whole record
        with a right checksum begins.
    """
    if len(data) - at < OVERHEAD or data[at : at + 2] != SYNC:
        return None
    _, length, sequence, kind, _, channel, mono_ns, wall_ns = HEADER.unpack_from(data, at)
    end = at + HEADER.size + length
    if end + CHECKSUM.size > len(data):
        return None
    if CHECKSUM.unpack_from(data, end)[0] != zlib.crc32(memoryview(data)[at:end]):
        return None
    if kind not in Kind.__members__.values():
        return None
    payload = bytes(data[at + HEADER.size : end])
    record = Record(Kind(kind), mono_ns, wall_ns, payload, channel)
    return record, sequence, end + CHECKSUM.size - at
