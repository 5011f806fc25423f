"""Beats that a strap stored itself (HRM-Tri, HRM-Swim): ``hr`` messages of a FIT file.

The first message gives a moment (``timestamp``, s since 1989-12-31 UTC) and the strap's clock
at it (``event_timestamp``, 1/1024 s); further ones give beats as the low twelve bits of that
clock, two in three bytes (FIT profile, message 132, field 10).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Provenance, RRSeries
from ingest.formats._options import absolute_start
from ingest.formats._times import clock_note
from ingest.formats.base import ReadOptions

EPOCH_S = 631_065_600
"""FIT counts seconds from 1989-12-31T00:00:00Z."""
_TWELVE = 0xFFF
_UINT32 = 1 << 32
_TICKS_PER_S = 1024


@dataclass
class HrMessages:
    """Beat times collected from the messages of one file."""

    ticks: list[int] = field(default_factory=list)  #: beats on the strap's clock, unwrapped
    anchor: tuple[int, float] | None = None  #: ticks, and FIT seconds at them
    doubled: int = 0

    def add(self, message: Any, source: str) -> None:
        """Take the beats of one message."""
        full = _tuple(message.get_raw_value(9, fallback=None))
        packed = _tuple(message.get_raw_value(10, fallback=None))
        if packed:  # the decoder may have unpacked them into field 9 as well
            full = ()
        for value in full:
            if value != _UINT32 - 1:
                self._add_full(value)
        stamp = message.get_raw_value(253, fallback=None)
        if full and isinstance(stamp, int) and self.anchor is None and self.ticks:
            part = message.get_raw_value(0, fallback=None)
            self.anchor = self.ticks[-1], stamp + (part / 32768 if isinstance(part, int) else 0.0)
        if packed and not self.ticks:
            raise FormatError(
                "its 'hr' messages begin without a full event_timestamp: beats have no origin",
                source=source,
            )
        for low in _unpack(packed):
            last = self.ticks[-1]
            self._append(last + ((low - last) & _TWELVE))

    def _add_full(self, value: int) -> None:
        if not self.ticks:
            self.ticks.append(value)
            return
        last = self.ticks[-1]
        self._append(last + (value - last) % _UINT32)

    def _append(self, tick: int) -> None:
        if tick == self.ticks[-1]:
            self.doubled += 1  # each message may repeat the last beat of the one before
        else:
            self.ticks.append(tick)

    def series(
        self, source: str, options: ReadOptions, device: str, notes: tuple[str, ...]
    ) -> RRSeries:
        """Intervals between the beats.

        Raises
        ------
        FormatError
            If there are fewer than three beats.
        """
        if len(self.ticks) < 3:
            raise FormatError(f"holds {len(self.ticks)} beats in 'hr' messages; at least three "
                              "are needed", source=source)  # fmt: skip
        ticks = np.array(self.ticks, dtype=np.int64)
        rr_ms = np.diff(ticks) * (1000.0 / _TICKS_PER_S)
        t_s = (ticks[1:] - ticks[0]) / _TICKS_PER_S
        kept = rr_ms <= RR_MAX_MS
        if not kept.any():
            raise FormatError("holds no two beats within 10 s", source=source)
        start, says = options.start, "given (start=)" if options.start else "none: no timestamp"
        first_kept = int(np.argmax(kept))
        lead_s = float(t_s[first_kept] - rr_ms[first_kept] / 1000)
        if self.anchor is not None:
            tick, moment_s = self.anchor
            zero_s = moment_s - (tick - self.ticks[0]) / _TICKS_PER_S + lead_s
            start, says = absolute_start(zero_s + EPOCH_S, options, "first 'hr' message")
        lost = int((~kept).sum())
        found = ["beats that the strap stored ('hr' messages, HRM-Tri or HRM-Swim)",
                 clock_note(rr_ms[kept], float(t_s[-1]) - lead_s)]  # fmt: skip
        if lost:
            found.append(f"{lost} distances over 10 s are gaps, not intervals")
        if self.doubled:
            found.append(f"{self.doubled} repeated beats were taken once")
        provenance = Provenance(
            source=source, format="garmin_fit", unit="1/1024 s (format)", clock=says,
            device=device, notes=(*found, *notes),
        )  # fmt: skip
        return RRSeries.from_ms(
            rr_ms[kept], t_s=t_s[kept] - lead_s, start=start, provenance=provenance
        )


def _tuple(value: object) -> tuple[int, ...]:
    if isinstance(value, bytes):
        return tuple(value)
    if isinstance(value, tuple):
        return tuple(v for v in value if isinstance(v, int))
    return (value,) if isinstance(value, int) else ()


def _unpack(packed: tuple[int, ...]) -> list[int]:
    """Twelve-bit numbers, two in three bytes; a last incomplete group is left."""
    found: list[int] = []
    for at in range(0, len(packed) - 2, 3):
        a, b, c = packed[at : at + 3]
        found += [a | (b & 0x0F) << 8, b >> 4 | c << 4]
    return found
