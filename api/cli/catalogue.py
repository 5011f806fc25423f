"""`hrv catalogue`: what there is, from the tables themselves."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table

if TYPE_CHECKING:
    import pandas as pd


class Shelf(enum.StrEnum):
    """What can be listed."""

    FORMATS = "formats"
    CLEANERS = "cleaners"
    METRICS = "metrics"
    MEASURES = "measures"
    METHODS = "methods"
    INSTRUMENTS = "instruments"


def catalogue(
    shelf: Annotated[Shelf, typer.Argument(help="Which table to show.")],
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
) -> None:
    """List the formats, cleaners, metrics, recovery measures, methods or instruments.

    \b
    hrv catalogue metrics
    hrv catalogue formats --format json
    """
    emit_table(_table(shelf), form, out)


def _table(shelf: Shelf) -> pd.DataFrame:
    import pandas as pd

    import hrv
    import ingest
    from hrv.instruments import INSTRUMENTS
    from hrv.recovery import MEASURES

    entries, columns = {
        Shelf.FORMATS: (ingest.FORMATS, ("name", "suffixes", "summary")),
        Shelf.CLEANERS: (hrv.CLEANERS, ("name", "summary", "source")),
        Shelf.METRICS: (hrv.METRICS, ("name", "unit", "min_s", "summary", "source")),
        Shelf.MEASURES: (MEASURES, ("name", "unit", "summary", "source")),
        Shelf.METHODS: (hrv.METHODS, ("name", "summary", "source")),
        Shelf.INSTRUMENTS: (
            INSTRUMENTS,
            ("name", "label", "low", "high", "unit", "loinc", "panel", "source"),
        ),
    }[shelf]
    rows = [{column: _text(getattr(entry, column)) for column in columns} for entry in entries]
    return pd.DataFrame(rows, columns=list(columns))


def _text(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value
