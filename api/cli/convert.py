"""`hrv convert`: the same beats in another format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import _options as opt

if TYPE_CHECKING:
    import pandas as pd

    from hrv.types import RRSeries
    from ingest.formats.base import Recording


def convert(
    file: opt.FileArgument,
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="File to write, or - for standard output.")
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="text, kubios, hrv_logger, parquet, bids_physio, fhir or open_mhealth; "
            "default: what the ending says.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    events: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Write the recording's events here, if it has any."),
    ] = None,
    start: opt.StartOption = None,
    align_to: Annotated[
        str | None,
        typer.Option(
            "--align-to",
            metavar="FILE",
            help="Put it on the clock of this recording of the "
            "same heart: by common events, else by heart rate; says the residual.",
        ),
    ] = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    sampling_rate: opt.RateOption = None,
    channel: opt.ChannelOption = None,
) -> None:
    """Write the same beats in another format, and say what it cannot hold.

    \b
    hrv convert walk.fit walk.txt --to text
    hrv convert session.txt session.fhir.json --start 2026-03-04T17:37+01:00
    hrv convert session.txt - --to kubios
    """
    from hrv.errors import InputError
    from ingest.convert import convert as write
    from ingest.reading import beats, open_recording

    moment = None if start is None else opt.moment(start)
    recording = open_recording(
        file, format=input_format, unit=unit, tz=tz, start=moment,
        sampling_rate_hz=sampling_rate, channel=channel,
    )  # fmt: skip
    if events is not None and events.exists() and not force:
        raise InputError(f"{events} exists; name another file, or say --force to replace it")
    series = beats(recording, file)
    if align_to is not None:
        series = _aligned(series, recording, align_to, tz, force=force)
    paths, lost = write(series, target, to=to, replace=force)
    for path in paths:
        typer.echo(str(path))
    for sentence in (*_keep(recording.events, events), *lost):
        sys.stderr.write(f"hrv: not in the file: {sentence}\n")


def _aligned(
    series: RRSeries, recording: Recording, reference: str, tz: str | None, *, force: bool
) -> RRSeries:
    """Put a series on the clock of another recording; a doubtful alignment needs --force."""
    from hrv.errors import InputError
    from ingest.align import align, realigned
    from ingest.reading import beats, open_recording

    other = open_recording(reference, tz=tz)
    found = align(beats(other, reference), series, other.events, recording.events)
    if found.warning and not force:
        raise InputError(f"not aligned to {reference}: {found.warning}; --force does it anyway")
    moved = realigned(series, found)
    sys.stderr.write(f"hrv: {moved.provenance.notes[-1]}\n")
    return moved


def _keep(table: pd.DataFrame, path: Path | None) -> tuple[str, ...]:
    """Write events where they were asked for; say that they are lost where not."""
    from ingest.logs import write_log

    if not len(table):
        return ()
    if path is None:
        return (f"{len(table)} events; --events FILE.csv writes them",)
    write_log(table, path)
    typer.echo(str(path))
    return ()
