"""Find stored things or say in one sentence that they are not there."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import NOT_FOUND, ProblemError
from api.store.models import Base, Subject

Row = TypeVar("Row", bound=Base)


def find(session: Session, model: type[Row], identity: UUID, **options: Any) -> Row:
    """Return the row with an identity.

    Raises
    ------
    ProblemError
        404 if there is none.
    """
    row = session.get(model, identity, **options)
    if row is None:
        what = str(model.__tablename__).replace("_", " ")
        raise ProblemError(NOT_FOUND, f"there is no {what} {identity}")
    return row


def find_subject(session: Session, study_id: UUID, name: str) -> Subject:
    """Return a subject of a study by its pseudonym.

    Raises
    ------
    ProblemError
        404 if there is none.
    """
    row = session.scalar(select(Subject).where(Subject.study_id == study_id, Subject.name == name))
    if row is None:
        raise ProblemError(
            NOT_FOUND,
            f"the study has no subject {name!r}; make it first, "
            f"POST /v1/studies/{study_id}/subjects",
        )
    return row


def subject_names(session: Session, study_id: UUID) -> dict[UUID, str]:
    """Pseudonym of every subject of a study."""
    rows = session.execute(select(Subject.id, Subject.name).where(Subject.study_id == study_id))
    return {row.id: row.name for row in rows}
