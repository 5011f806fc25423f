"""Kubios RR text in s: one column, or two (time and interval) where beats were lost."""

from __future__ import annotations

import numpy as np

from hrv.types import RRSeries
from ingest.writers.base import Writer, Written, decimal, is_timed


def write(series: RRSeries) -> Written:
    """Write type 1 (``0.759``) or, with gaps, type 2 (``1.449 0.690``), both in s."""
    rr = [decimal(value) for value in _seconds(series)]
    if is_timed(series):
        rows = [f"{decimal(t)} {r}" for t, r in zip(series.t_s.tolist(), rr, strict=True)]
    else:
        rows = rr
    return Written({".txt": "".join(f"{row}\n" for row in rows).encode()})


def _seconds(series: RRSeries) -> list[float]:
    """Intervals in s; whole ms keep three decimals exactly."""
    whole = np.rint(series.rr_ms)
    if np.array_equal(whole, series.rr_ms):
        return [round(ms / 1000, 3) for ms in whole.tolist()]
    return list((series.rr_ms / 1000).tolist())


WRITER = Writer("kubios", "Kubios RR text, s", ".txt", "text", write)
