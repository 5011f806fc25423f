"""A browser's session: opened with a key, held by a cookie that scripts cannot read."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from api.access import keys
from api.access.csrf import same_site
from api.access.gate import COOKIE, cookie_of
from api.access.principal import principal_of
from api.service import Service
from api.store import audit

__all__ = ["Opened", "clear_cookie", "log_in", "log_out", "same_site", "set_cookie"]


@dataclass(frozen=True)
class Opened:
    """A session that was opened: the cookie's value and how long it lasts, s."""

    token: str = field(repr=False)
    lasts_s: int


def log_in(request: Request, service: Service, secret: str) -> Opened | None:
    """Open a session under a new token, ending the browser's earlier one; None for a wrong key."""
    hours = service.settings.session_hours
    store = service.as_itself().store
    with store.write() as session:
        who = keys.find_by_key(session, keys.digest(secret))
        if who is None:
            return None
        token, _ = keys.open_session(session, who, hours, cookie_of(request))
        audit.append(session, [audit.Deed(who.name, "log_in", "access")])
    return Opened(token, int(hours * 3600))


def log_out(request: Request, service: Service) -> None:
    """End the session that the request's cookie holds."""
    token = cookie_of(request)
    if token is None:
        return
    with service.as_itself().store.write() as session:
        keys.close_session(session, token)
        audit.append(session, [audit.Deed(principal_of(request).name, "log_out", "access")])


def set_cookie(request: Request, answer: Response, opened: Opened) -> None:
    """Give the browser its cookie: not for scripts nor other sites, over TLS where there is."""
    answer.set_cookie(
        COOKIE, opened.token, max_age=opened.lasts_s, path="/", httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def clear_cookie(request: Request, answer: Response) -> None:
    """Take the browser's cookie away."""
    answer.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
