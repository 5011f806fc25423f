"""Refuse bodies that are too large before they fill memory or disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TOO_LARGE, ProblemError, response
from api.settings import Settings


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
