"""BIDS physiological recordings: ``*_physio.tsv.gz`` with its JSON sidecar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Bool, Float, Int, Provenance, RRSeries
from ingest.formats import _packed
from ingest.formats._ecg import first_peak, resolution_note, to_series
from ingest.formats._json import load, number, parse
from ingest.formats._lines import decode, is_binary, shown
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

ENDING = "physio.tsv.gz"
BEAT, KEPT = "beat", "interval"
DEVICE = "ManufacturersModelName"
_BEATS = (BEAT, "beats", "r_peak", "r_peaks")
_ECGS = ("ecg", "ekg", "cardiac")
_PIECE = 1 << 22
_MOST_LINES = 1 << 27  # 37 h at 1000 Hz
_MOST_SAMPLES = 1 << 25


def sniff(head: bytes, name: str) -> bool:
    """Claim gzip under a name that BIDS gives to physiological recordings."""
    return head.startswith(b"\x1f\x8b") and name.lower().endswith(ENDING)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read beats marked sample by sample, or find R peaks in an ECG column.

    Parameters
    ----------
    source : Source
        The table; the sidecar beside it names rate, start and columns.
    options : ReadOptions
        `channel` names a column; `start` is the moment of the first beat (marked beats) or
        of the first sample (ECG).

    Raises
    ------
    FormatError
        If the sidecar is missing or incomplete, or naming the line.
    """
    side = _sidecar(source)
    column = _column(side.columns, options.channel, source.name)
    if column.lower() in _BEATS:
        return Recording(_marked(source, column, side, options))
    values = _signal(source, side.columns.index(column), len(side.columns))
    _, says = first_peak(*aware_start(None, options, ""))
    ecg = ECG(values, side.rate, options.start, column)
    provenance = Provenance(
        source=source.name, format="bids_physio", clock=says, device=side.device,
        notes=(f"StartTime {side.begin_s:g} s before or after the first volume", *_doubt(column)),
    )  # fmt: skip
    return Recording(to_series(ecg, provenance), ecg=ecg)


@dataclass(frozen=True)
class _Side:
    """What the sidecar says."""

    rate: float
    begin_s: float
    columns: list[str]
    device: str


def _doubt(column: str) -> tuple[str, ...]:
    """Say what BIDS leaves open: a column ``cardiac`` may be an ECG or a pulse wave."""
    if column.lower() != "cardiac":
        return ()
    return ("the column 'cardiac' was read as an ECG; a pulse wave has no R peaks",)


def _sidecar(source: Source) -> _Side:
    name = source.name[: -len(".tsv.gz")] + ".json"
    beside = source.sibling(name)
    if beside is None:
        raise FormatError(f"needs its sidecar {name} beside it", source=source.name)
    about = parse(load(beside), name)
    if not isinstance(about, dict):
        raise FormatError("is no JSON object", source=name)
    rate, begin_s = number(about.get("SamplingFrequency")), number(about.get("StartTime"))
    columns = about.get("Columns")
    if rate is None or not 0 < rate < 1e6:
        raise FormatError("has no SamplingFrequency", source=name)
    if begin_s is None or not abs(begin_s) < 1e9:
        raise FormatError("has no StartTime", source=name)
    if (
        not isinstance(columns, list)
        or not columns
        or not all(isinstance(column, str) for column in columns)
    ):
        raise FormatError("has no list of Columns", source=name)
    return _Side(rate, begin_s, columns, str(about.get(DEVICE, "")))


def _column(columns: list[str], wanted: str | None, source: str) -> str:
    if wanted is not None:
        if wanted not in columns:
            raise FormatError(f"has no column {wanted!r}; it has {', '.join(columns)}",
                              source=source)  # fmt: skip
        return wanted
    for names in (_BEATS, _ECGS):
        for column in columns:
            if column.lower() in names:
                return column
    raise FormatError(
        f"none of its columns is an ECG or marks beats ({shown(', '.join(columns))}); say which "
        "with channel=", source=source
    )  # fmt: skip


def _tables(source: Source, wanted: list[int], count: int) -> Iterator[tuple[int, Float]]:
    """Yield (lines before, float64[n, wanted]), a few MB of the table at a time."""
    done, rest = 0, b""
    # a table of marked beats is nearly all zeros: it packs as tightly as deflate allows
    with _packed.gunzipped(source, ratio=1100) as file:
        while piece := file.read(_PIECE):
            piece = rest + piece
            cut = piece.rfind(b"\n") + 1
            piece, rest = piece[:cut], piece[cut:]
            if len(rest) > _PIECE:
                raise FormatError("holds a line of more than 4 MB", source=source.name)
            if piece:
                table = _parse(piece, wanted, count, done, source.name)
                done += len(table)
                yield done - len(table), table
    if rest:
        yield done, _parse(rest + b"\n", wanted, count, done, source.name)


