"""Read a finished cohort's tables."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from hrv.errors import InputError
from ingest.cohort.places import Place, place
from ingest.cohort.run import FAILURES, MANIFEST
from ingest.cohort.settings import TABLES
from ingest.cohort.tables import arrow
from ingest.spreadsheet import plain


def is_cohort(out: str) -> bool:
    """Tell whether a folder or URL holds the results of a cohort."""
    try:
        return "keys" in _manifest(place(out))
    except InputError:
        return False


def _manifest(where: Place) -> dict[str, Any]:
    try:
        told = json.loads(where.read(MANIFEST))
    except (OSError, ValueError):
        raise InputError(
            f"{where.url} holds no results of a cohort; make them with hrv batch INPUT --out "
            f"{where.url}"
        ) from None
    return told if isinstance(told, dict) else {}


def read_settings(out: str) -> dict[str, Any]:
    """Return what a cohort's summary depends on: version, cleaner, metrics, preset."""
    told: dict[str, Any] = _manifest(place(out))["settings"]["summary"]
    return told


def read_table(out: str, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table of a finished cohort, in order of file.

    Parameters
    ----------
    out : str
        Folder or URL of the results.
    table : str
        ``"recordings"``, ``"summary"``, ``"windows"`` or ``"recovery"``.
    columns : sequence of str, optional
        Columns to read; default: all.

    Returns
    -------
    DataFrame
        Times are UTC.

    Raises
    ------
    InputError
        If there is no such cohort, it is not finished, or there is no such table or column.
    """
    pa = arrow()
    import pyarrow.parquet as pq

    where = place(out)
    if table not in TABLES:
        raise InputError(f"a cohort has no table {table!r}; choose from {', '.join(TABLES)}")
    if _manifest(where).get("state") != "complete":
        raise InputError(f"the cohort in {where.url} is not finished; run hrv batch again")
    parts = []
    for file in sorted(where.matching(f"{table}/part-*.parquet"), key=lambda f: f.name):
        content = io.BytesIO(where.read(file.name))
        known = pq.read_schema(content).names
        missing = [name for name in columns or () if name not in known]
        if missing:
            raise InputError(f"table {table} has no column {missing[0]}; it has {', '.join(known)}")
        parts.append(pq.read_table(content, columns=None if columns is None else list(columns)))
    whole: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    order = [name for name in ("file", "start_s", "onset_s") if name in whole]
    return whole.sort_values(order, kind="stable", ignore_index=True) if order else whole


def read_failures(out: str) -> pd.DataFrame:
    """Read the list of what could not be read or computed: one row a failure, all text."""
    where = place(out)
    _manifest(where)
    table = pd.read_csv(io.BytesIO(where.read(FAILURES)), dtype=str, keep_default_na=False)
    return table.map(plain)
