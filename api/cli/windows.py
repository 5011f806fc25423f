"""`hrv windows`: HRV metrics in sliding windows."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_table


def windows(
    file: opt.FileArgument,
    width: Annotated[str, typer.Option(help="Window length, such as 5min.")] = "5min",
    step: Annotated[str, typer.Option(help="From one window's start to the next's.")] = "1min",
    metrics: opt.MetricsOption = "rmssd,sdnn,mean_hr",
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    sampling_rate: opt.RateOption = None,
    force: opt.ForceOption = False,
) -> None:
    """HRV metrics in sliding windows.

    \b
    hrv windows session.txt --width 5min --step 1min
    hrv windows session.txt --width 5min --step 1s --metrics rmssd,sdnn --format csv
    """
    from hrv.errors import NotComputableError
    from hrv.windows import windows as slide

    nn = opt.read_clean(file, clean, input_format, unit, tz, sampling_rate)
    wanted = opt.names(metrics)
    table = slide(nn, width=width, step=step, metrics=wanted, force=force)
    emit_table(table, form, out)
    if table[wanted].isna().all(axis=None):
        raise NotComputableError(
            f"{file}: no window could be computed; the reasons are in the table"
        )
