"""Who asks and what a route needs: every route states its rule here, checked in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

RULES = ("read", "write", "export", "delete")
"""What a route may need of who asks: to see data, to add or change, to take out, to delete."""


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    name: str


LOCAL = Principal("local")
"""Whoever sits at this machine."""


class Rule:
    """A dependency that every route has exactly once.

    Parameters
    ----------
    needs : str
        One of RULES.
    """

    def __init__(self, needs: str) -> None:
        assert needs in RULES
        self.needs = needs

    def __call__(self, request: Request) -> None:
        """Admit the request, or raise."""
        request.state.principal = LOCAL


def needs(rule: str) -> list[Any]:
    """Dependencies of a route that needs `rule`."""
    dependency: Callable[[Request], None] = Rule(rule)
    return [Depends(dependency)]


def principal_of(request: Request) -> Principal:
    """Return who asks."""
    found: Principal = getattr(request.state, "principal", LOCAL)
    return found
