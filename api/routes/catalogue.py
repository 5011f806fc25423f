"""/v1/catalogue: formats, cleaners, metrics, measures and methods, from the tables themselves."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pandas as pd
from fastapi import APIRouter, Request
from starlette.responses import Response

import hrv
import ingest
from api import conditions as cond
from api import paging
from api.access import needs
from api.representations import JSON, TABLES, Described, choose, encode
from api.routes import _docs as docs
from api.schemas.base import Page
from api.schemas.results import Entry
from api.service import Svc

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])


class Shelf(StrEnum):
    """What can be listed."""

    FORMATS = "formats"
    CLEANERS = "cleaners"
    METRICS = "metrics"
    MEASURES = "measures"
    METHODS = "methods"


_SHELVES: dict[Shelf, Sequence[Any]] = {
    Shelf.FORMATS: ingest.FORMATS,
    Shelf.CLEANERS: hrv.CLEANERS,
    Shelf.METRICS: hrv.METRICS,
    Shelf.MEASURES: hrv.MEASURES,
    Shelf.METHODS: hrv.METHODS,
}


@router.get(
    "/{shelf}", response_model=Page[Entry], responses=docs.listed(), dependencies=needs("enter")
)
def list_shelf(
    shelf: Shelf, request: Request, service: Svc, _held: cond.IfNoneMatch = None
) -> Response:
    """List what there is, with units and sources."""
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise paging.not_acceptable(TABLES)
    entries = [_entry(row) for row in _SHELVES[shelf]]
    if media == JSON:
        body = Page[Entry](items=entries, next=None).model_dump_json().encode()
    else:
        rows = [{**e.model_dump(), "suffixes": " ".join(e.suffixes or ())} for e in entries]
        body = encode(Described(pd.DataFrame(rows), {}, {}), media)
    return cond.tagged(request, body, media, cond.tag_of_bytes(media.encode(), body))


def _entry(row: Any) -> Entry:
    suffixes = getattr(row, "suffixes", None)
    return Entry(
        name=row.name,
        summary=row.summary,
        unit=getattr(row, "unit", None),
        min_s=getattr(row, "min_s", None),
        suffixes=None if suffixes is None else list(suffixes),
        source=getattr(row, "source", None),
    )
