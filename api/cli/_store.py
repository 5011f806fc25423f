"""The store that a command works on: the service's own, running or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.store import Store

StoreOption = Annotated[
    str | None,
    typer.Option(
        metavar="PATH-or-URL", help="Folder of the store, or postgresql://…; default HRV_STORE."
    ),
]


def place_of(given: str | None) -> str:
    """Return where the store is: as given, or as the settings say."""
    from api.settings import Settings

    return Settings.from_environment(store=given).store


@contextmanager
def opened(given: str | None, *, make: bool = False) -> Iterator[Store]:
    """Open the store; one that is not there yet is made only if the command may.

    Raises
    ------
    InputError
        If there is none.
    """
    from api.store import open_store
    from api.store.database import FILE
    from hrv.errors import InputError

    place = place_of(given)
    if not make and "://" not in place and not (Path(place).expanduser() / FILE).exists():
        raise InputError(f"there is no store in {place}; name its folder with --store")
    store = open_store(place)
    try:
        yield store
    finally:
        store.close()
