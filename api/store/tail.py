"""The tail of an open recording: beats as they came, until they move into chunks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast
from uuid import UUID

import numpy as np
from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from api.store.beats import CHUNK_BEATS, Beats, checksum, pack
from api.store.models import Chunk, TailPart
from api.store.recordings import chunks, unpacked

_INTO_TAIL = insert(cast(Table, TailPart.__table__))


@dataclass(slots=True)
class Position:
    """Where a recording stands: the next sequence number, its last beat, beats in the tail."""

    next_sequence: int = 0
    end_s: float | None = None
    in_tail: int = 0


def position(session: Session, recording: UUID) -> Position:
    """Read where a recording stands."""
    chunk = session.execute(
        select(Chunk.next_sequence, Chunk.end_s)
        .where(Chunk.recording_id == recording)
        .order_by(Chunk.number.desc())
        .limit(1)
    ).first()
    found = Position(chunk.next_sequence, chunk.end_s) if chunk else Position()
    tail = session.scalars(
        select(TailPart)
        .where(TailPart.recording_id == recording)
        .order_by(TailPart.sequence.desc())
        .limit(1)
    ).first()
    if tail is not None:
        found.next_sequence = tail.sequence + tail.beats
        found.end_s = float(unpacked(tail).t_s[-1])
        found.in_tail = tail_beats(session, recording)
    return found


def tail_beats(session: Session, recording: UUID) -> int:
    """Count the beats of a tail."""
    counted = select(func.sum(TailPart.beats)).where(TailPart.recording_id == recording)
    return int(session.scalar(counted) or 0)


def store_tail(session: Session, recording: UUID, sequence: int, beats: Beats) -> None:
    """Put beats behind the tail."""
    data = pack(beats)
    row = {
        "recording_id": recording, "sequence": sequence, "beats": len(beats),
        "crc": checksum(data), "data": data,
    }  # fmt: skip
    session.execute(_INTO_TAIL, row)


def compact(session: Session, recording: UUID, *, everything: bool) -> None:
    """Move the tail into chunks: whole ones, or all of it at the end."""
    rows = session.scalars(
        select(TailPart).where(TailPart.recording_id == recording).order_by(TailPart.sequence)
    ).all()
    if not rows:
        return
    beats = Beats.joined([unpacked(row) for row in rows])
    numbers = np.concatenate([np.arange(r.sequence, r.sequence + r.beats) for r in rows])
    last = session.scalar(select(func.max(Chunk.number)).where(Chunk.recording_id == recording))
    first = 0 if last is None else last + 1
    keep = len(beats) if everything else len(beats) // CHUNK_BEATS * CHUNK_BEATS
    for chunk in chunks(recording, beats.part(0, keep), number=first, sequence=0):
        chunk.next_sequence = int(numbers[chunk.next_sequence - 1]) + 1
        session.add(chunk)
    for row in rows:
        session.expunge(row)
    session.execute(delete(TailPart).where(TailPart.recording_id == recording))
    holes = np.flatnonzero(np.diff(numbers[keep:]) != 1) + keep + 1
    for lo, hi in pairwise([keep, *holes.tolist(), len(beats)]):
        if lo < hi:
            store_tail(session, recording, int(numbers[lo]), beats.part(lo, hi))
