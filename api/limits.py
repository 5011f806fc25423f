"""Refuse what would fill memory or disk: bodies that are too large, requests that are too many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BUSY, TOO_LARGE, ProblemError, response
from api.settings import Settings

WATCHED = ("/healthz", "/readyz", "/metrics")


class Shedding:
    """ASGI middleware: turns requests away while too many wait for their answer.

    What is turned away was not begun, so the client may send it again (503, Retry-After); what
    was accepted is finished.  An event stream counts only until it begins to answer.

    Parameters
    ----------
    app : ASGIApp
        What it guards.
    settings : Settings
        For the most that wait at a time.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self._most, self._waiting = app, settings.max_waiting, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or turn it away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        watched = scope["path"] in WATCHED  # who asks whether it is well is always answered
        if self._most and self._waiting >= self._most and not watched:
            busy = ProblemError(
                BUSY, "too many requests wait already; send it again", {"Retry-After": "1"}
            )
            await response(busy, Request(scope))(scope, receive, send)
            return
        waits = True

        def answered() -> None:
            nonlocal waits
            self._waiting -= waits
            waits = False

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered()
            await send(message)

        self._waiting += 1
        try:
            await self.app(scope, receive, counted)
        finally:
            answered()


class BodyLimit:
    """ASGI middleware; files get a larger limit than everything else.

    Parameters
    ----------
    app : ASGIApp
        What it guards.
    settings : Settings
        For the two limits.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._file = settings.max_upload_mb * 10**6
        self._other = settings.max_body_mb * 10**6

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its bytes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        multipart = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        most = self._file + 10**6 if multipart else self._other
        length = headers.get(b"content-length", b"")
        too_large = ProblemError(
            TOO_LARGE, f"the body is larger than {most // 10**6} MB, the most that is taken here"
        )
        if length.isdigit() and int(length) > most:
            await response(too_large, Request(scope))(scope, receive, send)
            return
        await self.app(scope, _counting(receive, most, too_large), send)


def _counting(
    receive: Receive, most: int, too_large: ProblemError
) -> Callable[[], Awaitable[Message]]:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large
        return message

    return counted
