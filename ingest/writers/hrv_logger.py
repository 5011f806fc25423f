"""HRV Logger's CSV: date, interval and time since start, ms."""

from __future__ import annotations

from datetime import timedelta

from hrv.errors import InputError
from hrv.types import RRSeries
from ingest.writers.base import Writer, Written, decimal


def write(series: RRSeries) -> Written:
    """Write one line an interval: the date and time at which it begins.

    Raises
    ------
    InputError
        If the moment of the first beat is not known.
    """
    if series.start is None:
        raise InputError("HRV Logger's format needs a clock; give the start of the recording")
    rows = ["date, rr, since start"]
    zero_s = float(series.begin_s[0])
    first = series.start + timedelta(seconds=zero_s)
    for begin_s, rr_ms in zip(series.begin_s.tolist(), series.rr_ms.tolist(), strict=True):
        since_ms = round((begin_s - zero_s) * 1000, 7) + 0.0
        date = (first + timedelta(milliseconds=since_ms)).strftime("%Y-%m-%d %H:%M:%S %z")
        rows.append(f"{date}, {decimal(rr_ms)}, {decimal(since_ms)}")
    return Written({".csv": "\n".join([*rows, ""]).encode()})


WRITER = Writer("hrv_logger", "HRV Logger CSV, ms with dates", ".csv", "hrv_logger", write)
