"""The pages of one study, in the order in which they are needed: one line a page."""

from __future__ import annotations

STUDY_PAGES: tuple[tuple[str, str], ...] = (
    ("Overview", ""),
    ("Recovery", "/recovery"),
    ("Recordings", "/recordings"),
    ("Live", "/live"),
    ("Participants", "/participants"),
    ("Log", "/log"),
    ("Data", "/data"),
    ("Plan", "/plan"),
)
"""Title, and what follows ``/studies/{study_id}`` in the address."""
