"""Positions of R peaks, one a line: sample numbers with a sampling rate, or times."""

from __future__ import annotations

import numpy as np

from hrv.errors import FormatError, InputError
from hrv.types import RR_MAX_MS, Bool, Float, Provenance, RRSeries
from ingest.formats._lines import Lines
from ingest.formats.base import Format, ReadOptions, Recording, Source

_GAP_SHARE = 0.05  # more distances over 10 s than this mean a wrong rate, not lost beats
_PER_S = {"s": 1.0, "ms": 1000.0, "1/1024 s": 1024.0}


def sniff(head: bytes, name: str) -> bool:
    """Never claim a file: no byte tells positions from other numbers."""
    del head, name
    return False


def read(source: Source, options: ReadOptions) -> Recording:
    """Read positions of beats; the first is time zero.

    Parameters
    ----------
    source : Source
        One number a line (further columns are refused), a title line allowed.
    options : ReadOptions
        Either `sampling_rate_hz` (the numbers are samples) or `unit` (they are times);
        `start` is the moment of the first beat.

    Raises
    ------
    InputError
        If neither or both are given.
    FormatError
        Naming the line of a position that does not rise, or is more than 10 s on.
    """
    per_s, says = _scale(options)
    lines = Lines.of(source)
    lines = _past_title(lines)
    rows = lines.rows()
    if len(rows) < 3:
        raise FormatError(
            f"holds {len(rows)} beats; at least three (two intervals) are needed",
            source=source.name,
        )
    position = lines.numbers(rows, 1)[:, 0]
    rr_ms = np.diff(position) * (1000.0 / per_s) if per_s != 1000.0 else np.diff(position)
    if (rr_ms <= 0).any():
        row = int(np.argmax(rr_ms <= 0)) + 1
        raise lines.error(
            row, f"the position {position[row]:g} does not come after the one before it; "
            "delete or sort the lines"
        )  # fmt: skip
    kept, gaps = _gaps(rr_ms, position, lines)
    provenance = Provenance(
        source=source.name, format="peaks", unit=says, notes=(*gaps, *lines.cut),
        clock="given (start=), at the first beat" if options.start else
        "none: only time since the first beat is known (start= gives it)",
    )  # fmt: skip
    t_s = (position[1:] - position[0]) / per_s
    return Recording(
        RRSeries.from_ms(rr_ms[kept], t_s=t_s[kept], start=options.start, provenance=provenance)
    )


def _gaps(rr_ms: Float, position: Float, lines: Lines) -> tuple[Bool, tuple[str, ...]]:
    """Which distances are intervals, and what to say of the few that are gaps."""
    kept = rr_ms <= RR_MAX_MS
    lost = int((~kept).sum())
    if lost > _GAP_SHARE * rr_ms.size:
        row = int(np.argmin(kept)) + 1
        raise lines.error(
            row, f"the position {position[row]:g} is {rr_ms[row - 1] / 1000:g} s after the one "
            "before it; mend sampling_rate_hz= or unit="
        )  # fmt: skip
    return kept, (f"{lost} distances over 10 s are gaps, not intervals",) if lost else ()


def _scale(options: ReadOptions) -> tuple[float, str]:
    rate = options.sampling_rate_hz
    if rate is not None and options.unit is not None:
        raise InputError("give sampling_rate_hz= (sample numbers) or unit= (times), not both")
    if rate is not None:
        step = f"{1000 / rate:g} ms resolution"
        return rate, f"samples at {rate:g} Hz (sampling_rate_hz=), {step}"
    if options.unit is None:
        raise InputError(
            "positions of beats need sampling_rate_hz= (sample numbers) "
            "or unit= (times in 's' or 'ms')"
        )
    return _PER_S[options.unit], f"times in {options.unit} (unit=)"


def _past_title(lines: Lines) -> Lines:
    for i, raw in enumerate(lines.lines):
        line = raw.strip()
        if line and not line.startswith("#"):
            return lines.starting(i + 1 if line.strip("\"'")[:1].isalpha() else i)
    return lines


FORMAT = Format(
    name="peaks",
    summary="R-peak positions, one a line; only with format='peaks' and sampling_rate_hz= or unit=",
    suffixes=(".txt", ".tsv", ".csv"),
    sniff=sniff,
    read=read,
    takes=("sampling_rate_hz",),
)
