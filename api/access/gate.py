"""The gate every request passes: who asks, before a byte of the body is read."""

from __future__ import annotations

import asyncio
import ipaddress
import math
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
from api.access.ledger import Ledger
from api.access.lookup import Lookup
from api.access.oidc import Provider, UnreachableError, WrongTokenError
from api.access.principal import ANYONE, LOCAL, Principal
from api.access.rates import BURST_S, Rate
from api.access.rules import unauthenticated
from api.errors import (
    BUSY,
    FORBIDDEN,
    RETRY_S,
    TOO_MANY,
    UNAUTHENTICATED,
    ProblemError,
    problem_of,
    response,
)
from api.service import Service
from api.settings import Settings
from api.watch import Metrics

COOKIE = "hrv_session"
RETRY = {"Retry-After": str(RETRY_S)}


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
    metrics : Metrics
        Where it counts who was turned away.
    provider : Provider or None
        The identity provider whose tokens are taken.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        open_routes: Sequence[APIRoute],
        metrics: Metrics,
        provider: Provider | None,
    ) -> None:
        self.app, self._settings, self._open, self._metrics = app, settings, open_routes, metrics
        self._rate = Rate(settings.rate_per_s, settings.rate_per_s * BURST_S)
        minute = settings.refusals_per_minute
        self._refusals = Rate(minute / 60.0, minute)
        self._provider, self._lookup, self._ledger = provider, Lookup(), Ledger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.principal, request.state.csrf = ANYONE, ""
        request.state.asked = Asked(ANYONE)
        try:
            who, token = await self._who(request)
            self._check_rate(who)
        except Exception as error:
            await response(self._counted(problem_of(error)), request)(scope, receive, send)
            return
        asked = Asked(who)
        request.state.principal, request.state.csrf, request.state.asked = who, token, asked
        if not who.known and not self._is_open(scope["path"]):
            self._metrics.turned_away.labels(UNAUTHENTICATED.name).inc()
            await _turned_away(request)(scope, receive, send)
            return
        request.state.gate = self
        await self.app(scope, receive, _recording(request, asked, self._ledger, send))

    async def _who(self, request: Request) -> tuple[Principal, str]:
        if self._settings.local:
            _check_local(request)
            return LOCAL, ""
        said = request.headers.get("authorization")
        if said is not None:
            self.check_refusals(request)
            kind, _, secret = said.partition(" ")
            if kind.lower() != "bearer":
                raise unauthenticated("the only kind of Authorization taken here is Bearer")
            return await self._by_bearer(request, secret.strip()), ""
        cookie = cookie_of(request)
        if cookie is not None:
            store = request.app.state.service.store
            found = await self._lookup.by_cookie(store, keys.digest(cookie))
            if found is not None:
                return found, csrf.token_of(cookie)
        return ANYONE, ""

    async def _by_bearer(self, request: Request, secret: str) -> Principal:
        if self._provider is not None and not secret.startswith(keys.PREFIX):
            found, why = await self._by_token(request, self._provider, secret)
        else:
            store = request.app.state.service.store
            found = await self._lookup.by_key(store, keys.digest(secret))
            why = "this key is none, has expired, or was revoked"
        if found is None:
            self.refused(request)
            raise unauthenticated(why)
        return found

    async def _by_token(
        self, request: Request, provider: Provider, token: str
    ) -> tuple[Principal | None, str]:
        try:
            subject = await asyncio.to_thread(provider.subject_of, token)
        except WrongTokenError as error:
            return None, f"this token {error}"
        except UnreachableError:
            raise ProblemError(BUSY, "the identity provider does not answer", RETRY) from None
        found = await _look_up(request, lambda s: keys.find_account(s, provider.issuer, subject))
        return found, "this account was not let in; ask the owner of the study"

    def check_refusals(self, request: Request) -> None:
        """Refuse an address that sent too many wrong keys.

        Raises
        ------
        ProblemError
            429, with the time to wait.
        """
        wait_s = self._refusals.empty(_address(request))
        if wait_s:
            raise _too_many("too many wrong keys came from this address", wait_s)

    def refused(self, request: Request) -> None:
        """Remember that an address sent a wrong key."""
        self._refusals.take(_address(request))

    def _check_rate(self, who: Principal) -> None:
        if who.known and not self._settings.local:
            wait_s = self._rate.take(who.name)
            if wait_s:
                said = f"more than {self._settings.rate_per_s:g} requests a second of one key"
                raise _too_many(said, wait_s)

    def _counted(self, problem: ProblemError) -> ProblemError:
        self._metrics.turned_away.labels(problem.kind.name).inc()
        return problem

    def _is_open(self, path: str) -> bool:
        return any(route.path_regex.match(path) for route in self._open)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _too_many(detail: str, wait_s: float) -> ProblemError:
    wait = max(1, math.ceil(wait_s))
    return ProblemError(TOO_MANY, f"{detail}; wait {wait} s", {"Retry-After": str(wait)})


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


def _recording(request: Request, asked: Asked, ledger: Ledger, send: Send) -> Send:
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
                    await ledger.record(service.live, asked.deed(**refused))
                except Exception as error:
                    withheld = True
                    problem = response(problem_of(error), request)
                    await problem(request.scope, request.receive, send)
                    return
        await send(message)

    return recorded
