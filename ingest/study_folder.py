"""The folder of a study that recordings are brought into: its files, its logs, what is there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from hrv.errors import InputError, StorageError
from hrv.types import RRSeries
from ingest.columns import DOSE_COLUMNS, EVENT_COLUMNS, OUTCOME_COLUMNS, PHASE_COLUMNS
from ingest.documents import parse_toml
from ingest.durable import make_folder, write_file
from ingest.events import read_doses, read_events, read_phases
from ingest.formats._write_text import write_text
from ingest.logs import spelled, write_rows
from ingest.outcomes import read_outcomes

INDEX, MANIFEST, RECORDINGS = "imported.csv", "recordings.csv", "recordings"
_INDEX_COLUMNS = ("sha256", "file", "recording", "subject", "start", "end", "beats")
_STUDY = """\
# Made by hrv import.  Before `hrv compare`, say in phases.csv when each person was on or off
# (subject,start,stop,condition), in events.csv what the stressors were (kind "stress"), and
# declare the endpoint and the wash-in here; `hrv demo` shows a whole study.
title = {title}
{tz}
[design]
conditions = ["off", "on"]
phases = "phases.csv"

[data]
recordings = "recordings.csv"
events = "events.csv"
doses = "doses.csv"
outcomes = "outcomes.csv"
"""


@dataclass(frozen=True)
class Log:
    """One kind of table that a study keeps.

    Parameters
    ----------
    name : str
        Key in ``[data]`` or ``[design]``.
    columns : tuple of str
        Of a new file.
    read : callable
        Its reader, which checks it.
    key : tuple of str
        Columns that tell a row from every other.
    span : tuple of str
        Begin and end, where rows of one person must not overlap; else empty.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[..., pd.DataFrame]
    key: tuple[str, ...]
    span: tuple[str, ...] = ()


