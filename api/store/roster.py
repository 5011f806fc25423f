"""The roster: who is enrolled, where the drawn list puts them, and who has left.

The drawn list is concealed: a place's code is read only by `give_place`, for the one person who
is enrolled next in a stratum.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.models import (
    Allocation,
    HeldKey,
    Place,
    Study,
    Subject,
)
from api.store.persons import erase
from hrv.errors import InputError, StudyError
from hrv.plan.allocate import allocate
from hrv.plan.draw import Key
from ingest.allocation_files import METHODS, allocation_files

MOST_PLACES = 2000


def draw_allocation(
    session: Session,
    study: Study,
    *,
    design: str,
    strata: Mapping[str, Sequence[str]],
    places: int,
    blinded: bool,
    made: datetime,
) -> Allocation:
    """Draw a list of places for people who are not enrolled yet, half of each stratum a side.

    Parameters
    ----------
    session : Session
        Within which it is stored.
    study : Study
        Whose people are to be allocated; it has no allocation yet.
    design : str
        ``"two-arm"`` or ``"crossover"``.
    strata : mapping of str to sequence of str
        Levels by name, such as ``{"sex": ["f", "m"]}``; every combination is a stratum.
    places : int
        Places of each stratum; draw more than will be needed.
    blinded : bool
        Speak of A and B, and keep what they mean shut.
    made : datetime
        Moment of the draw.

    Raises
    ------
    InputError
        If the list would be too short, too long or could have been drawn in too few ways.
    StudyError
        If the study has an allocation already.
    """
    if session.scalar(select(Allocation.id).where(Allocation.study_id == study.id)) is not None:
        raise StudyError("the study has an allocation; a list that is in use is not drawn again")
    combinations = [
        dict(zip(strata, levels, strict=True)) for levels in itertools.product(*strata.values())
    ]
    total = places * len(combinations)
    if total > MOST_PLACES:
        raise InputError(f"{total} places are too many; at most {MOST_PLACES} are drawn at once")
    width = len(str(total))
    listed = [
        {"subject": f"place {number + 1:0{width}d}", **combinations[number // places]}
        for number in range(total)
    ]
    drawn = allocate(pd.DataFrame(listed), list(strata), design, secrets.randbits(48))
    declared = study.declared
    pair = list(declared["conditions"])
    if secrets.randbits(1):
        pair.reverse()
    key = Key({"A": pair[0], "B": pair[1]}, secrets.token_hex(16))
    told = {
        "title": study.title, "conditions": declared["conditions"],
        "endpoint": declared["primary"], "direction": declared["direction"],
        "swc": declared["swc"], "method": METHODS[design], "design": design,
        "strata": list(strata), "blinded": blinded,
    }  # fmt: skip
    files, sha256 = allocation_files(drawn, key, told, made)
    row = Allocation(
        study_id=study.id, design=design, strata={k: list(v) for k, v in strata.items()},
        blinded=blinded, sha256=sha256, key_sha256=key.commitment,
        registration=files["registration.txt"].decode("utf-8"),
    )  # fmt: skip
    session.add(row)
    session.flush()
    for number, place in enumerate(drawn.table.to_dict(orient="records"), start=1):
        code = str(place[drawn.column])
        stratum = stratum_of({name: place[name] for name in strata})
        said = code if blinded else _opened(code, key.codes)
        session.add(Place(allocation_id=row.id, number=number, stratum=stratum, code=said))
    if blinded:
        session.merge(HeldKey(study_id=study.id, codes=dict(key.codes), nonce=key.nonce))
    session.flush()
    return row


def stratum_of(levels: Mapping[str, str]) -> str:
    """Write a stratum as one text."""
    return "; ".join(f"{name}: {level}" for name, level in levels.items())


def _opened(code: str, names: Mapping[str, str]) -> str:
    return "-".join(names[part] for part in code.split("-"))


def give_place(
    session: Session, subject: Subject, levels: Mapping[str, str], at: datetime
) -> Place:
    """Give the next place of a stratum to somebody who is enrolled; from then on it is known.

    Raises
    ------
    StudyError
        If the study has no allocation, the person has a place or left, or the stratum is full.
    InputError
        If the levels are not those of the allocation.
    """
    drawn = session.scalar(select(Allocation).where(Allocation.study_id == subject.study_id))
    if drawn is None:
        raise StudyError("the study has no allocation yet; draw one first")
    if subject.withdrawn_at is not None:
        raise StudyError(f"{subject.name} has withdrawn and is not allocated any more")
    if session.scalar(select(Place.number).where(Place.subject_id == subject.id)) is not None:
        raise StudyError(f"{subject.name} has a place already; nobody is allocated twice")
    for name, known in drawn.strata.items():
        if levels.get(name) not in known:
            said = levels.get(name, "missing")
            raise InputError(f"{name} is {said!r}; choose from {', '.join(known)}")
    if extra := set(levels) - set(drawn.strata):
        raise InputError(f"the allocation is not stratified by {', '.join(sorted(extra))}")
    stratum = stratum_of({name: levels[name] for name in drawn.strata})
    # one row at a time is locked, so two desks that enrol at once get two places
    free = select(Place).where(
        Place.allocation_id == drawn.id, Place.stratum == stratum, Place.taken_at.is_(None)
    )
    place = session.scalar(free.order_by(Place.number).limit(1).with_for_update())
    if place is None:
        where = f" in the stratum {stratum}" if stratum else ""
        raise StudyError(f"no place of the drawn list is left{where}")
    place.subject_id, place.taken_at = subject.id, at
    subject.strata = {name: levels[name] for name in drawn.strata}
    if subject.enrolled_at is None:
        subject.enrolled_at = at
    session.flush()
    return place


def places_of(session: Session, study_id: UUID) -> dict[UUID, Place]:
    """Places that were given, by person."""
    rows = session.scalars(
        select(Place)
        .join(Allocation, Allocation.id == Place.allocation_id)
        .where(Allocation.study_id == study_id, Place.subject_id.is_not(None))
    )
    return {place.subject_id: place for place in rows if place.subject_id is not None}


def counts_of(session: Session, allocation: Allocation) -> dict[str, tuple[int, int]]:
    """Places given and places in all, by stratum."""
    taken = func.count(Place.taken_at)
    rows = session.execute(
        select(Place.stratum, taken, func.count())
        .where(Place.allocation_id == allocation.id)
        .group_by(Place.stratum)
        .order_by(func.min(Place.number))
    )
    return {stratum: (given, total) for stratum, given, total in rows}


def withdraw(subject: Subject, at: datetime, reason: str) -> None:
    """Write down that somebody left; what was measured so far stays unless it is deleted.

    Raises
    ------
    StudyError
        If they had left before, or would leave before they came.
    """
    if subject.withdrawn_at is not None:
        raise StudyError(f"{subject.name} withdrew before, on {subject.withdrawn_at:%Y-%m-%d}")
    if subject.enrolled_at is not None and at < subject.enrolled_at:
        raise StudyError(
            f"{subject.name} cannot withdraw on {at:%Y-%m-%d}: enrolled only on "
            f"{subject.enrolled_at:%Y-%m-%d}; mend one of the two"
        )
    subject.withdrawn_at, subject.withdrawal_reason = at, reason


def delete_data(session: Session, subject: Subject) -> dict[str, int]:
    """Delete everything that was measured or noted of somebody who left.

    The roster keeps pseudonym, date and reason, so that the flow of participants adds up.
    Results that were computed with the data go too (they can be computed again without it), and
    kept answers to repeated requests, which may hold some of it.

    Returns
    -------
    dict of str to int
        Rows deleted by table.

    Raises
    ------
    StudyError
        If the person has not withdrawn.
    """
    if subject.withdrawn_at is None:
        raise StudyError(f"{subject.name} has not withdrawn; write that down first")
    gone = erase(session, subject)
    subject.note, subject.strata, subject.data_deleted = "", {}, True
    session.flush()
    return gone


def arms_of(
    session: Session, study: Study, key: Mapping[str, Any] | None
) -> tuple[dict[UUID, dict[str, str]], bool]:
    """Arm or sequence of everybody who has a place, and whether it still speaks of codes.

    Raises
    ------
    StudyError
        If the key is not the one that the allocation was drawn with.
    """
    drawn = session.scalar(select(Allocation).where(Allocation.study_id == study.id))
    if drawn is None:
        return {}, False
    names: Mapping[str, str] | None = None
    if key is not None and drawn.blinded:
        given = Key({str(k): str(v) for k, v in key["codes"].items()}, str(key["nonce"]))
        if given.commitment != drawn.key_sha256:
            raise StudyError("the key is not the one that the allocation was drawn with")
        names = given.codes
    column = "arm" if drawn.design == "two-arm" else "sequence"
    found = {
        who: {column: place.code if names is None else _opened(place.code, names)}
        for who, place in places_of(session, study.id).items()
    }
    return found, drawn.blinded and names is None
