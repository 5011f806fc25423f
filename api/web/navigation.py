"""The pages of one study, in the order in which they are needed: one line a page."""

from __future__ import annotations

STUDY_PAGES: tuple[tuple[str, str, str], ...] = (
    ("Overview", "", ""),
    ("Recovery", "/recovery", ""),
    ("Recordings", "/recordings", "/recordings/"),
    ("Live", "/live", "/live/"),
    ("Participants", "/participants", "/subjects/"),
    ("Log", "/log", ""),
    ("Data", "/data", ""),
    ("Plan", "/plan", ""),
)
"""Title, what follows ``/studies/{study_id}`` in the address, and what pages below it hold."""


def present(path: str, where: str, below: str) -> str:
    """Return `aria-current` of a tab: ``page`` on it, ``true`` on a page below it, or nothing."""
    if path == where:
        return "page"
    return "true" if below and below in path else ""
