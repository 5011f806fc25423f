"""Bring recordings, stressors, doses and outcomes in: files become values of `hrv.types`."""

from __future__ import annotations

from ingest.events import read_doses, read_events, read_phases, read_tags
from ingest.formats import FORMATS
from ingest.formats._write_text import write_text
from ingest.formats.base import Format, ReadOptions, Recording, Source
from ingest.outcomes import read_outcomes
from ingest.reading import open_recording, read
from ingest.writers import WRITERS, Writer, Written

__all__ = [
    "FORMATS",
    "WRITERS",
    "Format",
    "ReadOptions",
    "Recording",
    "Source",
    "Writer",
    "Written",
    "open_recording",
    "read",
    "read_doses",
    "read_events",
    "read_outcomes",
    "read_phases",
    "read_tags",
    "write_text",
]
