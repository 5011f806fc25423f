"""`hrv windows`: HRV metrics in sliding windows."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table, stacked
from api.cli._progress import watched


def windows(
    files: opt.FilesArgument,
    width: Annotated[str, typer.Option(help="Window length, such as 5min.")] = "5min",
    step: Annotated[str, typer.Option(help="From one window's start to the next's.")] = "1min",
    metrics: opt.MetricsOption = "rmssd,sdnn,mean_hr",
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    start: opt.StartOption = None,
    sampling_rate: opt.RateOption = None,
    channel: opt.ChannelOption = None,
    force: opt.ForceOption = False,
    preset: opt.PresetOption = "default",
    spectrum: opt.SpectrumOption = None,
) -> None:
    """HRV metrics in sliding windows; of several recordings, below each other.

    \b
    hrv windows session.txt --width 5min --step 1min
    hrv windows session.txt --width 5min --step 1s --metrics rmssd,sdnn --format csv
    """
    from hrv.errors import NotComputableError
    from hrv.windows import windows as slide

    wanted = opt.metric_names(metrics)
    settings = opt.metric_settings(preset, spectrum)
    how = opt.Reading(input_format, unit, tz, start, sampling_rate, channel)
    tables = []
    series = opt.read_each(files, clean, how)
    for file, nn in watched(list(zip(files, series, strict=True)), "computing"):
        try:
            tables.append(
                slide(nn, width=width, step=step, metrics=wanted, settings=settings, force=force)
            )
        except NotComputableError as error:
            raise NotComputableError(f"{file}: {error}") from None
    emit_table(stacked(files, tables), form, out)
    if all(table[wanted].isna().all(axis=None) for table in tables):
        raise NotComputableError(
            f"{', '.join(files)}: no window could be computed; the reasons are in the table"
        )
