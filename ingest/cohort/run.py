"""Run a cohort: list, cut into batches, leave out what is finished, run, and write what it was."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from hrv.errors import InputError
from ingest.cohort.engine import Running, engine
from ingest.cohort.find import Reading, find
from ingest.cohort.places import Folder, Place, place
from ingest.cohort.plan import Batch, batches
from ingest.cohort.settings import SCHEMA, TABLES, CohortSettings, digest
from ingest.cohort.tables import arrow
from ingest.cohort.task import (
    RECORDS,
    Done,
    Task,
    done_of,
    events_source,
    file_of,
    read_record,
    record_of,
    stale,
    still_so,
)
from ingest.events import read_events
from ingest.spreadsheet import safe

MANIFEST, FAILURES = "run.json", "failures.csv"
FAILURE_COLUMNS = ("file", "study", "subject", "session", "table", "kind", "reason")
_PACKAGES = ("hrv-recovery", "numpy", "scipy", "pandas", "pyarrow")


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Parameters
    ----------
    done, total : int
        Recordings.
    failures : int
        Failures listed so far.
    kept : int
        Recordings that were finished before.
    """

    done: int
    total: int
    failures: int
    kept: int


@dataclass(frozen=True)
class Outcome:
    """What a run gave.

    Parameters
    ----------
    out : str
        Where the tables lie.
    recordings, failures, unread : int
        Recordings of the input, failures listed, and recordings that gave no row at all.
    computed, kept : int
        Recordings measured in this run, and those finished before.
    rows : mapping of str to int
        Rows of each table.
    """

    out: str
    recordings: int
    failures: int
    unread: int
    computed: int
    kept: int
    rows: Mapping[str, int]


Progress = Callable[[Status], None]


def run(
    source: str,
    out: str,
    settings: CohortSettings | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    serial: bool = False,
    reading: Reading | None = None,
    subject_pattern: str | None = None,
    batch_bytes: int | None = None,
    rehash: bool = False,
    replace_other: bool = False,
    progress: Progress | None = None,
    started: Callable[[Running], None] | None = None,
) -> Outcome:
    """Measure every recording of a cohort; go on where an earlier run stopped.

    Parameters
    ----------
    source : str
        Folder, glob, manifest CSV, Parquet dataset or URL; see `ingest.cohort.find.find`.
    out : str
        Folder or URL of the results.
    settings : CohortSettings, optional
        What the tables depend on.
    workers, scheduler, serial
        Where it runs; see `ingest.cohort.engine.engine`.  In a script, call it below
        ``if __name__ == "__main__"``: workers are processes.
    reading, subject_pattern
        How recordings are read, and whose they are.
    batch_bytes : int, optional
        Bytes of recordings in a batch.
    rehash : bool
        Look at the content of every recording again, not at time and size only.
    replace_other : bool
        Replace the results of another input.
    progress, started : callable, optional
        Called after each batch, and when the engine is up.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If the input, a setting or the engine is wrong.
    MissingExtraError
        If Dask or pyarrow is not installed.
    OSError
        If results cannot be written; what was finished is kept.
    """
    arrow()
    where = place(out)
    settings = with_events(settings or CohortSettings())
    found = find(source, reading=reading, subject_pattern=subject_pattern, apart_from=where.url)
    plan = batches(found.items, batch_bytes)
    tasks = [Task(batch, found.place, where.url, settings, rehash) for batch in plan]
    with _alone(where):
        _check_same(where, source, replace_other=replace_other)
        about = _about(source, settings, plan)
        _write_json(where, MANIFEST, {**about, "state": "running"})
        ready, left = _sorted(tasks, where)
        tally = _Tally(len(found.items), progress)
        for done in ready:
            tally.add(done)
        if left:
            with engine(workers, scheduler, serial=serial, out=where.url) as running:
                if started is not None:
                    started(running)
                for done in running.run(left):
                    tally.add(done)
        return _finished(where, plan, about, tally)


