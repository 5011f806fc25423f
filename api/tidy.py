"""A whole study as long tables in one zip file, with a codebook: what other programs start from."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import IO, Any
from uuid import UUID

import orjson
import zstandard
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.codebook import CODEBOOK
from api.store import models, roster
from api.store.keys import opened_key
from api.store.recordings import read_beats
from api.store.studies import content_key, latest_plan
from hrv.instruments import INSTRUMENTS
from hrv.recovery import MEASURES
from ingest.spreadsheet import safe

Rows = Iterable[Mapping[str, Any]]
_LOGS: Mapping[str, type[Any]] = {
    "events": models.Event, "phases": models.Phase, "interventions": models.Intervention,
    "doses": models.Dose, "outcomes": models.Outcome, "adverse_events": models.AdverseEvent,
}  # fmt: skip
_WITH_INTERVAL = ("low", "high", "se", "censored")


def write_tidy(
    session: Session, study: models.Study, out: IO[bytes], *, now: datetime, beats: bool
) -> None:
    """Write the export.

    Parameters
    ----------
    session : Session
        Of the store; one state of it is written.
    study : Study
        What is exported.
    out : file
        Where the zip file goes.
    now : datetime
        Moment of the export.
    beats : bool
        With every beat of every recording.
    """
    names = {row.id: row.name for row in session.scalars(_of(models.Subject, study))}
    tables: dict[str, Callable[[], Rows]] = {
        "participants": lambda: _participants(session, study),
        "recordings": lambda: _recordings(session, study, names),
        **{name: _log(session, study, name, names) for name in _LOGS},
        "instruments": lambda: (vars(one) for one in INSTRUMENTS),
        "measures": lambda: (vars(one) for one in MEASURES),
        "codebook": _codebook,
    }
    if beats:
        tables["beats"] = lambda: _beats(session, study)
    whole = _result(session, study, now)
    if whole is not None:
        tables["recovery"] = lambda: _recovery(whole["recovery"])
        tables["quality"] = lambda: whole["quality"]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in (name for name in CODEBOOK if name in tables):
            with archive.open(f"{name}.csv", "w", force_zip64=True) as file:
                _write(file, name, tables[name]())
        archive.writestr("README.txt", _readme(session, study, now, whole, list(tables)))


def _write(file: Any, table: str, rows: Rows) -> None:
    columns = list(CODEBOOK[table])
    with io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        out = csv.writer(text, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            out.writerow([_cell(row.get(column)) for column in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return safe(value) if isinstance(value, str) else str(value)


def _of(model: type[Any], study: models.Study) -> Any:
    return select(model).where(model.study_id == study.id).order_by(model.id)


def _participants(session: Session, study: models.Study) -> Iterator[dict[str, Any]]:
    places = roster.places_of(session, study.id)
    for row in session.scalars(_of(models.Subject, study)):
        place = places.get(row.id)
        yield {
            "subject": row.name,
            "enrolled": row.enrolled_at,
            "strata": roster.stratum_of(row.strata),
            "place": None if place is None else place.code,
            "withdrawn": row.withdrawn_at,
            "withdrawal_reason": row.withdrawal_reason,
            "data": "deleted" if row.data_deleted else "kept",
            "note": row.note,
        }


def _recordings(
    session: Session, study: models.Study, names: Mapping[UUID, str]
) -> Iterator[dict[str, Any]]:
    for row in session.scalars(_of(models.Recording, study)):
        said = row.provenance
        yield {
            "subject": names[row.subject_id],
            "recording": row.name,
            "start": row.start,
            "duration_s": row.duration_s,
            "beats": row.beats,
            "condition": row.condition,
            "period": row.period,
            "file": said.get("source"),
            "format": said.get("format"),
            "device": said.get("device"),
            "unit_rule": said.get("unit"),
            "clock_rule": said.get("clock"),
            "beats_sha256": row.beats_sha256,
        }


def _beats(session: Session, study: models.Study) -> Iterator[dict[str, Any]]:
    query = select(models.Recording.id, models.Recording.name)
    query = query.where(models.Recording.study_id == study.id).order_by(models.Recording.id)
    for identity, name in session.execute(query).all():
        found = read_beats(session, identity)
        columns = (found.t_s.tolist(), found.rr_ms.tolist(), found.flag.tolist())
        for t_s, rr_ms, flag in zip(*columns, strict=True):
            yield {"recording": name, "t_s": t_s, "rr_ms": rr_ms, "flag": flag}


def _log(
    session: Session, study: models.Study, name: str, names: Mapping[UUID, str]
) -> Callable[[], Rows]:
    def rows() -> Iterator[dict[str, Any]]:
        recordings: dict[UUID, str] = {}
        if name == "events":
            found = select(models.Recording.id, models.Recording.name)
            found = found.where(models.Recording.study_id == study.id)
            recordings = {row.id: row.name for row in session.execute(found)}
        for row in session.scalars(_of(_LOGS[name], study)):
            values = {column: getattr(row, column, None) for column in CODEBOOK[name]}
            values["subject"] = names[row.subject_id]
            if name == "events" and row.recording_id is not None:
                values["recording"] = recordings[row.recording_id]
            yield values

    return rows


def _codebook() -> Iterator[dict[str, str]]:
    for table, columns in CODEBOOK.items():
        for column, entry in columns.items():
            said = {**vars(entry), "type": entry.kind}
            yield {"table": table, "column": column, **said}


def _result(session: Session, study: models.Study, now: datetime) -> dict[str, Any] | None:
    """Return the comparison of the data as it stands, if it was computed."""
    key = content_key(session, study, now, opened_key(session, study.id, now))
    kind = models.ComparisonResult
    row = session.scalar(select(kind).where(kind.study_id == study.id, kind.key == key))
    if row is None:
        return None
    found: dict[str, Any] = orjson.loads(zstandard.ZstdDecompressor().decompress(row.data))
    return found


def _recovery(episodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row an episode and measure."""
    for row in episodes:
        for measure in MEASURES:
            more = {end: row.get(f"{measure.name}_{end}") for end in _WITH_INTERVAL}
            more["standard_error"] = more.pop("se")
            yield {**row, "measure": measure.name, "value": row.get(measure.name), **more}


def _readme(
    session: Session,
    study: models.Study,
    now: datetime,
    whole: dict[str, Any] | None,
    tables: list[str],
) -> str:
    plan = latest_plan(session, study.id)
    lines = [
        study.title,
        "",
        f"Exported {now.isoformat(timespec='seconds')} by hrv-recovery {version('hrv-recovery')}.",
        "Every file is CSV in UTF-8 with a head, one row an observation; times are ISO 8601 with "
        "their offset.",
        "codebook.csv says of every column what it is, its unit, where it comes from and what an "
        "empty cell means.",
        f"Tables: {', '.join(name for name in CODEBOOK if name in tables)}.",
    ]
    if "beats" not in tables:
        lines.append("Without single beats, as was asked.")
    if whole is None:
        lines.append(
            "Without recovery and quality: the data changed since the last comparison; compute "
            "one and export again."
        )
    if plan is not None:
        end = plan.content["record"]["looks"][-1]["time"]
        lines.append(
            f"Registered as SHA-256 {plan.content['sha256']}; the effect is not to be looked at "
            f"before {end}: looking early makes false findings likelier."
        )
    return "\n".join(lines) + "\n"
