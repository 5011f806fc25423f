"""Tables on the wire: JSON, CSV, Arrow or Parquet, as the client's Accept says."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from api.delimited import csv_text
from hrv.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

JSON = "application/json"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
TABLES = (JSON, CSV, ARROW, PARQUET)
"""Media types of every table, the default first."""


@dataclass(frozen=True)
class Described:
    """A table with its units and the settings that its numbers depend on."""

    table: pd.DataFrame
    units: Mapping[str, str]
    settings: Mapping[str, Any]


def choose(accept: str | None, offered: Sequence[str]) -> str | None:
    """Pick the media type a client likes best; None if it takes none of those offered.

    Parameters
    ----------
    accept : str or None
        The header (RFC 9110, 12.5.1); None or empty takes anything.
    offered : sequence of str
        What there is, the default first.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    best: tuple[float, int] | None = None
    chosen = None
    for order, media in enumerate(offered):
        quality = _quality(media, ranges)
        if quality > 0 and (best is None or (quality, -order) > best):
            best, chosen = (quality, -order), media
    return chosen


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return media, quality


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Quality of the most specific range that holds a media type."""
    kind = media.partition("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0


def encode(described: Described, media: str) -> bytes:
    """Write a table; the same table gives the same bytes.

    Raises
    ------
    MissingExtraError
        If Arrow or Parquet is asked for and pyarrow is not installed.
    """
    if media == JSON:
        return _json(described)
    if media == CSV:
        return csv_text(described.table, index=False).encode()
    return _arrow(described, media)


def _json(described: Described) -> bytes:
    table = described.table
    return orjson.dumps(
        {
            "rows": len(table),
            "units": dict(described.units),
            "settings": described.settings,
            "columns": {str(name): _cells(table[name]) for name in table.columns},
        },
        default=_default,
        option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
    )


def _cells(column: pd.Series) -> Any:
    if column.dtype.kind in "fiub":
        values = column.to_numpy()
        return values if values.flags.c_contiguous else values.copy()
    return [_default(v) if isinstance(v, datetime) else v for v in column.tolist()]


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if value != value else value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _arrow(described: Described, media: str) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("parquet", "write Arrow or Parquet") from None
    frame = described.table.copy(deep=False)
    frame.attrs = {}  # they go into the schema below, once
    table = pa.Table.from_pandas(frame, preserve_index=False)
    said = {
        "units": json.dumps(dict(described.units)),
        "settings": orjson.dumps(described.settings, default=_default).decode(),
    }
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **said})
    out = io.BytesIO()
    if media == PARQUET:
        pq.write_table(table, out, compression="zstd")
    else:
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    return out.getvalue()
