"""`hrv inspect`: what is in a recording, and what a study could use it for."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from api.cli import _options as opt
from api.cli._errors import as_options
from api.cli._output import OutputFormat, cell, emit_json, emit_table, emit_text
from api.inspect_words import lines_of

if TYPE_CHECKING:
    from hrv.types import RRSeries
    from ingest.inspect import Inspection, Together


def inspect(
    files: opt.FilesArgument,
    form: opt.FormatOption = OutputFormat.TABLE,
    out: opt.OutOption = None,
    input_format: opt.InputFormatOption = None,
    unit: opt.UnitOption = None,
    tz: opt.ZoneOption = None,
    start: opt.StartOption = None,
    sampling_rate: opt.RateOption = None,
    channel: opt.ChannelOption = None,
) -> None:
    """What is in here: format, unit rule, clock, beats, gaps, artefacts, uses.

    Several files are taken as one person's: copies and overlaps among them are named.

    \b
    hrv inspect session.txt
    hrv inspect *.fit --tz Europe/Berlin --format json
    """
    import pandas as pd

    from hrv.errors import HRVError, InputError
    from ingest.inspect import inspect as describe
    from ingest.inspect import together
    from ingest.reading import open_recording

    moment = None if start is None else opt.moment(start)
    found: list[Inspection] = []
    series: list[RRSeries] = []
    failed: list[str] = []
    for file in files:
        try:
            recording = open_recording(
                file, format=input_format, unit=unit, tz=tz, start=moment,
                sampling_rate_hz=sampling_rate, channel=channel,
            )  # fmt: skip
        except HRVError as error:
            if len(files) == 1:
                raise
            failed.append(as_options(str(error)))
            continue
        found.append(describe(recording, source=file, format=input_format or ""))
        if recording.rr is not None:
            series.append(recording.rr)
    among = together(series)
    if form is OutputFormat.TABLE:
        emit_text("\n".join([*map(_page, found), *_among(among)]), out)
    elif form is OutputFormat.JSON:
        rows = [asdict(each) for each in found]
        whole = {
            "files": rows, "failed": failed, "same": among.same,
            "overlapping": [asdict(each) for each in among.overlapping],
            "aligned": [{"first": a, "second": b, **asdict(how)} for a, b, how in among.aligned],
        }  # fmt: skip
        emit_json(rows[0] if len(files) == 1 else whole, out)
    else:
        rows = [{**asdict(each), "uses": "; ".join(each.uses), "notes": "; ".join(each.notes)}
                for each in found]  # fmt: skip
        emit_table(pd.DataFrame(rows), form, out)
    for message in failed:
        sys.stderr.write(f"hrv: {message}\n")
    if failed:
        raise InputError(f"{len(failed)} of {len(files)} files could not be read")


def _page(each: Inspection) -> str:
    """Describe one file to people."""
    lines = lines_of(each, say=as_options, moment=cell)
    return "\n".join([each.source, *(f"  {key:<11}{value}" for key, value in lines), ""])


def _among(among: Together) -> list[str]:
    """Describe what several files are to each other."""
    lines = [f"the same beats: {', '.join(names)}\n" for names in among.same]
    lines += [
        f"{each.first} and {each.second} overlap by {each.seconds:.0f} s; "
        f"{100 * each.same:.0f} % of the beats there are the same\n"
        for each in among.overlapping
    ]
    for first, second, how in among.aligned:
        drift = "" if how.drift_ppm != how.drift_ppm else f", drift {how.drift_ppm:.0f} ppm"
        left = "" if how.residual_s != how.residual_s else f", residual {how.residual_s:.2f} s"
        lines.append(
            f"by heart rate, {how.shift_s:+.2f} s on {second} make it {first}{drift}{left} "
            f"(correlation {how.correlation:.2f}){'; ' + how.warning if how.warning else ''}\n"
        )
    return lines
