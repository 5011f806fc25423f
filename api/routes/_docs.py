"""How routes document themselves: every status and every representation, in OpenAPI's words."""

from __future__ import annotations

from typing import Any

from api.errors import MEDIA_TYPE, PROBLEMS
from api.representations import ARROW, CSV, PARQUET

Responses = dict[int | str, dict[str, Any]]

_ALWAYS = (401, 403, 422, 429, 500, 503)
_ETAG = {"description": "Version of this representation.", "schema": {"type": "string"}}
_LINK = {
    "description": 'Pages (RFC 8288): rel="first" and rel="next".',
    "schema": {"type": "string"},
}
_LOCATION = {
    "description": "Where it is.",
    "schema": {"type": "string", "format": "uri-reference"},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
OTHER_TABLES = {CSV: {"schema": {"type": "string"}}, ARROW: _BINARY, PARQUET: _BINARY}


def problem(status: int) -> dict[str, Any]:
    """Document the problems that come with a status."""
    titles = dict.fromkeys(p.title for p in PROBLEMS if p.status == status)
    types = [p.uri for p in PROBLEMS if p.status == status]
    return {
        "description": f"{'; '.join(titles)} ({', '.join(types)}).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def problems(*statuses: int) -> Responses:
    """Document the statuses of a route beside those that every one has."""
    return {status: problem(status) for status in sorted({*statuses, *_ALWAYS})}


def got(*statuses: int) -> Responses:
    """Document a thing that is read."""
    return {
        200: {"description": "The thing.", "headers": {"ETag": _ETAG}},
        304: {"description": "You hold the present one (If-None-Match)."},
        **problems(404, *statuses),
    }


def listed(*statuses: int) -> Responses:
    """Document a page of a collection."""
    return {
        200: {
            "description": "One page.",
            "headers": {"ETag": _ETAG, "Link": _LINK},
            "content": OTHER_TABLES,
        },
        304: {"description": "You hold the present one (If-None-Match)."},
        **problems(404, 406, 501, *statuses),
    }


def tabled(*statuses: int) -> Responses:
    """Document a table."""
    return {
        200: {"description": "The table.", "headers": {"ETag": _ETAG}, "content": OTHER_TABLES},
        304: {"description": "You hold the present one (If-None-Match)."},
        **problems(404, 406, 501, *statuses),
    }


def made(*statuses: int, status: int = 201) -> Responses:
    """Document a thing that is made."""
    return {
        status: {
            "description": "Made." if status == 201 else "Accepted.",
            "headers": {"ETag": _ETAG, "Location": _LOCATION},
        },
        **problems(400, 409, 413, 507, *statuses),
    }


def changed(*statuses: int) -> Responses:
    """Document a thing that is changed."""
    return {
        200: {"description": "As it is now.", "headers": {"ETag": _ETAG}},
        **problems(400, 404, 409, 412, 413, 428, 507, *statuses),
    }


def deleted(*statuses: int) -> Responses:
    """Document a thing that is deleted."""
    return {
        204: {"description": "It is gone."},
        **problems(404, 412, 428, 507, *statuses),
    }
