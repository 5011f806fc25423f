"""Who asks: a name without a person in it, roles in studies, and the scopes of the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from starlette.requests import Request

SCOPES = ("read", "write", "export", "delete", "manage", "create")
"""What a key may be for: to see, to add and change, to take out, to delete, to manage, to make."""


class Role(StrEnum):
    """What someone is in a study; the strongest first."""

    OWNER = "owner"
    RESEARCHER = "researcher"
    READER = "reader"
    PARTICIPANT = "participant"


ROLES: Mapping[Role, frozenset[str]] = {
    Role.OWNER: frozenset({"read", "write", "export", "delete", "manage", "create"}),
    Role.RESEARCHER: frozenset({"read", "write", "export", "delete", "create"}),
    Role.READER: frozenset({"read"}),
    Role.PARTICIPANT: frozenset({"read", "write", "export"}),
}
"""What each role may do; a participant only where a route says so, and only with their own data.

``manage`` is to delete the study or a person of it, and to look into who did what; ``create`` (a
study) takes the role in every study.
"""
_STRENGTH = list(Role)


@dataclass(frozen=True)
class Grant:
    """A role in one study, or in every study (None); a participant's names the person."""

    role: Role
    study: UUID | None = None
    subject: UUID | None = None


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Parameters
    ----------
    name : str
        ``"local"``, or ``"key:"`` or ``"oidc:"`` and an identity: nothing about a person.
    grants : tuple of Grant
        Their roles.
    scopes : frozenset of str
        Of SCOPES; what the key does not have, the role does not give.
    session : bool
        True if a browser's cookie said who it is: changes then need the CSRF token.
    """

    name: str
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] = frozenset(SCOPES)
    session: bool = False

    @property
    def known(self) -> bool:
        """True for everyone but ANYONE."""
        return self is not ANYONE

    @property
    def sees_everything(self) -> bool:
        """True with a role in every study that is more than a participant's."""
        return any(g.study is None for g in self.grants)

    def grant_in(self, study: UUID | None) -> Grant | None:
        """Return the strongest grant that covers a study (None: every study)."""
        found = [g for g in self.grants if g.study is None or g.study == study]
        return min(found, key=lambda g: _STRENGTH.index(g.role), default=None)

    def may(self, what: str, study: UUID | None) -> bool:
        """Say whether they may do something in a study, as more than a participant of it.

        Pages ask this to offer only what would be admitted.
        """
        grant = self.grant_in(study)
        return (
            grant is not None
            and grant.role is not Role.PARTICIPANT
            and what in ROLES[grant.role] & self.scopes
        )

    def may_somewhere(self, what: str, *, as_participant: bool = False) -> bool:
        """Say whether they may do something in any study at all."""
        roles = {g.role for g in self.grants} - (set() if as_participant else {Role.PARTICIPANT})
        return what in self.scopes and any(what in ROLES[role] for role in roles)


LOCAL = Principal("local", (Grant(Role.OWNER),))
"""Whoever sits at this machine."""
ANYONE = Principal("anyone", (), frozenset())
"""Nobody in particular: a request without a key."""


def principal_of(request: Request) -> Principal:
    """Return who asks."""
    found: Principal = getattr(request.state, "principal", ANYONE)
    return found
