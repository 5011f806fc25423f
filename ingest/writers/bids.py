"""BIDS physiological recording: one line a sample, 1 where a beat is, with its sidecar."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np

from hrv.errors import InputError
from hrv.types import Flag, Float, Int, RRSeries
from ingest.formats.bids_physio import BEAT, DEVICE, KEPT
from ingest.writers.base import Writer, Written

_LARGEST = 1 << 27


def write(series: RRSeries) -> Written:
    """Write beats on a grid of 1/1024 s or 1 ms, whichever is nearer.

    A second column tells an interval that was recorded (1) from a gap that a beat ends (0).

    Raises
    ------
    InputError
        If the recording is too long for a table of one line a sample.
    """
    position, kept = _beats(series)
    rate = min(
        (1000.0, 1024.0),
        key=lambda hz: float(np.abs(np.rint(position * hz) / hz - position).max()),
    )
    at = np.rint(position * rate).astype(np.int64)
    if at[-1] > _LARGEST:
        raise InputError(f"{at[-1] / rate / 3600:.0f} h are too long for one line a sample; "
                         "cut the recording")  # fmt: skip
    table = np.full((int(at[-1]) + 1, 4), [ord("0"), ord("\t"), ord("0"), ord("\n")], np.uint8)
    table[at, 0] = ord("1")
    table[at[kept], 2] = ord("1")
    sidecar: dict[str, Any] = {
        "SamplingFrequency": rate,
        "StartTime": 0.0,
        "Columns": [BEAT, KEPT],
        BEAT: {"Description": "1 at the sample of an R peak"},
        KEPT: {"Description": "1 at a beat that ends a recorded RR interval, 0 after a gap"},
    }
    if series.provenance.device:
        sidecar[DEVICE] = series.provenance.device
    return Written(
        {
            "_physio.tsv.gz": gzip.compress(table.tobytes(), mtime=0),
            "_physio.json": json.dumps(sidecar, indent=2).encode() + b"\n",
        }
    )


def _beats(series: RRSeries) -> tuple[Float, Int]:
    """Every beat, s since the first, and the indices of those that end an interval."""
    begins = np.concatenate(([True], (series.flag[1:] & Flag.GAP) != 0))
    first_s = float(series.begin_s[0])
    position, kept = [], []
    for t_s, begin_s, is_new in zip(series.t_s, series.begin_s, begins, strict=True):
        if is_new:
            position.append(float(begin_s) - first_s)
        kept.append(len(position))
        position.append(float(t_s) - first_s)
    return np.array(position), np.array(kept, dtype=np.int64)


WRITER = Writer("bids_physio", "BIDS *_physio.tsv.gz and its sidecar", "_physio.tsv.gz",
                "bids_physio", write)  # fmt: skip
