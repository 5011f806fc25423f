"""The tables about the recordings: quality of each, and how their numbers were read."""

from __future__ import annotations

import posixpath
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
    table = result.quality
    people = table["subject"].nunique() if len(table) else 0
    folder = _common_folder([str(name) for name in table.get("session", [])])
    rows = [_quality_row(row, folder, named=people > 1) for _, row in table.iterrows()]
    heads = (
        "Recording", "Start", "#Length", "#Intervals", "#Coverage", "#Corrected",
        "#Gaps (longest)", "#Suspect", "#Episodes",
    )  # fmt: skip
    return Table(
        "quality",
        f"Data quality of each recording{f' (folder {folder})' if folder else ''}",
        columns(*heads),
        tuple(rows),
        "Coverage: share of the time held by normal intervals. Corrected: share of intervals "
        "taken out as artefact or ectopic; raw values are kept. Suspect: timing hints at lost "
        "data. The bar of the corrected share is full at 20 %, where a window is dropped.",
        fold=len(rows) > FOLD_ABOVE,
    )


def _common_folder(names: list[str]) -> str:
    """Return the folder that all names begin with, up to and with its last slash, or nothing."""
    head, slash, _ = posixpath.commonprefix(names).rpartition("/")
    return head + slash


def _quality_row(row: pd.Series, folder: str, *, named: bool) -> tuple[Cell, ...]:
    told = [str(row["subject"]) if named else "", str(row["notes"] or "")]
    gaps = numbers.count(row["gaps"])
    if row["gaps"] > 0 and row["longest_gap_s"] > 0:
        gaps += f" ({numbers.duration(row['longest_gap_s'])})"
    return (
        Cell(str(row["session"]).removeprefix(folder), " · ".join(text for text in told if text)),
        cell(numbers.moment(row["start"])),
        cell(numbers.duration(row["duration_s"])),
        cell(numbers.count(row["beats"])),
        bar_cell(numbers.share(row["coverage"]), row["coverage"]),
        bar_cell(numbers.share(row["corrected"]), row["corrected"] / 0.2),
        cell(gaps),
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
