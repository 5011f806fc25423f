"""`hrv recovery`: how the heart came back after each stressor of one recording."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table, emit_text, for_people

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "label", "onset_s", "baseline_hr", "reactivity_hr", "residual_hr", "t50_hr_s", "tau_hr_s",
    "reactivity_ln_rmssd", "residual_ln_rmssd",
)  # fmt: skip
"""Columns of the table for people; the other forms carry all of them."""


def recovery(
    file: opt.FileArgument,
    events: Annotated[
        str, typer.Option(metavar="CSV", help="Stressors: subject,phase,kind,start,end.")
    ],
    subject: Annotated[
        str | None, typer.Option(help="Use only this subject's rows of the events file.")
    ] = None,
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    sampling_rate: opt.RateOption = None,
) -> None:
    """How the heart came back after each stressor of one recording.

    Events of which the kind is "stress" make the episodes; times are ISO 8601 with a zone,
    or seconds from the start of the recording.

    \b
    hrv recovery session.txt --events events.csv
    hrv recovery S02_IBI.csv --events phases.csv --subject S02 --format csv
    """
    from hrv.episodes import mark, within
    from hrv.errors import NotComputableError
    from hrv.recovery import recovery as measure
    from ingest.events import read_events

    nn = opt.read_clean(file, clean, input_format, unit, tz, sampling_rate)
    episodes = within(mark(read_events(events, tz=tz)), nn, subject=subject)
    if not episodes:
        raise NotComputableError(f"{events}: no event of kind 'stress' falls into {file}")
    table = measure(nn, episodes)
    if form is OutputFormat.TABLE:
        emit_text(for_people(table[list(SHOWN)]) + _notes(table), out)
    else:
        emit_table(table, form, out)
    if table["residual_hr"].isna().all() and table["reactivity_hr"].isna().all():
        raise NotComputableError(
            f"{file}: no episode could be measured; the reasons are given above"
        )


def _notes(table: pd.DataFrame) -> str:
    """Say below the table what was refused or weakens a number, episode by episode."""
    lines = []
    for row in table.to_dict(orient="records"):
        notes = [note for key in ("flags", "reason") for note in row[key].split("; ") if note]
        if notes:
            lines += ["", f"{row['label']} (onset {row['onset_s']:.0f} s)"]
            lines += [fill(n, 100, initial_indent="  - ", subsequent_indent="    ") for n in notes]
    return "\n".join(lines) + "\n" if lines else ""
