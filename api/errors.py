"""The only place that turns errors into HTTP: problem details with a stable `type` (RFC 9457)."""

from __future__ import annotations

import errno
import functools
import logging
import os
import queue
import re
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.store.beats import DamagedError
from api.store.live import (
    ChangedBeatsError,
    ClosedError,
    SequenceGapError,
    UnknownRecordingError,
)
from hrv.errors import (
    FormatError,
    InputError,
    MissingExtraError,
    NotComputableError,
    StorageError,
    StudyError,
)
from ingest.ble.faults import StrapError

MEDIA_TYPE = "application/problem+json"
TYPE_ROOT = "urn:hrv-recovery:problem:"
RETRY_S = 5
_KEY = re.compile(r"hrv_[A-Za-z0-9_-]{20,}")
"""A key that somebody put where it does not belong is not said again."""
_log = logging.getLogger("api")


@dataclass(frozen=True)
class ProblemType:
    """One row of PROBLEMS: a stable name, the status it comes with, and a title."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """What stands in `type`."""
        return TYPE_ROOT + self.name


BAD_REQUEST = ProblemType("bad-request", 400, "The request cannot be understood")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "Say who you are")
FORBIDDEN = ProblemType("forbidden", 403, "You may not do this")
NOT_FOUND = ProblemType("not-found", 404, "There is no such thing")
METHOD = ProblemType("method-not-allowed", 405, "This cannot be done here")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "There is no such representation")
CONFLICT = ProblemType("conflict", 409, "This contradicts what is stored")
SEQUENCE_GAP = ProblemType("sequence-gap", 409, "Beats before these are missing")
SEALED = ProblemType("sealed", 409, "It stays shut until its time has come")
CLOSED = ProblemType("recording-closed", 409, "The recording takes no more beats")
FAILED_PRECONDITION = ProblemType("precondition-failed", 412, "It changed since you read it")
TOO_LARGE = ProblemType("too-large", 413, "The request is too large")
MEDIA = ProblemType("unsupported-media-type", 415, "This kind of content is not taken")
INVALID = ProblemType("invalid", 422, "A value is wrong")
UNREADABLE = ProblemType("unreadable-file", 422, "The file cannot be read")
CONTRADICTION = ProblemType("study-contradiction", 422, "Parts of the study contradict each other")
NOT_COMPUTABLE = ProblemType("not-computable", 422, "The data cannot support this number")
KEY_REUSED = ProblemType("idempotency-key-reused", 422, "This key was used for another request")
NEEDS_CONDITION = ProblemType("precondition-required", 428, "Say which version you mean")
TOO_MANY = ProblemType("too-many-requests", 429, "Too many requests")
INTERNAL = ProblemType("internal", 500, "Something went wrong here")
MISSING_EXTRA = ProblemType("missing-extra", 501, "An optional part is not installed")
NO_STRAP = ProblemType("bluetooth", 424, "Bluetooth or the strap does not answer")
BUSY = ProblemType("busy", 503, "Too busy at the moment")
DAMAGED = ProblemType("damaged-data", 500, "Stored data is damaged")
FULL = ProblemType("storage-full", 507, "The disk is full")
UNWRITABLE = ProblemType("storage-failed", 507, "The store cannot be written")

PROBLEMS: tuple[ProblemType, ...] = (
    BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD, NOT_ACCEPTABLE, CONFLICT,
    SEQUENCE_GAP, SEALED, CLOSED, FAILED_PRECONDITION, TOO_LARGE, MEDIA, INVALID,
    UNREADABLE, CONTRADICTION, NOT_COMPUTABLE, KEY_REUSED, NEEDS_CONDITION, TOO_MANY,
    INTERNAL, DAMAGED, MISSING_EXTRA, NO_STRAP, BUSY, FULL, UNWRITABLE,
)  # fmt: skip
"""Every type of problem there is; documentation and tests derive from it."""


class ProblemError(Exception):
    """A problem found by a route.

    Parameters
    ----------
    kind : ProblemType
        Row of PROBLEMS.
    detail : str
        One sentence that names the value and the mend.
    headers : mapping of str to str, optional
        Sent along.
    **more
        Further members of the problem.
    """

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more


_TABLE: tuple[tuple[type[Exception], ProblemType], ...] = (
    (UnknownRecordingError, NOT_FOUND),
    (ClosedError, CLOSED),
    (SequenceGapError, SEQUENCE_GAP),
    (ChangedBeatsError, CONFLICT),
    (FormatError, UNREADABLE),
    (StudyError, CONTRADICTION),
    (StorageError, UNWRITABLE),
    (InputError, INVALID),
    (NotComputableError, NOT_COMPUTABLE),
    (MissingExtraError, MISSING_EXTRA),
    (StrapError, NO_STRAP),
    (StaleDataError, FAILED_PRECONDITION),
    (DamagedError, DAMAGED),
    (queue.Full, BUSY),
    (PoolTimeoutError, BUSY),
    (BrokenExecutor, BUSY),
)
_BY_STATUS = {
    400: BAD_REQUEST, 404: NOT_FOUND, 405: METHOD, 406: NOT_ACCEPTABLE, 409: CONFLICT,
    413: TOO_LARGE, 415: MEDIA, 422: INVALID, 503: BUSY,
}  # fmt: skip


def problem_of(error: Exception) -> ProblemError:
    """Say what an error means to a client."""
    if isinstance(error, ProblemError):
        return error
    for cause, kind in _TABLE:
        if isinstance(error, cause):
            return ProblemError(kind, _sentence(error, kind), _retry(kind), **_more(error))
    if isinstance(error, IntegrityError):
        return ProblemError(CONFLICT, "something of this name or number exists already")
    if isinstance(error, OperationalError):
        return _of_database(error)
    if isinstance(error, OSError) and error.errno is not None and error.errno in _DISK:
        return _of_disk(error.errno)
    return ProblemError(INTERNAL, "the request failed; the server's log says where")


def _sentence(error: Exception, kind: ProblemType) -> str:
    if kind is BUSY:
        return "the service is busy or restarting a part of itself; try again shortly"
    if kind is FAILED_PRECONDITION:
        return "it was changed by someone else at the same time; read it again"
    return str(error)


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, SequenceGapError):
        return {"expected": error.expected}
    if isinstance(error, FormatError) and error.line is not None:
        return {"line": error.line}
    return {}


def _retry(kind: ProblemType) -> dict[str, str]:
    return {"Retry-After": str(RETRY_S)} if kind in (BUSY, FULL, UNWRITABLE) else {}


_DISK = {errno.ENOSPC: FULL, getattr(errno, "EDQUOT", errno.ENOSPC): FULL} | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO), UNWRITABLE
)
"""What the system says of a disk that takes nothing: the store's, or that of temporary files."""


