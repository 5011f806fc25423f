"""Bring a whole folder of exports into a study: recordings, events and outcomes, each once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from hrv.errors import HRVError, InputError, StorageError
from hrv.types import Flag, RRSeries
from ingest.align import Overlap, beats_hash, shared
from ingest.events import read_tags
from ingest.formats._lines import head_lines
from ingest.formats._rows import names
from ingest.formats.base import Recording, Source
from ingest.inspect import content_hash
from ingest.reading import HEAD_BYTES, open_recording, read
from ingest.study_folder import LOGS, RECORDINGS, Entry, Log, StudyFolder
from ingest.tables import SEPARATORS
from ingest.unpack import Found, contents, plain_files
from ingest.watched import Watched

SESSION_GAP_S = 1800.0
"""More time without beats than this begins another session."""
MOST_COMPARED = 500
"""Overlapping pairs whose beats are compared."""
Progress = Callable[[int, int, str], None]
Seen = Callable[[str, Recording], None]
_BESIDE = re.compile(r"\.(hea|dat)$|physio\.json$", re.I)
_ANNOTATION = re.compile(r"\.(atr|qrs|ecg)$", re.I)
_TAGS = re.compile(r"(^|[_-])tags\.csv$", re.I)
_EVENTS = re.compile(r"(?<![ _-])[ _-]*events?$", re.I)


@dataclass
class Imported:
    """What became of the files of a folder.

    Parameters
    ----------
    recordings : list of str
        Recordings written into the study.
    clockless : list of str
        Those of them without a moment: they cannot be matched with phases or events.
    rows : dict of str to int
        Rows added to each log.
    known : list of str
        Files left out because their very bytes are in the study already.
    beside : list of str
        Files that belong to another one and were read with it.
    unread : list of (str, str)
        Files, or parts of them, that could not be read, and why.
    overlapping : list of Overlap
        Recordings of one person that cover the same time, at least one of them new.
    doubled : list of tuple of str
        Recordings with the very same intervals, at least one of them new.
    todo : list of str
        What is left to the user.
    """

    recordings: list[str] = field(default_factory=list)
    clockless: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    overlapping: list[Overlap] = field(default_factory=list)
    doubled: list[tuple[str, ...]] = field(default_factory=list)
    todo: list[str] = field(default_factory=list)


def import_folder(
    folder: str | Path,
    into: str | Path,
    *,
    subject: str | None = None,
    subject_pattern: str | None = None,
    tz: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    seen: Seen | None = None,
) -> Imported:
    """Read every file below a folder, and in zip files there, into a study.

    Recordings are written as lossless text, one a session (a gap of more than half an hour
    begins another) and listed in ``recordings.csv``; events, phases, doses and outcomes are
    added to the study's logs, each row once.  A file whose bytes were imported before is
    skipped, whatever it is called now.

    Parameters
    ----------
    folder : str or Path
        Where the exports lie; one file will do.
    into : str or Path
        Folder of the study; it is made if need be.
    subject : str, optional
        Whose they are; default: the study's own subject, else ``P01``.
    subject_pattern : str, optional
        Regular expression; what it finds in a file's name below the folder is its subject.
    tz : str, optional
        IANA zone of clock times without one; default: the study's.
    dry_run : bool
        Say what would be done, write nothing.
    progress : callable, optional
        Called with (bytes done, bytes in all, name of the file).
    seen : callable, optional
        Called with the name of each file that could be read and what was read.

    Returns
    -------
    Imported

    Raises
    ------
    InputError
        If the folder does not exist or the study cannot be read or written.
    """
    folder = Path(folder)
    if not folder.exists():
        raise InputError(f"{folder} does not exist")
    study = StudyFolder.open(into, tz=tz, dry_run=dry_run)
    run = _Run(study, _subjects(subject, subject_pattern, study), progress or _silent, seen)
    files = plain_files(folder, Path(into).resolve()) if folder.is_dir() else [folder]
    root = folder if folder.is_dir() else folder.parent
    run.total = sum(path.stat().st_size for path in files)
    for path in files:
        name = path.relative_to(root).as_posix()
        run.progress(run.done, run.total, name)
        for found in contents(path, name):
            run.take(found)
        run.done += path.stat().st_size
    run.take_logs()
    run.report.overlapping, run.report.doubled = run.overlaps(), run.doubled()
    fresh = run.report.recordings or any(run.report.rows.values())
    if fresh or (study.entries and not study.finished):  # an earlier run may have been cut off
        run.report.todo = [*study.finish(folder.resolve().name), *run.strangers()]
    return run.report


def _silent(done: int, total: int, name: str) -> None:
    del done, total, name


def _subjects(
    subject: str | None, pattern: str | None, study: StudyFolder
) -> Callable[[str], str | None]:
    """Return how to tell whose a file of some name is; None: its name does not say."""
    if pattern is None:
        whose = (subject or study.subject or "P01").strip()
        if not whose:
            raise InputError("whose recordings are these? give the subject")
        study.check_subject(whose)
        return lambda name: whose
    if subject is not None:
        raise InputError("give a subject or a pattern of subjects, not both")
    try:
        finder = re.compile(pattern)
    except re.error as error:
        raise InputError(f"the pattern {pattern!r} is no regular expression ({error})") from None

    def find(name: str) -> str | None:
        match = finder.search(name)
        return match[0] if match and match[0] else None

    return find


@dataclass
class _Run:
    """One import: where to, whose, what was found so far."""

    study: StudyFolder
    whose: Callable[[str], str | None]
    progress: Progress
    seen: Seen | None = None
    report: Imported = field(default_factory=Imported)
    total: int = 0
    done: int = 0
    waiting: list[tuple[str, str, str, Log | None, Source]] = field(default_factory=list)
    starts: dict[str, datetime] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    def take(self, found: Found) -> None:
        """Read one file; logs wait until every recording is known."""
        report, name = self.report, found.name
        if found.trouble:
            report.unread.append((name, found.trouble))
            return
        try:
            digest = content_hash(found.path)
            with found.path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            report.unread.append((name, f"cannot be opened ({error.strerror})"))
            return
        if self.study.knows(digest):
            report.known.append(name)
            return
        if _ANNOTATION.search(name) and found.path.with_suffix(".hea").exists():
            report.beside.append(name)  # the header reads it
            return
        subject, log = self.whose(name), log_of(head)
        if subject is None and log is None:
            report.unread.append((name, "its name does not say whose it is"))
            return
        if log is not None or _TAGS.search(found.path.name):
            source = Source(found.path.name, content=found.path.read_bytes())
            self.waiting.append((name, digest, subject or "", log, source))
            return
        assert subject is not None  # only a log may name its people itself
        try:
            source = Watched(found.path.name, found.path, tick=lambda n: self._tick(n, name))
            recording = open_recording(source, tz=self.study.tz)
        except HRVError as error:
            if _BESIDE.search(found.path.name):
                report.beside.append(name)
            else:
                report.unread.append((name, _reason(error, found.path.name)))
            return
        if self.seen is not None:
            self.seen(name, recording)
        self._keep(recording, found, digest, subject)

    def _tick(self, read_bytes: int, name: str) -> None:
        self.progress(min(self.done + read_bytes, self.total), self.total, name)

    def _keep(self, recording: Recording, found: Found, digest: str, subject: str) -> None:
        entries = []
        for part, number in () if recording.rr is None else _numbered(recording.rr):
            name = _name(part, found.path, digest, number)
            self.study.add_recording(part, name)
            self.report.recordings.append(name)
            self.fresh.add(name)
            if part.start is None:
                self.report.clockless.append(name)
            entry = Entry(digest, found.name, name, subject, *_span(part), beats_hash(part))
            entries.append(entry)
        self.study.list_recordings([entry.recording for entry in entries], subject)
        start = recording.rr.start if recording.rr is not None else None
        if start is not None:
            self.starts[found.name] = start
        for table, log in ((recording.events, LOGS[0]), (recording.outcomes, LOGS[3])):
            if len(table):
                self._rows(log, table, found.name, subject, start)
        self.study.note(entries or [Entry(digest, found.name, subject=subject)])

    def _rows(
        self, log: Log, table: pd.DataFrame, name: str, subject: str, start: datetime | None
    ) -> None:
        given = table["subject"] if "subject" in table else pd.Series("", index=table.index)
        table = table.assign(subject=[whose or subject for whose in given.fillna("")])
        nobody = table["subject"] == ""
        if nobody.any():
            why = f"{int(nobody.sum())} {log.name} have no subject, nor does the name of the file"
            self.report.unread.append((name, why))
            table = table[~nobody]
        if log.span:
            table, left = _on_clock(table, log.span, start)
            if left:
                why = (
                    f"{left} {log.name} are in seconds since the start of a recording whose "
                    "moment is not known (--tz may give it): they stay out of the study"
                )
                self.report.unread.append((name, why))
        added, refused = self.study.add_rows(log, table)
        self.report.rows[log.name] = self.report.rows.get(log.name, 0) + added
        self.report.unread += [(name, why) for why in refused]

    def take_logs(self) -> None:
        """Add the tables that lay beside the recordings; seconds count from the one they fit."""
        for name, digest, subject, log, source in self.waiting:
            try:
                if log is None:
                    table, log = read_tags(source, tz=self.study.tz, subject=subject), LOGS[0]
                else:
                    table = log.read(source, tz=self.study.tz, subject=subject)
                self._rows(log, table, name, subject, self._start_for(name))
            except StorageError:  # not the file's fault: nothing after it could be kept either
                raise
            except HRVError as error:
                self.report.unread.append((name, _reason(error, source.name)))
                continue
            self.study.note([Entry(digest, name, subject=subject)])

    def _start_for(self, name: str) -> datetime | None:
        """Moment of the recording that an events file belongs to: by name, or the only one."""
        path = PurePosixPath(name)
        stem = _EVENTS.sub("", path.stem)
        near = [n for n in self.starts if PurePosixPath(n).parent == path.parent]
        fits = [n for n in near if stem and PurePosixPath(n).stem == stem]
        if len(fits) == 1 or len(near) == 1:
            return self.starts[(fits or near)[0]]
        return None

    def overlaps(self) -> list[Overlap]:
        """Pairs of recordings of one person at the same time, at least one of them new."""
        found: list[Overlap] = []
        spans: dict[str, list[tuple[datetime, datetime, str]]] = {}
        for entry in self.study.entries:
            if entry.start and entry.recording:
                span = (datetime.fromisoformat(entry.start), datetime.fromisoformat(entry.end))
                spans.setdefault(entry.subject, []).append((*span, entry.recording))
        for each in spans.values():
            each.sort()
            longest = each[0]
            for one in each[1:]:
                if one[0] < longest[1] and {one[2], longest[2]} & self.fresh:
                    found.append(self._overlap(longest, one, compared=len(found) < MOST_COMPARED))
                longest = max(longest, one, key=lambda span: span[1])
        return found

    def doubled(self) -> list[tuple[str, ...]]:
        """List recordings with the very same intervals, at least one of them new."""
        by_beats: dict[str, list[str]] = {}
        for entry in self.study.entries:
            if entry.beats:
                by_beats.setdefault(entry.beats, []).append(entry.recording)
        return [tuple(n) for n in by_beats.values() if len(n) > 1 and self.fresh & set(n)]

    def _overlap(self, a: Any, b: Any, *, compared: bool) -> Overlap:
        seconds = (min(a[1], b[1]) - b[0]).total_seconds()
        folder = self.study.path / RECORDINGS
        paths = [folder / each[2] for each in (a, b)]
        if not compared or self.study.dry_run or not all(path.exists() for path in paths):
            return Overlap(a[2], b[2], seconds, float("nan"))
        return Overlap(a[2], b[2], seconds, shared(*(read(p, format="text") for p in paths)))

    def strangers(self) -> list[str]:
        """Say which people the logs name who have no recording."""
        people = {entry.subject for entry in self.study.entries if entry.recording}
        said = []
        for log in LOGS:
            table = self.study.rows(log)
            others = sorted(set(table["subject"]) - people - {""}) if len(table) else []
            if others and people:
                said.append(f"{log.name} name {', '.join(others[:5])}, whose recordings are not "
                            "in the study")  # fmt: skip
        return said


def _reason(error: HRVError, name: str) -> str:
    """Say why a file was not read, without its name, which stands in front already."""
    said = str(error).removeprefix(name).lstrip(":, ")
    if said.startswith("no known recording"):
        return "no known recording, events or outcomes"
    return said


def log_of(head: bytes) -> Log | None:
    """Tell which log of a study a table is, by the columns that its reader requires."""
    lines = [line for line in head_lines(head) if not line.startswith("#")]
    for separator in SEPARATORS:
        columns = set(names(lines[0], separator)) if lines else set()
        for log, required in (
            (LOGS[0], {"phase", "kind", "start", "end"}),
            (LOGS[1], {"start", "stop", "condition"}),
            (LOGS[2], {"time", "substance", "status"}),
            (LOGS[3], {"time", "name", "value"}),
        ):
            if required <= columns:
                return log
    return None


def _on_clock(
    table: pd.DataFrame, span: tuple[str, ...], start: datetime | None
) -> tuple[pd.DataFrame, int]:
    """Make seconds since the start moments; drop and count them where it is not known."""
    rows = table.to_dict("records")
    kept = []
    for row in rows:
        if not isinstance(row[span[0]], datetime):
            if start is None:
                continue
            for column in span:
                row[column] = start + timedelta(seconds=float(row[column]))
        kept.append(row)
    return pd.DataFrame(kept, columns=table.columns, dtype=object), len(rows) - len(kept)


def sessions(rr: RRSeries) -> Iterator[RRSeries]:
    """Cut a series where more than `SESSION_GAP_S` passes without a beat; two intervals least."""
    edges = _edges(rr)
    if len(edges) == 2:
        yield rr
        return
    for lo, hi in pairwise(edges):
        if hi - lo < 2:
            continue
        zero = float(rr.t_s[lo] - rr.rr_ms[lo] / 1000)
        start = None if rr.start is None else rr.start + timedelta(seconds=zero)
        flag = rr.flag[lo:hi].copy()
        flag[0] &= ~np.uint16(Flag.GAP)  # the gap before a session is no part of it
        yield RRSeries(rr.rr_ms[lo:hi], rr.t_s[lo:hi] - zero, flag, start, rr.provenance)


def _edges(rr: RRSeries) -> list[int]:
    lost = rr.t_s[1:] - rr.rr_ms[1:] / 1000 - rr.t_s[:-1]
    return [0, *(np.flatnonzero(lost > SESSION_GAP_S) + 1).tolist(), len(rr)]


def _numbered(rr: RRSeries) -> Iterator[tuple[RRSeries, int | None]]:
    """Sessions with their number; None where the recording is one."""
    one = len(_edges(rr)) == 2
    for number, part in enumerate(sessions(rr)):
        yield part, None if one else number


def _name(session: RRSeries, path: Path, digest: str, part: int | None) -> str:
    """Name of a recording in the study: its moment, or its file's name; unique by content."""
    if session.start is not None:
        stem = session.start.strftime("%Y-%m-%dT%H%M%S")
    else:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem)[:60] or "recording"
    number = "" if part is None or session.start is not None else f"_{part + 1}"
    return f"{stem}_{digest[:8]}{number}.txt"


def _span(session: RRSeries) -> tuple[str, str]:
    if session.start is None:
        return "", ""
    end = session.start + timedelta(seconds=float(session.t_s[-1]))
    return session.start.isoformat(), end.isoformat()