def _parse(piece: bytes, wanted: list[int], count: int, before: int, name: str) -> Float:
    """Parse whole lines; single digits, which marked beats are, without a parser."""
    raw = np.frombuffer(piece, dtype=np.uint8)
    if raw.size % (2 * count) == 0:
        cells = raw.reshape(-1, 2 * count)
        digits, marks = cells[:, ::2], cells[:, 1::2]
        separators = np.array([ord("\t")] * (count - 1) + [ord("\n")], dtype=np.uint8)
        if (marks == separators).all() and (digits >= 48).all() and (digits <= 57).all():
            return (digits[:, wanted] - np.uint8(48)).astype(np.float64)
    if is_binary(piece):
        raise FormatError("holds binary data, not a table", source=name)
    rows: list[list[float]] = []
    for i, line in enumerate(decode(piece).splitlines(), start=before + 1):
        cells_of_line = line.split("\t")
        if len(cells_of_line) != count:
            raise FormatError(f"{len(cells_of_line)} cells where the sidecar has {count} columns",
                              source=name, line=i)  # fmt: skip
        try:
            rows.append([float(cells_of_line[at]) for at in wanted])
        except ValueError:
            raise FormatError(f"{shown(line)} holds something that is no number (n/a is not read)",
                              source=name, line=i) from None  # fmt: skip
    return np.array(rows, dtype=np.float64).reshape(-1, len(wanted))


def _signal(source: Source, at: int, count: int) -> Float:
    pieces: list[Float] = []
    for before, table in _tables(source, [at], count):
        if before + len(table) > _MOST_SAMPLES:
            raise FormatError(f"holds more than {_MOST_SAMPLES} samples of ECG; cut it",
                              source=source.name)  # fmt: skip
        pieces.append(table[:, 0])
    return np.concatenate(pieces) if pieces else np.array([], dtype=np.float64)


def _positions(source: Source, column: str, side: _Side) -> tuple[Int, Bool]:
    """Find samples with a beat, and whether each ends a recorded interval."""
    wanted = [side.columns.index(name) for name in (column, KEPT) if name in side.columns]
    found: list[Int] = []
    ends: list[Bool] = []
    for before, table in _tables(source, wanted, len(side.columns)):
        if before + len(table) > _MOST_LINES:
            raise FormatError(f"holds more than {_MOST_LINES} lines; cut it", source=source.name)
        marks = table[:, 0]
        wrong = (marks != 0) & (marks != 1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise FormatError(f"{marks[row]:g} is neither 0 nor 1", source=source.name,
                              line=before + row + 1)  # fmt: skip
        at = np.flatnonzero(marks)
        found.append(at + before)
        ends.append(table[at, -1] == 1)
    if not found:
        return np.array([], dtype=np.int64), np.array([], dtype=bool)
    return np.concatenate(found), np.concatenate(ends)


def _marked(source: Source, column: str, side: _Side, options: ReadOptions) -> RRSeries:
    """Intervals between samples marked 1; where `interval` is 0 at a beat, it ends a gap."""
    at, ends = _positions(source, column, side)
    if at.size < 3:
        raise FormatError(f"marks {at.size} beats; at least three are needed", source=source.name)
    rr_ms = np.diff(at) * 1000.0 / side.rate
    kept = (rr_ms <= RR_MAX_MS) & ends[1:]
    if not kept.any():
        raise FormatError("marks no two beats within 10 s", source=source.name)
    first = int(np.argmax(kept))
    start, says = aware_start(None, options, "")
    provenance = Provenance(
        source=source.name, format="bids_physio", unit=f"samples at {side.rate:g} Hz", clock=says,
        device=side.device,
        notes=(
            f"StartTime {side.begin_s:g} s: the first sample against the first volume",
            resolution_note(side.rate, refined=False),
        ),
    )  # fmt: skip
    t_s = ((at[1:] - at[first]) / side.rate)[kept]
    return RRSeries.from_ms(rr_ms[kept], t_s=t_s, start=start, provenance=provenance)


FORMAT = Format(
    name="bids_physio",
    summary="BIDS *_physio.tsv.gz with sidecar: marked beats or ECG",
    suffixes=(".tsv.gz",),
    sniff=sniff,
    read=read,
    takes=("channel",),
)
