"""`hrv recovery`: how the heart came back after each stressor of one recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, bullets, emit_table, emit_text, for_people, stacked
from api.cli._progress import watched

if TYPE_CHECKING:
    import pandas as pd

    from hrv.types import Episode, NNSeries

SHOWN = (
    "label", "onset_s", "baseline_hr", "reactivity_hr", "residual_hr", "t50_hr_s", "tau_hr_s",
    "reactivity_ln_rmssd", "residual_ln_rmssd",
)  # fmt: skip
"""Columns of the table for people; the other forms carry all of them."""


def recovery(
    files: opt.FilesArgument,
    events: Annotated[
        str | None,
        typer.Option(
            metavar="CSV",
            help="Stressors: subject,phase,kind,start,end; default: the recording's own markers.",
        ),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Use only this subject's rows of the events file.")
    ] = None,
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    start: opt.StartOption = None,
    sampling_rate: opt.RateOption = None,
    channel: opt.ChannelOption = None,
) -> None:
    """How the heart came back after each stressor of a recording.

    Events of which the kind is "stress" make the episodes; times are ISO 8601 with a zone,
    or seconds from the start of the recording.  Where the events name several subjects, a
    file whose name holds one of them is that subject's.

    \b
    hrv recovery p01.hrvj                      with the markers that hrv record took
    hrv recovery session.txt --events events.csv
    hrv recovery S02_IBI.csv --events phases.csv --subject S02 --format csv
    hrv recovery S02_IBI.csv S03_IBI.csv --events phases.csv --format csv
    """
    from hrv.clean import clean as clean_series
    from hrv.episodes import mark
    from hrv.errors import InputError, NotComputableError
    from hrv.recovery import MEASURES
    from hrv.recovery import recovery as measure
    from ingest.events import read_events

    if "-" in files and events == "-":
        raise InputError("the recording and --events cannot both be standard input")
    how = opt.Reading(input_format, unit, tz, start, sampling_rate, channel)
    opt.check_each(files, how)
    given = None if events is None else mark(read_events(events, tz=tz))
    tables = []
    read = [(file, opt.read_recording(file, how)) for file in watched(files, "reading")]
    for file, (rr, own) in watched(read, "computing"):
        nn, marked = clean_series(rr, method=clean), given
        if marked is None:
            marked = mark(own) if len(own) else []
        episodes = _episodes(file, nn, marked, events or file, subject)
        table = measure(nn, episodes)
        if any(episode.subject for episode in episodes):
            table.insert(0, "subject", [episode.subject for episode in episodes])
        tables.append(table)
    table = stacked(files, tables)
    if form is OutputFormat.TABLE:
        shown = [name for name in ("file", "subject", *SHOWN) if name in table]
        emit_text(for_people(table[shown]) + _notes(table), out)
    else:
        emit_table(table, form, out)
    if table[[entry.name for entry in MEASURES]].isna().all(axis=None):
        raise NotComputableError(
            f"{', '.join(files)}: no episode could be measured; the reasons are given above"
        )


def _episodes(
    file: str, nn: NNSeries, marked: list[Episode], events: str, given: str | None
) -> list[Episode]:
    """Select the stressors of one recording: of its subject, and of sessions that it overlaps.

    A stressor of the session that the recording missed stays, to be refused with its reason.
    """
    from hrv.episodes import within
    from hrv.errors import InputError, NotComputableError

    subject = given or _named(file, sorted({episode.subject for episode in marked}))
    if given and marked and all(episode.subject != given for episode in marked):
        there = ", ".join(sorted({episode.subject for episode in marked})) or "none"
        raise InputError(f"{events}: no stressor is of subject {given!r}; there are {there}")
    try:
        inside = within(marked, nn, subject=subject)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    if not marked and events == file:
        raise InputError(
            f"{file} carries no marker of kind 'stress'; name the stressors with --events CSV"
        )
    if not inside:
        raise NotComputableError(
            f"{events}: no event of kind 'stress'{f' of {subject}' if subject else ''} "
            f"falls into {file}"
        )
    people = sorted({episode.subject for episode in inside})
    if len(people) > 1:
        raise InputError(
            f"{events} has stressors of {', '.join(people)} at the time of {file}; "
            "say with --subject whose it is"
        )
    sessions = {episode.start for episode in inside}
    return [e for e in marked if e.subject == people[0] and e.start in sessions]


def _named(file: str, subjects: list[str]) -> str | None:
    """Name the one subject that stands in the file's name as a word, if there is just one."""
    name = Path(file).name
    found = [s for s in subjects if s and re.search(rf"(?<!\w){re.escape(s)}(?![0-9A-Za-z])", name)]
    return found[0] if len(found) == 1 else None


def _notes(table: pd.DataFrame) -> str:
    """Say below the table what was refused or weakens a number, episode by episode."""
    lines = []
    for row in table.to_dict(orient="records"):
        notes = [note for key in ("flags", "reason") for note in row[key].split("; ") if note]
        if notes:
            where = " ".join(str(row[key]) for key in ("file", "subject", "label") if row.get(key))
            lines += ["", f"{where} (onset {row['onset_s']:.0f} s)"]
            lines += bullets(notes)
    return "\n".join(lines) + "\n" if lines else ""
