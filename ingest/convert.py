"""Write a recording in another format, and say what the target cannot hold."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hrv.errors import HRVError, InputError, StorageError
from hrv.tables import pick
from hrv.types import RRSeries
from ingest.durable import write_file
from ingest.formats.base import Source
from ingest.reading import read
from ingest.writers import WRITERS, Writer, Written

_SAME_S = 1e-9
_SAME_MS = 1e-9


def convert(
    series: RRSeries, target: str | Path, *, to: str | None = None, replace: bool = False
) -> tuple[list[Path], tuple[str, ...]]:
    """Write a series to a file, with the files that belong beside it.

    Parameters
    ----------
    series : RRSeries
        What to write.
    target : str or Path
        Where to; ``"-"`` is standard output, for formats of one file.
    to : str, optional
        Name of an `ingest.WRITERS` entry; default: the first whose ending the target has.
    replace : bool
        Replace files that exist; otherwise they are an error.

    Returns
    -------
    list of Path
        The files written, the recording first.
    tuple of str
        What was lost on the way, one sentence each, found by reading the bytes again.

    Raises
    ------
    InputError
        If the format cannot be told, the series lacks what it needs, or a file exists or
        cannot be written.
    """
    target = Path(target)
    writer = pick(to, WRITERS, "target format") if to else _by_ending(target)
    written = writer.write(series)
    if str(target) == "-":
        return _to_stdout(writer, written), (*lost(series, writer, written), *written.lacks)
    paths = _paths(target, writer, written.files)
    existing = next((path for path in paths if path.exists()), None)
    if existing is not None and not replace:
        raise InputError(f"{existing} exists; name another file, or say --force to replace it")
    missing = lost(series, writer, written)
    try:
        for path, data in zip(paths, written.files.values(), strict=True):
            write_file(path, data)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}") from None
    return paths, (*missing, *written.lacks)


def _by_ending(target: Path) -> Writer:
    """Find the format with the longest ending that the name has; of equal ones, the first."""
    found = [writer for writer in WRITERS if target.name.lower().endswith(writer.suffix)]
    if found:
        return max(found, key=lambda writer: len(writer.suffix))
    names = ", ".join(writer.name for writer in WRITERS)
    raise InputError(
        f"the ending of {str(target)!r} does not say which format is meant; say --to with one of "
        f"{names}"
    )


def _paths(target: Path, writer: Writer, files: Mapping[str, bytes]) -> list[Path]:
    if len(files) > 1 and not target.name.endswith(writer.suffix):
        raise InputError(f"the name of a {writer.name} file must end in {writer.suffix}")
    stem = target.name.removesuffix(writer.suffix)
    return [target, *(target.with_name(stem + ending) for ending in list(files)[1:])]


def _to_stdout(writer: Writer, written: Written) -> list[Path]:
    if len(written.files) > 1:
        raise InputError(f"{writer.name} is several files; name one instead of -")
    if sys.stdout.isatty() and writer.name == "parquet":
        raise InputError("Parquet is binary: name a file, or pipe it on")
    sys.stdout.buffer.write(next(iter(written.files.values())))
    return []


def lost(series: RRSeries, writer: Writer, written: Written) -> tuple[str, ...]:
    """Read written bytes again and say in what they differ from the series.

    Parameters
    ----------
    series : RRSeries
        What was written.
    writer : Writer
        By which.
    written : Written
        What it gave.

    Returns
    -------
    tuple of str
        One sentence for each thing that does not come back; empty if all does.
    """
    names = {f"again{ending}": data for ending, data in written.files.items()}
    name, data = next(iter(names.items()))
    try:
        again = read(Source(name, content=data, beside=names), format=writer.format)
    except HRVError as error:  # only a series that no file of this format can be
        return (f"everything: it cannot be read again ({error})",)
    return (*_values(series, again), *_about(series, again))


def _values(series: RRSeries, again: RRSeries) -> list[str]:
    if len(again) != len(series):
        return [f"{len(series) - len(again)} of {len(series)} intervals"]
    says = []
    for what, before, after, tolerance in (
        ("intervals were rounded", series.rr_ms, again.rr_ms, _SAME_MS),
        ("beat times were rounded", (series.t_s - series.begin_s[0]) * 1000,
         (again.t_s - again.begin_s[0]) * 1000, _SAME_S * 1000),
    ):  # fmt: skip
        worst_ms = float(np.abs(before - after).max())
        if worst_ms > tolerance:
            says.append(f"{what}, by up to {worst_ms:.3g} ms")
    flags = int((series.flag != again.flag).sum())
    if flags:
        says.append(f"the flags of {flags} intervals")
    return says


def _about(series: RRSeries, again: RRSeries) -> list[str]:
    says = []
    if series.start is not None and again.start is None:
        says.append(f"the moment of the first beat ({series.start.isoformat()})")
    elif series.start is not None and again.start is not None:
        zero_s = float(again.begin_s[0] - series.begin_s[0])
        off_s = (again.start - series.start).total_seconds() + zero_s
        if abs(off_s) > 1e-6:
            says.append(f"{abs(off_s):.3g} s of the moment of the first beat")
        zone = getattr(series.start.tzinfo, "key", None)
        if zone and getattr(again.start.tzinfo, "key", None) != zone:
            says.append(f"the name of the zone ({zone}); its offset is kept")
    device = series.provenance.device
    if device and again.provenance.device != " ".join(device.split()):
        says.append(f"the device ({device})")
    return says
