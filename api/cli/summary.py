"""`hrv summary`: HRV metrics over whole recordings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_json, emit_mapping, emit_table
from api.cli._progress import watched

if TYPE_CHECKING:
    import pandas as pd

    from hrv.types import NNSeries


def summary(
    files: opt.FilesArgument,
    metrics: opt.MetricsOption = opt.DEFAULT_METRICS,
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
    """HRV metrics over a whole recording; of several, one row each.

    \b
    hrv summary session.txt
    hrv summary session.txt --clean none --metrics rmssd,sdnn --format json
    hrv summary session.txt --metrics all --preset kubios
    hrv summary session.txt --metrics lf,hf,neurokit2:CSI --spectrum ar
    hrv summary day1.txt day2.txt day3.txt --format csv --out days.csv
    """
    from hrv.errors import NotComputableError
    from hrv.windows import summary as summarise

    wanted = opt.metric_names(metrics)
    settings = opt.metric_settings(preset, spectrum)
    how = opt.Reading(input_format, unit, tz, start, sampling_rate, channel)
    series = opt.read_each(files, clean, how)
    rows = [
        summarise(nn, metrics=wanted, settings=settings, force=force)
        for nn in watched(series, "computing")
    ]
    if len(files) == 1:
        emit_mapping(_everything(rows[0], series[0]), form, out, _one(rows[0]))
    elif form is OutputFormat.JSON:
        pairs = zip(files, rows, series, strict=True)
        emit_json([{"file": file, **_everything(row, nn)} for file, row, nn in pairs], out)
    else:
        emit_table(_each(files, rows), form, out)
    if all(row[wanted].isna().all() for row in rows):
        raise NotComputableError(
            f"{', '.join(files)}: none of {', '.join(wanted)} could be computed{_why(rows)}"
        )


def _everything(row: pd.Series[float], nn: NNSeries) -> dict[str, Any]:
    return {
        **{str(name): value for name, value in row.items()},
        **{key: row.attrs[key] for key in ("reasons", "flags", "units", "settings")},
        "provenance": vars(nn.rr.provenance),
        "start": nn.start,
    }


def _one(row: pd.Series[float]) -> pd.DataFrame:
    """Set one recording's numbers below each other, with the digits that other tools print."""
    import pandas as pd

    units, reasons = row.attrs["units"], row.attrs["reasons"]
    cares = dict(care.split(": ", 1) for care in row.attrs["flags"])
    return pd.DataFrame(
        {
            "": list(row.index),
            "value": _aligned(row),
            "unit": [units.get(name, "") for name in row.index],
            "note": [reasons.get(name, "") or cares.get(name, "") for name in row.index],
        }
    )


def _aligned(values: Iterable[float]) -> list[str]:
    """Write numbers to four decimals, whole ones plain, with the points below each other."""
    shown = []
    for value in values:
        text = "–" if value != value else f"{value:.4f}"
        shown.append(text.removesuffix(".0000").ljust(5 + len(text.partition(".")[0])))
    width = max(map(len, shown))
    return [text.rjust(width) for text in shown]


def _each(files: list[str], rows: list[pd.Series[float]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame([row.to_dict() for row in rows])
    table.insert(0, "file", files)
    notes = [[f"{name}: {why}" for name, why in row.attrs["reasons"].items()] for row in rows]
    flags = [row.attrs["flags"] for row in rows]
    table["flag"] = ["; ".join(said) for said in flags]
    table["reason"] = ["; ".join(said) for said in notes]
    return table


def _why(rows: list[pd.Series[float]]) -> str:
    """Give the reason where all that was asked for shares one."""
    reasons = {why for row in rows for why in row.attrs["reasons"].values()}
    return f" ({reasons.pop()})" if len(reasons) == 1 else ""
