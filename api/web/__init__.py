"""The web page: what a researcher has open beside the participant, served from the package alone.

A page is one file here (its routes), one template and, where it draws or listens, one script
module in `static/`.  It shows what the routes under /v1 give; it analyses nothing itself.
"""

from __future__ import annotations

from fastapi import APIRouter

from api.web import (
    assets,
    data,
    guide,
    home,
    live,
    logbook,
    login,
    planning,
    quality,
    recording,
    roster,
    study,
    subject,
)

PAGES: tuple[APIRouter, ...] = (
    assets.router,
    guide.router,
    login.router,
    home.router,
    study.router,
    subject.router,
    quality.router,
    roster.router,
    logbook.router,
    data.router,
    planning.router,
    recording.router,
    live.router,
)
"""Every page; `api.routes.ROUTERS` takes them in."""
