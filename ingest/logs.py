"""Write the tables of a study (events, phases, doses, outcomes) as the CSV that is read again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from hrv.errors import InputError


def write_log(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table with its columns; aware times become ISO 8601 with their offset.

    Raises
    ------
    InputError
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
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(out.getvalue(), encoding="utf-8", newline="")
        fresh.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None


def spelled(value: object) -> str:
    """One cell: times in ISO 8601, numbers as short as is exact, nothing for nothing."""
    if value is pd.NaT:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return "" if value is None else str(value)
