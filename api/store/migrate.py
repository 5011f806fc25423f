"""Bring a store's tables to the state this version needs (Alembic)."""

from __future__ import annotations

from pathlib import Path

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


def upgrade(engine: Engine) -> None:
    """Make or upgrade the tables in one transaction.

    Raises
    ------
    InputError
        If the database cannot be reached or used, or was made by a newer version.
    """
    place = engine.url.render_as_string(hide_password=True)
    try:
        with engine.execution_options(hrv_writes=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
            if current(connection) != head():
                command.upgrade(_config(connection), "head")
    except CommandError:
        raise InputError(
            f"the store {place} was made by a newer version of this program; install that one"
        ) from None
    except (OperationalError, DatabaseError) as error:
        raise InputError(f"the store {place} cannot be opened: {error.orig}") from None


def current(connection: Connection) -> str | None:
    """Return the revision the tables are at; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the revision this version needs."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
