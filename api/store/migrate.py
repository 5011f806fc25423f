"""Bring a store's tables to the state this version needs (Alembic)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError, OperationalError

from hrv.errors import InputError

_PG_LOCK = 0x6872765F
"""Advisory lock of upgrades, so that two servers starting together do not both upgrade."""


def upgrade(engine: Engine, to: str = "head") -> None:
    """Make or upgrade the tables in one transaction.

    Parameters
    ----------
    engine : Engine
        Of the database.
    to : str
        Revision; an earlier one than the last is for tests.

    Raises
    ------
    InputError
        If the database cannot be reached or used, or was made by a newer version.
    """
    place = engine.url.render_as_string(hide_password=True)
    try:
        with _connected(engine) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
            if current(connection) != head():
                command.upgrade(_config(connection), to)
                _check_references(connection)
    except CommandError:
        raise InputError(
            f"the store {place} was made by a newer version of this program; install that one"
        ) from None
    except (OperationalError, DatabaseError) as error:
        raise InputError(f"the store {place} cannot be opened: {error.orig}") from None


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """Connect to change tables.

    SQLite changes a table by making it anew and dropping the old one, and a drop deletes what
    refers to the rows (ON DELETE CASCADE): references are not enforced meanwhile.  They cannot be
    switched within a transaction.
    """
    with engine.connect().execution_options(hrv_writes=True) as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            tables = ", ".join(sorted({row[0] for row in broken}))
            raise InputError(f"upgrading would leave rows of {tables} without what they refer to")


def current(connection: Connection) -> str | None:
    """Return the revision the tables are at; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the revision this version needs."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def is_known(revision: str | None) -> bool:
    """Say whether a revision is one of this version's line."""
    if revision is None:
        return True
    try:
        return ScriptDirectory.from_config(_config(None)).get_revision(revision) is not None
    except CommandError:
        return False


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
