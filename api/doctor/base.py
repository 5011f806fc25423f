"""What a check looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from api.settings import Settings
from api.store import Store, open_store
from api.store.database import FILE
from hrv.errors import HRVError


@dataclass(frozen=True)
class Finding:
    """A fault.

    Parameters
    ----------
    what : str
        What is wrong, with the value.
    mend : str
        What to do.
    """

    what: str
    mend: str


@dataclass
class Patient:
    """A service as it is set up, running or not.

    Parameters
    ----------
    settings : Settings
        As read, or the defaults where they cannot be.
    environment : mapping of str to str
        The process's.
    store : Store or None
        Open, as it is (nothing is upgraded); None if there is none or it does not open.
    why_shut : str
        Why it did not open.
    """

    settings: Settings
    environment: Mapping[str, str]
    store: Store | None = field(default=None, init=False)
    why_shut: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if self.file is not None and not self.file.exists():
            return
        try:
            store = open_store(self.settings.store, upgrade=False)
        except HRVError as error:
            self.why_shut = str(error)
            return
        try:
            with store.engine.connect() as connection:
                connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        except Exception as error:
            self.why_shut = str(getattr(error, "orig", error)).strip().splitlines()[0]
            store.close()
        else:
            self.store = store

    @property
    def folder(self) -> Path | None:
        """Folder of an embedded store; None on PostgreSQL."""
        where = self.settings.store
        return None if "://" in where else Path(where).expanduser()

    @property
    def file(self) -> Path | None:
        """The embedded store's file."""
        return None if self.folder is None else self.folder / FILE

    def close(self) -> None:
        """Let go of the store."""
        if self.store is not None:
            with suppress(HRVError):
                self.store.close()
