"""Garmin FIT: ``hrv`` messages, placed on the device's clock by the records around them.

HRM-Tri and HRM-Swim straps store beats and send them later, as ``hr`` messages (`_fit_hr`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Float, Provenance, RRSeries
from ingest.formats._fit_hr import EPOCH_S, HrMessages
from ingest.formats._options import absolute_start, fixed_unit
from ingest.formats._times import clock_note
from ingest.formats.base import Format, ReadOptions, Recording, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILL = 0xFFFF
_CLOCK = frozenset({"record", "event", "lap", "session"})
JITTER_S = 3.0
"""Beats reach the recorder up to this late, and its clock has whole seconds."""


def sniff(head: bytes, name: str) -> bool:
    """Claim bytes with the FIT signature in their header."""
    del name
    return len(head) >= 12 and head[0] in (12, 14) and head[8:12] == b".FIT"


@dataclass
class _Found:
    """What one pass over the file collects."""

    rr_ms: list[list[int]] = field(default_factory=list)  #: values of each ``hrv`` message
    before_s: list[float] = field(default_factory=list)  #: latest clock before each message
    after_s: list[float] = field(default_factory=list)  #: next clock after it, inf if none
    fill: int = 0
    device: str = ""
    hr: HrMessages = field(default_factory=HrMessages)
    notes: tuple[str, ...] = ()


def read(source: Source, options: ReadOptions) -> Recording:
    """Read the RR intervals of a FIT file.

    ``hrv`` messages carry up to five intervals and no time.  Each lies between two messages
    that have one, so each bounds the shift between the running sum of intervals and the
    clock.  One shift is kept as long as the bounds allow (within `JITTER_S`); where they do
    not, time was lost and a gap is placed before that message.  Beat times are therefore
    known to about `JITTER_S`; intervals are exact.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` expresses the start (UTC in the file) in a zone.

    Raises
    ------
    FormatError
        If the file is damaged or holds no ``hrv`` message.
    """
    fixed_unit(options, "ms", "a FIT file")
    found = _collect(source)
    if not found.rr_ms and found.hr.ticks:
        device = found.device
        return Recording(found.hr.series(source.name, options, device, found.notes))
    if not found.rr_ms:
        raise FormatError(
            "holds no RR intervals (no 'hrv' message); switch 'Log HRV' on in the device",
            source=source.name,
        )
    rr_ms = np.array([value for message in found.rr_ms for value in message], dtype=np.float64)
    _check_values(rr_ms, source.name)
    shift_s, notes = _shifts(found)
    t_s = np.cumsum(rr_ms) / 1000 + shift_s
    begin_s = float(t_s[0] - rr_ms[0] / 1000)
    start, says = options.start, "none: no message with a time comes before the beats"
    if math.isfinite(found.before_s[0]):
        start, says = absolute_start(
            begin_s + EPOCH_S, options, f"records of the file, to about {JITTER_S:g} s"
        )
    elif options.start is not None:
        says = "given (start=)"
    notes = (*notes, clock_note(rr_ms, float(t_s[-1] - begin_s)), *found.notes)
    if found.hr.ticks:
        notes += ("'hr' messages, the strap's own copy of beats, were left out",)
    provenance = Provenance(
        source=source.name, format="garmin_fit", unit="ms (format)", clock=says,
        device=found.device, notes=notes,
    )  # fmt: skip
    relative = np.cumsum(rr_ms) / 1000 + (shift_s - shift_s[0])  # exact where nothing was lost
    return Recording(RRSeries.from_ms(rr_ms, t_s=relative, start=start, provenance=provenance))


def _collect(source: Source) -> _Found:
    found = _Found()
    now_s = -math.inf
    for name, message in _messages(source, found):
        if name == "hrv":
            values = message.get_raw_value("time", fallback=None)
            values = values if isinstance(values, tuple) else (values,)
            real = [int(v) for v in values if isinstance(v, int) and v != _FILL]
            found.fill += len(values) - len(real)
            if real:
                found.rr_ms.append(real)
                found.before_s.append(now_s)
        elif name in _CLOCK:
            stamp = message.get_raw_value(253, fallback=None)
            if isinstance(stamp, int) and stamp >= now_s:
                now_s = float(stamp)
                waiting = len(found.before_s) - len(found.after_s)
                found.after_s += [now_s] * waiting
        elif name == "hr":
            found.hr.add(message, source.name)
        elif name == "file_id" and not found.device:
            found.device = _device(message)
    found.after_s += [math.inf] * (len(found.before_s) - len(found.after_s))
    return found


def _messages(source: Source, found: _Found) -> Iterator[tuple[str, Any]]:
    """Yield data messages; anything the decoder stumbles over is one clear error."""
    import fitdecode  # here, so that `import ingest` stays light

    whole = False
    try:
        with source.open() as file, fitdecode.FitReader(
            file, processor=None,
            check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.IGNORE,
        ) as reader:  # fmt: skip
            for frame in reader:
                whole = frame.frame_type == fitdecode.FIT_FRAME_CRC
                if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                    yield frame.name, frame
    except fitdecode.FitEOFError as error:
        if not whole:
            raise FormatError(
                f"is a truncated FIT file ({error}); copy it from the device again",
                source=source.name,
            ) from None
        found.notes = ("bytes after the end of the FIT file were left out",)
    except fitdecode.FitHeaderError as error:
        if not whole:
            raise _damaged(error, source) from None
        found.notes = ("bytes after the end of the FIT file were left out",)
    except FormatError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        raise _damaged(error, source) from error
    if not whole:
        raise FormatError(
            "is a truncated FIT file: its checksum is missing; copy it from the device again",
            source=source.name,
        )


def _damaged(error: Exception, source: Source) -> FormatError:
    why = str(error) or type(error).__name__
    return FormatError(
        f"is a damaged FIT file ({why}); copy it from the device again", source=source.name
    )


def _device(message: Any) -> str:
    words = [
        str(message.get_value(name, fallback="") or "")
        for name in ("manufacturer", "garmin_product")
    ]
    return " ".join(word for word in words if word)


def _check_values(rr_ms: Float, name: str) -> None:
    wrong = (rr_ms <= 0) | (rr_ms > RR_MAX_MS)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise FormatError(
            f"interval {i + 1} of {rr_ms.size} is {rr_ms[i]:g} ms, which no heart gives; "
            "the file is damaged", source=name
        )  # fmt: skip


def _shifts(found: _Found) -> tuple[Float, tuple[str, ...]]:
    """Shift (s) from the running sum of intervals to the clock, for each interval.

    Message j ends at running sum c[j]; its shift s must satisfy before[j] <= c[j] + s <=
    after[j] + 1, each up to the jitter.  A new shift begins only when the lower bound has
    risen past the upper bound of the messages so far: time was lost.
    """
    low, high = -math.inf, math.inf
    shifts: list[tuple[int, float]] = []  # (intervals so far, shift) of each finished run
    total_s, count, ahead_s = 0.0, 0, 0.0
    for values, before, after in zip(found.rr_ms, found.before_s, found.after_s, strict=True):
        total_s += sum(values) / 1000
        least, most = before - total_s, after + 1 - total_s
        if least > high + JITTER_S:
            shifts.append((count, _between(low, high)))
            low, high = least, most
        else:
            low, high = max(low, least), min(high, most)
            if high < low - JITTER_S:  # more intervals than time: beats cannot be moved back
                ahead_s = max(ahead_s, low - JITTER_S - high)
                high = low - JITTER_S
        count += len(values)
    shifts.append((count, _between(low, high)))
    notes = [f"{len(shifts) - 1} gaps where the clock ran on without beats"]
    if ahead_s > 0:
        notes.append(
            f"the intervals run up to {ahead_s + JITTER_S:.0f} s ahead of the clock: "
            "beats may be doubled"
        )
    counts = np.diff([0, *(n for n, _ in shifts)])
    return np.repeat([shift for _, shift in shifts], counts), tuple(notes)


def _between(low: float, high: float) -> float:
    """Least shift that the bounds allow; their middle where they cross; 0 without any."""
    if not math.isfinite(low):
        return 0.0
    return low if low <= high else (low + high) / 2


FORMAT = Format(
    name="garmin_fit",
    summary="Garmin (and other) FIT files with 'hrv' or 'hr' messages",
    suffixes=(".fit",),
    sniff=sniff,
    read=read,
)
