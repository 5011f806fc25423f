"""PhysioNet (WFDB): annotations of beats, or a record whose R peaks are found."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from hrv.errors import FormatError, HRVError, MissingExtraError
from hrv.types import RR_MAX_MS, Flag, Int, Provenance, RRSeries
from ingest.formats._ecg import first_peak, resolution_note, to_series
from ingest.formats._lines import decode, head_lines, is_binary, shown
from ingest.formats._options import aware_start
from ingest.formats.base import ECG, Format, ReadOptions, Recording, Source

ANNOTATORS = ("atr", "qrs", "ecg")
"""Endings of annotation files, the reference first."""
_RECORD = re.compile(
    r"""(?P<name>[\w-]+)(?P<segments>/\d+)?[ ](?P<signals>\d{1,4})
    (?:[ ](?P<rate>[\d.]+(?:[eE][+-]?\d+)?)(?:/[\d.()e+-]+)?
    (?:[ ](?P<samples>\d{1,12})(?:[ ](?P<time>[\d:.]+)(?:[ ](?P<date>[\d/]+))?)?)?)?\s*""",
    re.VERBOSE,
)
_FILE = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_NORMAL = frozenset("NLRB/f")
_ECTOPIC = frozenset("AaJSVrFejnE")
_DISTURBED = frozenset("[]!|")  # flutter, fibrillation, an artefact that looks like a beat
_SILENT = frozenset("+~|s!\"=pt()@*DTxu`'^[]")


def sniff(head: bytes, name: str) -> bool:
    """Claim a header by its ending and first line, annotations by their ending and being binary."""
    _, _, ending = name.lower().rpartition(".")
    if ending == "hea":
        lines = [line for line in head_lines(head) if not line.startswith("#")]
        return bool(lines) and _RECORD.fullmatch(lines[0]) is not None
    return ending in ANNOTATORS and _is_annotation(head)


def _is_annotation(head: bytes) -> bool:
    """Tell whether the first words hold annotation codes (upper six bits up to 49, or 59-63)."""
    if len(head) < 4:
        return False
    codes = [byte >> 2 for byte in head[1:12:2]]
    return codes[0] <= 49 or codes[0] >= 59


@dataclass(frozen=True)
class _Header:
    rate_hz: float
    start: datetime | None
    files: tuple[str, ...]


def read(source: Source, options: ReadOptions) -> Recording:
    """Read beats from annotations, or find R peaks in the signal.

    A header (``.hea``) is read with the annotations beside it (``.atr``, ``.qrs``, ``.ecg``);
    where there are none, or `channel` names a signal, R peaks are found in the ECG.
    Intervals at an ectopic beat carry `Flag.ECTOPIC`, at an unclassified one `Flag.SUSPECT`.

    Parameters
    ----------
    source : Source
        An annotation or header file; its siblings hold the rest.
    options : ReadOptions
        `sampling_rate_hz` for annotations without a header, `channel` for the name of a
        signal, `tz` for the zone of the header's time.

    Raises
    ------
    MissingExtraError
        If wfdb is not installed.
    FormatError
        If a file is missing or damaged.
    """
    stem, _, ending = source.name.rpartition(".")
    if ending.lower() != "hea":
        return Recording(_beats(source, stem, ending, options))
    if options.channel is None:
        for annotator in ANNOTATORS:
            beside = source.sibling(f"{stem}.{annotator}")
            if beside is not None:
                return Recording(_beats(beside, stem, annotator, options))
    return _signal(source, stem, options)


def _wfdb() -> ModuleType:
    try:
        import wfdb
    except ImportError:
        raise MissingExtraError("formats", "read PhysioNet records") from None
    return wfdb  # type: ignore[no-any-return]


def _header(source: Source | None) -> _Header | None:
    """First line and signal files of a header; None without one."""
    if source is None:
        return None
    with source.open() as file:
        data = file.read(1 << 20)
    if is_binary(data):
        raise FormatError("holds binary data, not a header", source=source.name)
    lines = [line.strip() for line in decode(data).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    match = _RECORD.fullmatch(lines[0]) if lines else None
    if match is None or match["segments"]:
        what = "is a record of several segments; read them one by one" if match else (
            "its first line is no WFDB record line")  # fmt: skip
        raise FormatError(what, source=source.name, line=1)
    signals = lines[1 : 1 + int(match["signals"])]
    if len(signals) != int(match["signals"]):
        raise FormatError(f"names {match['signals']} signals but describes {len(signals)}: it "
                          "was cut short", source=source.name)  # fmt: skip
    files = tuple(dict.fromkeys(line.split()[0] for line in signals))
    try:
        rate = float(match["rate"] or 250)
        start = None
        if match["time"] and match["date"]:
            time, _, _ = match["time"].partition(".")
            start = datetime.strptime(f"{match['date']} {time}",
                                      "%d/%m/%Y %H:%M:%S")  # fmt: skip
    except ValueError:
        raise FormatError(f"{shown(lines[0])} holds a number or time that is none",
                          source=source.name, line=1) from None  # fmt: skip
    if not 0 < rate < 1e6:
        raise FormatError(f"a rate of {rate:g} Hz is none", source=source.name, line=1)
    return _Header(rate, start, files)


@contextmanager
def _folder(*sources: Source) -> Iterator[Path]:
    """Copy just these files to a folder of their own: the decoder can reach nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            with source.open() as file:
                (Path(folder) / source.name).write_bytes(file.read())
        yield Path(folder)


