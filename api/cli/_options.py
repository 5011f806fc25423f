"""Options that several commands share, spelled once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli._output import OutputFormat
from api.cli._progress import watched

if TYPE_CHECKING:
    import pandas as pd

    from hrv.metrics.base import MetricSettings
    from hrv.types import NNSeries, RRSeries

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="Recording to read, or - for standard input.")
]
FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Recordings to read; - is standard input."),
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
    typer.Option(
        "--metrics", metavar="NAMES", help="Comma-separated, or all; see hrv catalogue metrics."
    ),
]
PresetOption = Annotated[
    str,
    typer.Option("--preset", metavar="NAME", help="Settings of another tool: kubios, neurokit2."),
]
SpectrumOption = Annotated[
    str | None,
    typer.Option("--spectrum", metavar="welch|ar|lomb", help="How power spectra are estimated."),
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
    typer.Option("--sampling-rate", metavar="HZ", help="For sample numbers and for ECG as text."),
]
StartOption = Annotated[
    str | None,
    typer.Option(
        "--start", metavar="TIME", help="Moment of the first beat, ISO 8601; wins over the file's."
    ),
]
ChannelOption = Annotated[
    str | None,
    typer.Option("--channel", metavar="NAME", help="Which, where a file holds several."),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Compute on too short windows as well, and label them."),
]

DEFAULT_METRICS = "mean_nn,mean_hr,sdnn,rmssd,ln_rmssd,nn50,pnn50,sd1,sd2"


@dataclass(frozen=True)
class Reading:
    """How to read a recording: what the options of every command say together."""

    form: str | None = None
    unit: str | None = None
    tz: str | None = None
    start: str | None = None
    sampling_rate_hz: float | None = None
    channel: str | None = None


def names(text: str) -> list[str]:
    """Split a comma-separated list, ignoring blanks.

    Raises
    ------
    InputError
        If it names nothing.
    """
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        from hrv.errors import InputError

        raise InputError(f"the list of names {text!r} is empty; name at least one")
    return found


def metric_names(text: str) -> list[str]:
    """Names of the metrics asked for; ``all`` stands for the whole catalogue."""
    from hrv.metrics import METRICS

    wanted = names(text)
    return [metric.name for metric in METRICS] if wanted == ["all"] else wanted


def metric_settings(preset: str, spectrum: str | None) -> MetricSettings:
    """Settings of a preset, with another estimator of the spectrum if one is named."""
    from dataclasses import replace

    from hrv.metrics.presets import preset as settings_of

    settings = settings_of(preset)
    if spectrum is None:
        return settings
    return replace(settings, spectral=replace(settings.spectral, method=spectrum))


def moment(text: str, option: str = "--start") -> datetime:
    """Read an ISO 8601 time; whether it needs a zone is the reader's to say."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        from hrv.errors import InputError

        raise InputError(
            f"{option} {text!r} is not a time such as 2026-03-02T08:00:00+01:00"
        ) from None


def read_recording(file: str, how: Reading) -> tuple[RRSeries, pd.DataFrame]:
    """Read one recording the way every command does: its intervals, and its own events."""
    import ingest
    from ingest.reading import beats

    recording = ingest.open_recording(
        file,
        format=how.form,
        unit=how.unit,
        tz=how.tz,
        start=None if how.start is None else moment(how.start),
        sampling_rate_hz=how.sampling_rate_hz,
        channel=how.channel,
    )
    return beats(recording, "standard input" if file == "-" else Path(file).name), recording.events


def read_clean(file: str, method: str, how: Reading) -> NNSeries:
    """Read and clean one recording."""
    from hrv.clean import clean

    return clean(read_recording(file, how)[0], method=method)


def read_each(files: list[str], method: str, how: Reading) -> list[NNSeries]:
    """Read and clean several recordings; the first that cannot be read stops all."""
    check_each(files, how)
    return [read_clean(file, method, how) for file in watched(files, "reading")]


def check_each(files: list[str], how: Reading) -> None:
    """Refuse what cannot be meant of several recordings.

    Raises
    ------
    InputError
        If one is given twice, or ``start`` for more than one.
    """
    from hrv.errors import InputError
    from hrv.tables import first_duplicate

    if (twice := first_duplicate(files)) is not None:
        raise InputError(f"{twice} is given twice; give each recording once")
    if how.start is not None and len(files) > 1:
        raise InputError("--start is the first beat of one recording; give the files one by one")
