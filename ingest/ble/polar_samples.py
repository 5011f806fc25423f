"""Samples of Polar's own streams out of a journal's records: ECG, acceleration, pulse intervals."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from ingest.ble import polar
from ingest.ble.measurement import PacketError
from ingest.ble.polar import Frame, PulseInterval, Setting, Stream
from ingest.ble.radio import PMD_CONTROL, PMD_DATA
from ingest.journal.record import Kind, Record

COLUMNS = {
    Stream.ECG: ("arrival", "strap_s", "ecg_uv"),
    Stream.ACC: ("arrival", "strap_s", "x_mg", "y_mg", "z_mg"),
    Stream.PPI: ("arrival", "hr_bpm", "ppi_ms", "error_ms", "blocker", "contact"),
}
"""Columns of `samples`; `arrival` is when the computer received the frame."""
_USUAL_HZ = {Stream.ECG: 130, Stream.ACC: 25}
_GAP = 1.5
"""A frame whose stamp is this many of its lengths after the last one follows a loss."""

Row = tuple[str | float | int | bool, ...]


@dataclass(slots=True)
class _State:
    """What the connection said so far about one stream."""

    rate_hz: float
    factor: float = 1.0
    first_ns: int | None = None
    last_ns: int | None = None
    malformed: list[PacketError] = field(default_factory=list)


def samples(records: Iterable[Record], stream: Stream) -> Iterator[Row]:
    """Give every sample of `stream`, oldest first.

    Parameters
    ----------
    records : iterable of Record
        A journal's.
    stream : Stream
        Which.

    Yields
    ------
    tuple
        See `COLUMNS`.  ``strap_s`` runs by the strap's own clock from the first sample of the
        journal: samples are spread evenly between the stamps of two frames that follow each
        other, and by the rate that was negotiated after a loss.  Frames that do not decode
        are left out.
    """
    state = _State(_USUAL_HZ.get(stream, 1))
    for record in records:
        if record.kind is Kind.EVENT and record.fields.get("event") == "connected":
            state.last_ns = None
        if record.kind is not Kind.NOTIFICATION:
            continue
        if record.channel == PMD_CONTROL:
            _negotiated(record.payload, stream, state)
        elif record.channel == PMD_DATA and record.payload[:1] == bytes([stream]):
            yield from _of_packet(record, state)


def _negotiated(packet: bytes, stream: Stream, state: _State) -> None:
    """Take rate and factor from the answer to a start."""
    try:
        answer = polar.decode_response(packet)
    except PacketError:
        return
    if (answer.command, answer.stream) not in ((1, stream), (2, stream)) or answer.status:
        return
    rates = answer.settings.get(Setting.SAMPLE_RATE, ())
    if rates:  # the strap was asked for one of these
        state.rate_hz = polar.choose(answer.settings, round(state.rate_hz))[Setting.SAMPLE_RATE]
    if factor := answer.settings.get(Setting.FACTOR):
        state.factor = struct.unpack("<f", factor[0].to_bytes(4, "little"))[0]


def _of_packet(record: Record, state: _State) -> Iterator[Row]:
    try:
        frame = polar.decode_frame(record.payload)
    except PacketError as error:
        state.malformed.append(error)
        return
    arrival = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=record.wall_ns // 1000)
    stamp = arrival.isoformat(timespec="milliseconds")
    if isinstance(frame, Frame):
        values = frame.samples * state.factor if frame.compressed else frame.samples
        for at_s, row in zip(_times_s(frame, state), values.tolist(), strict=True):
            yield (stamp, at_s, *row)
    else:
        yield from (_pulse(stamp, interval) for interval in frame)


def _times_s(frame: Frame, state: _State) -> list[float]:
    """Give the times of a frame's samples, s since the journal's first, by the strap's clock."""
    n = len(frame.samples)
    step_ns = 1e9 / state.rate_hz
    if state.last_ns is not None and 0 < frame.last_ns - state.last_ns < _GAP * n * step_ns:
        step_ns = (frame.last_ns - state.last_ns) / n
    begin_ns = frame.last_ns - (n - 1) * step_ns
    state.first_ns = round(begin_ns) if state.first_ns is None else state.first_ns
    state.last_ns = frame.last_ns
    at_s = (begin_ns - state.first_ns + np.arange(n) * step_ns) / 1e9
    return [round(float(t), 6) for t in at_s]


def _pulse(stamp: str, interval: PulseInterval) -> Row:
    return (
        stamp, interval.hr_bpm, interval.interval_ms, interval.error_ms, interval.blocker,
        interval.contact.value,
    )  # fmt: skip
