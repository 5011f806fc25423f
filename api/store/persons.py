"""All about one person: a pseudonym, everything to take along, nothing left behind."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Table, Text, cast, delete, select, update
from sqlalchemy.orm import Session

from api.store.models import (
    AccessGrant,
    AccessKey,
    AuditEntry,
    Base,
    ComparisonResult,
    IdempotencyKey,
    Job,
    Place,
    Recording,
    Subject,
    Upload,
    WebSession,
)
from api.store.types import now, to_text

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What a drawn pseudonym is made of: nothing that could be read as something else."""
_KEPT = (AccessGrant, Place)
"""Tables that name a person without holding anything measured or noted of them."""


def draw_pseudonym(session: Session, study: UUID) -> str:
    """Draw a pseudonym that nobody of the study has: it says nothing of the person."""
    while True:
        drawn = "P-" + "".join(secrets.choice(LETTERS) for _ in range(6))
        taken = select(Subject.id).where(Subject.study_id == study, Subject.name == drawn)
        if session.scalar(taken) is None:
            return drawn


def tables_of_persons() -> tuple[type[Any], ...]:
    """Every table whose rows belong to one person; a new one is found by its column."""
    return tuple(
        mapper.class_
        for mapper in Base.registry.mappers
        if "subject_id" in mapper.columns and mapper.class_ not in _KEPT
    )


def everything(session: Session, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    """Read every row about a person, table by table, as plain values; bytes lie elsewhere."""
    found = {Subject.__tablename__: [_plain(subject)]}
    kinds: tuple[type[Any], ...] = (*tables_of_persons(), *_KEPT)
    for model in kinds:
        rows = session.scalars(select(model).where(model.subject_id == subject.id))
        found[model.__tablename__] = [_plain(row) for row in rows]
    uploads = select(Upload).join(Recording, Recording.upload_id == Upload.id)
    own = session.scalars(uploads.where(Recording.subject_id == subject.id))
    found[Upload.__tablename__] = [_plain(row) for row in own]
    found[AuditEntry.__tablename__] = list(_deeds(session, subject.id))
    return found


def _deeds(session: Session, subject: UUID) -> Iterator[dict[str, Any]]:
    """Who did what with the data of a person, as far as the entry says whose it was."""
    named = cast(AuditEntry.detail, Text).contains(str(subject))
    for row in session.scalars(select(AuditEntry).where(named).order_by(AuditEntry.number)):
        yield _plain(row)


def _plain(row: Any) -> dict[str, Any]:
    columns = (c for c in row.__table__.columns if not isinstance(c.type, LargeBinary))
    return {column.name: _value(getattr(row, column.key)) for column in columns}


def _value(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return to_text(value) if hasattr(value, "utcoffset") else value


def erase(session: Session, subject: Subject) -> dict[str, int]:
    """Delete everything that was measured or noted of a person, and what was made of it.

    Results computed with the data go (they can be computed again without it), the problems of
    jobs that speak of the person, kept answers to repeated requests, and the keys that only they
    had.  The row of the person stays; who calls decides about that.

    Returns
    -------
    dict of str to int
        Rows deleted by table.
    """
    uploads = select(Recording.upload_id).where(Recording.subject_id == subject.id)
    files = session.scalars(select(Upload.id).where(Upload.id.in_(uploads))).all()
    recordings = session.scalars(
        select(Recording.id).where(Recording.subject_id == subject.id)
    ).all()
    gone: dict[str, int] = {}
    for model in sorted(tables_of_persons(), key=lambda m: m is Recording):
        done = session.execute(delete(model).where(model.subject_id == subject.id))
        if count := getattr(done, "rowcount", 0):
            gone[str(model.__tablename__)] = count
    session.execute(delete(Upload).where(Upload.id.in_(files)))
    session.execute(delete(ComparisonResult).where(ComparisonResult.study_id == subject.study_id))
    _forget_words(session, subject, (*files, *recordings, subject.id))
    _end_keys(session, subject.id)
    session.flush()
    return gone


def _forget_words(session: Session, subject: Subject, identities: Sequence[UUID]) -> None:
    """Delete kept answers and problems of jobs that speak of a person, by name or identity."""
    marks = [json.dumps(subject.name, ensure_ascii=ascii_only) for ascii_only in (True, False)]
    marks += [str(each) for each in identities]
    for kept in session.scalars(select(IdempotencyKey)):
        said = kept.body + json.dumps(kept.headers).encode()
        if any(mark.encode() in said for mark in marks):
            session.delete(kept)
    for job in session.scalars(select(Job).where(Job.study_id == subject.study_id)):
        said_of = json.dumps([job.problem, job.parameters], ensure_ascii=False)
        if subject.name in said_of:
            session.delete(job)


def _end_keys(session: Session, subject: UUID) -> None:
    """Revoke keys that open nothing but this person's data, and forget what they were called."""
    granted = select(AccessGrant.key_id).where(AccessGrant.subject_id == subject)
    others = select(AccessGrant.key_id).where(
        AccessGrant.subject_id.is_(None) | (AccessGrant.subject_id != subject)
    )
    only = session.scalars(
        select(AccessKey.id).where(AccessKey.id.in_(granted), AccessKey.id.not_in(others))
    ).all()
    sessions: Table = WebSession.__table__  # type: ignore[assignment]  # declared as FromClause
    session.execute(delete(sessions).where(sessions.c.key_id.in_(only)))
    session.execute(
        update(AccessKey).where(AccessKey.id.in_(only)).values(label="", revoked_at=now())
    )
