"""Rosters: which strap belongs to which person in which session, and what does not match.

title = "Stress day 3"

[[strap]]
strap = "A0:9E:1A:00:00:01"     # address or whole name
person = "P01"
session = "day3"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hrv.errors import FormatError, InputError
from hrv.tables import first_duplicate
from ingest.ble.radio import Found
from ingest.documents import parse_toml
from ingest.journal.reader import records
from ingest.journal.record import MAGIC, Kind
from ingest.reading import file_source

_KEYS = frozenset({"strap", "person", "session"})
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


@dataclass(frozen=True)
class Seat:
    """One line of a roster.

    Parameters
    ----------
    strap : str
        Address or whole name; ``sim:…`` or ``replay:…`` to rehearse without straps.
    person : str
        Pseudonym.
    session : str
        Name of the session.
    """

    strap: str
    person: str
    session: str = ""

    @property
    def plays(self) -> bool:
        """True for a rehearsal: no strap, but something that plays one."""
        return self.strap.startswith(("sim:", "replay:"))

    @property
    def file_name(self) -> str:
        """Name of the journal this seat is recorded into."""
        parts = [self.person, self.session] if self.session else [self.person]
        return "_".join(part.replace(" ", "-") for part in parts) + ".hrvj"


@dataclass(frozen=True)
class Roster:
    """Who wears what.

    Parameters
    ----------
    title : str
        Name of the occasion.
    seats : tuple of Seat
        Every strap and every person once.
    """

    title: str
    seats: tuple[Seat, ...]

    def seat_of(self, found: Found) -> Seat | None:
        """Seat whose strap is `found`, or None."""
        return next((seat for seat in self.seats if found.is_exactly(seat.strap)), None)

    def mismatches(self, found: Iterable[Found]) -> tuple[str, ...]:
        """Say what a scan and the roster disagree on, one sentence each; empty if nothing."""
        found = list(found)
        worn = [seat for seat in self.seats if not seat.plays]
        missing = [s for s in worn if not any(f.is_exactly(s.strap) for f in found)]
        strangers = [f for f in found if self.seat_of(f) is None]
        return (
            *(f"{s.strap} of {s.person} is not in sight; is it worn and wet?" for s in missing),
            *(f"{f.label} ({f.address}) is in sight but on no line of the roster"
              for f in strangers),
        )  # fmt: skip


def load_roster(path: str | Path) -> Roster:
    """Read a roster.

    Raises
    ------
    InputError
        If there is no such file.
    FormatError
        Naming the line of the roster: a key missing or unknown, a name no file can carry, a
        strap or person twice.
    """
    source = file_source(path)
    try:
        with source.open() as file:
            content = parse_toml(file.read())
    except ValueError as error:
        raise FormatError(f"is no TOML: {error}", source=source.name) from None
    for key in content:
        if key not in ("title", "strap"):
            raise FormatError(
                f"does not know {key!r}; it may hold title, strap", source=source.name
            )
    entries = content.get("strap")
    if not isinstance(entries, list) or not entries:
        raise FormatError("has no [[strap]]; a roster needs at least one", source=source.name)
    seats = tuple(_seat(entry, number, source.name) for number, entry in enumerate(entries, 1))
    for what, names in (
        ("strap", [seat.strap.casefold() for seat in seats]),
        ("person", [seat.person for seat in seats]),
    ):
        if twice := first_duplicate(names):
            raise FormatError(f"{what} {twice!r} stands twice", source=source.name)
    return Roster(str(content.get("title", source.name)), seats)


def _seat(entry: Any, number: int, source: str) -> Seat:
    where = f"{source}, strap {number}"
    if not isinstance(entry, dict):
        raise FormatError("is no table; write [[strap]]", source=where)
    for key in entry:
        if key not in _KEYS:
            raise FormatError(
                f"does not know {key!r}; it may hold {', '.join(sorted(_KEYS))}", source=where
            )
    strap, person = str(entry.get("strap", "")).strip(), str(entry.get("person", "")).strip()
    session = str(entry.get("session", "")).strip()
    if not strap or not person:
        raise FormatError("needs strap = and person =", source=where)
    for what, name in (("person", person), ("session", session)):
        if name and not _SAFE.fullmatch(name):
            raise FormatError(
                f"{what} {name!r} cannot name a file; use letters, digits, '.', '_' and '-'",
                source=where,
            )
    return Seat(strap, person, session)


@dataclass(frozen=True)
class Past:
    """What a journal says about the runs it holds already.

    Parameters
    ----------
    person, address : str
        Whom and with which strap; "" where it does not say.
    runs : int
        Runs so far; 0 for no file.
    finished : bool
        True if it holds beats and its last run ended on purpose.
    """

    person: str = ""
    address: str = ""
    runs: int = 0
    finished: bool = False


def past_of(path: str | Path) -> Past:
    """Look into a journal that may be continued.

    Raises
    ------
    FormatError
        If the file is no journal.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size < len(MAGIC):
        return Past()
    person = address = ""
    runs, heard, last = 0, False, None
    for record in records(path):
        last = record.kind
        if record.kind is Kind.SESSION:
            runs, person = runs + 1, str(record.fields.get("person", "")) or person
        elif record.kind is Kind.DEVICE:
            address = str(record.fields.get("address", "")) or address
        heard = heard or record.kind is Kind.NOTIFICATION
    return Past(person, address, runs, heard and last is Kind.CLOSE)


def journal_mismatch(path: str | Path, seat: Seat, found: Found) -> str:
    """Say what speaks against continuing the journal at `path` for this seat and strap.

    Returns
    -------
    str
        One sentence; empty if nothing does (also if the file does not exist yet).
    """
    path, past = Path(path), past_of(path)
    if past.person and past.person != seat.person:
        return f"{path.name} belongs to {past.person}, not to {seat.person}; choose another file"
    return strap_mismatch(path.name, past, found.address)


def strap_mismatch(name: str, past: Past, address: str) -> str:
    """Say that the strap at `address` is not the one the journal `name` began with, or ""."""
    if not (past.address and address) or past.address.casefold() == address.casefold():
        return ""
    return (
        f"{name} was recorded with the strap {past.address}, now {address} is worn; swapped straps?"
    )


def check_seats(seats: Iterable[Seat], folder: Path) -> None:
    """Refuse two seats that would be recorded into one file.

    Raises
    ------
    InputError
        Naming the file.
    """
    if twice := first_duplicate(seat.file_name for seat in seats):
        raise InputError(f"two seats would be recorded into {folder / twice}; rename a session")
