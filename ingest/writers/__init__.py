"""The formats a recording can be written in: one file each, and the one table of them."""

from __future__ import annotations

from ingest.writers import bids, fhir, hrv_logger, kubios, open_mhealth, parquet, text
from ingest.writers.base import Writer, Written

__all__ = ["WRITERS", "Writer", "Written"]

WRITERS: tuple[Writer, ...] = (
    text.WRITER,
    kubios.WRITER,
    hrv_logger.WRITER,
    parquet.WRITER,
    bids.WRITER,
    fhir.WRITER,
    open_mhealth.WRITER,
)
"""Every format that can be written; `Written.lost` says what it cannot hold."""
