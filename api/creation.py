"""Creating things once, however often the request is sent (Idempotency-Key)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Header, Request
from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.access import principal_of
from api.conditions import tag_of_version
from api.errors import KEY_REUSED, ProblemError
from api.service import Service
from api.store.models import IdempotencyKey
from api.store.types import now

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own, such as a UUID: the same request sent again with it "
        "is answered as the first time and creates nothing more.",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


@dataclass(frozen=True)
class Created:
    """What a creation answers."""

    body: BaseModel
    location: str | None = None
    version: int | None = None
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)

    def head(self) -> dict[str, str]:
        """Headers of the answer."""
        said = dict(self.headers)
        if self.location is not None:
            said["Location"] = self.location
        if self.version is not None:
            said["ETag"] = tag_of_version(self.version)
        return said


def create(
    service: Service,
    request: Request,
    key: str | None,
    fingerprint: str,
    work: Callable[[Session], Created],
) -> Response:
    """Run a creation in one transaction, with its answer kept under the key.

    Parameters
    ----------
    service : Service
        The running service.
    request : Request
        Method, path and who asks are part of what the key means.
    key : str or None
        The client's Idempotency-Key.
    fingerprint : str
        What the request says, so that another request with the same key is told apart.
    work : callable
        Makes the thing inside the given session.
    """
    if (replayed := recall(service, request, key, fingerprint)) is not None:
        return replayed
    scope = None if key is None else _scope(request, key)
    said = _hash(fingerprint)
    try:
        with service.store.write() as session:
            made = work(session)
            body = made.body.model_dump_json().encode()
            if scope is not None:
                session.add(
                    IdempotencyKey(
                        scope=scope, fingerprint=said, status=made.status,
                        headers=made.head(), body=body,
                    )
                )  # fmt: skip
                _forget_old(session, service)
    except IntegrityError:
        # the same request may have run at the same time in another thread or server
        if scope is not None and (replayed := _replay(service, scope, said)) is not None:
            return replayed
        raise
    return Response(body, made.status, made.head(), "application/json")


def recall(
    service: Service, request: Request, key: str | None, fingerprint: str
) -> Response | None:
    """Answer a request that was answered before as the first time; None if it is new."""
    if key is None:
        return None
    return _replay(service, _scope(request, key), _hash(fingerprint))


def _hash(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode()).hexdigest()


def _scope(request: Request, key: str) -> str:
    parts = (request.method, request.url.path, principal_of(request).name, key)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _replay(service: Service, scope: str, said: str) -> Response | None:
    with service.store.read() as session:
        known = session.get(IdempotencyKey, scope)
    if known is None:
        return None
    if known.fingerprint != said:
        raise ProblemError(
            KEY_REUSED,
            "this Idempotency-Key was used for a request with other content; take a new one",
        )
    headers = {**known.headers, "Idempotency-Replayed": "true"}
    return Response(known.body, known.status, headers, "application/json")


def _forget_old(session: Session, service: Service) -> None:
    from datetime import timedelta

    kept = timedelta(days=service.settings.idempotency_days)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - kept))
