"""The tables about the recordings: quality of each, and how their numbers were read."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from hrv.report import numbers
from hrv.report.table import Cell, Table, bar_cell, cell, columns
from hrv.report.tables import FOLD_ABOVE
from hrv.study import StudyResult


def totals(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Return figures over all recordings as pairs of value and label."""
    table = result.quality
    if table.empty:
        return ()
    return (
        (numbers.count(len(table)), "recording" if len(table) == 1 else "recordings"),
        (numbers.duration(table["duration_s"].sum()), "recorded in all"),
        (numbers.count(table["beats"].sum()), "intervals"),
        (numbers.share(table["coverage"].median()), "median coverage"),
        (numbers.share(table["corrected"].median()), "median corrected"),
    )


def quality(result: StudyResult) -> Table:
    """Return one row a recording."""
    rows = [_quality_row(row) for _, row in result.quality.iterrows()]
    heads = (
        "Recording", "Start", "#Length", "#Intervals", "#Coverage", "#Corrected", "#Gaps",
        "#Longest gap", "#Suspect", "#Episodes",
    )  # fmt: skip
    return Table(
        "quality",
        "Data quality of each recording",
        columns(*heads),
        tuple(rows),
        "Coverage: share of the time held by normal intervals. Corrected: share of intervals "
        "taken out as artefact or ectopic; raw values are kept. Suspect: timing hints at lost "
        "data. The bar of the corrected share is full at 20 %, where a window is dropped.",
        fold=len(rows) > FOLD_ABOVE,
    )


def _quality_row(row: pd.Series) -> tuple[Cell, ...]:
    told = [str(row["subject"]), str(row["notes"] or "")]
    gap = numbers.duration(row["longest_gap_s"]) if row["gaps"] else numbers.NO_VALUE
    return (
        Cell(str(row["session"]), " · ".join(text for text in told if text)),
        cell(numbers.moment(row["start"])),
        cell(numbers.duration(row["duration_s"])),
        cell(numbers.count(row["beats"])),
        bar_cell(numbers.share(row["coverage"]), row["coverage"]),
        bar_cell(numbers.share(row["corrected"]), row["corrected"] / 0.2),
        cell(numbers.count(row["gaps"])),
        cell(gap),
        cell(numbers.count(row["suspect"])),
        cell(numbers.count(row["episodes"])),
    )


def provenance(result: StudyResult) -> Table:
    """Return how the recordings were read, alike ones counted together."""
    origins = (s.rr.provenance for s in result.study.sessions)
    tally = Counter((p.format, p.unit, p.clock, p.device) for p in origins)
    rows = tuple(
        (
            cell(kind),
            cell(numbers.count(n)),
            cell(unit),
            cell(clock),
            cell(device or numbers.NO_VALUE),
        )
        for (kind, unit, clock, device), n in tally.most_common()
    )
    return Table(
        "provenance",
        "How the recordings were read",
        columns("Format", "#Recordings", "Unit", "Clock", "Device"),
        rows,
        fold=len(rows) > FOLD_ABOVE,
    )
