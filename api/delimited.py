"""CSV of large tables, the text that pandas writes in a fraction of its time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import orjson
import pandas as pd

from ingest.spreadsheet import safe

_EXPONENT = re.compile(r"e(-?)(\d+)")
_QUOTED = re.compile(r'[",\r\n]')


def csv_text(table: pd.DataFrame, *, index: bool) -> str:
    """Write what ``table.to_csv(index=index)`` writes, fast where columns are numbers and text.

    Text that a spreadsheet would run as a formula is made safe (`ingest.spreadsheet`); numbers
    are exact.
    """
    columns = [_cells(table[name]) for name in table.columns]
    if not columns or any(cells is None for cells in columns):
        return str(_made_safe(table).to_csv(index=index, lineterminator="\n"))
    head = [_quoted(str(name)) for name in table.columns]
    if index:
        moments = str(pd.DataFrame(index=table.index).to_csv()).splitlines()
        head.insert(0, moments[0].rstrip(",") or '""')
        columns.insert(0, [cell.rstrip(",") for cell in moments[1:]])
    rows = map(",".join, zip(*columns, strict=True))
    return "\n".join((",".join(head), *rows)) + "\n"


def _made_safe(table: pd.DataFrame) -> pd.DataFrame:
    """Make the texts of a table safe, and its heads."""
    fresh = table.rename(columns=lambda name: safe(name) if isinstance(name, str) else name)
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind not in "fiubmM":
            values = [safe(v) if isinstance(v, str) else v for v in column]
            fresh.isetitem(place, np.array([*values, None], dtype=object)[:-1])
    return fresh


def _cells(column: pd.Series[Any]) -> list[str] | None:
    """Text of each value; None where pandas had better write it."""
    values = column.to_numpy()
    if values.size == 0:
        return None
    if values.dtype in (np.dtype(np.float64), np.dtype(np.int64)):
        if values.dtype.kind == "f" and np.isinf(values).any():
            return None  # not a number in JSON
        if ((np.abs(values) < 1e-4) & (values != 0)).any():  # orjson writes 0.00006 for 6e-05
            return ["" if value != value else repr(value) for value in values.tolist()]
        plain = np.ascontiguousarray(values)
        text = orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode()
        text = text.replace("null", "")
        return (_EXPONENT.sub(_as_python, text) if "e" in text else text).split(",")
    if values.dtype == object and all(type(value) is str for value in values):
        written = {value: _quoted(value) for value in set(values)}
        return [written[value] for value in values]
    return None


def _as_python(match: re.Match[str]) -> str:
    """Two digits and a sign, as Python writes an exponent."""
    return f"e{match[1] or '+'}{match[2]:>02}"


def _quoted(text: str) -> str:
    text = safe(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