class _Tally:
    """Counts for progress."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.status = Status(0, total, 0, 0)
        self._progress = progress

    def add(self, done: Done) -> None:
        s = self.status
        self.status = Status(
            s.done + done.recordings, s.total, s.failures + done.failures,
            s.kept + done.recordings * done.kept,
        )  # fmt: skip
        if self._progress is not None:
            self._progress(self.status)


def with_events(settings: CohortSettings) -> CohortSettings:
    """Read the table of stressors once here, so that a wrong one stops the run at once."""
    if not settings.events:
        return settings
    url = settings.events if "://" in settings.events else place(settings.events).url
    try:
        source = events_source(url)
    except OSError as error:
        raise InputError(f"{settings.events}: {error.strerror or error}") from None
    read_events(source, tz=settings.tz)
    sha256 = hashlib.sha256(source.content or b"").hexdigest()
    return replace(settings, events=url, events_sha256=sha256)


def _sorted(tasks: list[Task], where: Place) -> tuple[list[Done], list[Task]]:
    """Tell the batches that are finished from those left."""
    ready, left = [], []
    for task in tasks:
        record = read_record(where, task.batch.name)
        source = place(task.source)
        same = not task.rehash and still_so(record, task.batch, source, "never") is not None
        if same and not stale(record, task.settings):
            ready.append(done_of(task.batch, record, kept=True))
        else:
            left.append(task)
    return ready, left


def _check_same(where: Place, source: str, *, replace_other: bool) -> None:
    """Refuse to write over the results of another input."""
    try:
        earlier = json.loads(where.read(MANIFEST)).get("input")
    except (FileNotFoundError, ValueError, AttributeError):
        return
    if earlier != _input(source) and not replace_other:
        raise InputError(
            f"{where.url} holds the results of {earlier}; name another folder, or say that they "
            "may be replaced (--replace)"
        )


def _input(source: str) -> str:
    return source if "://" in source else place(source).url


def _about(source: str, settings: CohortSettings, plan: list[Batch]) -> dict[str, Any]:
    """Everything the tables depend on, for the run's manifest."""
    return {
        "schema": SCHEMA,
        "input": _input(source),
        "recordings": sum(len(batch.items) for batch in plan),
        "bytes": sum(batch.size for batch in plan),
        "settings": settings.described(),
        "keys": settings.keys(),
        "versions": {
            "python": platform.python_version(), **{name: version(name) for name in _PACKAGES}
        },
        "batches": digest(sorted(batch.name for batch in plan)),
    }  # fmt: skip


def _finished(where: Place, plan: list[Batch], about: dict[str, Any], tally: _Tally) -> Outcome:
    """Take away what is no longer part of the cohort; write the failures and the manifest."""
    names = {batch.name for batch in plan}
    _remove_others(where, names)
    told = io.StringIO()
    table = csv.DictWriter(told, FAILURE_COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    rows: dict[str, int] = dict.fromkeys(TABLES, 0)
    hashes: dict[str, list[str]] = {name: [] for name in (*TABLES, "input")}
    failures: list[dict[str, Any]] = []
    for name in sorted(names):
        record = read_record(where, name)
        people = {each["name"]: each for each in record["recordings"]}
        for each in people.values():
            hashes["input"] += [f"{file} {known}" for file, (_, known) in each["files"].items()]
        for key, one in record["tables"].items():
            rows[key] += one["rows"]
            hashes[key].append(f"{name} {one['sha256']}")
            failures += [{**people[f["file"]], **f} for f in one["failures"]]
    failures.sort(key=lambda f: (f["file"], f["table"]))
    table.writerows(
        {k: safe(v) if isinstance(v, str) else v for k, v in f.items()} for f in failures
    )
    where.write(FAILURES, told.getvalue().encode())
    sums = {key: digest(sorted(lines)) for key, lines in hashes.items()}
    end = {"state": "complete", "failures": len(failures), "rows": rows, "hashes": sums}
    _write_json(where, MANIFEST, {**about, **end})
    status = tally.status
    unread = len({f["file"] for f in failures if f["table"] == "recordings"})
    return Outcome(
        where.url, status.total, len(failures), unread, status.done - status.kept, status.kept, rows
    )


def _remove_others(where: Place, names: set[str]) -> None:
    wanted = {record_of(name) for name in names}
    wanted |= {file_of(table, name) for table in TABLES for name in names}
    for folder, pattern in ((RECORDS, "*.json"), *((table, "part-*.parquet") for table in TABLES)):
        for file in list(where.matching(f"{folder}/{pattern}")):
            if file.name not in wanted:
                where.remove(file.name)


def _write_json(where: Place, name: str, value: Any) -> None:
    where.write(name, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


@contextmanager
def _alone(where: Place) -> Iterator[None]:
    """Hold a local folder of results for this run; clear what writers that were killed left."""
    if not isinstance(where, Folder) or sys.platform == "win32":
        yield
        return
    import fcntl

    where.root.mkdir(parents=True, exist_ok=True)
    with (where.root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"another run writes to {where.url}; wait for it or end it") from None
        where.remove_unfinished()
        try:
            yield
        finally:
            where.remove_unfinished()
