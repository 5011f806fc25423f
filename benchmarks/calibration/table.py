"""`docs/calibration.md` and `docs/calibration.csv`: the cells as tables, with their errors."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.calibration import groups, regimens, sample
from benchmarks.calibration.cells import CELLS, METHOD_NOTES, SAMPLE_CELLS, Cell
from benchmarks.calibration.run import SEED, Spent, rows, spent
from benchmarks.calibration.scenarios import EFFECT, KINDS, PHIS, SHOWN

TYPE_I, COVERAGE = (0.01, 0.065), (0.935, 0.99)
PUBLISHED_POWER = {
    ("AB 14+14", 0.0): 9, ("AB 14+14", 0.5): 8, ("AB 28+28", 0.0): 23, ("AB 28+28", 0.5): 16,
    ("ABAB 4x7", 0.0): 26, ("ABAB 4x7", 0.5): 18, ("8x7", 0.0): 69, ("8x7", 0.5): 50,
}  # fmt: skip
"""Power of the default in the simulation that the recipe was chosen by, %, six a day."""


@dataclass(frozen=True)
class Line:
    """One cell; shares in %, NaN where the method has none."""

    method: str
    cell: str
    design: str
    per_day: int
    phi: float
    kind: str
    people: int
    runs: int
    refused: float
    offered: int
    type_i: float
    type_i_low99: float
    type_i_high99: float
    coverage: float
    power: float
    type_i_without_gates: float
    prediction: float
    verdict: str


def interval(hits: int, runs: int) -> tuple[float, float]:
    """Exact 99 % interval of a share (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    low = float(stats.beta.ppf(0.005, hits, runs - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.995, hits + 1, runs - hits)) if hits < runs else 1.0
    return low, high


def _share(what: np.ndarray) -> float:
    return 100 * float(what.mean()) if what.size else float("nan")


def line(cell: Cell, method: str, found: np.ndarray) -> Line:
    """Turn the simulations of one cell into its row."""
    scenario = cell.scenario
    given = found[found[:, 0] == 0]
    computed = found[np.isfinite(found[:, 1])]
    alarm = _alarms(given)
    power = float("nan") if scenario.kind in sample.KINDS else _share(_finds(given))
    low, high = interval(int(alarm.sum()), alarm.size) if alarm.size else (float("nan"),) * 2
    has_interval = bool(np.isfinite(given[:, 2]).any())
    covered = (given[:, 2] <= 0) & (given[:, 3] >= 0) if has_interval else np.empty(0)
    predicted = given[:, 6][np.isfinite(given[:, 6])] if given.size else np.empty(0)
    return Line(
        method, cell.name, scenario.plan, scenario.per_day, scenario.phi, scenario.kind,
        scenario.people, len(found), _share(found[:, 0] != 0), len(given),
        _share(alarm), 100 * low, 100 * high, _share(covered), power,
        _share(_alarms(computed)), _share(predicted), _verdict(cell, alarm, covered, len(found)),
    )  # fmt: skip


def _alarms(found: np.ndarray) -> np.ndarray:
    """False alarms: by the p-value, or by the interval where a method prints none."""
    p = found[:, 4]
    return np.where(np.isnan(p), (found[:, 2] > 0) | (found[:, 3] < 0), p <= 0.05)


def _finds(given: np.ndarray) -> np.ndarray:
    """Answers that would have excluded zero, had the effect been there."""
    by_interval = (given[:, 2] + EFFECT > 0) | (given[:, 3] + EFFECT < 0)
    return np.where(np.isnan(given[:, 5]), by_interval, given[:, 5] <= 0.05)


def _verdict(cell: Cell, alarm: np.ndarray, covered: np.ndarray, runs: int) -> str:
    if alarm.size < 0.05 * runs or alarm.size < 20:
        return "not offered"
    if cell.scenario.kind in (*SHOWN, *groups.SHOWN):
        return "shown"
    for hits, band in ((alarm, TYPE_I), (covered, COVERAGE)):
        if hits.size:
            low, high = interval(int(hits.sum()), hits.size)
            if (low > band[1] or high < band[0]) and not (
                cell.scenario.kind == "endpoints" and hits is covered
            ):
                return "outside"
    return "inside"


def lines(folder: Path) -> list[Line]:
    """Every cell that has simulations."""
    out = []
    for cell in (*CELLS, *SAMPLE_CELLS):
        for method in cell.methods:
            found = rows(folder, cell, method)
            if len(found):
                out.append(line(cell, method, found))
    return out


def write(folder: Path, docs: Path) -> list[Line]:
    """Write both files; returns the rows."""
    table = lines(folder)
    with (docs / "calibration.csv").open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([f.name for f in fields(Line)])
        for row in table:
            writer.writerow([f"{v:.2f}" if isinstance(v, float) else v for v in astuple(row)])
    (docs / "calibration.md").write_text("\n".join(_markdown(table, folder)) + "\n")
    return table


def _markdown(table: list[Line], folder: Path) -> Iterable[str]:
    runs = [row.runs for row in table if row.method == "default"]
    outside = [row for row in table if row.verdict == "outside"]
    kinds = KINDS | groups.SESSION_KINDS | regimens.KINDS | sample.KINDS
    yield from _INTRODUCTION.format(
        seed=SEED,
        least=min(runs, default=0),
        cells=len(table),
        outside=len(outside),
        cost=_cost(spent(folder), spent(folder, [sample.NAME])),
        kinds="\n".join(f"- **{name}**: {what}" for name, what in kinds.items()),
    ).splitlines()
    yield from _summary(table)
    for method in dict.fromkeys(row.method for row in table):
        own = [row for row in table if row.method == method]
        yield from ("", f"## `{method}`", "", METHOD_NOTES.get(method, ""), "")
        yield from _table(own)
    yield from _power([row for row in table if row.method == "default"])


def _cost(cells: Spent, studies: Spent) -> str:
    """Say what the table took, as counted while it ran; nothing of what was not counted."""
    told = [
        f"{one.simulations:,} {what} took {one.processor_s / 60:.0f} minutes of one processor"
        for one, what in ((cells, "simulations"), (studies, "sample studies from beats on"))
        if one.simulations
    ]
    return f"({'; '.join(told)})" if told else "beforehand"


def _summary(table: list[Line]) -> Iterable[str]:
    """One line a method and design, the figures over phi, as a reader wants them first."""
    yield from ("", "## At a glance", "")
    yield from (
        "Plain cells of one person; figures at φ 0 / .3 / .5 / .7 (– where it was not run).", "",
        "| method | design | a day | refused | type I | power |", "|---|---|---|---|---|---|",
    )  # fmt: skip
    plain = [row for row in table if row.kind == "plain" and row.people == 1]
    keys = dict.fromkeys((row.method, row.design, row.per_day) for row in plain)
    for method, design, per_day in keys:
        own = {
            row.phi: row
            for row in plain
            if (row.method, row.design, row.per_day) == (method, design, per_day)
        }
        told = [
            " / ".join(_number(getattr(own[phi], what)) if phi in own else "–" for phi in PHIS)
            for what in ("refused", "type_i", "power")
        ]
        yield f"| `{method}` | {design} | {per_day} | " + " | ".join(told) + " |"


def _table(own: list[Line]) -> Iterable[str]:
    people = any(row.people > 1 for row in own)
    predicted = any(np.isfinite(row.prediction) for row in own)
    head = ["design", "a day", "φ", "kind", "runs", "refused", "type I (99 % interval)", "coverage",
            "power", "no gates", "cell"]  # fmt: skip
    if people:
        head.insert(1, "people")
    if predicted:
        head.insert(-1, "next person inside")
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in own:
        cells = [
            row.design, str(row.per_day), f"{row.phi:g}", row.kind, str(row.runs),
            _number(row.refused), _with_interval(row), _number(row.coverage), _number(row.power),
            _number(row.type_i_without_gates), row.verdict,
        ]  # fmt: skip
        if people:
            cells.insert(1, str(row.people))
        if predicted:
            cells.insert(-1, _number(row.prediction))
        yield "| " + " | ".join(cells) + " |"


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.1f}"


