"""Plain text with a head that says everything: the project's own lossless format."""

from __future__ import annotations

import io

from hrv.types import RRSeries
from ingest.formats._write_text import write_text
from ingest.writers.base import Writer, Written


def write(series: RRSeries) -> Written:
    """Write intervals, times, flags, start and device; `ingest.read` gives them back."""
    out = io.StringIO()
    write_text(series, out)
    return Written({".txt": out.getvalue().encode()})


WRITER = Writer("text", "Plain text with head; reads back bit for bit", ".txt", "text", write)
