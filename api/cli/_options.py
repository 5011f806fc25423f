"""Options that several commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli._output import OutputFormat

if TYPE_CHECKING:
    from hrv.types import NNSeries, RRSeries

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="Recording to read, or - for standard input.")
]
FormatOption = Annotated[
    OutputFormat, typer.Option("--format", "-f", help="How to print the result.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="PATH", help="Write here instead.")
]
CleanOption = Annotated[
    str,
    typer.Option(
        "--clean", metavar="METHOD", help="Artefact handling; see hrv catalogue cleaners."
    ),
]
MetricsOption = Annotated[
    str,
    typer.Option("--metrics", metavar="NAMES", help="Comma-separated; see hrv catalogue metrics."),
]
InputFormatOption = Annotated[
    str | None,
    typer.Option("--input-format", metavar="NAME", help="Instead of detecting the file's format."),
]
UnitOption = Annotated[
    str | None,
    typer.Option("--unit", metavar="ms|s", help="Unit of the intervals, instead of the rule."),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="IANA zone of clock times that carry none."),
]
RateOption = Annotated[
    float | None,
    typer.Option("--sampling-rate", metavar="HZ", help="For files of sample numbers."),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Compute on too short windows as well, and label them."),
]

DEFAULT_METRICS = "mean_nn,mean_hr,sdnn,rmssd,ln_rmssd,pnn50,sd1,sd2"


def names(text: str) -> list[str]:
    """Split a comma-separated list, ignoring blanks."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_series(
    file: str, form: str | None, unit: str | None, tz: str | None, rate: float | None
) -> RRSeries:
    """Read one recording the way every command does."""
    import ingest

    return ingest.read(file, format=form, unit=unit, tz=tz, sampling_rate_hz=rate)


def read_clean(
    file: str, method: str, form: str | None, unit: str | None, tz: str | None, rate: float | None
) -> NNSeries:
    """Read and clean one recording."""
    from hrv.clean import clean

    return clean(read_series(file, form, unit, tz, rate), method=method)
