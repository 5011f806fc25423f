"""Write a series as plain text that reads back exactly."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TextIO

import numpy as np

from hrv.types import Float, RRSeries, cumulative_s


def write_text(series: RRSeries, target: str | Path | TextIO) -> None:
    """Write intervals so that `ingest.read` gives the same series back, bit for bit.

    The smallest exact unit is chosen: whole ms, whole 1/1024 s, else ms with as many digits
    as it takes.  Without gaps one column suffices; with gaps a column of beat times comes
    first; flags that the reader would not find again come last.

    Parameters
    ----------
    series : RRSeries
        What to write.
    target : str, Path or text file
        Where to.  A path is replaced; lines end in LF everywhere.
    """
    if isinstance(target, str | Path):
        Path(target).write_text(_text(series), encoding="utf-8", newline="\n")
    else:
        target.write(_text(series))


def _text(series: RRSeries) -> str:
    out = io.StringIO()
    unit, rr = _column(series.rr_ms, per_s=1000.0)
    time_unit, t = _column(series.t_s, per_s=1.0)
    plain = RRSeries.from_ms(series.rr_ms, t_s=series.t_s)
    flagged = not np.array_equal(plain.flag, series.flag)
    timed = flagged or not np.array_equal(cumulative_s(series.rr_ms), series.t_s)
    out.write(f"# unit: {unit}\n")
    if timed:
        out.write(f"# time unit: {time_unit}\n")
    if series.start is not None:
        out.write(f"# start: {series.start.isoformat()}\n")
        if zone := getattr(series.start.tzinfo, "key", None):
            out.write(f"# zone: {zone}\n")
    if device := " ".join(series.provenance.device.split()):
        out.write(f"# device: {device}\n")
    out.write(f"# intervals: {len(series)}\n")
    columns = [rr]
    if timed:
        columns = [t, rr, [str(flag) for flag in series.flag]] if flagged else [t, rr]
    out.writelines("\t".join(cells) + "\n" for cells in zip(*columns, strict=True))
    return out.getvalue()


def _column(values: Float, *, per_s: float) -> tuple[str, list[str]]:
    """Text of a column in the smallest unit that is exact; `per_s` counts its own in a second."""
    for unit, units_per_s in (("ms", 1000.0), ("1/1024 s", 1024.0)):
        whole = np.rint(values * (units_per_s / per_s))
        if (np.abs(whole) < 2**53).all() and np.array_equal(
            _back(whole, unit, seconds=per_s == 1.0), values
        ):
            return unit, [str(int(value)) for value in whole]
    return ("s" if per_s == 1.0 else "ms"), [repr(float(value)) for value in values]


def _back(whole: Float, unit: str, *, seconds: bool) -> Float:
    """Return what the reader makes of whole numbers in `unit`."""
    ms = whole if unit == "ms" else whole * (1000.0 / 1024.0)
    return ms / 1000 if seconds else ms
