"""`hrv summary`: HRV metrics over a whole recording."""

from __future__ import annotations

from api.cli import _options as opt
from api.cli._output import OutputFormat, emit_mapping


def summary(
    file: opt.FileArgument,
    metrics: opt.MetricsOption = opt.DEFAULT_METRICS,
    clean: opt.CleanOption = "lipponen_tarvainen",
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    sampling_rate: opt.RateOption = None,
    force: opt.ForceOption = False,
) -> None:
    """HRV metrics over a whole recording.

    \b
    hrv summary session.txt
    hrv summary session.txt --clean none --metrics rmssd,sdnn --format json
    """
    import pandas as pd

    from hrv.errors import NotComputableError
    from hrv.windows import summary as summarise

    nn = opt.read_clean(file, clean, input_format, unit, tz, sampling_rate)
    wanted = opt.names(metrics)
    row = summarise(nn, metrics=wanted, force=force)
    reasons, units = row.attrs["reasons"], row.attrs["units"]
    values = {
        **{str(name): value for name, value in row.items()},
        "reasons": reasons,
        "units": units,
        "settings": row.attrs["settings"],
        "provenance": vars(nn.rr.provenance),
        "start": nn.start,
    }
    people = pd.DataFrame(
        {
            "": list(row.index),
            "value": list(row.to_numpy()),
            "unit": [units.get(name, "") for name in row.index],
            "note": [reasons.get(name, "") for name in row.index],
        }
    )
    emit_mapping(values, form, out, people)
    if row[wanted].isna().all():
        raise NotComputableError(f"{file}: none of {', '.join(wanted)} could be computed")
