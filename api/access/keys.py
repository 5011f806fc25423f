"""Keys and accounts in the store: made once, shown once, found again by their hash only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from api.access.principal import SCOPES, Grant, Principal, Role
from api.store import audit
from api.store.models import AccessGrant, AccessKey, Study, Subject, WebSession
from api.store.types import now
from hrv.errors import InputError

PREFIX = "hrv_"
"""A key begins so: scanners for leaked secrets and people recognise it."""


@dataclass(frozen=True)
class NewKey:
    """A key as it is shown once, and its identity."""

    secret: str = field(repr=False)
    id: UUID


def digest(secret: str) -> str:
    """Hash a key or a cookie; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def account_digest(issuer: str, subject: str) -> str:
    """Hash an account of an identity provider."""
    return digest(f"{issuer}\0{subject}")


def make(
    session: Session,
    grants: Iterable[Grant],
    *,
    label: str = "",
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key with its roles.

    Raises
    ------
    InputError
        If a role, scope, study or person is wrong; the message names it.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    row = _put(session, "key", digest(secret), grants, label, scopes, expires_at)
    return NewKey(secret, row.id)


def admit_account(
    session: Session,
    issuer: str,
    subject: str,
    grants: Iterable[Grant],
    *,
    label: str = "",
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
) -> UUID:
    """Give an account of an identity provider its roles; what it had before ends.

    Raises
    ------
    InputError
        As `make`.
    """
    known = account_digest(issuer, subject)
    session.execute(delete(AccessKey).where(AccessKey.digest == known))
    return _put(session, "oidc", known, grants, label, scopes, expires_at).id


def revoke(session: Session, identity: UUID) -> bool:
    """End a key and its browser sessions; False if it had ended already.

    Raises
    ------
    InputError
        If there is no such key.
    """
    row = session.get(AccessKey, identity)
    if row is None:
        raise InputError(f"there is no key {identity}; `hrv keys list` shows them")
    session.execute(delete(WebSession).where(WebSession.key_id == identity))
    if row.revoked_at is not None:
        return False
    row.revoked_at = now()
    return True


def first_key(session: Session) -> NewKey | None:
    """Make the first key of all, an owner's; None if there was ever one."""
    audit.take_turn(session)  # two servers that start together make one
    if session.scalar(select(func.count()).select_from(AccessKey)):
        return None
    made = make(session, [Grant(Role.OWNER)], label="first key")
    deed = audit.Deed("command", "make_first_key", "access", None, {"key": str(made.id)})
    audit.append(session, [deed])
    return made


@dataclass(frozen=True)
class Line:
    """A key with one of its roles, as a list shows it."""

    id: str
    kind: str
    label: str
    role: str
    study: str
    person: str
    scopes: str
    expires: datetime | None
    state: str


def listed(session: Session) -> list[Line]:
    """List every key with its roles, the first one first."""
    grants = AccessGrant
    rows = session.execute(
        select(AccessKey, grants.role, grants.study_id, Subject.name)
        .outerjoin(grants, grants.key_id == AccessKey.id)
        .outerjoin(Subject, Subject.id == grants.subject_id)
        .order_by(AccessKey.id)
    ).all()
    return [
        Line(
            str(key.id), key.kind, key.label, role or "",
            "" if role is None else str(study or "every"), person or "", ",".join(key.scopes),
            key.expires_at, _state(key),
        )
        for key, role, study, person in rows
    ]  # fmt: skip


def _state(key: AccessKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now() else "valid"


def find_by_key(session: Session, secret_digest: str) -> Principal | None:
    """Return who a key is; None if it is none, has expired or was revoked."""
    which = and_(AccessKey.digest == secret_digest, AccessKey.kind == "key")
    return _principal(session, which, session_cookie=False)


def find_account(session: Session, issuer: str, subject: str) -> Principal | None:
    """Return who an account of an identity provider is; None if it was not let in."""
    known = account_digest(issuer, subject)
    which = and_(AccessKey.digest == known, AccessKey.kind == "oidc")
    return _principal(session, which, session_cookie=False)


def find_by_cookie(session: Session, cookie_digest: str) -> Principal | None:
    """Return who a browser's session is; None if it has ended."""
    row = session.get(WebSession, cookie_digest)
    if row is None or row.expires_at <= now():
        return None
    return _principal(session, AccessKey.id == row.key_id, session_cookie=True)


def open_session(
    session: Session, who: Principal, hours: float, ended: str | None
) -> tuple[str, datetime]:
    """Begin a browser session under a new token; the one before (its token) ends."""
    if ended is not None:
        session.execute(delete(WebSession).where(WebSession.digest == digest(ended)))
    session.execute(delete(WebSession).where(WebSession.expires_at <= now()))
    token, until = secrets.token_urlsafe(32), now() + timedelta(hours=hours)
    identity = UUID(who.name.partition(":")[2])
    session.add(WebSession(digest=digest(token), key_id=identity, expires_at=until))
    return token, until


def close_session(session: Session, token: str) -> None:
    """End a browser session."""
    session.execute(delete(WebSession).where(WebSession.digest == digest(token)))


def _principal(
    session: Session, which: ColumnElement[bool], *, session_cookie: bool
) -> Principal | None:
    key, grants = AccessKey, AccessGrant
    rows = session.execute(
        select(key.id, key.kind, key.scopes, grants.role, grants.study_id, grants.subject_id)
        .outerjoin(grants, grants.key_id == key.id)
        .where(
            which,
            key.revoked_at.is_(None),
            or_(key.expires_at.is_(None), key.expires_at > now()),
        )
    ).all()
    if not rows:
        return None
    held = tuple(Grant(Role(r.role), r.study_id, r.subject_id) for r in rows if r.role)
    name = f"{rows[0].kind}:{rows[0].id}"
    return Principal(name, held, frozenset(rows[0].scopes), session_cookie)


def _put(
    session: Session,
    kind: str,
    hashed: str,
    grants: Iterable[Grant],
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> AccessKey:
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        said = f"scope {wrong[0]!r} is none" if wrong else "a key without scopes opens nothing"
        raise InputError(f"{said}; there are {', '.join(SCOPES)}")
    held = tuple(grants)
    if len({g.study for g in held}) != len(held):
        raise InputError("a key has one role in a study; name each study once")
    row = AccessKey(kind=kind, label=label, digest=hashed, scopes=list(scopes))
    row.expires_at = expires_at
    session.add(row)
    session.flush()
    for grant in held:
        _check(session, grant)
        session.add(
            AccessGrant(
                key_id=row.id, role=grant.role, study_id=grant.study, subject_id=grant.subject
            )
        )
    session.flush()
    return row


def _check(session: Session, grant: Grant) -> None:
    if grant.study is not None and session.get(Study, grant.study) is None:
        raise InputError(f"there is no study {grant.study}")
    if (grant.role is Role.PARTICIPANT) != (grant.subject is not None):
        raise InputError("a participant's key names one person of one study, and no other key does")
    if grant.subject is not None:
        subject = session.get(Subject, grant.subject)
        if subject is None or subject.study_id != grant.study:
            raise InputError(f"study {grant.study} has no subject {grant.subject}")
