"""Open a store: SQLite in a folder, or PostgreSQL by its URL; both behave alike."""

from __future__ import annotations

import copy
import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Uuid, create_engine, event, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.pool import QueuePool

from api.store import migrate, models
from api.store.types import begin_after
from hrv.errors import InputError, MissingExtraError
from ingest.durable import make_folder

FILE = "store.sqlite3"
"""Name of the database in the store's folder."""
CHECKPOINT_PAGES = 4000
"""Pages (of 8 KiB) after which the write-ahead log is put into the database: rare long commits."""
CACHE_KB = 512
"""Pages each connection keeps, KiB: the system keeps the file's, and memory stays flat."""
BUSY_S = 30
"""How long a writer of another process is waited for, s."""
SCRUB_MS = 1000
"""How long readers are waited for before the write-ahead log is cleared, ms."""


@dataclass(frozen=True)
class View:
    """What of the store a session sees, and what it leaves behind.

    Parameters
    ----------
    criteria : tuple
        SQLAlchemy options that every query carries (`with_loader_criteria`); none: everything.
    record : callable or None
        Called with the session right before its changes are committed, to write down who made
        them in the same transaction.
    """

    criteria: tuple[Any, ...] = ()
    record: Callable[[Session], None] | None = None


class _Session(Session):
    """A session of this store; `info["view"]` is what it sees."""


