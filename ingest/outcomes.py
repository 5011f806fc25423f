"""Outcomes beside heart rate variability, from tables kept by hand or exports of apps."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from os import PathLike

import pandas as pd

from hrv.errors import FormatError, InputError
from hrv.instruments import instrument
from ingest.columns import OUTCOME_COLUMNS
from ingest.formats.base import Source
from ingest.reading import HEAD_BYTES, open_recording, sniffed, source_of
from ingest.tables import Row, rows, times

SUMMARIES = ("hrv4training", "fitbit")
"""Formats that hold daily summaries and never beats."""


def read_outcomes(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read outcomes beside heart rate variability: scores, ratings, laboratory values, sleep.

    Parameters
    ----------
    path : str, path-like or Source
        CSV with ``time, name, value`` and optionally ``subject, unit, assay``; or the export of
        an app that gives daily summaries and no beats (HRV4Training, Fitbit …).  Names of
        `hrv.instruments` are checked against their range and brought to their unit; any other
        name is a free rating.
    tz : str, optional
        IANA zone of times without one, and zone of the result.
    subject : str, optional
        Whose the lines without a subject are; default "".

    Returns
    -------
    DataFrame
        Columns of `OUTCOME_COLUMNS`; `time` aware, `value` float and finite, in `unit`.

    Raises
    ------
    FormatError
        Naming the line: a value that is missing, no number or outside the instrument's range, a
        unit that is missing or wrong, a time without zone, the same outcome of one subject
        twice at one time.
    """
    source = source_of(path)
    if _is_app(source):
        return _from_app(open_recording(source, tz=tz).outcomes, source, tz, subject)
    required, optional = ("time", "name", "value"), ("subject", "unit", "assay")
    table = list(rows(source, required=required, optional=optional, subject=subject))
    first: dict[tuple[str, str, datetime], Row] = {}
    found: dict[str, list[object]] = {column: [] for column in OUTCOME_COLUMNS}
    moments = []
    for row in table:
        moment = row.moment("time", tz)
        name, value, unit = _value(row)
        key = (row["subject"], name, moment.astimezone(UTC))
        if key in first:
            raise row.error(
                f"{row['name']!r} at {row['time']} is in line {first[key].line} already"
            )
        first[key] = row
        moments.append(moment)
        cells = {"subject": row["subject"], "time": moment, "name": name, "value": value}
        for column, cell in (cells | {"unit": unit, "assay": row["assay"]}).items():
            found[column].append(cell)
    frame = pd.DataFrame(found, dtype=object)
    frame = frame.assign(time=times(moments, tz), value=frame["value"].astype("float64"))
    return frame[list(OUTCOME_COLUMNS)]


def _is_app(source: Source) -> bool:
    with source.open() as file:
        head = file.read(HEAD_BYTES)
    return any(entry.name in SUMMARIES for entry in sniffed(head, source.name))


def _value(row: Row) -> tuple[str, float, str]:
    """Name, value and unit of one line, as its instrument keeps them."""
    value = row.number("value")
    if math.isnan(value):
        raise row.error("value is empty; leave the line out if nothing was measured")
    known = instrument(row.required("name"))
    if known is None:
        return row["name"], value, row["unit"]
    try:
        return known.name, known.check(value, row["unit"]), known.unit
    except InputError as error:
        raise row.error(str(error)) from None


def _from_app(
    outcomes: pd.DataFrame, source: Source, tz: str | None, subject: str | None
) -> pd.DataFrame:
    """Check an app's summaries against the ranges of those that are known."""
    units = []
    for name, value in zip(outcomes["name"], outcomes["value"], strict=True):
        known = instrument(name)
        units.append("" if known is None else known.unit)
        try:
            if known is not None:
                known.check(value)
        except InputError as error:
            raise FormatError(str(error), source=source.name) from None
    moments = [moment.to_pydatetime() for moment in outcomes["time"]]
    return outcomes.assign(subject=subject or "", unit=units, time=times(moments, tz))[
        list(OUTCOME_COLUMNS)
    ]
