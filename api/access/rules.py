"""The rule of every route: what it needs of who asks, checked in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.routing import BaseRoute, Mount

from api.access import csrf
from api.access.principal import ROLES, SCOPES, Grant, Principal, Role, principal_of
from api.access.view import view_of
from api.errors import FORBIDDEN, NOT_FOUND, UNAUTHENTICATED, ProblemError
from api.store import Store, models

RULES: Mapping[str, str] = {
    "open": "nothing, not even a key: the login page, whether the service is well",
    "enter": "a key, whatever its roles: what shows nothing of a study",
    "read": "to see data of a study",
    "write": "to add or change data of a study",
    "export": "to take data out of a study",
    "delete": "to delete an entry or a recording of a study",
    "manage": "to delete a study or a person of it, and to see who did what",
    "create": "to make a study: that role in every study",
}
"""What a route may need of who asks."""

PLACES: Mapping[str, type[Any]] = {
    "study_id": models.Study,
    "subject_id": models.Subject,
    "recording_id": models.Recording,
    "plan_id": models.Plan,
    "job_id": models.Job,
    "comparison_id": models.ComparisonResult,
}
"""Parameters of paths that lead to a study, and the table they are identities of."""
FREE = {"shelf", "part", "digest", "name"}
"""Parameters of paths that choose among things of the program itself."""
_MOST_KNOWN = 10_000


class Rule:
    """A dependency that every route has exactly once.

    Parameters
    ----------
    needs : str
        One of RULES.
    own : bool
        True if a participant is admitted as well, to what is their own: the rows that a session
        of theirs shows are of their person only, and a thing of another is not there.
    entry : type, optional
        Table that ``entry_id`` of the path is an identity of.
    """

    def __init__(self, needs: str, *, own: bool = False, entry: type[Any] | None = None) -> None:
        assert needs in RULES, f"{needs!r} is none of {', '.join(RULES)}"
        self.needs, self.own, self.entry = needs, own, entry

    async def __call__(self, request: Request) -> None:
        """Admit the request, or raise.

        Raises
        ------
        ProblemError
            401 without a key, 403 if the role or the key's scopes do not allow it, 404 if the
            thing is of a study (or a person) that they do not see.
        """
        request.state.asked.action = request.scope["route"].name
        if self.needs == "open":
            return
        who = principal_of(request)
        if not who.known:
            raise unauthenticated()
        if who.session and request.method not in csrf.SAFE:
            await csrf.check(request)
        if self.needs == "enter":
            return
        places = self.places(request.path_params)
        study = await _study_of_all(request, who, places)
        self._tell(request, study)
        if self._everywhere(who):
            return
        if self.needs not in who.scopes:
            has = ", ".join(s for s in SCOPES if s in who.scopes) or "none"
            raise _forbidden(f"this key's scopes are {has}; this needs {self.needs!r}")
        if study is None:
            self._check_nowhere(who)
            return
        grant = who.grant_in(study)
        if grant is None:
            raise _nowhere(*places[0])
        self._check_role(grant)

    def _tell(self, request: Request, study: UUID | None) -> None:
        """Say for the audit log what the request is about."""
        asked = request.state.asked
        asked.needs, asked.study = self.needs, study
        asked.things = {k: str(v)[:40] for k, v in request.path_params.items() if k not in FREE}

    def places(self, parameters: Mapping[str, Any]) -> list[tuple[type[Any], UUID]]:
        """Return the tables and identities that a path leads to.

        Raises
        ------
        ProblemError
            404 if an identity is none: nothing has it.
        """
        found = []
        for name, value in parameters.items():
            model = self.entry if name == "entry_id" else PLACES.get(name)
            if model is not None:
                try:
                    found.append((model, UUID(str(value))))
                except ValueError:
                    said = f"{str(value)[:60]!r} is no identity of a {_name(model)}"
                    raise ProblemError(NOT_FOUND, said) from None
        return found

    def _everywhere(self, who: Principal) -> bool:
        """Say whether they may do this in every study there is."""
        grant = who.grant_in(None)
        return grant is not None and self.needs in ROLES[grant.role] & who.scopes

    def _check_nowhere(self, who: Principal) -> None:
        """Check a route that is of no one study; what it lists is narrowed to what they see."""
        if self.needs == "create":
            raise _forbidden("making a study needs the role owner or researcher in every study")
        if not who.may_somewhere(self.needs, as_participant=self.own):
            raise _forbidden(f"this needs a role in a study that may {self.needs}")

    def _check_role(self, grant: Grant) -> None:
        if self.needs not in ROLES[grant.role]:
            raise _forbidden(f"a {grant.role} of this study may not {self.needs} here")
        if grant.role is Role.PARTICIPANT and not self.own:
            raise _forbidden("a participant sees and adds only what is their own")


def needs(rule: str, *, own: bool = False, entry: type[Any] | None = None) -> list[Any]:
    """Dependencies of a route that needs `rule`; see `Rule`."""
    return [Depends(Rule(rule, own=own, entry=entry))]


def unauthenticated(detail: str = "") -> ProblemError:
    """Make the problem of a request without a valid key."""
    said = detail or "send a key: Authorization: Bearer hrv_…, or log in at /login"
    return ProblemError(UNAUTHENTICATED, said, {"WWW-Authenticate": "Bearer"})


def rule_of(route: BaseRoute) -> Rule:
    """Return the one rule of a route.

    Raises
    ------
    TypeError
        If it has none, or several, or a path that leads nowhere the rules know; the message says
        what to write.
    """
    where = (
        f"{'/'.join(sorted(getattr(route, 'methods', None) or ()))} {getattr(route, 'path', '')}"
    )
    if not isinstance(route, APIRoute):
        raise TypeError(f"{where} is no APIRoute: no access rule can be checked there")
    rules = [d.dependency for d in route.dependencies if isinstance(d.dependency, Rule)]
    if len(rules) != 1:
        raise TypeError(
            f"{where} has {len(rules)} access rules; every route states exactly one, "
            "dependencies=needs(…), see RULES in api/access/rules.py"
        )
    known = {*PLACES, *FREE, *(("entry_id",) if rules[0].entry else ())}
    for name in route.param_convertors:
        if name not in known:
            raise TypeError(
                f"{where}: add {name!r} to PLACES in api/access/rules.py with its table, so that "
                "the rule knows of which study it is (or to FREE if it is of none)"
            )
    return rules[0]


def check_rules(app: FastAPI) -> list[APIRoute]:
    """Check that every route has its rule; return those that are open to anyone.

    Raises
    ------
    TypeError
        See `rule_of`.
    """
    rules = [(route, rule_of(route)) for route in routes_of(app)]
    return [route for route, rule in rules if rule.needs == "open" and isinstance(route, APIRoute)]


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """Every route of the service, whichever router it came with; but the document's own."""
    return [route for route in _routes(app.routes) if not _is_document(route)]


