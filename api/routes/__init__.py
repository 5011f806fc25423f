"""The routes: one file a resource, and the one table of them."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import (
    adverse_events,
    analysis,
    catalogue,
    comparisons,
    doses,
    events,
    exports,
    folders,
    health,
    interventions,
    jobs,
    keys,
    live,
    outcomes,
    persons,
    phases,
    planning,
    plans,
    recordings,
    redcap,
    roster,
    sessions,
    studies,
    subjects,
    tidy,
)
from api.web import PAGES

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    studies.router,
    sessions.router,
    live.router,
    subjects.router,
    persons.router,
    roster.router,
    keys.router,
    recordings.router,
    folders.router,
    events.router,
    phases.router,
    interventions.router,
    doses.router,
    outcomes.router,
    adverse_events.router,
    redcap.router,
    analysis.router,
    exports.router,
    tidy.router,
    comparisons.router,
    planning.router,
    plans.router,
    jobs.router,
    catalogue.router,
    *PAGES,
)
"""Every resource, and the pages; the OpenAPI document and the access rules derive from it.

They are tried in this order, so what programs ask many times a second stands first.
"""
