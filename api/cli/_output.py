"""How results leave the command line: a table for people; CSV, JSON or Parquet for programs."""

from __future__ import annotations

import enum
import io
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from api.results import plain

if TYPE_CHECKING:
    import pandas as pd


class OutputFormat(enum.StrEnum):
    """Values of ``--format``."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def emit_table(table: pd.DataFrame, form: OutputFormat, out: Path | None, title: str = "") -> None:
    """Write a DataFrame in the form asked for, to `out` or to standard output."""
    if form is OutputFormat.PARQUET:
        _emit_parquet(table, out)
    elif form is OutputFormat.CSV:
        from api.delimited import csv_text

        emit_text(csv_text(table, index=table.index.name is not None), out)
    elif form is OutputFormat.JSON:
        records = (table.reset_index() if table.index.name else table).to_dict(orient="records")
        emit_json(records, out)
    else:
        emit_text(for_people(table, title), out)


def stacked(files: Sequence[str], tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of several recordings below each other, each row naming its file."""
    import pandas as pd

    if len(tables) == 1:
        return tables[0]
    flat = [table.reset_index() if table.index.name else table for table in tables]
    for file, table in zip(files, flat, strict=True):
        table.insert(0, "file", file)
    return pd.concat(flat, ignore_index=True)


def emit_mapping(
    values: Mapping[str, Any], form: OutputFormat, out: Path | None, people: pd.DataFrame
) -> None:
    """Write one result: an object in JSON, one row in CSV and Parquet, `people` as a table."""
    import pandas as pd

    if form is OutputFormat.JSON:
        emit_json(values, out)
    elif form is OutputFormat.TABLE:
        emit_text(for_people(people), out)
    else:
        flat = {k: v for k, v in values.items() if not isinstance(v, Mapping | list | tuple)}
        emit_table(pd.DataFrame([flat]), form, out)


def emit_json(value: Any, out: Path | None) -> None:
    """Write standard JSON: NaN becomes null (its reason stands beside it), times ISO 8601."""
    emit_text(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n", out)


def _emit_parquet(table: pd.DataFrame, out: Path | None) -> None:
    from hrv.errors import InputError, MissingExtraError

    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("parquet", "write Parquet") from None
    if out is None and sys.stdout.isatty():
        raise InputError("Parquet is binary: name a file with --out FILE, or pipe it on")
    content = io.BytesIO()
    table.to_parquet(content)
    if out is None:
        sys.stdout.buffer.write(content.getvalue())
    else:
        save(out, content.getvalue())


def emit_text(text: str, out: Path | None) -> None:
    """Write text to `out` or to standard output."""
    if out is None:
        sys.stdout.write(text)
    else:
        save(out, text.encode())


def save(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, or raise one sentence that names it.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    from hrv.errors import StorageError
    from ingest.durable import write_file

    try:
        write_file(path, content)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from None


_REMARKS = ("flag", "reason", "note", "why_refused")


def for_people(table: pd.DataFrame, title: str = "") -> str:
    """Render a table with sensible digits; wide ones keep every column by wrapping words.

    Columns of remarks that say nothing are left out; what all rows share is said once, below.
    """
    from rich.console import Console
    from rich.table import Table

    shown = table.reset_index() if table.index.name else table
    if "file" in shown:
        shown = shown.assign(file=_short(list(shown["file"])))
    shared = {
        name: shown[name].iloc[0]
        for name in _REMARKS
        if name in shown and len(shown) > 1 and len(set(shown[name])) == 1
    }
    shown = shown.drop(columns=list(shared))
    view = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for name in shown.columns:
        numeric = shown[name].dtype.kind in "fiu"
        view.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in shown.itertuples(index=False):
        view.add_row(*(cell(value) for value in row))
    console = Console(file=None, width=None if sys.stdout.isatty() else 160)
    with console.capture() as captured:
        console.print(view)
    below = [fill(f"{name} (every row): {text}", 100) for name, text in shared.items() if text]
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join([*lines, *below]) + "\n"


def bullets(remarks: Iterable[str]) -> list[str]:
    """Set remarks below each other, wrapped."""
    return [fill(r, 100, initial_indent="  - ", subsequent_indent="    ") for r in remarks]


def _short(files: list[str]) -> list[str]:
    """Leave out the folder that all files share."""
    if len(set(files)) == 1:
        return files
    shared = os.path.commonpath([str(Path(file).parent) for file in files])
    return [os.path.relpath(file, shared or ".") for file in files]


def cell(value: Any) -> str:
    """One value as people read it: four significant digits, a dash where there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "–"
        if value == round(value) and abs(value) < 1e6:
            return f"{value:.0f}"
        digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
        return f"{value:.{min(digits, 6)}f}"
    if isinstance(value, datetime):
        return "–" if value != value else value.strftime("%Y-%m-%d %H:%M:%S")
    return "–" if value is None else str(value)
