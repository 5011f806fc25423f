"""The gate every request passes: who asks, before a byte of the body is read."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import csrf, keys
from api.access.asked import Asked
from api.access.principal import ANYONE, LOCAL, Principal
from api.access.rules import unauthenticated
from api.errors import FORBIDDEN, ProblemError, problem_of, response
from api.service import Service
from api.settings import Settings

COOKIE = "hrv_session"


class Gate:
    """ASGI middleware: tells `request.state.principal`, `.csrf` and `.asked`.

    Parameters
    ----------
    app : ASGIApp
        What it guards.
    settings : Settings
        Whether keys are asked for at all.
    open_routes : sequence of APIRoute
        Routes that are open to anyone; every other path needs a key.
    """

    def __init__(self, app: ASGIApp, settings: Settings, open_routes: Sequence[APIRoute]) -> None:
        self.app, self._settings, self._open = app, settings, open_routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            who, token = await self._who(request)
        except Exception as error:
            await response(problem_of(error), request)(scope, receive, send)
            return
        asked = Asked(who)
        request.state.principal, request.state.csrf, request.state.asked = who, token, asked
        if not who.known and not self._is_open(scope["path"]):
            await _turned_away(request)(scope, receive, send)
            return
        await self.app(scope, receive, _recording(request, asked, send))

    async def _who(self, request: Request) -> tuple[Principal, str]:
        if self._settings.local:
            _check_local(request)
            return LOCAL, ""
        said = request.headers.get("authorization")
        if said is not None:
            kind, _, secret = said.partition(" ")
            if kind.lower() != "bearer":
                raise unauthenticated("the only kind of Authorization taken here is Bearer")
            return await self._by_bearer(request, secret.strip()), ""
        cookie = cookie_of(request)
        if cookie is not None:
            digest = keys.digest(cookie)
            found = await _look_up(request, lambda s: keys.find_by_cookie(s, digest))
            if found is not None:
                return found, csrf.token_of(cookie)
        return ANYONE, ""

    async def _by_bearer(self, request: Request, secret: str) -> Principal:
        digest = keys.digest(secret)
        found = await _look_up(request, lambda s: keys.find_by_key(s, digest))
        if found is None:
            raise unauthenticated("this key is none, has expired, or was revoked")
        return found

    def _is_open(self, path: str) -> bool:
        return any(route.path_regex.match(path) for route in self._open)


def cookie_of(request: Request) -> str | None:
    """Return the session cookie of a request."""
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


async def _look_up(
    request: Request, find: Callable[[Session], Principal | None]
) -> Principal | None:
    service: Service = request.app.state.service

    def work() -> Principal | None:
        with service.store.read() as session:
            return find(session)

    return await asyncio.to_thread(work)


def _check_local(request: Request) -> None:
    """Without keys, let nothing in that another site made the browser of this machine send.

    Raises
    ------
    ProblemError
        403 for a host name of elsewhere (DNS rebinding) and for changes from other sites.
    """
    host = request.url.hostname or ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = "." not in host.rstrip(".")
    if not near:
        raise ProblemError(
            FORBIDDEN, f"this service is for its own machine; {host[:100]!r} is another name"
        )
    if request.method not in csrf.SAFE and not csrf.same_site(request):
        raise ProblemError(FORBIDDEN, "a page of another site may not change anything here")


def _turned_away(request: Request) -> Response:
    """Ask for a key; a browser that wants a page is shown the login page."""
    looks = "text/html" in request.headers.get("accept", "")
    if request.method == "GET" and looks and "hx-request" not in request.headers:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(path, safe='/')}", 303)
    return response(unauthenticated(), request)


def _recording(request: Request, asked: Asked, send: Send) -> Send:
    """Before the first byte of an answer leaves, the audit log knows that it was given.

    What cannot be recorded (the disk is full) is not shown: the answer is that problem instead.
    """
    withheld = False

    async def recorded(message: Message) -> None:
        nonlocal withheld
        if withheld:
            return
        if message["type"] == "http.response.start" and asked.needs and not asked.recorded:
            status = message["status"]
            if status < 400 or status == FORBIDDEN.status:
                asked.recorded = True
                refused = {"kind": "refused"} if status >= 400 else {}
                service: Service = request.app.state.service
                try:
                    await asyncio.wrap_future(service.live.record(asked.deed(**refused)))
                except Exception as error:
                    withheld = True
                    problem = response(problem_of(error), request)
                    await problem(request.scope, request.receive, send)
                    return
        await send(message)

    return recorded