LOGS = (
    Log("events", EVENT_COLUMNS, read_events, EVENT_COLUMNS, ("start", "end")),
    Log("phases", PHASE_COLUMNS, read_phases, ("subject", "start", "stop", "condition"),
        ("start", "stop")),
    Log("doses", DOSE_COLUMNS, read_doses, DOSE_COLUMNS),
    Log("outcomes", OUTCOME_COLUMNS, read_outcomes, ("subject", "time", "name")),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the index: a recording of the study and the file it came from."""

    sha256: str
    file: str
    recording: str = ""
    subject: str = ""
    start: str = ""
    end: str = ""
    beats: str = ""  #: as `ingest.align.beats_hash` gives it


@dataclass
class StudyFolder:
    """A study on disk, to which things are added.

    Parameters
    ----------
    path : Path
        The folder.
    tz : str or None
        Zone of the study.
    dry_run : bool
        Write nothing.
    """

    path: Path
    tz: str | None = None
    dry_run: bool = False
    entries: list[Entry] = field(default_factory=list)
    _data: dict[str, Any] = field(default_factory=dict)
    _logs: dict[str, pd.DataFrame] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, path: str | Path, *, tz: str | None, dry_run: bool) -> StudyFolder:
        """Open a folder, made by an earlier import, by hand, or not there yet.

        Raises
        ------
        InputError
            If its study file or index cannot be read, or the folder cannot be written.
        """
        study = cls(Path(path), tz, dry_run)
        study._data = _study_file(study.path / "study.toml")
        study.tz = tz or study._data.get("tz")
        study.entries = _index(study.path / INDEX)
        study._known = {entry.sha256 for entry in study.entries}
        if not dry_run:
            try:
                make_folder(study.path)
            except OSError as error:
                raise StorageError(f"cannot make {study.path}: {error.strerror}") from None
        return study

    @property
    def subject(self) -> str | None:
        """Whose recordings without a name of their own are, by the study file."""
        given = self._data.get("data", {}).get("subject")
        return None if given is None else str(given)

    @property
    def finished(self) -> bool:
        """True if the study file is there."""
        return (self.path / "study.toml").exists()

    def check_subject(self, subject: str) -> None:
        """Refuse a person whom the study file could not tell from others.

        Raises
        ------
        InputError
            If the study names its recordings by a pattern that does not fit.
        """
        named = self._data.get("data", {}).get("recordings")
        if named is None or str(named).endswith(".csv"):
            return
        fits = PurePosixPath(f"{RECORDINGS}/a.txt").match(str(named))
        if self.subject != subject or not fits:
            raise InputError(
                f"{self.path / 'study.toml'} names its recordings by the pattern {named!r}, which "
                f'cannot say that new ones are of {subject}; put recordings = "{MANIFEST}" there, '
                "a table with the columns file,subject"
            )

    def knows(self, sha256: str) -> bool:
        """Tell whether a file with these bytes was imported before."""
        return sha256 in self._known

    def add_recording(self, rr: RRSeries, name: str) -> None:
        """Write a recording as lossless text; `list_recordings` makes it one of the study's."""
        if self.dry_run:
            return
        folder = self.path / RECORDINGS
        text = io.StringIO()
        write_text(rr, text)
        try:
            make_folder(folder)
            write_file(folder / name, text.getvalue().encode())
        except OSError as error:
            raise StorageError(f"cannot write {folder / name}: {error.strerror}") from None

    def list_recordings(self, names: Iterable[str], subject: str) -> None:
        """Add recordings to the manifest, each once; a pattern in the study finds them itself."""
        manifest = self.path / str(self._data.get("data", {}).get("recordings", MANIFEST))
        if self.dry_run or manifest.suffix != ".csv":
            return
        lines = [{"file": f"{RECORDINGS}/{name}", "subject": subject} for name in names]
        _append(manifest, ("file", "subject"), lines, once="file")

    def add_rows(self, log: Log, table: pd.DataFrame) -> tuple[int, list[str]]:
        """Add rows to a log, each once.

        Returns
        -------
        int, list of str
            Rows added, and why others were not: they contradict a row that is there.
        """
        there = self.rows(log)
        seen = {_key(log, row): row for row in _records(there)}
        spans = [row for row in seen.values() if _lasts(log, row)]
        fresh, refused = [], []
        for row in _records(table):
            key = _key(log, row)
            if key in seen:
                continue
            other = _clash(log, row, spans) if _lasts(log, row) else None
            if other is not None:
                refused.append(
                    f"{_says(log, row)} overlaps {_says(log, other)}, which is there already"
                )
                continue
            seen[key] = row
            fresh.append(row)
            if _lasts(log, row):
                spans.append(row)
        if fresh:
            self._write_rows(log, fresh)
            more = pd.DataFrame(fresh, dtype=object)
            self._logs[log.name] = more if there.empty else pd.concat(
                [there.astype(object), more], ignore_index=True)  # fmt: skip
        return len(fresh), refused

    def _path(self, log: Log) -> Path:
        section = "design" if log.name == "phases" else "data"
        return self.path / str(self._data.get(section, {}).get(log.name, f"{log.name}.csv"))

    def rows(self, log: Log) -> pd.DataFrame:
        """Rows that a log holds."""
        if log.name not in self._logs:
            path = self._path(log)
            there = log.read(path, tz=self.tz) if path.exists() else pd.DataFrame()
            self._logs[log.name] = there
        return self._logs[log.name]

    def _write_rows(self, log: Log, rows: Iterable[Mapping[str, Any]]) -> None:
        if not self.dry_run:
            lines = [{k: spelled(v) for k, v in row.items()} for row in rows]
            _append(self._path(log), log.columns, lines)

    def note(self, entries: Iterable[Entry]) -> None:
        """Remember what was imported; last of all, so that a crash repeats rather than loses."""
        entries = list(entries)
        self.entries += entries
        self._known.update(entry.sha256 for entry in entries)
        if not self.dry_run:
            _append(self.path / INDEX, _INDEX_COLUMNS, [vars(entry) for entry in entries])

    def finish(self, title: str) -> list[str]:
        """Make the study file, and every table it names; return what is left to the user."""
        path = self.path / "study.toml"
        if self.dry_run:
            return []
        if not path.exists():
            for log in LOGS:  # first the tables, then the file that names them
                if not self._path(log).exists():
                    write_rows([list(log.columns)], self._path(log))
            zone = f"tz = {json.dumps(self.tz)}\n" if self.tz else ""
            try:
                write_file(path, _STUDY.format(title=json.dumps(title), tz=zone).encode())
            except OSError as error:
                raise StorageError(f"cannot write {path}: {error.strerror}") from None
            self._data = _study_file(path)
        unnamed = [
            f'add {log.name} = "{log.name}.csv" to [{section}] of {path}'
            for log in LOGS
            for section in ["design" if log.name == "phases" else "data"]
            if self._path(log).exists() and log.name not in self._data.get(section, {})
        ]
        return unnamed


def _study_file(path: Path) -> dict[str, Any]:
    try:
        content = parse_toml(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); mend it first") from None
    for section in ("data", "design"):
        if not isinstance(content.get(section, {}), dict):
            raise InputError(f"{path}: [{section}] must be a table of keys")
    return content


def _index(path: Path) -> list[Entry]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            if table.fieldnames != list(_INDEX_COLUMNS):
                raise InputError(f"{path} is not the index that hrv import wrote; move it away")
            return [Entry(**{c: row.get(c) or "" for c in _INDEX_COLUMNS}) for row in table]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}); mend or delete it") from None


