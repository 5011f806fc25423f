"""Look things up in the project's literal tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hrv.errors import InputError


def first_duplicate(names: Iterable[str]) -> str | None:
    """Return the first name that occurs twice, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def pick(name: str, table: Sequence[Any], what: str) -> Any:
    """Return the entry of `table` called `name`, or raise one sentence with the choices."""
    for entry in table:
        if entry.name == name:
            return entry
    choices = ", ".join(entry.name for entry in table)
    raise InputError(f"no {what} is called {name!r}; choose from {choices}")
