"""Recordings in the store: chunks of beats, the file they came from, and the way back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
import zstandard
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.beats import CHUNK_BEATS, Beats, DamagedError, checksum, pack, unpack
from api.store.models import Chunk, Recording, TailPart, Upload, UploadPart
from hrv.types import Provenance, RRSeries

PART_BYTES = 2**20
_EVER = float("inf")


def add_beats(recording: Recording, series: RRSeries) -> list[Chunk]:
    """Fill in what a series says of a recording and pack its beats."""
    beats = Beats(series.rr_ms, series.t_s, series.flag)
    recording.start = series.start
    recording.provenance = asdict(series.provenance)
    describe(recording, beats)
    return list(chunks(recording.id, beats, number=0, sequence=0))


def describe(recording: Recording, beats: Beats) -> None:
    """State count, duration and hash of a whole recording's beats."""
    recording.beats = len(beats)
    recording.duration_s = (
        float(beats.t_s[-1] - (beats.t_s[0] - beats.rr_ms[0] / 1000)) if len(beats) else 0.0
    )
    recording.beats_sha256 = digest(beats)


def digest(beats: Beats) -> str:
    """SHA-256 over the very bits of the beats."""
    sha = hashlib.sha256()
    for array in (beats.rr_ms.astype("<f8"), beats.t_s.astype("<f8"), beats.flag.astype("<u2")):
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def chunks(recording: UUID, beats: Beats, *, number: int, sequence: int) -> Iterator[Chunk]:
    """Pack beats of which the first has the given sequence number."""
    for lo in range(0, len(beats), CHUNK_BEATS):
        part = beats.part(lo, lo + CHUNK_BEATS)
        data = pack(part)
        yield Chunk(
            recording_id=recording,
            number=number + lo // CHUNK_BEATS,
            beats=len(part),
            next_sequence=sequence + lo + len(part),
            begin_s=float(part.t_s[0] - part.rr_ms[0] / 1000),
            end_s=float(part.t_s[-1]),
            crc=checksum(data),
            data=data,
        )


def read_beats(
    session: Session, recording: UUID, from_s: float = -_EVER, to_s: float = _EVER
) -> Beats:
    """Read the beats whose intervals end in [from_s, to_s), s since the recording's start.

    Raises
    ------
    DamagedError
        If stored bytes do not match their checksum; the message names the chunk.
    """
    found = select(Chunk.recording_id, Chunk.crc, Chunk.data).where(Chunk.recording_id == recording)
    if from_s > -_EVER:
        found = found.where(Chunk.end_s >= from_s)
    if to_s < _EVER:
        found = found.where(Chunk.begin_s < to_s)
    rows = session.execute(found.order_by(Chunk.number)).all()
    tail = session.execute(
        select(TailPart.recording_id, TailPart.crc, TailPart.data)
        .where(TailPart.recording_id == recording)
        .order_by(TailPart.sequence)
    ).all()
    beats = Beats.joined([unpacked(row) for row in (*rows, *tail)])
    if from_s == -_EVER and to_s == _EVER:
        return beats
    lo, hi = np.searchsorted(beats.t_s, (from_s, to_s), side="left")
    return beats.part(int(lo), int(hi))


def last_beats(session: Session, recording: UUID, count: int) -> Beats:
    """Read the last `count` beats of an open recording (fewer if there are not so many)."""
    tail = select(TailPart).where(TailPart.recording_id == recording)
    rows = session.scalars(tail.order_by(TailPart.sequence)).all()
    beats = Beats.joined([unpacked(row) for row in rows])
    number = session.scalar(select(func.max(Chunk.number)).where(Chunk.recording_id == recording))
    parts = [beats]
    have, at = len(beats), -1 if number is None else number
    while have < count and at >= 0:
        parts.insert(0, unpacked(session.get_one(Chunk, (recording, at))))
        have, at = have + len(parts[0]), at - 1
    return Beats.joined(parts).part(max(0, have - count), have)


def beats_since(session: Session, recording: UUID, index: int, most: int) -> Beats:
    """Read at most `most` beats from the one of that index on (0: the first)."""
    counted = session.execute(
        select(Chunk.number, Chunk.beats)
        .where(Chunk.recording_id == recording)
        .order_by(Chunk.number)
    ).all()
    parts: list[Beats] = []
    passed = 0
    for number, beats in counted:
        if passed + beats > index and passed < index + most:
            chunk = session.get_one(Chunk, (recording, number))
            parts.append(unpacked(chunk).part(max(0, index - passed), index + most - passed))
        passed += beats
    tail = select(TailPart).where(TailPart.recording_id == recording)
    for row in session.scalars(tail.order_by(TailPart.sequence)) if passed < index + most else ():
        if passed + row.beats > index and passed < index + most:
            parts.append(unpacked(row).part(max(0, index - passed), index + most - passed))
        passed += row.beats
    return Beats.joined(parts)


def unpacked(row: Any) -> Beats:
    """Unpack a chunk or a part of the tail.

    Raises
    ------
    DamagedError
        If its bytes are not those that were stored; the message names the row.
    """
    try:
        return unpack(row.data, row.crc)
    except DamagedError as error:
        raise DamagedError(f"beats of recording {row.recording_id}: {error}") from None


def read_series(session: Session, recording: Recording) -> RRSeries:
    """Rebuild the series of a recording, bit for bit."""
    beats = read_beats(session, recording.id)
    return series_of(recording, beats)


def series_of(recording: Recording, beats: Beats) -> RRSeries:
    """Make the series of a recording from its beats."""
    said = dict(recording.provenance)
    said["notes"] = tuple(said.get("notes", ()))
    return RRSeries(beats.rr_ms, beats.t_s, beats.flag, recording.start, Provenance(**said))


def add_upload(session: Session, upload: Upload, file: BinaryIO) -> None:
    """Keep a file byte for byte; `upload` must say its size and hash already."""
    session.add(upload)
    session.flush()
    packer = zstandard.ZstdCompressor(level=3)
    file.seek(0)
    number = 0
    while part := file.read(PART_BYTES):
        session.add(UploadPart(upload_id=upload.id, number=number, data=packer.compress(part)))
        session.flush()
        session.expunge_all()  # a large file does not stay in memory
        number += 1


def read_upload(session: Session, upload: UUID) -> Iterator[bytes]:
    """Give a kept file back, part by part."""
    unpacker = zstandard.ZstdDecompressor()
    numbers = session.scalars(
        select(UploadPart.number).where(UploadPart.upload_id == upload).order_by(UploadPart.number)
    ).all()
    for number in numbers:
        data = session.scalar(
            select(UploadPart.data).where(
                UploadPart.upload_id == upload, UploadPart.number == number
            )
        )
        assert data is not None
        yield unpacker.decompress(data, max_output_size=PART_BYTES)


def hashed(file: BinaryIO) -> tuple[int, str]:
    """Size and SHA-256 of a file; it is left at its beginning."""
    file.seek(0)
    sha, size = hashlib.sha256(), 0
    while part := file.read(PART_BYTES):
        sha.update(part)
        size += len(part)
    file.seek(0)
    return size, sha.hexdigest()


def table(beats: Beats) -> dict[str, Any]:
    """Beats as columns."""
    return {"t_s": beats.t_s, "rr_ms": beats.rr_ms, "flag": beats.flag.astype(np.int64)}