def _routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _routes(included.routes)


def _is_document(route: BaseRoute) -> bool:
    """Say whether a route is FastAPI's own /openapi.json, which takes a key like the rest."""
    return not isinstance(route, APIRoute | Mount) and getattr(route, "path", "") == "/openapi.json"


async def _study_of_all(
    request: Request, who: Principal, places: list[tuple[type[Any], UUID]]
) -> UUID | None:
    """Return the one study that everything in a path is of; None without anything.

    Raises
    ------
    ProblemError
        404 if a thing is not there for them, or is of another study than the rest.
    """
    study = None
    for model, identity in places:
        found = await _study_of(request, who, model, identity)
        if found is None or study not in (None, found):
            raise _nowhere(model, identity)
        study = found
    return study


async def _study_of(
    request: Request, who: Principal, model: type[Any], identity: UUID
) -> UUID | None:
    """Return the study of a thing; None if there is none that they see.

    A thing stays in its study for good, so what was found once is not looked up again; whose it
    is may change, so for those who see single persons only it is.
    """
    if model is models.Study and who.sees_everything:
        return identity
    narrow = any(grant.role is Role.PARTICIPANT for grant in who.grants)
    known = None if narrow else _known.get(identity)
    if known is None:
        store = request.app.state.service.store
        seen = store.seen_by(view_of(who)) if narrow else store
        known = await asyncio.to_thread(_look_up, seen, model, identity)
        if known is not None and not narrow:
            _remember(identity, known)
    return known


def _look_up(store: Store, model: type[Any], identity: UUID) -> UUID | None:
    column = model.id if model is models.Study else model.study_id
    with store.read() as session:
        found: UUID | None = session.scalar(select(column).where(model.id == identity))
    return found


_known: dict[UUID, UUID] = {}


def _remember(identity: UUID, study: UUID) -> None:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[identity] = study


def _nowhere(model: type[Any], identity: UUID) -> ProblemError:
    return ProblemError(NOT_FOUND, f"there is no {_name(model)} {identity}")


def _forbidden(detail: str) -> ProblemError:
    return ProblemError(FORBIDDEN, detail)


def _name(model: type[Any]) -> str:
    return str(model.__tablename__).replace("_", " ")
