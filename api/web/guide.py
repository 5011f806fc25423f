"""`/docs/guide`: the guide as `make guide` built it, or how to build it where it is not there."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.access import needs
from api.errors import NOT_FOUND, ProblemError
from api.web.rendering import HEADERS, page

FOLDER = Path(__file__).parents[1] / "guide"
"""Where the build writes, and where the wheel carries it."""

router = APIRouter(include_in_schema=False)


def policy(folder: Path) -> str:
    """Content-Security-Policy of the guide: its theme's own inline scripts by their hashes."""
    hashes = " ".join(f"'{h}'" for h in (folder / "scripts.txt").read_text("utf-8").split())
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}",
            "style-src 'self' 'unsafe-inline'",  # tables of notebooks bring their style along
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


@router.get("/docs/guide", dependencies=needs("open"))
def get_guide() -> Response:
    """Go to the guide's first page."""
    return RedirectResponse("/docs/guide/")


@router.get("/docs/guide/{name:path}", dependencies=needs("open"))
def get_guide_file(
    request: Request,
    name: str = "",
    v: str = "",
    q: str = "",
    check_keywords: str = "",
    area: str = "",
    highlight: str = "",
) -> Response:
    """Give a file of the guide; the query is read by the guide's own scripts."""
    del v, q, check_keywords, area, highlight
    if not (FOLDER / "index.html").is_file():
        return page(request, "no_guide.html.j2", status=404, title="The guide is not built")
    file = (FOLDER / (name or "index.html")).resolve()
    if not (file.is_relative_to(FOLDER.resolve()) and file.is_file()):
        raise ProblemError(NOT_FOUND, f"the guide has no page {name!r}")
    media = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = HEADERS | {"Content-Security-Policy": policy(FOLDER)}
    return FileResponse(file, media_type=media, headers=headers)
