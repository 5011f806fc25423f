"""What of the store someone sees: criteria that every query of their sessions carries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import with_loader_criteria

from api.access.principal import Principal, Role
from api.store import models
from api.store.database import View

ALL = View()
"""Everything."""
BEHIND = {
    "upload_part": "read by the upload it is of",
    "chunk": "read by the recording it is of",
    "tail_part": "read by the recording it is of",
    "live_session": "read by the recording it makes",
    "live_entry": "read by the recording it is of",
    "place": "read by the allocation it is of, or by the person who has it",
    "plan_file": "read by the plan it is of",
    "idempotency_key": "found by a hash that who asks is part of",
    "access_key": "read where keys are managed only",
    "access_grant": "read where keys are managed only",
    "web_session": "found by the hash of a cookie",
}
"""Tables without a study in them, and why their rows need no criterion of their own."""


def view_of(who: Principal) -> View:
    """Return what someone sees."""
    return ALL if who.sees_everything else _view(who)


@lru_cache(maxsize=1000)
def _view(who: Principal) -> View:
    return View(tuple(_criteria(who)))


@cache
def tables() -> tuple[type[Any], ...]:
    """Tables whose rows are of a study."""
    mapped = sorted((m.class_ for m in models.Base.registry.mappers), key=lambda c: c.__name__)
    return tuple(c for c in mapped if hasattr(c, "study_id"))


def _criteria(who: Principal) -> Iterator[Any]:
    studies = [g.study for g in who.grants if g.role is not Role.PARTICIPANT]
    own = [g for g in who.grants if g.role is Role.PARTICIPANT]
    persons = [g.subject for g in own]
    yield with_loader_criteria(
        models.Study, models.Study.id.in_([*studies, *(g.study for g in own)])
    )
    for model in tables():
        yield with_loader_criteria(model, _seen(model, studies, persons))


def _seen(model: type[Any], studies: list[Any], persons: list[Any]) -> ColumnElement[bool]:
    whole: ColumnElement[bool] = model.study_id.in_(studies)
    if not persons:
        return whole
    if model is models.Subject:
        return or_(whole, model.id.in_(persons))
    if model is models.Upload:
        recordings = models.Recording.__table__
        files = select(recordings.c.upload_id).where(recordings.c.subject_id.in_(persons))
        return or_(whole, model.id.in_(files))
    return or_(whole, model.subject_id.in_(persons)) if hasattr(model, "subject_id") else whole
