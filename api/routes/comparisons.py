"""/v1/studies/{id}/comparisons, /v1/comparisons and their reports: before against after."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import pandas as pd
import zstandard
from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from api import conditions as cond
from api import creation, paging
from api.access import needs
from api.errors import NOT_FOUND, ProblemError
from api.representations import JSON, TABLES, Described, choose, encode
from api.routes import _docs as docs
from api.routes._find import find
from api.routes.jobs import show as show_job
from api.schemas.base import Page, Table
from api.schemas.results import ComparisonIn, ComparisonOut, ComparisonSummary, Job
from api.service import Svc
from api.store import keys, models
from api.store.studies import content_key

router = APIRouter(prefix="/v1", tags=["comparisons"])
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
"""A report brings its own style and its pictures, no script, and needs nothing else."""


class Part(StrEnum):
    """Tables of a comparison."""

    METHODS = "methods"
    DAYS = "days"
    CURVES = "curves"
    RECOVERY = "recovery"
    QUALITY = "quality"
    RATES = "rates"
    ADHERENCE = "adherence"


@router.post(
    "/studies/{study_id}/comparisons",
    status_code=202,
    response_model=Job,
    responses=docs.made(404, status=202),
    dependencies=needs("write"),
)
def start_comparison(
    study_id: UUID,
    request: Request,
    service: Svc,
    body: ComparisonIn | None = None,
    key: creation.Key = None,
) -> Response:
    """Analyse the study as it stands: a job, done at once if nothing changed since the last.

    A study with a plan is analysed as registered: sealed until a declared look has come.  The key
    of a blinded one is used by itself once its planned end has come, if it is kept here.
    """
    opened = None if body is None or body.key is None else body.key.model_dump()
    started: list[UUID] = []

    def work(session: Session) -> creation.Created:
        study = find(session, models.Study, study_id)
        key_of = opened or keys.opened_key(session, study_id, service.clock())
        job = service.jobs.add(session, study, key_of)
        if job.state == "queued":
            started.append(job.id)
        shown = show_job(job, service)
        return creation.Created(shown, f"/v1/jobs/{job.id}", job.version, status=202)

    said = "" if body is None else body.model_dump_json()
    response = creation.create(service, request, key, said, work)
    for job in started:
        service.jobs.submit(job)
    return response


@router.get(
    "/studies/{study_id}/comparisons",
    response_model=Page[ComparisonSummary],
    responses=docs.listed(),
    dependencies=needs("read"),
)
def list_comparisons(
    study_id: UUID,
    request: Request,
    service: Svc,
    limit: paging.Limit = 100,
    cursor: paging.Cursor = None,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """List finished comparisons of a study; `current` says whether one is of its present data."""
    with service.store.read() as session:
        study = find(session, models.Study, study_id)
        at = service.clock()
        present = content_key(session, study, at, keys.opened_key(session, study_id, at))
        kind = models.ComparisonResult
        query = select(kind).where(kind.study_id == study_id)
        return paging.page(
            request, session, query, kind, paging.Slice(limit, cursor), ComparisonSummary,
            lambda row: ComparisonSummary(
                id=row.id, study_id=row.study_id, created_at=row.created_at, key=row.key,
                current=row.key == present,
            ),
        )  # fmt: skip


def _found(session: Session, comparison_id: UUID) -> tuple[bytes, str]:
    row = find(session, models.ComparisonResult, comparison_id)
    return zstandard.ZstdDecompressor().decompress(row.data), row.key


@router.get(
    "/comparisons/{comparison_id}",
    response_model=ComparisonOut,
    responses=docs.tabled(),
    dependencies=needs("read"),
)
def get_comparison(
    comparison_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read a comparison: the same object, to the last digit, as ``hrv compare --format json``.

    As CSV, Arrow or Parquet: one row a method and endpoint.
    """
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise paging.not_acceptable(TABLES)
    with service.store.read() as session:
        data, key = _found(session, comparison_id)
    body = data if media == JSON else encode(_part(data, Part.METHODS), media)
    return cond.tagged(request, body, media, cond.tag_of_bytes(key.encode(), media.encode()))


@router.get(
    "/comparisons/{comparison_id}/tables/{part}",
    response_model=Table,
    responses=docs.tabled(),
    dependencies=needs("read"),
)
def get_comparison_table(
    comparison_id: UUID,
    part: Part,
    request: Request,
    service: Svc,
    _held: cond.IfNoneMatch = None,
) -> Response:
    """Read one table of a comparison."""
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise paging.not_acceptable(TABLES)
    with service.store.read() as session:
        data, key = _found(session, comparison_id)
    body = encode(_part(data, part), media)
    tag = cond.tag_of_bytes(key.encode(), media.encode(), part.encode())
    return cond.tagged(request, body, media, tag)


def _part(data: bytes, part: Part) -> Described:
    whole = orjson.loads(data)
    if part is not Part.METHODS and part.value not in whole:
        why = f"this comparison was made by an earlier version, without {part.value}; compare again"
        raise ProblemError(NOT_FOUND, why)
    if part is not Part.METHODS:
        return Described(pd.DataFrame(whole[part.value]), {}, {})
    first = [("primary", whole["endpoint"], row) for row in whole["methods"]]
    rows = first + [("exploratory", row["endpoint"], row) for row in whole["exploratory"]]
    flat = [{"role": role, "endpoint": name, **_flat(row)} for role, name, row in rows]
    return Described(pd.DataFrame(flat), {}, {})


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in row.items() if not isinstance(v, dict | list) and k != "endpoint"}
    why = "; ".join(refusal["why"] for refusal in row["refusals"])
    return {**kept, "why_refused": why if row["estimate"] is None else ""}


@router.get(
    "/comparisons/{comparison_id}/report",
    response_class=HTMLResponse,
    responses={304: {"description": "You hold it (If-None-Match)."}, **docs.problems(404)},
    tags=["reports"],
    dependencies=needs("read"),
)
def get_report(
    comparison_id: UUID, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """Read the report of a comparison: one self-contained page."""
    with service.store.read() as session:
        row = find(session, models.ComparisonResult, comparison_id)
        page, key = zstandard.ZstdDecompressor().decompress(row.report), row.key
    tag = cond.tag_of_bytes(key.encode(), b"report")
    headers = {"Content-Security-Policy": _REPORT_POLICY, "X-Content-Type-Options": "nosniff"}
    return cond.tagged(request, page, "text/html", tag, **headers)
