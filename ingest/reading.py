"""Open any recording: find the format that claims it, read it, check what came out."""

from __future__ import annotations

import math
import sys
from datetime import datetime
from os import PathLike
from pathlib import Path

from hrv.errors import FormatError, InputError
from hrv.tables import pick
from hrv.types import RRSeries
from ingest import clock
from ingest.formats import FORMATS
from ingest.formats._unit import check_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

HEAD_BYTES = 4096
"""How much of a file the sniffers see."""


def read(
    path: str | PathLike[str] | Source,
    *,
    format: str | None = None,
    unit: str | None = None,
    tz: str | None = None,
    start: datetime | None = None,
    sampling_rate_hz: float | None = None,
    channel: str | None = None,
) -> RRSeries:
    """Read the RR intervals of a recording.

    Parameters
    ----------
    path : str, path-like or Source
        A file, ``"-"`` for standard input, or bytes in memory as a `Source`.
    format : str, optional
        Name of an `ingest.FORMATS` entry; default: the one that claims the bytes.
    unit : str, optional
        Unit of the numbers where the format leaves it open: ``"ms"``, ``"s"``, ``"1/1024 s"``.
    tz : str, optional
        IANA zone of clock times without zone; absolute times are shown in it.
    start : datetime, optional
        Aware moment of time zero (the first beat); wins over the file's clock.
    sampling_rate_hz : float, optional
        For sample numbers (``format="peaks"``) and for ECG whose file does not say it.
    channel : str, optional
        Name of the channel or stream, where a file holds more than one that could be meant.

    Returns
    -------
    RRSeries
        At least two intervals; `provenance` says which unit and clock were used and why.

    Raises
    ------
    InputError
        If an argument is wrong, the file does not exist, is a directory or cannot be opened.
    FormatError
        If it cannot be read; the message names the line and the value.
    """
    source = source_of(path)
    recording = open_recording(
        source, format=format, unit=unit, tz=tz, start=start,
        sampling_rate_hz=sampling_rate_hz, channel=channel,
    )  # fmt: skip
    return beats(recording, source.name)


def beats(recording: Recording, name: str) -> RRSeries:
    """Intervals of `recording`, read from the file `name`.

    Raises
    ------
    FormatError
        If it holds none.
    """
    if recording.rr is None:
        raise FormatError(
            f"holds no RR intervals{_holds(recording)}; open_recording() gives what it does hold",
            source=name,
        )
    return recording.rr


def open_recording(
    path: str | PathLike[str] | Source,
    *,
    format: str | None = None,
    unit: str | None = None,
    tz: str | None = None,
    start: datetime | None = None,
    sampling_rate_hz: float | None = None,
    channel: str | None = None,
) -> Recording:
    """Read everything that a recording holds: beats, ECG, events and outcomes.

    Parameters
    ----------
    path, format, unit, tz, start, sampling_rate_hz, channel
        As for `read`, with its errors.
    """
    options = _options(unit, tz, start, sampling_rate_hz, channel)
    source = source_of(path)
    with source.open() as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise FormatError("the file is empty", source=source.name)
    chosen = pick(format, FORMATS, "format") if format is not None else _claim(head, source.name)
    _check_taken(options, chosen, source.name)
    recording: Recording = _run(chosen, source, options)
    if recording.rr is not None and len(recording.rr) < 2:
        raise FormatError(
            "holds one RR interval; at least two (three beats) are needed", source=source.name
        )
    return recording


def _holds(recording: Recording) -> str:
    """Say what a recording without beats does hold."""
    held = [
        f"{len(table)} {what}"
        for table, what in ((recording.outcomes, "outcomes"), (recording.events, "events"))
        if len(table)
    ]
    return f" but {' and '.join(held)}" if held else ""


def _check_taken(options: ReadOptions, chosen: Format, name: str) -> None:
    for option in ("sampling_rate_hz", "channel"):
        if getattr(options, option) is not None and option not in chosen.takes:
            takers = ", ".join(f"{f.name!r}" for f in FORMATS if option in f.takes)
            raise InputError(f"{option}= is for format={takers}; {name} was read as {chosen.name}")


def sniffed(head: bytes, name: str) -> list[Format]:
    """Every format that claims the first bytes of a file of that name."""
    return [entry for entry in FORMATS if entry.sniff(head[:HEAD_BYTES], name)]


def _claim(head: bytes, name: str) -> Format:
    claims = sniffed(head, name)
    if len(claims) == 1:
        return claims[0]
    if claims:
        both = " and ".join(entry.name for entry in claims)
        raise FormatError(f"could be {both}; say which with format=", source=name)
    raise FormatError(
        "no known recording: neither lines of one or two numbers (RR text, Kubios) nor the "
        "marks of another format were found; if it is one, name it with format= "
        "(hrv catalogue formats lists them)", source=name
    )  # fmt: skip


def _run(chosen: Format, source: Source, options: ReadOptions) -> Recording:
    try:
        return chosen.read(source, options)
    except FormatError:
        raise
    except InputError as error:  # a value that only the series itself refuses
        if source.name in str(error):
            raise
        raise FormatError(str(error), source=source.name) from None


def _options(
    unit: str | None,
    tz: str | None,
    start: datetime | None,
    sampling_rate_hz: float | None,
    channel: str | None,
) -> ReadOptions:
    check_unit(unit)
    if tz is not None:
        clock.zone(tz)
    if start is not None and start.utcoffset() is None:
        if tz is None:
            raise InputError(
                f"start {start.isoformat()} has no time zone; give an aware datetime or tz="
            )
        start, _ = clock.localise(start, tz)
    if sampling_rate_hz is not None and not (
        math.isfinite(sampling_rate_hz) and sampling_rate_hz > 0
    ):
        raise InputError(f"sampling_rate_hz {sampling_rate_hz:g} must be a positive number")
    return ReadOptions(unit, tz, start, sampling_rate_hz, channel)


def source_of(path: str | PathLike[str] | Source) -> Source:
    """Name what was given as a source: a file, ``"-"`` for standard input, or one already."""
    if isinstance(path, Source):
        return path
    if path == "-":
        return Source("standard input", content=sys.stdin.buffer.read())
    return file_source(path)


def is_file(path: str | PathLike[str]) -> bool:
    """Whether there is such a file; a name that the system cannot have is none."""
    try:
        return Path(path).is_file()
    except OSError:  # too long
        return False


def file_source(path: str | PathLike[str]) -> Source:
    """Name a file as a source, with one sentence if there is none that can be opened."""
    file = Path(path)
    try:
        file.open("rb").close()
    except IsADirectoryError:
        raise InputError(f"{file} is a folder; name a file in it") from None
    except FileNotFoundError:
        raise InputError(f"{file} does not exist") from None
    except (OSError, ValueError) as error:  # no permission, a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{str(file)!r} cannot be opened: {why}") from None
    return Source(file.name, file)
