"""Backup and restore: a copy of one moment of the store, checked row by row.

A backup is a folder with `store.sqlite3`, an embedded store, and `manifest.json`, which says what
must be in it.  It is made while the service runs, from SQLite by its backup interface, from
PostgreSQL row by row inside one snapshot; it is restored into a new folder or an empty database.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.orm import Session

from api.store import audit, migrate
from api.store.database import FILE, Store, open_store
from api.store.models import Base
from api.store.types import now, to_text
from hrv.errors import InputError, StorageError
from ingest.documents import parse_json
from ingest.durable import make_folder, sync_file, sync_folder, write_file

MANIFEST = "manifest.json"
_ROWS = 200
_PART = 2**20


@dataclass(frozen=True)
class Manifest:
    """What a backup must hold.

    Parameters
    ----------
    made_at, software, revision : str
        When, by which version, and of which tables.
    tables : dict
        Of each table: number of rows and SHA-256 over all of them, in order of the key.
    audit_head : str
        Last entry of the audit log, ``N:DIGEST``.
    file_sha256 : str
        Of the copy itself.
    """

    made_at: str
    software: str
    revision: str
    tables: dict[str, tuple[int, str]]
    audit_head: str
    file_sha256: str

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(count for count, _ in self.tables.values())


def make(store: Store, folder: Path) -> Manifest:
    """Copy a store as it is at one moment, and check the copy.

    Raises
    ------
    InputError
        If the folder is there already, the store is of another version, or the copy differs.
    """
    if folder.exists():
        raise InputError(f"{folder} is there already; a backup goes into a new folder")
    part = folder.with_name(folder.name + ".part")
    if part.exists():
        shutil.rmtree(part)  # of a backup that was cut off
    make_folder(part, mode=0o700)
    try:
        with _snapshot(store) as connection:
            _same_version(connection)
            expected = digests(connection)
            with Session(connection) as session:
                last = audit.head(session)
            _copy(store, connection, part / FILE)
        found = _digests_of(part)
        if found != expected:
            raise InputError(f"the copy differs from the store: {_difference(expected, found)}")
        manifest = Manifest(
            to_text(now()), version("hrv-recovery"), migrate.head() or "", expected,
            f"{last.number}:{last.digest}", _sha256(part / FILE),
        )  # fmt: skip
        said = json.dumps(asdict(manifest), indent=2) + "\n"
        write_file(part / MANIFEST, said.encode())
        sync_file(part / FILE)  # its name may only be the backup's once all of it is on the disk
        sync_folder(part)
        part.rename(folder)
        sync_folder(folder.parent)
    except (sqlite3.Error, OSError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise StorageError(f"cannot back up into {folder}: {error}") from None
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says it holds.

    Raises
    ------
    InputError
        If it is no backup.
    """
    try:
        said = parse_json((folder / MANIFEST).read_bytes())
        tables = {name: (int(n), str(sha)) for name, (n, sha) in said.pop("tables").items()}
        return Manifest(**said, tables=tables)
    except (OSError, ValueError, TypeError, KeyError):
        raise InputError(f"{folder} is no backup: its {MANIFEST} cannot be read") from None


def restore(folder: Path, where: str) -> Manifest:
    """Put a backup into a new folder or an empty database, and check it there.

    Raises
    ------
    InputError
        If the backup is damaged, or the place holds something.
    """
    manifest = read_manifest(folder)
    file = folder / FILE
    if not file.is_file() or _sha256(file) != manifest.file_sha256:
        raise InputError(f"the backup {folder} is damaged: {FILE} is not what was backed up")
    if "://" in where:
        _into_database(folder, where, manifest)
    else:
        _into_folder(file, Path(where).expanduser(), manifest)
    return manifest


