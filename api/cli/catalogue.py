"""`hrv catalogue`: what there is, from the tables themselves."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_json, emit_table, emit_text, for_people

if TYPE_CHECKING:
    import pandas as pd


class Shelf(enum.StrEnum):
    """What can be listed."""

    FORMATS = "formats"
    CLEANERS = "cleaners"
    METRICS = "metrics"
    NEUROKIT2 = "neurokit2"
    PRESETS = "presets"
    MEASURES = "measures"
    METHODS = "methods"
    INSTRUMENTS = "instruments"


def catalogue(
    shelf: Annotated[Shelf, typer.Argument(help="Which table to show.")],
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
) -> None:
    """List the formats, cleaners, metrics, presets, recovery measures, methods or instruments.

    Cleaners come with what they find on simulated truth, and neurokit2 lists the indices of
    NeuroKit2 that --metrics takes by name.

    \b
    hrv catalogue metrics
    hrv catalogue cleaners
    hrv catalogue formats --format json
    """
    table = _table(shelf)
    if shelf is not Shelf.CLEANERS:
        emit_table(table, form, out)
    elif form is OutputFormat.TABLE:
        emit_text(for_people(table) + "\n" + for_people(_scores_for_people(), SCORED), out)
    elif form is OutputFormat.JSON:
        scores = _scores().to_dict(orient="records")
        emit_json(
            [
                {**row, "scores": [s for s in scores if s["name"] == row["name"]]}
                for row in table.to_dict(orient="records")
            ],
            out,
        )
    else:
        emit_table(table.merge(_scores(), on="name"), form, out)


SCORED = (
    "On simulated truth: sensitivity %, specificity %, median error of RMSSD % "
    "(docs/cleaners.md has the rest)"
)


def _scores() -> pd.DataFrame:
    import pandas as pd

    from hrv.clean.scores import SCORES

    return pd.DataFrame(SCORES).rename(columns={"cleaner": "name"})


def _scores_for_people() -> pd.DataFrame:
    """One row a cleaner, a column a scenario."""
    import pandas as pd

    from hrv.clean.scores import SCORES

    rows: dict[str, dict[str, str]] = {}
    for s in SCORES:
        text = f"{100 * s.sensitivity:5.1f} {100 * s.specificity:5.1f} {s.rmssd_error:6.2f}"
        rows.setdefault(s.cleaner, {"name": s.cleaner})[s.scenario] = text
    return pd.DataFrame(list(rows.values()))


def _table(shelf: Shelf) -> pd.DataFrame:
    import pandas as pd

    import hrv
    import ingest
    from hrv.instruments import INSTRUMENTS
    from hrv.metrics.neurokit2 import NEUROKIT2
    from hrv.metrics.presets import PRESETS
    from hrv.recovery import MEASURES

    metric = ("name", "unit", "min_s", "min_beats", "summary", "source")
    entries, columns = {
        Shelf.FORMATS: (ingest.FORMATS, ("name", "suffixes", "summary")),
        Shelf.CLEANERS: (hrv.CLEANERS, ("name", "summary", "source")),
        Shelf.METRICS: (hrv.METRICS, metric),
        Shelf.NEUROKIT2: (NEUROKIT2, metric),
        Shelf.PRESETS: (PRESETS, ("name", "summary", "source")),
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
