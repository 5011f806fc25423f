"""BIDS physiological recordings: ``*_physio.tsv.gz`` with its JSON sidecar."""

from __future__ import annotations

import numpy as np

from hrv.errors import FormatError
from hrv.types import RR_MAX_MS, Float, Provenance, RRSeries
from ingest.formats import _packed
from ingest.formats._ecg import first_peak, resolution_note, to_series
from ingest.formats._json import load, number, parse
from ingest.formats._lines import decode, is_binary, shown
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

ENDING = "physio.tsv.gz"
BEAT, KEPT = "beat", "interval"
_BEATS = (BEAT, "beats", "r_peak", "r_peaks")
_ECGS = ("ecg", "ekg", "cardiac")


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
        `channel` names a column; `start` is the moment of BIDS time zero.

    Raises
    ------
    FormatError
        If the sidecar is missing or incomplete, or naming the line.
    """
    rate, begin_s, columns = _sidecar(source)
    column = _column(columns, options.channel, source.name)
    values = _values(source, columns.index(column), len(columns))
    zero = options.start
    if column.lower() in _BEATS:
        interval = _values(source, columns.index(KEPT), len(columns)) if KEPT in columns else None
        return Recording(_marked(values, interval, rate, begin_s, options, source.name))
    _, says = first_peak(*aware_start(None, options, ""))
    ecg = ECG(values, rate, zero, column)
    provenance = Provenance(
        source=source.name, format="bids_physio", clock=says,
        notes=(f"StartTime {begin_s:g} s before or after the first volume",),
    )  # fmt: skip
    return Recording(to_series(ecg, provenance), ecg=ecg)


def _sidecar(source: Source) -> tuple[float, float, list[str]]:
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
    return rate, begin_s, columns


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


def _values(source: Source, at: int, count: int) -> Float:
    data = _packed.gunzip(source)
    if is_binary(data):
        raise FormatError("holds binary data, not a table", source=source.name)
    values: list[float] = []
    for i, line in enumerate(decode(data).splitlines(), start=1):
        cells = line.split("\t")
        if len(cells) != count:
            raise FormatError(f"{len(cells)} cells where the sidecar has {count} columns",
                              source=source.name, line=i)  # fmt: skip
        try:
            values.append(float(cells[at]))
        except ValueError:
            raise FormatError(f"{shown(cells[at])} is no number (n/a is not read)",
                              source=source.name, line=i) from None  # fmt: skip
    return np.array(values, dtype=np.float64)


def _marked(
    values: Float,
    interval: Float | None,
    rate: float,
    begin_s: float,
    options: ReadOptions,
    source: str,
) -> RRSeries:
    """Intervals between samples marked 1; where `interval` is 0 at a beat, it ends a gap."""
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise FormatError(f"{values[row]:g} is neither 0 nor 1", source=source, line=row + 1)
    at = np.flatnonzero(values)
    if at.size < 3:
        raise FormatError(f"marks {at.size} beats; at least three are needed", source=source)
    rr_ms = np.diff(at) * 1000.0 / rate
    kept = rr_ms <= RR_MAX_MS
    if interval is not None:
        kept &= interval[at[1:]] == 1
    if not kept.any():
        raise FormatError("marks no two beats within 10 s", source=source)
    first = int(np.argmax(kept))
    start, says = aware_start(None, options, "")
    provenance = Provenance(
        source=source, format="bids_physio", unit=f"samples at {rate:g} Hz", clock=says,
        notes=(
            f"StartTime {begin_s:g} s: the first sample against the first volume",
            resolution_note(rate, refined=False),
        ),
    )  # fmt: skip
    return RRSeries.from_ms(
        rr_ms[kept], t_s=((at[1:] - at[first]) / rate)[kept], start=start, provenance=provenance
    )


FORMAT = Format(
    name="bids_physio",
    summary="BIDS *_physio.tsv.gz with sidecar: marked beats or ECG",
    suffixes=(".tsv.gz",),
    sniff=sniff,
    read=read,
    takes=("channel",),
)
