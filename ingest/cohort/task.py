"""One batch, in whatever process: read, measure, write its files, and last its record."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hrv.episodes import mark
from hrv.errors import FormatError
from hrv.types import Episode
from ingest.cohort.find import Item
from ingest.cohort.measure import FAULTS, Failure, Measured, measure
from ingest.cohort.opened import Look, source_of, unchanged
from ingest.cohort.places import Place, place
from ingest.cohort.plan import Batch
from ingest.cohort.settings import SCHEMA, TABLES, CohortSettings
from ingest.cohort.tables import Rows
from ingest.events import read_events
from ingest.folder import log_of
from ingest.formats.base import Source
from ingest.reading import HEAD_BYTES, open_recording

RECORDS = "batches"
"""Folder of the records that say which batches are finished."""


@dataclass(frozen=True)
class Task:
    """What a worker is told: names and settings, never beats.

    Parameters
    ----------
    batch : Batch
        Recordings.
    source, out : str
        Path or URL that names are below, and where results go.
    settings : CohortSettings
        The rest.
    rehash : bool
        Look at the content of files whose time and size say that they did not change.
    skip : mapping of str to str
        Recordings that must not be touched, with the reason.
    """

    batch: Batch
    source: str
    out: str
    settings: CohortSettings
    rehash: bool = False
    skip: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What comes back from a worker.

    Parameters
    ----------
    name : str
        The batch.
    recordings, failures, size : int
        Recordings looked at, failures among them, bytes.
    kept : bool
        True if its files were as they must be already.
    """

    name: str
    recordings: int
    failures: int
    size: int
    kept: bool = False


def file_of(table: str, batch: str) -> str:
    """Name of a batch's file of a table."""
    return f"{table}/part-{batch}.parquet"


def record_of(batch: str) -> str:
    """Name of a batch's record."""
    return f"{RECORDS}/{batch}.json"


def read_record(out: Place, batch: str) -> dict[str, Any]:
    """Return a batch's record; empty if there is none that can be used."""
    try:
        record = json.loads(out.read(record_of(batch)))
    except (FileNotFoundError, ValueError):
        return {}
    known = isinstance(record, dict) and record.get("schema") == SCHEMA
    return record if known else {}


def stale(record: Mapping[str, Any], settings: CohortSettings) -> tuple[str, ...]:
    """Tables of a batch that have to be made, by its record; its recordings are as they were."""
    keys, tables = settings.keys(), record.get("tables", {})
    faulty = any(f["kind"] in FAULTS for told in tables.values() for f in told["failures"])
    return tuple(t for t in TABLES if faulty or tables.get(t, {}).get("key") != keys[t])


def still_so(
    record: Mapping[str, Any], batch: Batch, source: Place, look: Look
) -> list[dict[str, Any]] | None:
    """Return a record's recordings with their versions now; None if one is not what it was."""
    told = record.get("recordings", [])
    if len(told) != len(batch.items):
        return None
    again = []
    for one, item in zip(told, batch.items, strict=True):
        about = {key: value for key, value in one.items() if key != "files"}
        files = unchanged(one["files"], item, source, look)
        if about != item.told() or files is None:
            return None
        again.append({**about, "files": files})
    return again


def run_batch(task: Task) -> Done:
    """Measure a batch and write its files; what is there already and still true is kept.

    Raises
    ------
    OSError
        If a result cannot be written.
    """
    out, source = place(task.out), place(task.source)
    record = read_record(out, task.batch.name)
    look: Look = "always" if task.rehash else "if changed"
    same = still_so(record, task.batch, source, look)
    if same is None:
        record = {}
    wanted = stale(record, task.settings)
    if wanted or task.skip:
        record = _made(task, source, out, record, wanted)
    else:
        record = {**record, "recordings": same}
    content = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    out.write(record_of(task.batch.name), content)
    return done_of(task.batch, record, kept=not wanted)


def done_of(batch: Batch, record: Mapping[str, Any], *, kept: bool) -> Done:
    """Sum a record up."""
    failures = sum(len(told["failures"]) for told in record["tables"].values())
    return Done(batch.name, len(batch.items), failures, batch.size, kept)


def _made(
    task: Task, source: Place, out: Place, old: Mapping[str, Any], wanted: tuple[str, ...]
) -> dict[str, Any]:
    settings = task.settings
    rows = {table: Rows(table, settings.metrics) for table in wanted}
    failures: dict[str, list[dict[str, str]]] = {table: [] for table in wanted}
    told = []
    for item in task.batch.items:
        files, measured = _one(task, item, source, wanted)
        for table, frame in measured.frames.items():
            rows[table].add(item, frame)
        for failure in measured.failures:
            # one of a table that stays as it is was taken down when that was made
            if failure.table in failures:
                failures[failure.table].append({"file": item.name, **asdict(failure)})
        told.append({**item.told(), "files": files})
    keys, made = settings.keys(), {}
    for table in wanted:
        content = rows[table].content()
        out.write(file_of(table, task.batch.name), content)
        made[table] = {
            "key": keys[table], "rows": rows[table].count, "failures": failures[table],
            "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
    whole = dict(old.get("tables", {})) | made
    return {"schema": SCHEMA, "recordings": told, "tables": {t: whole[t] for t in TABLES}}


def _one(
    task: Task, item: Item, source: Place, wanted: tuple[str, ...]
) -> tuple[dict[str, tuple[str, str]], Measured]:
    failed = Measured()
    if item.name in task.skip:
        failed.failures.append(Failure("recordings", "WorkerDied", task.skip[item.name]))
        return {}, failed
    files: dict[str, tuple[str, str]] = {part.name: (part.seen, "") for part in item.parts}
    try:
        opened = source_of(item, source)
        files = opened.files
        measured = _measured(opened, item, task.settings, wanted)
    except Exception as error:  # whatever a damaged file does to its reader, it is listed
        failed.failed("recordings", error)
        return files, failed
    if "recordings" in measured.frames:
        digest = hashlib.sha256("".join(each for _, each in files.values()).encode())
        whole = next(iter(files.values()))[1] if len(files) == 1 else digest.hexdigest()
        frame = measured.frames["recordings"]
        measured.frames["recordings"] = frame.assign(sha256=whole, bytes=item.size)
    return files, measured


def _measured(
    opened: Source, item: Item, settings: CohortSettings, wanted: tuple[str, ...]
) -> Measured:
    try:
        recording = open_recording(opened, **item.reading.arguments())
    except FormatError:
        with opened.open() as file:
            log = log_of(file.read(HEAD_BYTES))
        if log is None:
            raise
        raise FormatError(f"is no recording but a table of {log.name}", source=item.name) from None
    given = None
    if settings.events:
        given = _episodes(settings.events, settings.events_sha256, settings.tz).get(item.subject)
        given = given or []
    return measure(recording, opened.name, item.subject, given, settings, wanted)


@functools.lru_cache(maxsize=2)
def _episodes(events: str, sha256: str, tz: str | None) -> Mapping[str, list[Episode]]:
    """Stressors by subject; a worker reads the table once."""
    del sha256  # another content is another entry
    found: dict[str, list[Episode]] = {}
    for episode in mark(read_events(events_source(events), tz=tz)):
        found.setdefault(episode.subject, []).append(episode)
    return found


def events_source(url: str) -> Source:
    """Open the table of stressors by path or URL."""
    folder, _, name = url.rpartition("/")
    return Source(name, content=place(folder or ".").read(name))


def probe(task: Task) -> None:
    """Measure and forget, to see whether a worker lives through it."""
    source = place(task.source)
    for item in task.batch.items:
        _one(task, item, source, TABLES)
