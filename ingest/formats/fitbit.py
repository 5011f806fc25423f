"""Fitbit heart rate variability exports: RMSSD a night or five minutes; outcomes, never beats."""

from __future__ import annotations

from ingest.formats._lines import head_lines
from ingest.formats._rows import Cells, names
from ingest.formats._summaries import read_summaries
from ingest.formats.base import Format, ReadOptions, Recording, Source

_HEADS = (
    ["timestamp", "rmssd", "coverage", "low_frequency", "high_frequency"],
    ["timestamp", "rmssd", "nremhr", "entropy"],
)


def sniff(head: bytes, name: str) -> bool:
    """Claim the column heads of the details and of the daily summary."""
    del name
    lines = head_lines(head)
    found = names(lines[0], ",") if lines else []
    return any(found[: len(columns)] == columns for columns in _HEADS)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read summaries as outcomes named ``fitbit_rmssd``, ``fitbit_coverage`` and so on.

    Parameters
    ----------
    source : Source
        The file; its times are local and carry no zone in most exports.
    options : ReadOptions
        `tz` is that zone; without it such times are refused.

    Raises
    ------
    FormatError
        Naming the line.
    """
    cells = Cells.of(source, ",")
    return read_summaries(cells, cells.moments("timestamp"), "fitbit", options, ("timestamp",))


FORMAT = Format(
    name="fitbit",
    summary="Fitbit HRV details and daily summaries: outcomes, no beats",
    suffixes=(".csv",),
    sniff=sniff,
    read=read,
)
