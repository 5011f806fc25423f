"""`/login` and `/logout`: a key opens a browser's session, and its end closes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from api.access import needs, principal_of, sessions
from api.errors import FORBIDDEN, ProblemError
from api.service import Svc
from api.web.rendering import page

router = APIRouter(include_in_schema=False)
Next = Annotated[str, Query(max_length=2000)]
NextField = Annotated[str, Form(max_length=2000)]


@router.get("/login", dependencies=needs("open"))
def login(request: Request, service: Svc, next: Next = "/") -> Response:
    """Ask for a key; who is known already goes on."""
    if service.settings.local:
        return RedirectResponse("/", 303)
    return _ask(request, next)


@router.post("/login", dependencies=needs("open"))
def log_in(
    request: Request,
    service: Svc,
    key: Annotated[str, Form(max_length=300)] = "",
    next: NextField = "/",
) -> Response:
    """Open a session with a key."""
    if service.settings.local:
        return RedirectResponse("/", 303)
    if not sessions.same_site(request):
        raise ProblemError(FORBIDDEN, "the login form must be sent from this service's own page")
    request.state.gate.check_refusals(request)
    opened = sessions.log_in(request, service, key.strip())
    if opened is None:
        request.state.gate.refused(request)
        return _ask(request, next, status=401, wrong=True)
    answer = RedirectResponse(_inside(next), 303)
    sessions.set_cookie(request, answer, opened)
    return answer


@router.post("/logout", dependencies=needs("enter"))
def log_out(request: Request, service: Svc) -> Response:
    """Close the session."""
    sessions.log_out(request, service)
    answer = RedirectResponse("/login", 303)
    sessions.clear_cookie(request, answer)
    return answer


def _ask(request: Request, following: str, *, status: int = 200, wrong: bool = False) -> Response:
    return page(
        request, "login.html.j2", status=status, title="Log in", next=_inside(following),
        wrong=wrong, known=principal_of(request).known,
    )  # fmt: skip


def _inside(address: str) -> str:
    """Return a path of this service; any other address leads to the first page."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"