def _of_disk(number: int) -> ProblemError:
    kind, why = _DISK[number], os.strerror(number).lower()
    said = "is full" if kind is FULL else f"takes nothing ({why})"
    return ProblemError(
        kind, f"the disk of the service {said}; nothing of this request was stored", _retry(kind)
    )


def _of_database(error: OperationalError) -> ProblemError:
    said = str(error.orig).lower()
    if "full" in said or "no space" in said:
        return _of_disk(errno.ENOSPC)
    if "readonly" in said or "read-only" in said:
        return _of_disk(errno.EROFS)
    if "i/o error" in said or "unable to open" in said:
        return _of_disk(errno.EIO)
    return ProblemError(BUSY, "the store cannot be reached at the moment", _retry(BUSY))


def response(problem: ProblemError, request: Request) -> Response:
    """Write a problem: as JSON, or as a page where a person looks at one."""
    body = {
        "type": problem.kind.uri,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": _KEY.sub("hrv_…", problem.detail),
        "instance": _KEY.sub("hrv_…", request.url.path),
        **problem.more,
    }
    if _looks_at_a_page(request):
        from api.web.rendering import page

        shown = page(
            request, "problem.html.j2", status=body["status"], title=body["title"], problem=body
        )
        shown.headers.update(problem.headers)
        return shown
    return JSONResponse(
        body, status_code=problem.kind.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def _looks_at_a_page(request: Request) -> bool:
    """Say whether a browser asks for one of the pages, not a program for a resource."""
    if request.url.path.startswith(("/v1/", "/static/")) or "hx-request" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, allowed: Callable[[str], list[str]]) -> None:
    """Let every error leave the service as a problem.

    Parameters
    ----------
    app : FastAPI
        The service.
    allowed : callable
        Methods that a path knows, for the answer to another one.
    """
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, functools.partial(_http, allowed))
    known = [cause for cause, _ in _TABLE] + [
        ProblemError,
        IntegrityError,
        OperationalError,
        OSError,
    ]
    for cause in (*known, ResponseValidationError, Exception):
        app.add_exception_handler(cause, _any)


async def _any(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    # not the path: whatever was typed stands in it
    asked = getattr(request.state, "asked", None)
    operation = (asked.action if asked is not None else "") or "request"
    if problem.kind in (FULL, UNWRITABLE):
        _log.error("%s %s: %s", request.method, operation, problem.detail)
    elif problem.kind.status >= 500 and problem.kind is not BUSY:
        _log.error("%s %s failed", request.method, operation, exc_info=error)
    return response(problem, request)


async def _http(
    allowed: Callable[[str], list[str]], request: Request, error: Exception
) -> Response:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in _DISK:  # while a body was taken in
        return await _any(request, cause)
    if error.status_code == METHOD.status:
        methods = ", ".join(allowed(request.url.path))
        said = f"{request.method} is not among what this path knows: {methods}"
        return response(ProblemError(METHOD, said, {"Allow": methods}), request)
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        title = HTTPStatus(error.status_code).phrase
        kind = ProblemType(f"http-{error.status_code}", error.status_code, title)
    return response(ProblemError(kind, str(error.detail), error.headers), request)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # the offending input itself is not sent back: it may be no JSON (NaN) or be personal
    found = [{"pointer": _pointer(e["loc"]), "detail": str(e["msg"])} for e in error.errors()]
    detail = "; ".join(f"{e['pointer']}: {e['detail']}" for e in found[:3])
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return response(ProblemError(INVALID, detail + more, errors=found[:100]), request)


def _pointer(place: tuple[int | str, ...]) -> str:
    where, *rest = place
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in rest)
    return f"#{steps}" if where == "body" else f"{where}{steps}"
