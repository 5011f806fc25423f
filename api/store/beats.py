"""Beats <-> bytes: up to 4096 intervals as small integers, compressed, bit for bit what came in.

A packed chunk is a header and planes of bytes under zstd.  Intervals are whole units (1/1000 s or
1/1024 s) as int16 or int32, else float64.  Beat times are not stored where they follow from the
intervals: each segment says where it starts, explicitly, and the rest is the running sum.  Every
rule is tried and checked against the input bit for bit before it is used; float64 is what is
left.  The checksum (CRC-32 of the packed bytes) stands beside the bytes in the store.
"""

from __future__ import annotations

import struct
import threading
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zstandard

from hrv.types import FlagArray, Float, Int

CHUNK_BEATS = 4096
"""Most beats of one chunk."""
_HEAD = struct.Struct("<BBBBIII")
"""version, rule of intervals, rule of times, width of intervals (bytes), beats, segments, flags."""
_VERSION = 1
_FLOATS, _MS, _TICKS, _NS = 0, 1, 2, 3
_PER_S = {_MS: 1000, _TICKS: 1024}
_LEVEL = 5
_MOST_BYTES = 64 * CHUNK_BEATS
_NS_LIMIT = 2**52


class DamagedError(Exception):
    """Stored bytes do not match their checksum or their own header."""


@dataclass(frozen=True, eq=False)
class Beats:
    """Intervals as the store keeps them.

    Parameters
    ----------
    rr_ms, t_s : float64[n]
        Interval (ms) and the time of the beat that ends it (s since the recording's start).
    flag : uint16[n]
        `hrv.types.Flag` of each.
    """

    rr_ms: Float
    t_s: Float
    flag: FlagArray

    def __len__(self) -> int:
        return int(self.rr_ms.size)

    def part(self, lo: int, hi: int) -> Beats:
        """Beats `lo` to `hi` - 1."""
        return Beats(self.rr_ms[lo:hi], self.t_s[lo:hi], self.flag[lo:hi])

    @classmethod
    def joined(cls, parts: list[Beats]) -> Beats:
        """One after another."""
        if not parts:
            return cls(np.empty(0), np.empty(0), np.empty(0, np.uint16))
        return cls(
            np.concatenate([p.rr_ms for p in parts]),
            np.concatenate([p.t_s for p in parts]),
            np.concatenate([p.flag for p in parts]),
        )


def checksum(data: bytes) -> int:
    """CRC-32 of packed bytes, as it stands beside them."""
    return zlib.crc32(data)


def pack(beats: Beats) -> bytes:
    """Pack up to `CHUNK_BEATS` beats; `unpack` gives back the same bits."""
    rule, units = _units(beats.rr_ms)
    time_rule, at, base, extra = _times(beats, rule, units)
    if rule == _FLOATS:
        width, rr_plane = 8, beats.rr_ms.astype("<f8").tobytes()
    else:
        steps = _zigzag(np.diff(units, prepend=0))
        width = 2 if steps.max(initial=0) < 2**16 else 4
        rr_plane = _planes(steps, width)
    flagged = np.flatnonzero(beats.flag)
    body = b"".join(
        [
            at.astype("<u4").tobytes(),
            base.astype("<i8").tobytes(),
            flagged.astype("<u4").tobytes(),
            beats.flag[flagged].astype("<u2").tobytes(),
            rr_plane,
            extra,
        ]
    )
    head = _HEAD.pack(_VERSION, rule, time_rule, width, len(beats), at.size, flagged.size)
    return head + zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True).compress(body)


def unpack(data: bytes, crc: int) -> Beats:
    """Unpack what `pack` made.

    Raises
    ------
    DamagedError
        If the bytes are not the ones that were stored.
    """
    if zlib.crc32(data) != crc:
        raise DamagedError("checksum does not match")
    version, rule, time_rule, width, n, segments, flags = _HEAD.unpack_from(data)
    if version != _VERSION:
        raise DamagedError(f"chunk version {version} is not known")
    body = _decompressor().decompress(memoryview(data)[_HEAD.size :], max_output_size=_MOST_BYTES)
    take = _Reader(body)
    at = take.array("<u4", segments).astype(np.int64)
    base = take.array("<i8", segments).astype(np.int64)
    flagged, flag_values = take.array("<u4", flags), take.array("<u2", flags)
    flag = np.zeros(n, np.uint16)
    flag[flagged] = flag_values
    if rule == _FLOATS:
        units, rr_ms = np.empty(0, np.int64), take.array("<f8", n).astype(np.float64)
    else:
        units = np.cumsum(_steps(take.bytes(n * width), width), dtype=np.int64)
        rr_ms = _ms(units, rule)
    if time_rule in _PER_S:
        total = np.cumsum(units)
        if segments == 1:
            total += base[0]
        else:
            total += np.repeat(base, np.concatenate((at[1:], [n])) - at)
        return Beats(rr_ms, total / _PER_S[time_rule], flag)
    if time_rule == _NS:
        rest = _steps(take.bytes(n * 8), 8)
        return Beats(rr_ms, np.cumsum(rest + _whole_ns(rr_ms)) / 1e9, flag)
    return Beats(rr_ms, take.array("<f8", n).astype(np.float64), flag)


