"""Pages of a collection: an opaque cursor, and Link headers (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
import pandas as pd
from fastapi import Query, Request
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.conditions import tag_of_bytes, tagged
from api.errors import INVALID, NOT_ACCEPTABLE, ProblemError
from api.representations import JSON, TABLES, Described, choose, encode

Limit = Annotated[int, Query(ge=1, le=1000, description="Most items of a page.")]
Cursor = Annotated[
    str | None,
    Query(description="Where a page begins: `next` of the page before.", max_length=100),
]


@dataclass(frozen=True)
class Slice:
    """What a request asks for of a collection."""

    limit: int
    cursor: str | None

    @property
    def after(self) -> UUID | None:
        """Identity of the last item of the page before."""
        if self.cursor is None:
            return None
        try:
            return UUID(bytes=base64.urlsafe_b64decode(self.cursor + "=="))
        except (ValueError, binascii.Error):
            raise ProblemError(
                INVALID, f"cursor {self.cursor!r} is none of ours; take `next` of a page"
            ) from None


def cursor_of(identity: UUID) -> str:
    """Make the cursor of the page after an item."""
    return base64.urlsafe_b64encode(identity.bytes).decode().rstrip("=")


def page(
    request: Request,
    session: Session,
    query: Select[Any],
    model: type[Any],
    wanted: Slice,
    shown_as: type[BaseModel],
    show: Callable[[Any], BaseModel],
) -> Response:
    """Answer with one page of `query`, as JSON or as a table.

    Parameters
    ----------
    query : Select
        Of `model`, filtered, without an order.
    shown_as : type
        Wire type of an item; its fields are the columns of a table.
    show : callable
        From a row to its wire type.
    """
    media = choose(request.headers.get("accept"), TABLES)
    if media is None:
        raise not_acceptable(TABLES)
    if (after := wanted.after) is not None:
        query = query.where(model.id > after)
    rows = session.scalars(query.order_by(model.id).limit(wanted.limit + 1)).all()
    more = len(rows) > wanted.limit
    shown = [show(row) for row in rows[: wanted.limit]]
    following = cursor_of(rows[wanted.limit - 1].id) if more else None
    items = [item.model_dump(mode="json") for item in shown]
    if media == JSON:
        body = orjson.dumps({"items": items, "next": following})
    else:
        body = encode(_as_table(items, shown_as), media)
    link = {"Link": _link(request, following)}
    return tagged(request, body, media, tag_of_bytes(media.encode(), body), **link)


def not_acceptable(offered: Sequence[str]) -> ProblemError:
    """Make the problem of an Accept that nothing satisfies."""
    return ProblemError(NOT_ACCEPTABLE, f"Accept must allow one of {', '.join(offered)}")


def _as_table(items: list[dict[str, Any]], shown_as: type[BaseModel]) -> Described:
    flat = [
        {k: orjson.dumps(v).decode() if isinstance(v, dict | list) else v for k, v in item.items()}
        for item in items
    ]
    return Described(pd.DataFrame(flat, columns=list(shown_as.model_fields)), {}, {})


def _link(request: Request, following: str | None) -> str:
    first = request.url.remove_query_params("cursor")
    links = [f'<{_relative(first)}>; rel="first"']
    if following is not None:
        links.append(f'<{_relative(first.include_query_params(cursor=following))}>; rel="next"')
    return ", ".join(links)


def _relative(url: Any) -> str:
    """Path and query: right behind any proxy."""
    return f"{url.path}?{url.query}" if url.query else str(url.path)
