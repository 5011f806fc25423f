"""Parquet: times, intervals and flags as columns, all else as metadata; lossless."""

from __future__ import annotations

import io
import json

from hrv.errors import MissingExtraError
from hrv.types import RRSeries
from ingest.formats.parquet import KEY
from ingest.writers.base import Writer, Written


def write(series: RRSeries) -> Written:
    """Write ``t_s``, ``rr_ms`` and ``flag``; start, zone and provenance go into the metadata.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("parquet", "write Parquet") from None
    about = {
        "start": series.start.isoformat() if series.start else None,
        "zone": getattr(series.start.tzinfo, "key", None) if series.start else None,
        **{k: v for k, v in vars(series.provenance).items() if k != "format"},
    }
    table = pa.table({"t_s": series.t_s, "rr_ms": series.rr_ms, "flag": series.flag})
    raw = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(about).encode()}), raw)
    return Written({".parquet": raw.getvalue()})


WRITER = Writer("parquet", "Parquet; reads back bit for bit", ".parquet", "parquet",
                write)  # fmt: skip
