"""How the client talks: retries, pages, and problems as one kind of error."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx
from pydantic import BaseModel

from api.schemas.base import Problem

Progress = Callable[[int, int], None]
"""Called with the bytes sent (or recordings analysed) and how many there are in all."""
Model = TypeVar("Model", bound=BaseModel)
_PASSING = (429, 502, 503, 504)


class ServiceError(Exception):
    """The service refused a request.

    Parameters
    ----------
    status : int
        HTTP status.
    problem : Problem or None
        What it said; None if the answer did not come from the service itself.
    """

    def __init__(self, status: int, problem: Problem | None, text: str = "") -> None:
        super().__init__(problem.detail if problem is not None else f"HTTP {status}: {text[:200]}")
        self.status, self.problem = status, problem

    @property
    def type(self) -> str:
        """Stable name of the problem, such as ``"precondition-failed"``."""
        return "" if self.problem is None else self.problem.type.rpartition(":")[2]


class Transport:
    """A connection to a service with what every request shares; see `api.client.Client`."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout_s: float = 60.0,
        tries: int = 4,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout_s, transport=transport
        )
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _read(
        self, path: str, headers: Mapping[str, str] | None = None, **query: Any
    ) -> httpx.Response:
        said = query_of(**query)
        return self._sent(lambda: self._http.get(path, params=said, headers=headers), repeat=True)

    def _get(self, path: str, kind: type[Model], **query: Any) -> Model:
        return kind.model_validate_json(self._read(path, **query).content)

    def _pages(self, path: str, kind: type[Model], **query: Any) -> Iterator[Model]:
        cursor: str | None = None
        while True:
            paged: dict[str, Any] = {} if "catalogue" in path else {"limit": 1000, "cursor": cursor}
            found = self._read(path, **paged, **query).json()
            yield from (kind.model_validate(item) for item in found["items"])
            cursor = found["next"]
            if cursor is None:
                return

    def _create(self, path: str, body: BaseModel | None, kind: type[Model]) -> Model:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        content = b"" if body is None else body.model_dump_json().encode()
        answer = self._sent(
            lambda: self._http.post(path, content=content, headers=headers), repeat=True
        )
        return kind.model_validate_json(answer.content)

    @contextmanager
    def _stream(self, path: str, headers: Mapping[str, str], **query: Any) -> Iterator[Any]:
        """Lines of an answer that goes on."""
        wait = httpx.Timeout(60.0, connect=10.0)  # the service says something every 15 s
        with self._http.stream(
            "GET", path, params=query_of(**query), headers=headers, timeout=wait
        ) as answer:
            if not answer.is_success:
                answer.read()
            yield _checked(answer).iter_lines()

    def _put(self, path: str, body: BaseModel, version: int, kind: type[Model]) -> Model:
        headers = {"If-Match": f'"{version}"', "Content-Type": "application/json"}
        content = body.model_dump_json().encode()
        answer = self._sent(
            lambda: self._http.put(path, content=content, headers=headers), repeat=False
        )
        return kind.model_validate_json(answer.content)

    def _delete(self, path: str, version: int) -> None:
        headers = {"If-Match": f'"{version}"'}
        self._sent(lambda: self._http.delete(path, headers=headers), repeat=False)

    def _sent(self, send: Callable[[], httpx.Response], *, repeat: bool) -> httpx.Response:
        """Send, and again while the service is busy; `repeat` also after a broken connection.

        A change under If-Match is not sent again blindly: it may have happened.
        """
        for attempt in range(1, self._tries + 1):
            try:
                answer = send()
            except httpx.TransportError as error:
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if attempt == self._tries or not (repeat or never_sent):
                    raise
                time.sleep(_pause_s(attempt, None))
                continue
            if answer.status_code not in _PASSING or attempt == self._tries:
                return _checked(answer)
            time.sleep(_pause_s(attempt, answer.headers.get("retry-after")))
        raise AssertionError("unreachable: the last attempt returns or raises")


class Watched:
    """A file that tells how far it was read."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress | None) -> None:
        self._file, self._size, self._progress = file, size, progress

    def read(self, count: int = -1) -> bytes:
        """Read, and tell."""
        data = self._file.read(count)
        if self._progress is not None and data:
            self._progress(self._file.tell(), self._size)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(65_536):
            yield data


def _pause_s(attempt: int, retry_after: str | None) -> float:
    if retry_after is not None and retry_after.isdecimal():
        return min(float(retry_after), 30.0)
    return float(min(0.2 * 2**attempt, 5.0))


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    problem = None
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        problem = Problem.model_validate_json(answer.content)
    raise ServiceError(answer.status_code, problem, answer.text)


def query_of(**said: Any) -> dict[str, str]:
    """Make a query of what is not None."""
    return {k: form_of(v) for k, v in said.items() if v is not None}


def form_of(value: Any) -> str:
    """Write a value as a form or a query holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
