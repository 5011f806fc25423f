"""Scripts, styles and pictures of the pages, under an address that changes with their content."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from api.access import needs
from api.errors import NOT_FOUND, ProblemError

FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_A_YEAR_S = 31_536_000

router = APIRouter(include_in_schema=False)


@cache
def _files() -> tuple[str, frozenset[str]]:
    """Hash of every file together, and their names; read once, they are part of the package."""
    sha = hashlib.sha256()
    names = []
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            names.append(path.relative_to(FOLDER).as_posix())
            sha.update(names[-1].encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16], frozenset(names)


def address(name: str) -> str:
    """Return where a page finds a file of `static/`.

    One hash stands for all files, so that a script module finds its neighbours beside it, of the
    same version.

    Raises
    ------
    LookupError
        If there is no such file.
    """
    digest, names = _files()
    if name not in names:
        raise LookupError(f"there is no file {name!r} in api/web/static")
    return f"/static/{digest}/{name}"


@router.get("/static/{digest}/{name:path}", dependencies=needs("open"))
def get_static(digest: str, name: str) -> Response:
    """Give a file; a browser keeps it for good, because its address changes with it."""
    present, names = _files()
    if name not in names or digest != present:
        raise ProblemError(NOT_FOUND, f"there is no {name!r} of this version; load the page again")
    suffix = Path(name).suffix
    media = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {
        "Cache-Control": f"public, max-age={_A_YEAR_S}, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return FileResponse(FOLDER / name, media_type=media, headers=headers)
