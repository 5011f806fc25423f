"""Parquet with a column ``rr_ms`` (and ``t_s``, ``flag``), as `ingest.writers.parquet` makes it."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import numpy as np

from hrv.errors import FormatError, MissingExtraError
from hrv.types import Provenance, RRSeries
from ingest import clock
from ingest.formats._json import parse
from ingest.formats._lines import shown
from ingest.formats._options import aware_start, fixed_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source

KEY = b"hrv_recovery"
"""Metadata key of the project's own files."""
_LARGEST = 1 << 30
_MOST_ROWS = 50_000_000


def sniff(head: bytes, name: str) -> bool:
    """Claim the magic bytes."""
    del name
    return head.startswith(b"PAR1")


def read(source: Source, options: ReadOptions) -> Recording:
    """Read intervals in ms.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `start` is the moment of time zero where the file gives none; `tz` shows it in a zone.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    FormatError
        If the file is damaged or has no column ``rr_ms``.
    """
    fixed_unit(options, "ms", "a Parquet file with a column rr_ms")
    columns, about = _table(source)
    if "rr_ms" not in columns:
        raise FormatError("has no column rr_ms", source=source.name)
    moment = _moment(about, source.name)
    start, says = aware_start(moment, options, "metadata of the file")
    notes = about.get("notes")
    provenance = Provenance(
        source=source.name, format="parquet", unit=f"ms (column rr_ms; {about.get('unit', '?')})",
        clock=says, device=str(about.get("device", "")),
        notes=tuple(str(note) for note in notes) if isinstance(notes, list) else (),
    )  # fmt: skip
    series = RRSeries.from_ms(
        columns["rr_ms"], t_s=columns.get("t_s"), flag=columns.get("flag"), start=start,
        provenance=provenance,
    )  # fmt: skip
    return Recording(series)


def _table(source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("parquet", "read Parquet") from None
    with source.open() as file:
        data = file.read(_LARGEST + 1)
    try:
        opened = pq.ParquetFile(io.BytesIO(data))
        if len(data) > _LARGEST or opened.metadata.num_rows > _MOST_ROWS:
            raise ValueError("it is larger than any recording")
        known = [name for name in ("t_s", "rr_ms", "flag") if name in opened.schema_arrow.names]
        table = opened.read(columns=known)
        columns = {
            name: np.asarray(table.column(name).to_numpy(), dtype=kind)
            for name, kind in (("t_s", np.float64), ("rr_ms", np.float64), ("flag", np.uint16))
            if name in known
        }
        raw = (table.schema.metadata or {}).get(KEY, b"{}").decode()
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error).split("\n")[0] or type(error).__name__
        raise FormatError(f"is a damaged Parquet file ({shown(why)}); copy it again",
                          source=source.name) from error  # fmt: skip
    about = parse(raw, source.name)
    return columns, about if isinstance(about, dict) else {}


def _moment(about: dict[str, Any], name: str) -> datetime | None:
    text, zone = about.get("start"), about.get("zone")
    if not isinstance(text, str):
        return None
    moment = clock.parse_iso(text)
    if moment is None or moment.utcoffset() is None:
        raise FormatError(f"its start {shown(text)} is no time with a zone", source=name)
    return clock.in_zone(moment, zone if isinstance(zone, str) else None)


FORMAT = Format(
    name="parquet",
    summary="Parquet with rr_ms (and t_s, flag)",
    suffixes=(".parquet",),
    sniff=sniff,
    read=read,
)
