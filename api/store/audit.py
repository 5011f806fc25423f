"""The audit log: who did what, in a chain that shows where an entry was changed or taken out.

Each entry holds SHA-256 over the entry before and everything it says itself.  An entry names
identities, operations and keys; names, notes and values of persons stay out of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select, text
from sqlalchemy.orm import Session

from api.store.models import AuditEntry
from api.store.types import now, to_text

FIRST = "0" * 64
"""What stands before the first entry."""
_PG_LOCK = 0x68727661
_TABLE = cast(Table, AuditEntry.__table__)


@dataclass(frozen=True)
class Deed:
    """What one request did.

    Parameters
    ----------
    who : str
        Name of a principal: ``"local"``, ``"key:…"``, ``"oidc:…"``, ``"command"``.
    action : str
        Name of the operation.
    kind : str
        ``"read"``, ``"change"``, ``"export"``, ``"refused"`` or ``"access"``.
    study : UUID or None
        Which study it concerned.
    detail : mapping
        Identities and counts.
    """

    who: str
    action: str
    kind: str
    study: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def durable(self) -> bool:
        """Whether the disk must hold it before what it tells of is answered; of a read it need not.

        What is not durable is committed all the same: see `api.store.database.Store.write`.
        """
        return self.kind != "read"


@dataclass(frozen=True)
class Head:
    """The last entry of a chain."""

    number: int
    digest: str


@dataclass(frozen=True)
class Broken:
    """Where a chain does not hold, and how."""

    number: int
    why: str


def append(session: Session, deeds: Sequence[Deed]) -> None:
    """Put entries into the caller's transaction, behind the last one."""
    take_turn(session)
    last = head(session)
    number, previous, moment = last.number, last.digest, now()
    rows = []
    for deed in deeds:
        number += 1
        said = json.dumps(dict(deed.detail), sort_keys=True, separators=(",", ":"), default=str)
        row = {
            "number": number, "time": moment, "who": deed.who, "action": deed.action,
            "kind": deed.kind, "study_id": deed.study, "detail": said, "previous": previous,
        }  # fmt: skip
        row["digest"] = previous = digest_of(row)
        rows.append(row)
    session.execute(insert(_TABLE), rows)


def head(session: Session) -> Head:
    """Return the last entry; number 0 before the first."""
    last = session.execute(
        select(_TABLE.c.number, _TABLE.c.digest).order_by(_TABLE.c.number.desc()).limit(1)
    ).first()
    return Head(0, FIRST) if last is None else Head(last.number, last.digest)


def digest_of(row: Mapping[str, Any]) -> str:
    """Hash an entry with the one before it."""
    time: datetime = row["time"]
    study = row["study_id"]
    parts = (
        row["previous"], str(row["number"]), to_text(time), row["who"], row["action"],
        row["kind"], "" if study is None else str(study), row["detail"],
    )  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def entries(session: Session, study: UUID | None = None) -> Iterator[Mapping[str, Any]]:
    """Every entry in order, or those of one study."""
    query = select(_TABLE).order_by(_TABLE.c.number)
    if study is not None:
        query = query.where(_TABLE.c.study_id == study)
    for row in session.execute(query.execution_options(yield_per=1000)):
        yield dict(row._mapping)


def verify(session: Session, noted: tuple[int, str] | None = None) -> tuple[Head, list[Broken]]:
    """Walk the whole chain.

    Parameters
    ----------
    session : Session
        Of the store.
    noted : (int, str), optional
        Number and digest of an earlier head: they must be in the chain.

    Returns
    -------
    Head
        The last entry: kept elsewhere (a backup notes it), it shows whether the end was cut off.
    list of Broken
        Every place where the chain does not hold; empty if it does.
    """
    last, broken, met = Head(0, FIRST), [], noted is None
    for row in entries(session):
        if row["number"] != last.number + 1:
            broken.append(Broken(row["number"], f"entry {last.number + 1} is missing before it"))
        elif row["previous"] != last.digest:
            broken.append(Broken(row["number"], "it does not follow from the entry before"))
        if digest_of(row) != row["digest"]:
            broken.append(Broken(row["number"], "it was changed after it was written"))
        last = Head(row["number"], row["digest"])
        met = met or (last.number, last.digest) == noted
    if noted is not None and not met:
        why = "the head that was noted is not in the chain: the log was cut off or rewritten"
        broken.append(Broken(noted[0], why))
    return last, broken


def take_turn(session: Session) -> None:
    """Wait until nobody else appends, to the end of the transaction.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})
