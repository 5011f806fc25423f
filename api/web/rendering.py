"""The one way to render a page: a template, the security headers, and who asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.access import principal_of
from api.web import assets
from api.web.navigation import STUDY_PAGES, present
from hrv.endpoints import title
from hrv.report import numbers, words

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of every page: nothing from elsewhere, nothing inline, no eval."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
"""Headers of every page."""


@cache
def environment() -> Environment:
    """Make Jinja's environment: HTML is escaped, an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("api.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "static": assets.address, "STUDY_PAGES": STUDY_PAGES, "present": present,
    }  # fmt: skip
    made.filters |= {
        "day": numbers.day,
        "moment": numbers.moment,
        "duration": numbers.duration,
        "number": numbers.number,
        "share": numbers.share,
        "plural": plural,
        "asked": asked,
        "parse_moment": datetime.fromisoformat,
        "last_day": last_day,
        "after": after,
        "sentence": words.sentence_case,
    }
    return made


def page(request: Request, template: str, *, status: int = 200, **data: Any) -> HTMLResponse:
    """Render a page.

    Parameters
    ----------
    request : Request
        Its `state.principal` says who asks; its `state.csrf`, if any, is the session's token.
    template : str
        File in `templates/`, such as ``"home.html.j2"``.
    status : int
        Status of the answer.
    **data
        What the template shows.  A page of one study gives `study` (its row or wire type), and
        the navigation of that study appears; `title` names the page.
    """
    text = (
        environment()
        .get_template(template)
        .render(
            request=request,
            path=request.url.path,
            principal=principal_of(request),
            csrf=getattr(request.state, "csrf", ""),
            **data,
        )
    )
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def plural(count: int, one: str, many: str = "") -> str:
    """Show a count with its noun: ``1 recording``, ``3 recordings``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def after(seconds: float) -> str:
    """Show a moment after another: ``30 s``, ``2 min``."""
    whole = seconds >= 60 and seconds % 60 == 0
    return f"{seconds / 60:g}\u202fmin" if whole else f"{seconds:g}\u202fs"


def last_day(stop: datetime) -> str:
    """Show the last day of a span that ends at a midnight."""
    return str(numbers.day(stop - timedelta(seconds=1)))


def asked(what: str) -> str:
    """Show what a refusal is about: ``residual_hr by randomisation`` in words."""
    endpoint, by, method = what.partition(" by ")
    return title(endpoint)[0] + (f", {words.method(method).title}" if by else "")
