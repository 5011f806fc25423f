"""Who a key or a cookie is, asked at every request: from memory, if the store still says so.

What a key opens does not change while it is valid, so the roles are remembered; whether it is
valid is looked up each time, and a revoked key opens nothing from that moment on.  On SQLite that
look is one statement of microseconds in this process; on PostgreSQL it is a query of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy.orm import Session

from api.access import keys
from api.access.principal import Principal
from api.store import Store
from api.store.types import now, to_text

_MOST_KNOWN = 10_000
_KEY = "SELECT id, expires_at FROM access_key WHERE digest = ? AND revoked_at IS NULL"
_COOKIE = (
    "SELECT k.id, min(s.expires_at, coalesce(k.expires_at, s.expires_at)) "
    "FROM web_session s JOIN access_key k ON k.id = s.key_id "
    "WHERE s.digest = ? AND k.revoked_at IS NULL GROUP BY k.id"
)
Find = Callable[[Session, str], Principal | None]


class Lookup:
    """Finds principals by hashes; used in the event loop only."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Principal]] = {}

    async def by_key(self, store: Store, digest: str) -> Principal | None:
        """Return who a key is; None if it is none, has expired or was revoked."""
        return await self._found(store, _KEY, digest, keys.find_by_key)

    async def by_cookie(self, store: Store, digest: str) -> Principal | None:
        """Return who a browser's session is; None if it has ended."""
        return await self._found(store, _COOKIE, digest, keys.find_by_cookie)

    async def _found(self, store: Store, query: str, digest: str, find: Find) -> Principal | None:
        known = self._known.get(digest)
        if known is not None and store.embedded:
            return known[1] if self._holds(store, query, digest, known[0]) else None
        found = await asyncio.to_thread(_look_up, store, digest, find)
        if found is not None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (found.name.partition(":")[2].replace("-", ""), found)
        return found

    def _holds(self, store: Store, query: str, digest: str, identity: str) -> bool:
        rows = store.glance(query, (digest,))
        valid = any(
            str(row[0]) == identity and (row[1] is None or row[1] > to_text(now())) for row in rows
        )
        if not valid:
            del self._known[digest]
        return valid


def _look_up(store: Store, digest: str, find: Find) -> Principal | None:
    with store.read() as session:
        return find(session, digest)
