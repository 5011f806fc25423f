"""The recording formats: one file each, and the one table of them."""

from __future__ import annotations

from ingest.formats import elite_hrv, empatica, garmin_fit, peaks, polar_hrm, text
from ingest.formats.base import Format

FORMATS: tuple[Format, ...] = (
    text.FORMAT,
    elite_hrv.FORMAT,
    polar_hrm.FORMAT,
    empatica.FORMAT,
    garmin_fit.FORMAT,
    peaks.FORMAT,
)
"""Every format that can be read; a file is claimed by at most one of them."""
