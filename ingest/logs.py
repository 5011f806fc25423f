"""Write the tables of a study (events, phases, doses, outcomes) as the CSV that is read again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from hrv.errors import StorageError
from ingest.durable import write_file
from ingest.spreadsheet import safe


def write_log(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table with its columns; aware times become ISO 8601 with their offset.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    rows = [[spelled(value) for value in row] for row in table.itertuples(index=False)]
    write_rows([[str(column) for column in table.columns], *rows], path)


def write_rows(rows: Sequence[Sequence[str]], path: str | Path) -> None:
    """Replace a CSV file in one step, so that a crash leaves the old one."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path = Path(path)
    try:
        write_file(path, out.getvalue().encode())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from None


def spelled(value: object) -> str:
    """One cell, harmless to a spreadsheet: times in ISO 8601, numbers as short as is exact."""
    if value is pd.NaT:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, str):
        return safe(value)
    return "" if value is None else str(value)