def follow(last_s: float, rr_ms: Float) -> Float:
    """Place beats that follow each other from `last_s`, exact where the sums are.

    Whole units of 1/1000 s or 1/1024 s are summed as integers, as `hrv.RRSeries.from_ms` does.
    """
    for rule, per_s in _PER_S.items():
        units = np.rint(rr_ms * (per_s / 1000.0)).astype(np.int64)
        base = round(last_s * per_s)
        if base / per_s == last_s and np.array_equal(_ms(units, rule), rr_ms):
            return np.asarray((base + np.cumsum(units)) / per_s, dtype=np.float64)
    return np.asarray(last_s + np.cumsum(rr_ms) / 1000.0, dtype=np.float64)


_of_thread = threading.local()


def _decompressor() -> zstandard.ZstdDecompressor:
    """Return this thread's decompressor: making one costs as much as a chunk does."""
    found: zstandard.ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if found is None:
        found = _of_thread.decompressor = zstandard.ZstdDecompressor()
    return found


class _Reader:
    """Takes one array after another from the bytes of a chunk."""

    def __init__(self, body: bytes) -> None:
        self.body, self.at = memoryview(body), 0

    def bytes(self, count: int) -> memoryview:
        if self.at + count > len(self.body):
            raise DamagedError("chunk is cut short")
        self.at += count
        return self.body[self.at - count : self.at]

    def array(self, dtype: str, count: int) -> npt.NDArray[np.generic]:
        return np.frombuffer(self.bytes(count * np.dtype(dtype).itemsize), dtype)


def _ms(units: Int, rule: int) -> Float:
    if rule == _MS:
        return units.astype(np.float64)
    return np.asarray(units * 1000 / 1024, dtype=np.float64)


def _whole_ns(rr_ms: Float) -> Int:
    return np.rint(rr_ms * 1e6).astype(np.int64)


def _units(rr_ms: Float) -> tuple[int, Int]:
    for rule, per_s in _PER_S.items():
        units = np.rint(rr_ms * (per_s / 1000.0)).astype(np.int64)
        if np.array_equal(_ms(units, rule), rr_ms):
            return rule, units
    return _FLOATS, np.empty(0, np.int64)


def _times(beats: Beats, rule: int, units: Int) -> tuple[int, Int, Int, bytes]:
    """Rule of times, where segments start, their base (units or ns), and what else is needed."""
    none = np.empty(0, np.int64)
    if rule in _PER_S:
        per_s, total = _PER_S[rule], np.cumsum(units)
        offset = np.rint(beats.t_s * per_s).astype(np.int64) - total
        at = np.flatnonzero(np.diff(offset, prepend=offset[0] - 1))
        if at.size <= max(1, len(beats) // 16) and np.array_equal(
            (total + offset) / per_s, beats.t_s
        ):
            return rule, at, offset[at], b""
    if np.abs(beats.t_s).max(initial=0.0) < _NS_LIMIT / 1e9:
        ns = np.rint(beats.t_s * 1e9).astype(np.int64)
        if np.array_equal(ns / 1e9, beats.t_s):
            rest = np.diff(ns, prepend=0) - _whole_ns(beats.rr_ms)
            return _NS, none, none, _planes(_zigzag(rest), 8)
    return _FLOATS, none, none, beats.t_s.astype("<f8").tobytes()


def _zigzag(values: Int) -> npt.NDArray[np.uint64]:
    """Small magnitudes of either sign as small unsigned numbers."""
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def _planes(values: npt.NDArray[np.uint64], width: int) -> bytes:
    """All lowest bytes, then all next ones …: noise and near-zeros compress apart."""
    whole = values.astype("<u8").view(np.uint8).reshape(-1, 8)
    return np.ascontiguousarray(whole[:, :width].T).tobytes()


def _steps(data: memoryview, width: int) -> npt.NDArray[np.int32] | Int:
    """Undo `_planes` and `_zigzag`; two bytes, the usual case, in int32."""
    planes = np.frombuffer(data, np.uint8).reshape(width, -1)
    if width == 2:
        small = planes[0].astype(np.int32)
        if planes[1].any():
            small |= planes[1].astype(np.int32) << 8
        return np.asarray((small >> 1) ^ -(small & 1), dtype=np.int32)
    whole = planes[0].astype(np.uint64)
    for place in range(1, width):
        if planes[place].any():
            whole |= planes[place].astype(np.uint64) << np.uint64(8 * place)
    sign = -(whole & np.uint64(1)).view(np.int64)
    return np.asarray((whole >> np.uint64(1)).view(np.int64) ^ sign, dtype=np.int64)