def _beats(source: Source, stem: str, annotator: str, options: ReadOptions) -> RRSeries:
    header = _header(source.sibling(f"{stem}.hea"))
    found = _annotations(source, stem, annotator)
    rate = header.rate_hz if header else options.sampling_rate_hz or float(found.fs or 0)
    if not rate:
        raise FormatError(
            f"has no header {stem}.hea beside it; say sampling_rate_hz=", source=source.name
        )
    beats = _classified(found, source.name)
    rr_ms = np.diff(beats.sample) * (1000.0 / rate)
    kept = rr_ms <= RR_MAX_MS
    start, says = _start(header, options, float(beats.sample[0]) / rate)
    gaps = int((~kept).sum())
    lost = (f"{gaps} distances over 10 s are gaps, not intervals",) if gaps else ()
    provenance = Provenance(
        source=source.name, format="wfdb", unit=f"samples at {rate:g} Hz", clock=says,
        notes=(*beats.notes, *lost, resolution_note(rate, refined=False)),
    )  # fmt: skip
    return RRSeries.from_ms(
        rr_ms[kept], t_s=((beats.sample[1:] - beats.sample[0]) / rate)[kept], start=start,
        flag=beats.flag[kept], provenance=provenance,
    )  # fmt: skip


@dataclass(frozen=True)
class _Beats:
    sample: Int  #: [n] positions
    flag: Int  #: [n - 1] flags of the intervals between
    notes: tuple[str, ...]


def _classified(found: Any, source: str) -> _Beats:
    """Tell beats from other annotations and flag the intervals that they begin and end.

    A symbol that is not in the tables is taken as a doubtful beat, and named.
    """
    texts = [text if isinstance(text, str) and text else "unknown" for text in found.symbol]
    beat = np.array([text not in _SILENT for text in texts], dtype=bool)
    if beat.sum() < 3:
        raise FormatError(
            f"holds {int(beat.sum())} beats; at least three are needed", source=source
        )
    every = np.asarray(found.sample, dtype=np.int64)
    sample = every[beat]
    if (np.diff(sample) <= 0).any():
        at = int(np.argmax(np.diff(sample) <= 0)) + 1
        raise FormatError(
            f"beat {at + 1} (sample {sample[at]}) does not come after the one before it",
            source=source,
        )
    of_beat = np.array([
        Flag.ECTOPIC if text in _ECTOPIC else 0 if text in _NORMAL else Flag.SUSPECT
        for text in texts if text not in _SILENT
    ], dtype=np.int64)  # fmt: skip
    flag = of_beat[1:] | of_beat[:-1]
    disturbed = every[[text in _DISTURBED for text in texts]]
    inside = disturbed[(disturbed > sample[0]) & (disturbed < sample[-1])]
    flag[np.searchsorted(sample, inside) - 1] |= int(Flag.SUSPECT)
    counts = Counter(texts)
    kinds = {True: "beats annotated", False: "annotations that are no beats left out:"}
    notes = []
    for is_beat, says in kinds.items():
        some = ", ".join(f"{t} {n}x" for t, n in sorted(counts.items())
                         if (t not in _SILENT) is is_beat)  # fmt: skip
        if some:
            notes.append(f"{says} {some}")
    return _Beats(sample, flag, tuple(notes))


