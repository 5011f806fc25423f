"""Small recordings made from the formats' descriptions, one or more a format."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FIT_EPOCH_S = 631_065_600
_CRC = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A recording in bytes, with what a reader should find in it."""

    format: str
    name: str
    data: bytes
    rr_ms: tuple[float, ...]
    options: dict[str, Any] = field(default_factory=dict)
    sniffed: bool = True
    beside: dict[str, bytes] = field(default_factory=dict)
    atol_ms: float = 0.0
    outcomes: int = 0
    events: int = 0

    def __str__(self) -> str:
        return f"{self.format}:{self.name}"


def fit_crc(data: bytes) -> int:
    crc = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            crc = (crc >> 4) ^ _CRC[crc & 0xF] ^ _CRC[nibble]
    return crc


def fit_file(*messages: tuple[str, Any]) -> bytes:
    """Encode messages: ("record", seconds), ("hrv", [ms, …]), ("hr…", value)."""
    body = bytearray(
        # local 0: file_id; 1: record (timestamp, heart rate); 2: hrv (time[5]); 3: hr
        b"\x40\0\0" + struct.pack("<HB", 0, 2) + b"\x00\x01\x00" + b"\x01\x02\x84"
        b"\x41\0\0" + struct.pack("<HB", 20, 2) + b"\xfd\x04\x86" + b"\x03\x01\x02"
        b"\x42\0\0" + struct.pack("<HB", 78, 1) + b"\x00\x0a\x84"
        b"\x43\0\0" + struct.pack("<HB", 132, 1) + b"\x06\x01\x02"
        b"\x44\0\0" + struct.pack("<HB", 132, 3) + b"\xfd\x04\x86\x00\x02\x84\x09\x04\x86"
        b"\x45\0\0" + struct.pack("<HB", 132, 1) + b"\x0a\x0c\x0d"
    )  # fmt: skip
    body += b"\x00" + struct.pack("<BH", 4, 1)
    for kind, value in messages:
        if kind == "record":
            body += b"\x01" + struct.pack("<IB", 1_000_000_000 + value, 70)
        elif kind == "hr_full":  # (s, event timestamp)
            body += b"\x04" + struct.pack("<IHI", 1_000_000_000 + value[0], 16384, value[1])
        elif kind == "hr_packed":  # eight event timestamps
            low = [tick & 0xFFF for tick in value]
            pairs = zip(low[::2], low[1::2], strict=True)
            body += b"\x05" + b"".join((a | b << 12).to_bytes(3, "little") for a, b in pairs)
        elif kind == "hrv":
            body += b"\x02" + struct.pack("<5H", *[*value, *[0xFFFF] * (5 - len(value))])
        else:
            body += b"\x03" + bytes([value])
    header = struct.pack("<BBHI4s", 14, 0x10, 2132, len(body), b".FIT")
    header += struct.pack("<H", fit_crc(header))
    whole = header + bytes(body)
    return whole + struct.pack("<H", fit_crc(whole))


def fit_walk(rr_ms: list[int], lost_s: dict[int, float] | None = None, every: int = 3) -> bytes:
    """A FIT file whose messages hold `every` beats; before message i `lost_s[i]` passes."""
    clock_s, messages = 0.0, [("record", 0)]
    for i, first in enumerate(range(0, len(rr_ms), every)):
        values = rr_ms[first : first + every]
        clock_s += sum(values) / 1000 + (lost_s or {}).get(i, 0.0)
        messages += [("record", int(clock_s)), ("hrv", values), ("record", int(clock_s))]
    return fit_file(*messages, ("record", int(clock_s) + 1))


def hrm(rr_ms: tuple[int, ...], interval: int = 238) -> bytes:
    head = (
        "[Params]\r\nVersion=106\r\nMonitor=13\r\nSMode=000000000\r\nDate=20141215\r\n"
        f"StartTime=19:59:34.0\r\nLength=00:00:04.0\r\nInterval={interval}\r\n\r\n[Note]\r\n\r\n"
        "[Summary-123]\r\n2402\t0\t2402\r\n\r\n[HRData]\r\n"
    )
    return (head + "".join(f"{rr}\r\n" for rr in rr_ms)).encode()


RR = (812, 790, 805, 821, 798)
RR_TICKS = (831, 809, 824, 841, 817, 900, 850, 860)


def fit_swim(rr_ticks: tuple[int, ...], first: int = 4_000) -> bytes:
    """A FIT file with beats that the strap stored, eight intervals a message."""
    ticks = (first + np.cumsum(rr_ticks)).tolist()
    packed = [("hr_packed", ticks[i : i + 8]) for i in range(0, len(ticks), 8)]
    return fit_file(("record", 0), ("hr_full", (10, first)), *packed)


def lines(row: str) -> bytes:
    """The sample intervals, one a line: {ms}, {s}, and the running sums {tms}, {t}."""
    sums = np.cumsum(RR).tolist()
    return "".join(
        row.format(ms=ms, s=ms / 1000, tms=total, t=total / 1000)
        for ms, total in zip(RR, sums, strict=True)
    ).encode()


PLAIN = (
    Sample("text", "ms.txt", lines("{ms}\n"), RR),
    Sample("text", "s.txt", lines("{s:.3f}\r\n"), RR),
    Sample("text", "comma.txt", lines("{s:.3f}\n").replace(b".", b","), RR),
    Sample("text", "bom.txt", b"\xef\xbb\xbfRR (ms)\n\n" + lines("{ms}\n"), RR),
    Sample("text", "utf16.txt", lines("{ms}\r\n").decode().encode("utf-16"), RR),
    Sample("text", "kubios2.txt", lines("{t:.3f} {s:.3f}\n"), RR),
    Sample("text", "kubios2_ms.txt", lines("{tms}\t{ms}\n"), RR),
    Sample(
        "text", "own.txt",
        b"# unit: 1/1024 s\n# start: 2024-03-01T08:00:00+01:00\n# device: strap\n# intervals: 3\n"
        b"832\n800\n816\n",
        (812.5, 781.25, 796.875),
    ),
    Sample("elite_hrv", "2017-07-19 07-50-42.txt", lines("{ms}\r\n"), RR),
    Sample("polar_hrm", "14121501.hrm", hrm(RR), RR),
    Sample(
        "empatica", "IBI.csv",
        b"1644227574.000000, IBI\n10.000000,0.687500\n10.937500,0.937500\n20.000000,0.750000\n",
        (687.5, 937.5, 750.0),
    ),
    Sample("garmin_fit", "walk.fit", fit_walk(list(RR)), RR),
    Sample("garmin_fit", "swim.fit", fit_swim(RR_TICKS), tuple(n / 1.024 for n in RR_TICKS)),
    Sample(
        "peaks", "peaks.tsv", b"19\n240\n440\n650\n", (884.0, 800.0, 840.0),
        {"format": "peaks", "sampling_rate_hz": 250.0}, sniffed=False,
    ),
)  # fmt: skip


def samples() -> tuple[Sample, ...]:
    """Every sample of every format."""
    from recordings_apps import APPS
    from recordings_signals import SIGNALS

    return (*PLAIN, *APPS, *SIGNALS)
