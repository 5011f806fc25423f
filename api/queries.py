"""Refuse query parameters that a route does not know: a misspelt one is not ignored."""

from __future__ import annotations

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.errors import INVALID, ProblemError


async def known_only(request: Request) -> None:
    """Check the names in the query against the route's.

    Raises
    ------
    ProblemError
        422, naming the unknown one and what there is.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    known = _names(route.dependant)
    for name in request.query_params:
        if name not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "there are none"
            raise ProblemError(INVALID, f"no query parameter is called {name!r} here; {there}")


def _names(dependant: Dependant) -> set[str]:
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_names(part) for part in dependant.dependencies))