def _start(
    header: _Header | None, options: ReadOptions, first_s: float
) -> tuple[datetime | None, str]:
    moment = header.start + timedelta(seconds=first_s) if header and header.start else None
    return aware_start(moment, options, "time of the header plus the first beat")


def _annotations(source: Source, stem: str, annotator: str) -> Any:
    wfdb = _wfdb()
    if not _FILE.fullmatch(source.name):
        raise FormatError("its name is none that WFDB uses; rename it", source=source.name)
    with source.open() as file:
        if file.read()[-2:] != b"\0\0":
            raise FormatError("does not end as annotations do: it was cut short; copy it again",
                              source=source.name)  # fmt: skip
    try:
        with _folder(source) as folder:
            return wfdb.rdann(str(folder / stem), annotator)
    except HRVError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error) or type(error).__name__
        raise FormatError(f"is a damaged annotation file ({shown(why)}); copy it again",
                          source=source.name) from error  # fmt: skip


def _signal(source: Source, stem: str, options: ReadOptions) -> Recording:
    wfdb = _wfdb()
    header = _header(source)
    assert header is not None
    parts = [source]
    for name in header.files:
        beside = source.sibling(name) if _FILE.fullmatch(name) else None
        if beside is None:
            raise FormatError(f"names the signal file {shown(name)}, which is not beside it",
                              source=source.name)  # fmt: skip
        parts.append(beside)
    try:
        with _folder(*parts) as folder:
            record = wfdb.rdrecord(str(folder / stem))
    except HRVError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error) or type(error).__name__
        raise FormatError(f"is a damaged record ({shown(why)}); copy it again",
                          source=source.name) from error  # fmt: skip
    names = [str(name) for name in record.sig_name or []]
    at = pick_channel(names, options.channel, source.name)
    signal = np.ascontiguousarray(record.p_signal[:, at], dtype=np.float64)
    start, says = first_peak(*aware_start(header.start, options, "time of the header"))
    ecg = ECG(signal, header.rate_hz, start, names[at], str((record.units or [""])[at]))
    provenance = Provenance(source=source.name, format="wfdb", clock=says)
    return Recording(to_series(ecg, provenance), ecg=ecg)


_LEAD = re.compile(r"\b(ecg|ekg|mlii|ml2|[iv]{1,3}|v\d|avr|avl|avf|mv\d|cc5|cm\d)\b", re.I)


def pick_channel(names: list[str], wanted: str | None, source: str) -> int:
    """Index of the channel that `wanted` names; without it the only, or first, ECG.

    Raises
    ------
    FormatError
        With the names to choose from.
    """
    if wanted is not None:
        if wanted not in names:
            raise FormatError(f"has no channel {wanted!r}; it has {', '.join(names)}",
                              source=source)  # fmt: skip
        return names.index(wanted)
    found = [i for i, name in enumerate(names) if _LEAD.search(name.replace("_", " "))]
    if not found:
        raise FormatError(
            f"none of its channels is called an ECG ({', '.join(names)}); say which with channel=",
            source=source,
        )
    return found[0]


FORMAT = Format(
    name="wfdb",
    summary="PhysioNet (WFDB): beat annotations, or a record (R peaks are found)",
    suffixes=(".hea", ".atr", ".qrs", ".ecg"),
    sniff=sniff,
    read=read,
    takes=("sampling_rate_hz", "channel"),
)
