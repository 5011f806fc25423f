"""/v1/studies/{id}/redcap: a project's export into outcomes and doses, with a look beforehand."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.access import needs
from api.errors import CONFLICT, INVALID, ProblemError
from api.routes import _docs as docs
from api.routes._find import find
from api.schemas.redcap import (
    ColumnOut,
    MappingIn,
    RedcapTaken,
    RedcapUnderstood,
    RefusedOut,
)
from api.service import Svc
from api.store import models
from ingest import redcap
from ingest.formats.base import Source
from ingest.redcap.take import people

router = APIRouter(prefix="/v1/studies/{study_id}/redcap", tags=["redcap"])
MOST_LISTED = 500
Export = Annotated[UploadFile, File(description="CSV of a project: raw data, dates as Y-M-D.")]
Wanted = Annotated[
    str | None,
    Form(
        max_length=200_000,
        description="Which columns become what, JSON of MappingIn; default: as proposed.",
    ),
]


@router.post(
    "/preview",
    response_model=RedcapUnderstood,
    responses=docs.problems(400, 404, 413),
    dependencies=needs("write"),
)
def preview_redcap(
    study_id: UUID, service: Svc, file: Export, mapping: Wanted = None
) -> RedcapUnderstood:
    """Say what an export holds and what would be taken; nothing is stored."""
    table = _read(file)
    found = redcap.understand(table)
    chosen = found.mapping if mapping is None else _mapping(mapping)
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        there = set(_people(session, study_id))
    ready = not any(not dose.substance for dose in chosen.doses)
    usable = chosen if ready else _without_doses(chosen)
    rows = redcap.take(table, usable, tz=_zone(study))
    return RedcapUnderstood(
        records=found.records,
        rows=found.rows,
        events=found.events,
        instruments=found.instruments,
        columns=[ColumnOut(**vars(column)) for column in found.columns],
        mapping=MappingIn.model_validate(asdict(chosen)),
        outcomes=dict(Counter(row["name"] for row in rows.outcomes)),
        doses=len(rows.doses),
        missing=rows.missing,
        people=[name for name in people(rows) if name not in there],
        refused=_refused(rows),
        refused_count=len(rows.refused),
    )


@router.post(
    "",
    response_model=RedcapTaken,
    responses=docs.problems(400, 404, 409, 413, 507),
    dependencies=needs("write"),
)
def import_redcap(
    study_id: UUID, service: Svc, file: Export, mapping: Wanted = None
) -> RedcapTaken:
    """Take an export: what can be read is stored, the rest is listed with its line.

    Rows that the study has already are left out, so the next export of the same project adds
    only what is new; a value that changed since is refused, never overwritten.
    """
    table = _read(file)
    chosen = redcap.understand(table).mapping if mapping is None else _mapping(mapping)
    with service.store.write() as session:
        study = find(session, models.Study, study_id)
        rows = redcap.take(table, chosen, tz=_zone(study))
        who = _people(session, study_id)
        new = [name for name in people(rows) if name not in who]
        for name in new:
            person = models.Subject(study_id=study_id, name=name, strata={})
            session.add(person)
            session.flush()
            who[name] = person.id
        outcomes, same = _add_outcomes(session, study_id, who, rows)
        doses, known = _add_doses(session, study_id, who, rows)
    return RedcapTaken(
        outcomes=outcomes, doses=doses, known=same + known, people=new, refused=_refused(rows),
        refused_count=len(rows.refused),
    )  # fmt: skip


def _read(file: UploadFile) -> redcap.Table:
    name = (file.filename or "export.csv").replace("\\", "/").rpartition("/")[2]
    return redcap.read_table(Source(name or "export.csv", content=file.file.read()))


def _mapping(text: str) -> redcap.Mapping:
    try:
        given = MappingIn.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise ProblemError(INVALID, f"mapping, {place or 'JSON'}: {first['msg']}") from None
    said = given.model_dump()
    return redcap.Mapping(
        said["record"],
        tuple(redcap.OutcomeFrom(**each) for each in said["outcomes"]),
        tuple(redcap.DoseFrom(**each) for each in said["doses"]),
        tuple(said["missing"]),
        said["hour"],
    )


def _without_doses(mapping: redcap.Mapping) -> redcap.Mapping:
    """Look at the rest while nobody has said which substance it was."""
    return redcap.Mapping(mapping.record, mapping.outcomes, (), mapping.missing, mapping.hour)


def _zone(study: models.Study) -> str:
    if study.tz is None:
        raise ProblemError(
            CONFLICT, "the times of a REDCap project have no zone: give the study its tz first"
        )
    return study.tz


def _people(session: Session, study_id: UUID) -> dict[str, UUID]:
    query = select(models.Subject.name, models.Subject.id)
    found = session.execute(query.where(models.Subject.study_id == study_id))
    return {row.name: row.id for row in found}


def _refused(rows: redcap.Rows) -> list[RefusedOut]:
    return [
        RefusedOut(**{k: v if k == "line" else str(v)[:200] for k, v in vars(each).items()})
        for each in rows.refused[:MOST_LISTED]
    ]


def _add_outcomes(
    session: Session, study_id: UUID, who: dict[str, UUID], rows: redcap.Rows
) -> tuple[int, int]:
    kind = models.Outcome
    there = {
        (row.subject_id, row.name, row.utc): row.value
        for row in session.scalars(select(kind).where(kind.study_id == study_id))
    }
    added = known = 0
    for row in rows.outcomes:
        utc = row["time"].astimezone(UTC).isoformat()
        key = (who[row["subject"]], row["name"], utc)
        if key in there:
            known += there[key] == row["value"]
            if there[key] != row["value"]:
                why = f"the study has {there[key]:g} at this moment; delete that first if wrong"
                said = redcap.Refused(0, row["subject"], row["name"], f"{row['value']:g}", why)
                rows.refused.append(said)
            continue
        values = {k: v for k, v in row.items() if k != "subject"}
        session.add(kind(study_id=study_id, subject_id=key[0], utc=utc, **values))
        added += 1
    session.flush()
    return added, known


def _add_doses(
    session: Session, study_id: UUID, who: dict[str, UUID], rows: redcap.Rows
) -> tuple[int, int]:
    kind = models.Dose

    def key_of(subject: UUID, values: dict[str, Any]) -> tuple[Any, ...]:
        at = values["time"].astimezone(UTC)
        return (subject, at, values["substance"], values["amount"], values["status"])

    there = {
        key_of(row.subject_id, vars(row))
        for row in session.scalars(select(kind).where(kind.study_id == study_id))
    }
    added = 0
    for row in rows.doses:
        values = {k: v for k, v in row.items() if k != "subject"}
        if key_of(who[row["subject"]], values) not in there:
            session.add(kind(study_id=study_id, subject_id=who[row["subject"]], **values))
            added += 1
    session.flush()
    return added, len(rows.doses) - added
