"""Which recordings a cohort has and whose they are: from a folder, a glob, a manifest or a URL."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from hrv.errors import FormatError, InputError
from ingest.cohort.places import Listed, Place, place, split_glob

COLUMNS = (
    "file", "study", "subject", "session", "condition", "format", "unit", "tz", "start",
    "sampling_rate_hz", "channel",
)  # fmt: skip
"""Columns a manifest may have; `file` is required, and names files from the manifest's folder."""
_IDENTITY = ("study", "subject", "session", "condition")
_BESIDE = re.compile(r"\.(dat|atr|qrs|ecg|xws)$|physio\.json$", re.I)
"""Files that others refer to: read with them, if the file of the same stem is there."""
_LEADS = {".dat": (".hea",), ".atr": (".hea",), ".qrs": (".hea",), ".ecg": (".hea",)}


@dataclass(frozen=True)
class Reading:
    """How recordings are to be read, where their bytes do not say; see `ingest.read`."""

    format: str | None = None
    unit: str | None = None
    tz: str | None = None
    start: str | None = None
    sampling_rate_hz: float | None = None
    channel: str | None = None

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `ingest.open_recording`."""
        start = None if self.start is None else datetime.fromisoformat(self.start)
        return {**vars(self), "start": start}


@dataclass(frozen=True)
class Item:
    """One recording of a cohort.

    Parameters
    ----------
    name : str
        Path below the input, with slashes; unique.
    parts : tuple of Listed
        Its file; several where one session of a Parquet dataset is cut in parts.
    study, subject, session, condition : str
        Whose it is; "" where nothing says.
    reading : Reading
        How to read it.
    """

    name: str
    parts: tuple[Listed, ...]
    study: str = ""
    subject: str = ""
    session: str = ""
    condition: str = ""
    reading: Reading = field(default_factory=Reading)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(part.size for part in self.parts)

    def told(self) -> dict[str, Any]:
        """Tell what its rows depend on beside its bytes, JSON-able."""
        return {
            "name": self.name,
            "parts": [part.name for part in self.parts],
            **{key: getattr(self, key) for key in _IDENTITY},
            "reading": vars(self.reading),
        }


@dataclass(frozen=True)
class Found:
    """The recordings of an input, by name.

    Parameters
    ----------
    place : str
        Path or URL that names are below.
    items : tuple of Item
        In order of name.
    """

    place: str
    items: tuple[Item, ...]


def find(
    source: str,
    *,
    reading: Reading | None = None,
    subject_pattern: str | None = None,
    apart_from: str = "",
) -> Found:
    """List the recordings of an input; their content is not looked at.

    Parameters
    ----------
    source : str
        A folder, a glob, a manifest CSV (columns of `COLUMNS`) or one file; local, or a URL.
        Folders named ``study=…``, ``subject=…``, ``session=…`` say whose the files in them are.
    reading : Reading, optional
        How to read them; a manifest may say otherwise line by line.
    subject_pattern : str, optional
        Regular expression; what it finds in a file's name below the input is its subject.
    apart_from : str
        Path or URL of the results: never part of the input.

    Returns
    -------
    Found

    Raises
    ------
    InputError
        If there is no such input, or nothing in it.
    """
    reading = reading or Reading()
    pattern = _pattern(subject_pattern)
    folder, wild = split_glob(source)
    if wild:
        where = place(folder)
        items = _grouped(where.matching(wild), where, reading, pattern, apart_from)
    else:
        parent, _, last = source.rstrip("/").rpartition("/")
        above = place(parent or ("/" if source.startswith("/") else "."))
        file = above.stat(last) if last else None
        if file is not None and above.path(last) is not None and not _is_file(above, last):
            file = None
        if file is None:
            where = place(source)
            items = _grouped(where.files(), where, reading, pattern, apart_from)
        elif last.lower().endswith(".csv") and "file" in _header(above, last):
            where, items = above, _manifest(above, last, reading)
        else:
            where, items = above, [_item(file.name, (file,), reading, pattern)]
    if not items:
        raise InputError(
            f"{source}: no file is there; give a folder, a glob such as 'data/*.txt', a manifest "
            "CSV with a column file, or a URL"
        )
    return Found(where.url, tuple(sorted(items, key=lambda item: item.name)))


def _is_file(where: Place, name: str) -> bool:
    path = where.path(name)
    return path is None or path.is_file()


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise InputError(f"the pattern {text!r} is no regular expression ({error})") from None


def _grouped(
    listed: Iterable[Listed],
    where: Place,
    reading: Reading,
    pattern: re.Pattern[str] | None,
    apart_from: str,
) -> list[Item]:
    """Make one item a file; the parts of one session of a Parquet dataset are one item."""
    inside = _below(apart_from, where.url)
    files = {
        file.name: file for file in listed if inside is None or not file.name.startswith(inside)
    }
    kept = sorted(name for name in files if not _is_beside(name, files))
    groups: dict[str, list[Listed]] = {}
    for name in kept:
        leaf = PurePosixPath(name).parent
        whole = leaf.name.startswith("session=") and name.endswith(".parquet")
        groups.setdefault(f"{leaf.as_posix()}/" if whole else name, []).append(files[name])
    return [
        _item(key if len(parts) > 1 else parts[0].name, tuple(parts), reading, pattern)
        for key, parts in groups.items()
    ]


def _below(inner: str, outer: str) -> str | None:
    """Path of the folder `inner` below `outer` with a slash, or None if it lies elsewhere."""
    if not inner:
        return None
    inner, outer = place(inner).url.rstrip("/"), outer.rstrip("/")
    return f"{inner[len(outer) + 1 :]}/" if inner.startswith(f"{outer}/") else None


def _is_beside(name: str, files: Mapping[str, Listed]) -> bool:
    if not _BESIDE.search(name):
        return False
    stem, suffix = name.rsplit(".", 1)
    leads = _LEADS.get(f".{suffix.lower()}", (".tsv", ".tsv.gz"))
    return any(stem + lead in files for lead in leads)


def _item(
    name: str, parts: tuple[Listed, ...], reading: Reading, pattern: re.Pattern[str] | None
) -> Item:
    """Tell whose a file is: by ``key=value`` folders, the pattern, its folder, or its own name."""
    path = PurePosixPath(name)
    said = dict(part.split("=", 1) for part in path.parts if "=" in part)
    told = {key: unquote(said[key]) for key in _IDENTITY if key in said}
    if "subject" not in told and pattern is not None:
        match = pattern.search(name)
        told["subject"] = match[0] if match else ""
    if "subject" not in told:
        above = path.parent.name.rpartition("=")[2]
        told["subject"] = unquote(above) or path.name.partition(".")[0]
    told.setdefault("session", name)
    return Item(name, parts, **told, reading=reading)


def _header(where: Place, name: str) -> list[str]:
    lines = _text(where, name).splitlines()
    return [cell.strip() for cell in next(csv.reader(lines[:1]), [])]


def _text(where: Place, name: str) -> str:
    try:
        return where.read(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("is no text; a manifest is CSV in UTF-8", source=name) from None


def _manifest(where: Place, name: str, reading: Reading) -> list[Item]:
    table = csv.DictReader(io.StringIO(_text(where, name)))
    columns = [str(column).strip() for column in table.fieldnames or ()]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise FormatError(
            f"unknown column {', '.join(unknown)}; a manifest has {', '.join(COLUMNS)}", source=name
        )
    items: list[Item] = []
    lines: dict[str, int] = {}
    for row in table:
        line = table.line_num
        given = {str(k).strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}
        file = given.pop("file", "")
        if not file:
            raise FormatError("names no file", source=name, line=line)
        if file in lines:
            raise FormatError(
                f"{file} stands in line {lines[file]} too; list each recording once",
                source=name, line=line,
            )  # fmt: skip
        lines[file] = line
        # a file that is not there is a failure of that recording, not of the run
        listed = where.stat(file) or Listed(file, 0, "missing")
        own = {key: value for key, value in given.items() if value}
        told: dict[str, Any] = {key: own.pop(key) for key in _IDENTITY if key in own}
        item = _item(file, (listed,), _told_reading(reading, own, name, line), None)
        items.append(replace(item, **told))
    return items


def _told_reading(reading: Reading, own: Mapping[str, str], name: str, line: int) -> Reading:
    values: dict[str, Any] = dict(own)
    try:
        if "sampling_rate_hz" in values:
            values["sampling_rate_hz"] = float(values["sampling_rate_hz"])
        if "start" in values:
            datetime.fromisoformat(values["start"])
    except ValueError as error:
        raise FormatError(str(error), source=name, line=line) from None
    return replace(reading, **values)
