"""Entity tags and the conditions that requests put on them (RFC 9110, RFC 6585)."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header, Request
from starlette.responses import Response

from api.errors import FAILED_PRECONDITION, NEEDS_CONDITION, ProblemError

_TAG = '"3"'
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="ETag of the version you mean to change; without it: 428, another one: 412.",
        examples=[_TAG],
        max_length=1000,
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="ETag you hold already; if it is the present one the answer is 304.",
        examples=[_TAG],
        max_length=1000,
    ),
]


def tag_of_version(version: int) -> str:
    """ETag of a stored thing."""
    return f'"{version}"'


def tag_of_bytes(*parts: bytes) -> str:
    """ETag of a representation made of bytes."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return f'"{sha.hexdigest()[:32]}"'


def require(if_match: str | None, version: int) -> None:
    """Refuse a change of another version than the present one.

    Raises
    ------
    ProblemError
        428 without a condition, 412 if it does not hold.
    """
    if if_match is None:
        raise ProblemError(
            NEEDS_CONDITION,
            f"send If-Match with the ETag you read (now {tag_of_version(version)}), so that no "
            "change of someone else is overwritten",
        )
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and tag_of_version(version) not in tags:
        raise ProblemError(
            FAILED_PRECONDITION,
            f"the present version is {tag_of_version(version)}, not {if_match}; read it again",
        )


def not_modified(if_none_match: str | None, tag: str) -> bool:
    """Say whether the client holds the present representation (weak comparison)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or tag in tags


def tagged(request: Request, body: bytes, media: str, tag: str, **headers: str) -> Response:
    """Answer with a body under its ETag, or 304 if the client holds it."""
    said = {"ETag": tag, "Vary": "Accept", **headers}
    if not_modified(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=said)
    return Response(body, media_type=media, headers=said)
