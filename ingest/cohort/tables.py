"""The files of a cohort's tables: fixed columns, as Parquet."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hrv.errors import MissingExtraError
from hrv.metrics import select
from hrv.types import NNSeries, RRSeries
from ingest.cohort.find import Item

if TYPE_CHECKING:
    import pyarrow as pa

IDENTITY = ("study", "subject", "session", "condition", "file")
"""First columns of every table."""
ROW_GROUP = 65_536
"""Rows in a row group: what a reader may skip."""
_QUALITY = {
    "sha256": "text", "bytes": "int", "format": "text", "unit": "text", "clock": "text",
    "device": "text", "zone": "text", "start": "time", "duration_s": "float", "beats": "int",
    "coverage": "float", "corrected": "float", "gaps": "int", "longest_gap_s": "float",
    "suspect": "int", "episodes": "int", "notes": "text",
}  # fmt: skip


def columns(table: str, metrics: Sequence[str]) -> dict[str, str]:
    """Names and kinds (``text, time, float, int, bool``) of the columns of a table."""
    chosen = {metric.name: "float" for metric in select(metrics)}
    support = {"n": "int", "coverage": "float"}
    own: dict[str, dict[str, str]] = {
        "recordings": _QUALITY,
        "summary": {"start": "time", "start_s": "float", "stop_s": "float", **support, **chosen,
                    "corrected": "float", "flag": "text", "reason": "text"},
        "windows": {"start": "time", "start_s": "float", "stop_s": "float", **support, **chosen,
                    "corrected": "float", "flag": "text", "reason": "text"},
        "recovery": {"time": "time", **_recovery_columns()},
    }  # fmt: skip
    return dict.fromkeys(IDENTITY, "text") | own[table]


@functools.cache
def _recovery_columns() -> dict[str, str]:
    from hrv.recovery import recovery

    nn = NNSeries(*(np.empty(0),) * 2, np.empty(0, bool), *(np.empty(0),) * 2,
                  RRSeries.from_ms([800.0, 800.0]), "none")  # fmt: skip
    kinds = {"O": "text", "f": "float", "b": "bool"}
    return {str(name): kinds[dtype.kind] for name, dtype in recovery(nn, []).dtypes.items()}


def schema(table: str, metrics: Sequence[str]) -> pa.Schema:
    """Arrow schema of a table: the same in every file, whatever its rows hold."""
    pa = arrow()
    kinds = {
        "text": pa.string(), "time": pa.timestamp("us", tz="UTC"), "float": pa.float64(),
        "int": pa.int64(), "bool": pa.bool_(),
    }  # fmt: skip
    return pa.schema([(name, kinds[kind]) for name, kind in columns(table, metrics).items()])


def arrow() -> Any:
    """Import pyarrow, or name the extra that brings it."""
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtraError("cluster", "write a cohort's tables") from None
    return pa


class Rows:
    """Rows of one table on their way into one file.

    Parameters
    ----------
    table : str
        Name in `settings.TABLES`.
    metrics : sequence of str
        Metrics of the run.
    """

    def __init__(self, table: str, metrics: Sequence[str]) -> None:
        self._pa = arrow()
        self._schema = schema(table, metrics)
        self._frames: list[Any] = []
        self.count = 0

    def add(self, item: Item, frame: pd.DataFrame) -> None:
        """Take the rows of one recording; columns that the table lacks are not asked for."""
        pa, n = self._pa, len(frame)
        identity = {"file": item.name, **{key: getattr(item, key) for key in IDENTITY[:-1]}}
        if not n:
            return
        arrays = []
        for field in self._schema:
            if field.name in identity:
                arrays.append(pa.repeat(pa.scalar(identity[field.name], pa.string()), n))
            else:
                values = frame[field.name]
                floating = pa.types.is_floating(field.type)
                # NaN stays NaN: it means refused, with its reason in the column beside it
                array = pa.array(values.to_numpy(), field.type, from_pandas=not floating)
                arrays.append(array)
        self._frames.append(pa.table(arrays, schema=self._schema))
        self.count += n

    def content(self) -> bytes:
        """Make the file; the same rows give the same bytes."""
        import pyarrow.parquet as pq

        file = io.BytesIO()
        whole = self._pa.concat_tables(self._frames) if self._frames else self._schema.empty_table()
        pq.write_table(whole, file, compression="zstd", row_group_size=ROW_GROUP)
        return file.getvalue()