def digests(connection: Connection) -> dict[str, tuple[int, str]]:
    """Count and hash the rows of every table."""
    return {table.name: _digest(connection, table) for table in Base.metadata.sorted_tables}


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    sha, count = hashlib.sha256(), 0
    for row in _rows(connection, table):
        sha.update(json.dumps(list(row), sort_keys=True, default=_plain).encode())
        count += 1
    return count, sha.hexdigest()


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    query = select(table).order_by(*table.primary_key.columns)
    yield from connection.execution_options(yield_per=_ROWS).execute(query)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return str(value)


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection]:
    """Open a connection that sees one moment, however long it reads."""
    if store.embedded:
        with store.engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master"))  # the moment is now
            yield connection
    else:
        engine = store.engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection


def _same_version(connection: Connection) -> None:
    found = migrate.current(connection)
    if found != migrate.head():
        raise InputError(
            f"the store's tables are at {found}, this program's at {migrate.head()}; "
            "back it up with the version that runs it"
        )


def _copy(store: Store, connection: Connection, target: Path) -> None:
    if store.embedded:
        source = connection.connection.driver_connection
        assert source is not None
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete
        return
    made = open_store(target.parent)
    try:
        with made.engine.execution_options(hrv_writes=True).begin() as into:
            _copy_rows(connection, into)
    finally:
        made.close()
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(source: Connection, target: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        batch: list[dict[str, Any]] = []
        for row in _rows(source, table):
            batch.append(dict(row._mapping))
            if len(batch) == _ROWS:
                target.execute(insert(table), batch)
                batch = []
        if batch:
            target.execute(insert(table), batch)


def _digests_of(folder: Path) -> dict[str, tuple[int, str]]:
    """Check a copy's pages and hash its rows."""
    store = open_store(folder, upgrade=False)
    try:
        with store.engine.connect() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalar()
            if said != "ok":
                raise InputError(f"the copy is damaged: {said}")
            return digests(connection)
    finally:
        store.close()
        with closing(sqlite3.connect(folder / FILE)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")


def _into_folder(file: Path, folder: Path, manifest: Manifest) -> None:
    if (folder / FILE).exists():
        raise InputError(f"there is a store in {folder} already; restore into a new folder")
    make_folder(folder, mode=0o700)
    part = folder / (FILE + ".part")
    shutil.copyfile(file, part)
    part.chmod(0o600)
    sync_file(part)
    part.rename(folder / FILE)
    sync_folder(folder)
    if manifest.revision == migrate.head():
        _check(manifest, _digests_of(folder))
    open_store(folder).close()  # an older version's tables are brought to this one's


def _into_database(folder: Path, where: str, manifest: Manifest) -> None:
    if manifest.revision != migrate.head():
        raise InputError(
            f"the backup is of the tables {manifest.revision}; restore it into a folder first, "
            "which brings it to this version, and back that up"
        )
    with tempfile.TemporaryDirectory(prefix="hrv-restore-") as copy:
        shutil.copyfile(folder / FILE, Path(copy) / FILE)  # opening it would change its header
        _transfer(Path(copy), where, manifest)


def _transfer(folder: Path, where: str, manifest: Manifest) -> None:
    source, target = open_store(folder, upgrade=False), open_store(where)
    try:
        with source.engine.connect() as reading, target.engine.begin() as writing:
            if any(_count(writing, table) for table in Base.metadata.sorted_tables):
                raise InputError("the database is not empty; restore into a new one")
            _copy_rows(reading, writing)
            _check(manifest, digests(writing))
    finally:
        source.close()
        target.close()


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def _check(manifest: Manifest, found: dict[str, tuple[int, str]]) -> None:
    if found != manifest.tables:
        raise InputError(f"what was restored differs: {_difference(manifest.tables, found)}")


def _difference(one: dict[str, tuple[int, str]], other: dict[str, tuple[int, str]]) -> str:
    tables = [name for name in one if one[name] != other.get(name)]
    return ", ".join(f"{t} ({one[t][0]} rows, {other.get(t, (0, ''))[0]} found)" for t in tables)


def _sha256(file: Path) -> str:
    sha = hashlib.sha256()
    with file.open("rb") as content:
        while part := content.read(_PART):
            sha.update(part)
    return sha.hexdigest()