@event.listens_for(_Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    criteria = state.session.info["view"].criteria
    if criteria:
        state.statement = state.statement.options(*criteria)


@event.listens_for(_Session, "after_flush")
def _notice(session: Session, _context: Any) -> None:
    """Remember what changed, by identity, for those who write it down."""
    if session.info["view"].record is None:
        return
    noticed = session.info.setdefault("changed", [])
    for what, rows in (
        ("made", session.new), ("changed", session.dirty), ("deleted", session.deleted),
    ):  # fmt: skip
        for row in rows:
            if hasattr(row, "id") and (what != "changed" or session.is_modified(row)):
                noticed.append((what, row.__tablename__, str(row.id)))


def changes_of(session: Session) -> list[tuple[str, str, str]]:
    """Say what a session changed so far: how, the table, the identity; each once."""
    return list(dict.fromkeys(session.info.get("changed", ())))


class Store:
    """A database with sessions to read and to write; make it with `open_store`.

    Attributes
    ----------
    engine : Engine
        SQLAlchemy's.
    folder : Path or None
        Where an embedded store lies; None on PostgreSQL.
    unscrubbed : threading.Event
        Set while deleted rows may still lie in the write-ahead log.
    in_doubt : threading.Event
        Set by who could not sync the write-ahead log: a part of it may never reach the disk, and
        what lies behind it would be lost with it.  Before the next durable commit it is emptied.
    """

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self.engine, self.folder, self.view = engine, folder, View()
        self._glancing: list[Any] = []
        self._log: list[int] = []
        self._writing = engine.execution_options(hrv_writes="FULL")
        self._relaxed = engine.execution_options(hrv_writes="NORMAL")
        # SQLite has one writer at a time: in this process they queue fairly instead of polling
        self._turn: Any = threading.Lock() if self.embedded else None
        self.unscrubbed, self.in_doubt = threading.Event(), threading.Event()

    @property
    def embedded(self) -> bool:
        """True for SQLite."""
        return self.engine.dialect.name == "sqlite"

    @property
    def at_hand(self) -> bool:
        """True if a row is read without waiting: embedded, with a connection to spare."""
        pool = self.engine.pool
        return self.embedded and isinstance(pool, QueuePool) and pool.checkedout() < pool.size()

    @property
    def url(self) -> str:
        """URL to open the same store in another process; holds the password if there is one."""
        return self.engine.url.render_as_string(hide_password=False)

    def seen_by(self, view: View) -> Store:
        """Return the same store as a view shows it."""
        seen = copy.copy(self)
        seen.view = view
        return seen

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one state of the store throughout."""
        with self._session(self.engine) as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """Open a session whose changes are durable when the block ends, or do not happen.

        Not `durable`, they are committed and outlive this process, but the disk need not hold
        them yet: a power cut may take them, the last ones first and never a part.

        Raises
        ------
        OSError
            If a write-ahead log in doubt cannot be emptied: nothing durable goes behind it.
        """
        if self._turn is not None:
            self._turn.acquire()
        try:
            if durable and self.in_doubt.is_set():
                self._trust_log()
            engine = self._writing if durable else self._relaxed
            with self._session(engine) as session, session.begin():
                if not (durable or self.embedded):
                    session.execute(text("SET LOCAL synchronous_commit = off"))
                yield session
                if self.view.record is not None:
                    session.flush()
                    self.view.record(session)
        except OperationalError as error:
            if _failed_on_disk(error.orig):  # each descriptor is told once: this one now was
                self.in_doubt.set()
            raise
        finally:
            if self._turn is not None:
                self._turn.release()

    def _session(self, engine: Engine) -> Session:
        return _Session(engine, expire_on_commit=False, info={"view": self.view})

    def scrub(self) -> bool:
        """Take what was deleted out of the write-ahead log, too.

        In the database itself deleted bytes are overwritten at once (``secure_delete``).  On
        PostgreSQL the tables are vacuumed; its log and its backups are its administrator's.

        Returns
        -------
        bool
            False if a reader held on to the log; `unscrubbed` stays set then.
        """
        self.unscrubbed.set()
        if not self.embedded:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as vacuum:
                vacuum.exec_driver_sql("VACUUM")
            self.unscrubbed.clear()
            return True
        with self._turn:
            return self._empty_log()

    def _empty_log(self) -> bool:
        """Put all of the log into the database and sync it; for who has the turn."""
        connection = self.engine.raw_connection()
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout = {SCRUB_MS}")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
            connection.close()
        if not busy:
            self.unscrubbed.clear()
            self.in_doubt.clear()
        return not busy

    def _trust_log(self) -> None:
        why: Exception | None = None
        try:
            if self._empty_log():
                return
        except sqlite3.Error as error:
            why = error
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from why

    def flush(self) -> None:
        """Wait until the disk holds all that was committed to an embedded store; in one thread."""
        assert self.folder is not None
        path = self.folder / f"{FILE}-wal"
        try:
            if self._log and not os.path.samestat(os.fstat(self._log[0]), path.stat()):
                os.close(self._log.pop())
            if not self._log:
                self._log.append(os.open(path, os.O_RDWR))
        except FileNotFoundError:
            return  # all of it is in the database, synced before the log went
        # held open: a descriptor opened later is not told of a write that failed and that
        # another writer was told of, while what this one waits for was lost with it
        os.fsync(self._log[0])

    def glance(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """Ask an embedded store one quick question, without a session; for one thread only."""
        assert self.embedded
        if not self._glancing:
            self._glancing.append(self.engine.raw_connection())
        cursor = self._glancing[0].cursor()
        try:
            cursor.execute(query, values)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of every connection."""
        while self._log:
            os.close(self._log.pop())
        while self._glancing:
            self._glancing.pop().close()
        self.engine.dispose()


def _failed_on_disk(error: BaseException | None) -> bool:
    """Whether SQLite was told that reading, writing or syncing failed."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, sqlite3.Error) and code & 0xFF == sqlite3.SQLITE_IOERR


def open_store(where: str | Path, *, upgrade: bool = True) -> Store:
    """Open the store at `where`, making or upgrading its tables.

    Parameters
    ----------
    where : str or Path
        Folder of an embedded store (made if missing), or a URL such as
        ``postgresql://user@host/hrv``.
    upgrade : bool
        False for a second process of a store that is open already.

    Raises
    ------
    InputError
        If the place cannot be used; the message says why.
    """
    named = str(where)
    engine, folder = _postgres(named) if "://" in named else _sqlite(Path(named))
    if upgrade:
        try:
            migrate.upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    store = Store(engine, folder)
    if upgrade:
        _go_on(store)
    return store


def _go_on(store: Store) -> None:
    """Let new rows sort after all that are there: the clock may have been set back since."""
    with store.read() as session:
        for table in models.Base.metadata.sorted_tables:
            column = table.c.get("id")
            if column is not None and isinstance(column.type, Uuid):
                last = session.scalar(select(column).order_by(column.desc()).limit(1))
                if last is not None:
                    begin_after(last)


def _sqlite(folder: Path) -> tuple[Engine, Path]:
    folder = folder.expanduser()
    try:
        make_folder(folder, mode=0o700)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{folder} is a file; name a folder for the store") from None
    except OSError as error:
        raise InputError(f"the store's folder {folder} cannot be made: {error.strerror}") from None
    engine = create_engine(
        URL.create("sqlite", database=str(folder / FILE)),
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        hide_parameters=True,  # a message of the database must not carry values into a log
        pool_size=20,
        max_overflow=20,
        pool_use_lifo=True,  # each connection keeps pages it read: few warm ones, not all
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not where sqlite3 thinks
        for pragma in (
            "page_size = 8192",
            f"cache_size = -{CACHE_KB}",
            "journal_mode = WAL",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        writes = connection.get_execution_options().get("hrv_writes")
        if writes is None:
            connection.exec_driver_sql("BEGIN")
            return
        level = writes if writes == "NORMAL" else "FULL"
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine, folder


def _postgres(named: str) -> tuple[Engine, None]:
    try:
        url = make_url(named)
    except ArgumentError:
        raise InputError(f"{named.partition('@')[2] or named!r} is no database URL") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise InputError(
            f"a store lies in a folder or on postgresql://…, not on {url.drivername}://"
        )
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise MissingExtraError("postgres", "keep the store on PostgreSQL") from None
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # a message of the database must not carry values into a log
        pool_size=20,
        max_overflow=20,
        pool_pre_ping=True,
    )
    return engine, None
