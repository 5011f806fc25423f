"""Changes that a browser sends must come from our own pages (OWASP: synchroniser token)."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from api.errors import FORBIDDEN, ProblemError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER, FIELD = "x-csrf-token", "csrf_token"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def token_of(session_token: str) -> str:
    """Return the CSRF token of a session: it follows from the cookie, which scripts cannot read."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


async def check(request: Request) -> None:
    """Compare the request's token with the session's.

    Raises
    ------
    ProblemError
        403 if it is not there or another.
    """
    said = request.headers.get(HEADER)
    if said is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(FIELD)
        said = field if isinstance(field, str) else None
    if said is None or not hmac.compare_digest(said.encode(), request.state.csrf.encode()):
        raise ProblemError(
            FORBIDDEN,
            "the page is of an earlier session or of another site; load it again and repeat "
            f"(a change sent with the session cookie carries {HEADER} or the field {FIELD})",
        )


def same_site(request: Request) -> bool:
    """Say whether a browser's request comes from a page of ours, as far as browsers tell."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host", "")