def _with_interval(row: Line) -> str:
    if np.isnan(row.type_i):
        return "–"
    return f"{row.type_i:.1f} ({row.type_i_low99:.1f}–{row.type_i_high99:.1f})"


def _power(own: list[Line]) -> Iterable[str]:
    yield from ("", "## Power of the default against the simulation it was chosen by", "")
    yield from ("| design | φ | power here, % (MC SE) | before, % |", "|---|---|---|---|")
    for row in own:
        before = PUBLISHED_POWER.get((row.design, row.phi))
        if before is None or row.per_day != 6 or row.kind != "plain" or row.people > 1:
            continue
        share = row.power / 100
        error = 100 * np.sqrt(share * (1 - share) / max(row.offered, 1))
        yield f"| {row.design} | {row.phi:g} | {row.power:.1f} ({error:.1f}) | {before} |"


_INTRODUCTION = """# Calibration

Written by `make calibrate`; every figure is a count over simulated studies whose truth is known.
Seed {seed}; simulation k of a cell has its own stream, so any part can be run again and gives the
same numbers. {cells} rows; the default has at least {least} simulations in each; {outside}
rows lie outside the band. A full run has 2000 simulations a cell for the default, fewer for some
other methods; `make calibrate` measures one study of each kind first and says how long it will take
{cost}. It goes on where it was stopped:
each row says how many were run so far.

**How to read it.** *Type I*: share of studies without any effect whose p-value is at most .05 (or
whose interval excludes zero), with its exact 99 % Monte-Carlo interval. *Coverage*: share of 95 %
intervals that hold the truth. Adding an effect to the outcome moves estimate and interval of each
of these methods by exactly that effect (a test holds it), so coverage at an effect is coverage
without one, and *power* (at one between-day SD, 0.18, about +20 % of RMSSD) is read from the same
simulations (for `censored`: had the ends of the recordings moved as well). *Refused*: share of
studies the shipped method does not answer; *no gates*: type I where these studies are answered all
the same. A cell is *outside* only when its 99 % interval lies outside type I 1–6.5 % or coverage
93.5–99 %; *not offered* where the method refuses 95 % or more;
*shown* where nothing is promised.

**What is simulated.** Log units: between-day SD 0.18, within-day SD 0.25, daily rhythm 0.20,
weekend 0.05. Six observations a day at random hours from 8 to 22, or one at about 18 h whose
standard error nobody knows. φ is the day-to-day correlation.

{kinds}

All figures but runs are in %."""
