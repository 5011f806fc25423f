"""The report of a cohort: the group's answer, everyone's effect, the quality of the recordings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from hrv.compare.responders import Responders
from hrv.plots import forest_plot
from hrv.report import numbers, settings, tables, words
from hrv.report.figures import Drawing, drawn
from hrv.report.table import Cell, Table, bar_cell, cell, columns
from hrv.report.view import Report, Section, verdict
from hrv.study import StudyResult

SHRUNKEN = (
    "A person's own estimate is noisy, so the largest of many is mostly luck. The estimate drawn "
    "towards the group's is what to expect of that person; the interval is of that one."
)
QUANTITIES = {
    "duration_s": ("Duration", "min", 60.0), "coverage": ("Coverage", "%", 0.01),
    "corrected": ("Corrected beats", "%", 0.01), "gaps": ("Gaps", "", 1.0),
    "mean_hr": ("Mean heart rate", "bpm", 1.0), "rmssd": ("RMSSD", "ms", 1.0),
    "sdnn": ("SDNN", "ms", 1.0),
}  # fmt: skip
"""Words, unit and size of the unit of what the quality report looks at."""
MOST = 200
"""Rows of a table on the page; the files hold all."""


def build(
    result: StudyResult,
    people: pd.DataFrame,
    found: Responders | None,
    why_not: str,
    quality: Mapping[str, pd.DataFrame],
) -> Report:
    """Turn a cohort's answer into the values of the page.

    Parameters
    ----------
    result : StudyResult
        The comparison, without any recording.
    people : DataFrame
        ``subject, estimate, standard_error, df, shrunken, low, high, reason``.
    found : Responders or None
        The group's mean and spread.
    why_not : str
        Why there is none.
    quality : mapping of str to DataFrame
        ``distributions``, ``outliers``, ``devices``, ``missing``, ``failures``.
    """
    first, second = result.study.conditions
    title = words.quantity(result.study.primary, result.headline)
    recordings = int(quality["missing"]["recordings"].sum())
    facts = [
        (numbers.count(len(people)), "person" if len(people) == 1 else "people"),
        (numbers.count(recordings), "recordings measured"),
    ]
    return Report(
        title=result.study.title or "A cohort",
        subtitle=f"{words.sentence_case(title)}: {second} compared with {first}",
        facts=tuple(facts),
        verdict=verdict(result),
        sections=(*_answers(result, people, found, why_not), *_quality(quality)),
        versions=settings.versions(),
    )


def _answers(
    result: StudyResult, people: pd.DataFrame, found: Responders | None, why_not: str
) -> tuple[Section, ...]:
    title, unit = words.outcome(result.study.primary, result.headline)
    nothing = words.sentence_case(f"{why_not}.") if why_not else "Nobody has an estimate."
    return (
        Section("methods-section", "All methods", tables=(tables.methods(result),)),
        Section(
            "forest-section", "Everyone's effect", intro=SHRUNKEN if found else "",
            figure=_forest(found, nothing, result, title, unit),
        ),
        Section(
            "responders-section", "How much people differ", facts=_spread(found, unit),
            tables=tables.nonempty((_people(people, unit, found), _without(people))),
            empty=nothing,
        ),
        *_assumed(result),
        Section("settings-section", "Settings", tables=(_settings(result),)),
    )  # fmt: skip


def _assumed(result: StudyResult) -> tuple[Section, ...]:
    found = tables.nonempty((tables.assumptions(result),))
    return (Section("assumptions-section", "What was assumed", tables=found),) if found else ()


def _forest(
    found: Responders | None, nothing: str, result: StudyResult, title: str, unit: str
) -> Drawing:
    if found is None:
        return Drawing("forest", missing=nothing)
    level, pair = numbers.share(found.level), result.study.conditions
    return drawn(
        "forest",
        lambda width: forest_plot(found, outcome=title, unit=unit, conditions=pair, width_in=width),
        f"Effects of {len(found.people)} people, mean "
        f"{numbers.estimate_and_interval(found.mean, found.low, found.high, unit)[0]}.",
        f"Crosses: each person's own estimate; dots and lines: drawn towards the group, with "
        f"{level} intervals. Below: the mean of all, and where the next person's effect would lie.",
    )


def _spread(found: Responders | None, unit: str) -> tuple[tuple[str, str], ...]:
    if found is None:
        return ()
    told = numbers.estimate_and_interval
    mean, of_mean = told(found.mean, found.low, found.high, unit)
    tau = partial(numbers.interval, found.tau_low, found.tau_high)
    level = numbers.share(found.level)
    spread = numbers.with_unit(numbers.number(found.tau, 2), unit)
    return (
        (mean, f"mean effect, {level} interval {of_mean}"),
        (spread, f"SD of true effects, {level} interval {tau(unit).replace('+', '')}"),
        (numbers.share(found.i_squared), "of the spread is people, the rest is noise"),
        (numbers.interval(found.next_low, found.next_high, unit), "the next person's effect"),
    )


def _people(people: pd.DataFrame, unit: str, found: Responders | None) -> Table:
    known = people[people["shrunken"].notna()].sort_values("shrunken", kind="stable")
    rows = [
        (
            cell(row["subject"]),
            cell(numbers.estimate_and_interval(row["estimate"], math.nan, math.nan, unit)[0]),
            cell(numbers.number(row["standard_error"], 2)),
            cell(numbers.estimate_and_interval(row["shrunken"], row["low"], row["high"], unit)[0]),
            cell(numbers.interval(row["low"], row["high"], unit)),
        )
        for row in known.head(MOST).to_dict(orient="records")
    ]
    level = numbers.share(0.95 if found is None else found.level)
    return Table(
        "people",
        "Everyone's effect, the smallest first",
        columns("Person", "#Own estimate", "#Standard error", "#Drawn to the group",
                f"#{level} interval"),
        tuple(rows),
        _more(known),
        fold=len(rows) > tables.FOLD_ABOVE,
    )  # fmt: skip


def _without(people: pd.DataFrame) -> Table:
    lacking = people[people["reason"] != ""]
    rows = [(cell(row.subject), cell(row.reason)) for row in lacking.head(MOST).itertuples()]
    return Table(
        "without", "Without an effect of their own", columns("Person", "=Why"), tuple(rows),
        _more(lacking), fold=len(rows) > tables.FOLD_ABOVE,
    )  # fmt: skip


def _more(table: pd.DataFrame) -> str:
    return f"{len(table) - MOST} more; the JSON has all." if len(table) > MOST else ""


def _settings(result: StudyResult) -> Table:
    study, chosen = result.study, result.study.settings
    wash_in = numbers.with_unit(numbers.number(chosen.washin_days, 1), "days")
    told: list[tuple[str, Any]] = [
        ("Conditions, reference first", ", ".join(study.conditions)),
        ("Left out after each change", wash_in),
        ("Declared direction of benefit", chosen.direction),
        ("Artefact handling", study.cleaner),
        ("Confidence level", numbers.share(chosen.level)),
        ("First recordings of each person left out", study.familiarisation),
        ("Seed", study.seed),
    ]
    if study.registration is not None:
        told.append(("Registered as (SHA-256)", study.registration.sha256))
    rows = tuple((cell(name), cell(value)) for name, value in told)
    return Table("settings", "What the answer depends on", columns("Setting", "=Value"), rows)


def _quality(quality: Mapping[str, pd.DataFrame]) -> tuple[Section, ...]:
    return (
        Section(
            "quality-section", "Quality of the recordings",
            tables=tables.nonempty((
                _distributions(quality["distributions"]), _devices(quality["devices"]),
                _outliers(quality["outliers"]),
            )),
            empty="No recording could be read.",
        ),
        Section(
            "missing-section", "What is missing",
            tables=tables.nonempty((
                _missing(quality["missing"]), _failures(quality["failures"]),
            )),
            empty="Nothing is missing.",
        ),
    )  # fmt: skip


def _value(name: str, value: float) -> Cell:
    """Write a value of a quantity in the unit a reader thinks in."""
    size = QUANTITIES.get(name, (name, "", 1.0))[2]
    return cell(numbers.number(value / size, 0 if name == "gaps" else 1))


def _spoken(name: str) -> str:
    word, unit, _ = QUANTITIES.get(name, (name, "", 1.0))
    return f"{word}, {unit}" if unit else word


def _distributions(table: pd.DataFrame) -> Table:
    heads = ("least", "p5", "p25", "median", "p75", "p95", "most")
    rows = [
        (
            cell(_spoken(row["quantity"])),
            cell(numbers.count(int(row["recordings"]))),
            cell(numbers.count(int(row["missing"]))),
            *(_value(row["quantity"], row[head]) for head in heads),
        )
        for row in table.to_dict(orient="records")
    ]
    titles = ("#Least", "#5 %", "#25 %", "#Median", "#75 %", "#95 %", "#Most")
    return Table(
        "distributions", "How the recordings are spread",
        columns("Quantity", "#Known", "#Missing", *titles), tuple(rows),
    )  # fmt: skip


def _devices(table: pd.DataFrame) -> Table:
    total = max(int(table["recordings"].sum()), 1) if len(table) else 1
    rows = [
        (
            cell(row["device"] or "not named"), cell(row["format"]),
            bar_cell(numbers.count(int(row["recordings"])), row["recordings"] / total),
            cell(numbers.share(row["coverage"])), cell(numbers.share(row["corrected"])),
        )
        for row in table.to_dict(orient="records")
    ]  # fmt: skip
    return Table(
        "devices", "Devices and formats, medians",
        columns("Device", "Format", "#Recordings", "#Coverage", "#Corrected"), tuple(rows),
    )  # fmt: skip


def _outliers(table: pd.DataFrame) -> Table:
    far = table.reindex(table["robust_z"].abs().sort_values(ascending=False).index)
    rows = [
        (
            cell(row["file"]), cell(row["subject"]), cell(_spoken(row["quantity"])),
            _value(row["quantity"], row["value"]),
            cell(numbers.number(row["robust_z"], 1, sign="+")),
        )
        for row in far.head(MOST).to_dict(orient="records")
    ]  # fmt: skip
    return Table(
        "outliers", "Outlying recordings, the farthest first",
        columns("File", "Person", "Quantity", "#Value", "#Robust z"), tuple(rows),
        _more(far) or "Beyond 3.5 robust standard deviations (median and MAD); none is left out.",
        fold=len(rows) > tables.FOLD_ABOVE,
    )  # fmt: skip


def _missing(table: pd.DataFrame) -> Table:
    lacking = table[(table["unread"] > 0) | (table["unmeasured"] > 0)]
    names = ("recordings", "unread", "episodes", "unmeasured")
    rows = [
        (cell(row["subject"]), *(cell(numbers.count(int(row[name]))) for name in names))
        for row in lacking.head(MOST).to_dict(orient="records")
    ]
    return Table(
        "lacking", "Who lacks what",
        columns("Person", "#Recordings", "#Not read", "#Stressors", "#Without an answer"),
        tuple(rows), _more(lacking), fold=len(rows) > tables.FOLD_ABOVE,
    )  # fmt: skip


def _failures(table: pd.DataFrame) -> Table:
    rows = [
        (cell(row["table"]), cell(row["kind"]), cell(numbers.count(int(row["count"]))))
        for row in table.to_dict(orient="records")
    ]
    return Table(
        "failures", "What failed", columns("Table", "Kind", "#Count"), tuple(rows),
        "failures.csv beside the results names each file and the reason.",
    )  # fmt: skip
