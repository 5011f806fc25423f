"""What every recording format shares: where bytes come from, what was read, the table entry."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from hrv.types import Float, RRSeries


@dataclass(frozen=True)
class Source:
    """A named place that bytes come from, with its neighbours.

    Parameters
    ----------
    name : str
        File name shown in messages and sniffed for clocks (no folder).
    path : Path or None
        Where it lies; None for bytes in memory.
    content : bytes or None
        The bytes themselves when there is no path.
    beside : mapping of str to bytes
        Siblings of bytes in memory, by name.
    """

    name: str
    path: Path | None = None
    content: bytes | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)

    def open(self) -> BinaryIO:
        """Open for reading, binary."""
        if self.path is not None:
            return self.path.open("rb")
        return io.BytesIO(self.content or b"")

    def sibling(self, name: str) -> Source | None:
        """Return the file called `name` beside this one, or None."""
        if self.path is None:
            found = self.beside.get(name)
            return None if found is None else Source(name, content=found, beside=self.beside)
        if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
            return None
        path = self.path.with_name(name)
        return Source(path.name, path) if path.is_file() else None


@dataclass(frozen=True)
class ReadOptions:
    """What the caller says instead of letting the reader decide.

    Parameters
    ----------
    unit : str or None
        Unit of the intervals: ``"ms"``, ``"s"`` or ``"1/1024 s"``.
    tz : str or None
        IANA zone of clock times that carry none.
    start : datetime or None
        Aware start for files without any clock.
    sampling_rate_hz : float or None
        For sample numbers and raw ECG.
    channel : str or None
        Name of the channel or stream, where a file holds more than one that could be meant.
    """

    unit: str | None = None
    tz: str | None = None
    start: datetime | None = None
    sampling_rate_hz: float | None = None
    channel: str | None = None


@dataclass(frozen=True, eq=False)
class ECG:
    """One channel of an electrocardiogram.

    Parameters
    ----------
    signal : float64[n]
        Samples, in `unit`.
    sampling_rate_hz : float
        Samples a second.
    start : datetime or None
        Aware moment of the first sample.
    channel : str
        Its name in the source.
    unit : str
        Unit of the samples, "" if the source names none.
    """

    signal: Float
    sampling_rate_hz: float
    start: datetime | None = None
    channel: str = ""
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Recording:
    """Everything one source gave.

    Parameters
    ----------
    rr : RRSeries or None
        The intervals; None where the file holds outcomes or events only.
    ecg : ECG or None
        The signal that the beats were found in, where the file holds one.
    events : DataFrame
        Columns ``subject, phase, kind, start, end``; empty if none.
    outcomes : DataFrame
        Columns ``subject, time, name, value``; empty if none.
    notes : tuple of str
        What was left out; for a recording with beats it stands in their provenance.
    """

    rr: RRSeries | None
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    ecg: ECG | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One row of `ingest.FORMATS`.

    Parameters
    ----------
    name : str
        Name for ``format=``.
    summary : str
        One line for help and catalogues.
    suffixes : tuple of str
        Usual file endings, for documentation only: bytes decide.
    sniff : callable
        ``(head: bytes, name: str) -> bool``; `head` is the first 4096 bytes.
    read : callable
        ``(Source, ReadOptions) -> Recording``.
    takes : tuple of str
        Options beyond `unit`, `tz` and `start` that it understands; others are refused.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, str], bool]
    read: Callable[[Source, ReadOptions], Recording]
    takes: tuple[str, ...] = ()
