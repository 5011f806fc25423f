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
_LARGEST = 1 << 28
_LARGEST_THRIFT = 1 << 24
_MOST_ROWS = 10_000_000
"""Three months of beats; 180 MB."""
_COLUMNS = {"t_s": np.float64, "rr_ms": np.float64, "flag": np.uint16}
_NUMBERS = frozenset(
    {"double", "float", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
)


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
        source=source.name, format="parquet", unit=_unit(str(about.get("unit", ""))),
        clock=says, device=str(about.get("device", "")),
        notes=tuple(str(note) for note in notes) if isinstance(notes, list) else (),
    )  # fmt: skip
    series = RRSeries.from_ms(
        columns["rr_ms"], t_s=columns.get("t_s"), flag=columns.get("flag"), start=start,
        provenance=provenance,
    )  # fmt: skip
    return Recording(series)


def _unit(original: str) -> str:
    """Say where the unit comes from, once however often a recording was converted."""
    begin = "ms (column rr_ms; from "
    if original.startswith(begin):
        return original
    return f"{begin}{original})" if original else "ms (column rr_ms)"


def _table(source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("parquet", "read Parquet") from None
    with source.open() as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise FormatError("is larger than any recording", source=source.name)
    try:
        opened = pq.ParquetFile(
            io.BytesIO(data), thrift_string_size_limit=_LARGEST_THRIFT,
            thrift_container_size_limit=_LARGEST_THRIFT,
        )  # fmt: skip
        fields = {field.name: str(field.type) for field in opened.schema_arrow}
        known = [name for name in _COLUMNS if name in fields]
        wrong = [name for name in known if fields[name] not in _NUMBERS]
        if wrong:
            raise FormatError(f"its column {wrong[0]} holds {fields[wrong[0]]}, no numbers",
                              source=source.name)  # fmt: skip
        columns = _columns(opened, known, source.name)
        raw = (opened.schema_arrow.metadata or {}).get(KEY, b"{}").decode()
    except FormatError:
        raise
    except Exception as error:  # a flipped byte makes the decoder raise almost anything
        why = str(error).split("\n")[0] or type(error).__name__
        raise FormatError(f"is a damaged Parquet file ({shown(why)}); copy it again",
                          source=source.name) from error  # fmt: skip
    about = parse(raw, source.name)
    return columns, about if isinstance(about, dict) else {}


def _columns(opened: Any, known: list[str], source: str) -> dict[str, Any]:
    """Read batch by batch, since a few bytes can unfold to any number of equal rows."""
    parts: dict[str, list[Any]] = {name: [] for name in known}
    rows = 0
    for batch in opened.iter_batches(batch_size=1 << 16, columns=known):
        rows += batch.num_rows
        if rows > _MOST_ROWS:
            raise FormatError("is larger than any recording", source=source)
        for name in known:
            values = batch.column(name).to_numpy(zero_copy_only=False)
            parts[name].append(np.asarray(values, dtype=_COLUMNS[name]))
    return {name: np.concatenate(part) for name, part in parts.items() if part}


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