def _append(
    path: Path, columns: tuple[str, ...], lines: list[dict[str, str]], *, once: str = ""
) -> None:
    """Append lines, all or none, to a CSV file under its head; `once`: a column of unique cells.

    A column that the file lacks and a line needs is added to the file.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        rows = list(csv.reader(text.splitlines()))
        head = [cell.strip().lower() for cell in rows[0]] if rows else list(columns)
        if once:
            there = {row[head.index(once)] for row in rows[1:] if len(row) == len(head)}
            lines = [line for line in lines if line[once] not in there]
        used = dict.fromkeys(c for line in lines for c, cell in line.items() if cell)
        more = [column for column in used if column not in head]
        fresh = [[line.get(column, "") for column in (*head, *more)] for line in lines]
        if more and rows:
            padding = [""] * len(more)
            write_rows([[*head, *more], *([*row, *padding] for row in rows[1:]), *fresh], path)
            return
        added = io.StringIO()
        if rows and not text.endswith(("\n", "\r")):
            added.write("\n")
        csv.writer(added, lineterminator="\n").writerows(
            fresh if rows else [[*head, *more], *fresh]
        )
        write_file(path, (path.read_bytes() if rows else b"") + added.getvalue().encode())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot write {path}: {error}") from None


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _key(log: Log, row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_plain(row.get(column, "")) for column in log.key)


def _plain(value: object) -> str:
    if value is pd.NaT or not isinstance(value, datetime):
        return spelled(value)
    return repr(value.timestamp())


def _lasts(log: Log, row: Mapping[str, Any]) -> bool:
    return bool(log.span) and row[log.span[0]] != row[log.span[1]]


def _clash(
    log: Log, row: Mapping[str, Any], spans: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Find a span of the same person that overlaps, both of one sort of time."""
    begin, end = log.span
    for other in spans:
        if other["subject"] != row["subject"] or (
            isinstance(other[begin], datetime) != isinstance(row[begin], datetime)
        ):
            continue
        if other[begin] < row[end] and row[begin] < other[end]:
            return other
    return None


def _says(log: Log, row: Mapping[str, Any]) -> str:
    what = row.get("phase") or row.get("condition") or ""
    return f"{what!r} ({spelled(row[log.span[0]])} to {spelled(row[log.span[1]])})"
