"""The report's part on the log: one timeline, components and doses, adverse events, claims."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hrv import plots
from hrv.endpoints import title as endpoint_title
from hrv.plots.timeline import Bar, Lane, Panel, day_number
from hrv.report import numbers, words
from hrv.report.figures import Drawing, drawn
from hrv.report.table import Cell, Table, cell, columns
from hrv.study import StudyResult

MIN_VALUES = 2
"""Fewest values of an outcome that make a panel of the timeline."""


def timeline(result: StudyResult) -> Drawing | None:
    """Return the calendar of a study of one person; None where there is nothing beside it."""
    study = result.study
    logged = study.log.regimen is not None or len(study.log.adverse_events)
    if not logged and study.outcomes.empty:
        return None
    subjects = sorted({s.subject for s in study.sessions} | set(study.outcomes.get("subject", ())))
    if len(subjects) > 1:
        return None
    subject = subjects[0] if subjects else ""
    lanes, panels = _lanes(result, subject), _panels(result)
    shown = [lane.title for lane in lanes] + [panel.title for panel in panels]
    return drawn(
        "timeline",
        lambda width_in: plots.timeline(lanes, panels, width_in=width_in),
        f"Calendar of what was taken and measured: {', '.join(shown)}.",
        "Bars: when a component was on, with its dose as logged; darker is a higher dose. "
        "Diamonds: missed doses and adverse events. Dots: outcomes; vertical lines: changes of "
        "the first lane.",
    )


def _lanes(result: StudyResult, subject: str) -> list[Lane]:
    study, lanes = result.study, []
    regimen = study.log.regimen
    for component in regimen.components if regimen is not None else ():
        rows = regimen.stretches(subject, component.name) if regimen is not None else pd.DataFrame()
        top = float(rows["amount"].max()) if len(rows) else math.nan
        bars = tuple(
            Bar(day_number(r["start"]), day_number(r["stop"]), _dose_words(r), _share(r, top))
            for r in rows.to_dict(orient="records")
        )
        background = " (background)" if component.role == "background" else ""
        lanes.append(Lane(component.name + background, bars, background=bool(background)))
    if regimen is None and not study.phases.empty:
        second = study.conditions[1]
        on = study.phases[study.phases["condition"] == second]
        spans = zip(on["start"], on["stop"], strict=True)
        lanes.append(Lane(second, tuple(Bar(day_number(a), day_number(b)) for a, b in spans)))
    if len(study.doses):
        missed = study.doses[study.doses["status"] == "missed"]
        moments = tuple((day_number(t), "") for t in missed["time"])
        lanes += [Lane("missed doses", moments=moments)] if moments else []
    events = study.log.adverse_events
    for term in dict.fromkeys(events["term"]) if len(events) else ():
        own = events[events["term"] == term]
        lanes.append(Lane(term, moments=tuple((day_number(t), "") for t in own["time"])))
    return lanes


def _dose_words(row: dict[Any, Any]) -> str:
    if math.isnan(float(row["amount"])):
        return ""
    return f"{float(row['amount']):g} {row['unit']}"


def _share(row: dict[Any, Any], top: float) -> float:
    amount = float(row["amount"])
    return 1.0 if math.isnan(amount) or not top > 0 else amount / top


def _panels(result: StudyResult) -> list[Panel]:
    """Collect the primary endpoint, then each outcome in the order it was entered."""
    if result.sealed:  # values under the lanes would show the effect to anyone who looks
        return []
    panels, study = [], result.study
    if study.primary in result.recovery:
        rows = result.recovery[np.isfinite(result.recovery[study.primary].astype(float))]
        rows = rows[rows["time"].notna()]
        if len(rows) >= MIN_VALUES:
            panels.append(_panel(study.primary, rows["time"], rows[study.primary]))
    outcomes = result.log.outcomes
    for name in dict.fromkeys(outcomes["name"]) if len(outcomes) else ():
        own = outcomes[outcomes["name"] == name]
        if len(own) >= MIN_VALUES:
            panels.append(_panel(str(name), own["time"], own["value"]))
    return panels


def _panel(name: str, times: pd.Series, values: pd.Series) -> Panel:
    label, unit = endpoint_title(name)
    days = np.array([day_number(t) for t in times], dtype=np.float64)
    return Panel(words.sentence_case(label), unit, days, values.to_numpy(dtype=np.float64))


def components(result: StudyResult) -> Table:
    """Return what each method says of the regimen."""
    rows = []
    for name, comparison in result.log.comparisons.items():
        head = words.method(name)
        if comparison.refused:
            blank = (cell("refused"), cell(numbers.NO_VALUE), cell(numbers.NO_VALUE))
            rows.append(
                (Cell(head.title, words.sentence_case(comparison.refusals[0].why) + "."), *blank)
            )
            continue
        rows += [_coefficient(head.title, r, result) for r in _listed(name, comparison)]
        rows[-1] = (Cell(rows[-1][0].text, _closing(name, comparison)), *rows[-1][1:])
    return Table(
        "components",
        "The regimen, component by component",
        columns(
            "What", "#Estimate", f"#{numbers.share(result.study.settings.level)} interval", "#p"
        ),
        tuple(rows),
        "Exploratory beside the headline. Each line holds the other components as they were; the "
        "days after a change of a component are left out for as long as its own wash-in.",
    )


def _listed(name: str, comparison: Any) -> list[dict[str, Any]]:
    """Lines of one method: its main estimate, or all of its coefficients."""
    details = comparison.details
    if name == "components":
        return [*details["components"], *details["interactions"]]
    main = {
        "what": " against ".join(reversed(comparison.settings["conditions"])),
        "estimate": comparison.estimate, "low": comparison.low, "high": comparison.high,
        "p_value": comparison.p_value,
    }  # fmt: skip
    if name == "dose_response":
        lowest = f"{details['levels_mg'][0]:g} mg"
        levels = [
            {**r, "what": f"{r['what']} against {lowest}, no shape assumed"}
            for r in details["levels"]
        ]
        return [{**main, "what": f"{main['what']}, on a line"}, *levels, details["last_step"]]
    if name == "effect_over_time":
        return [
            main,
            *({**r, "what": f"effect at the {r['what']} of the log"} for r in details["effect_at"]),
        ]
    return [main]


def _closing(name: str, comparison: Any) -> str:
    if name == "dose_response":
        return words.sentence_case(comparison.details["shape"]) + "."
    if name == "components" and comparison.refusals:
        return words.sentence_case(comparison.refusals[0].why) + "."
    return ""


def _coefficient(
    title: str, row: dict[str, Any], result: StudyResult
) -> tuple[Cell, Cell, Cell, Cell]:
    unit = words.outcome(result.study.primary, result.headline)[1]
    estimate, interval = numbers.estimate_and_interval(
        row["estimate"], row["low"], row["high"], unit
    )
    first = Cell(f"{title}: {row['what']}")
    return first, cell(estimate), cell(interval), cell(numbers.p_value(row["p_value"]))


def moderators(result: StudyResult) -> Table:
    """Return baseline values against people's differences, exploratory."""
    rows = []
    for r in result.log.moderators.to_dict(orient="records"):
        label, unit = endpoint_title(r["moderator"])
        if r["reason"]:
            blank = cell(numbers.NO_VALUE)
            first = Cell(words.sentence_case(label), words.sentence_case(r["reason"]) + ".")
            rows.append((first, cell(numbers.count(r["people"])), blank, blank))
            continue
        estimate, ends = numbers.estimate_and_interval(r["slope"], r["low"], r["high"], "")
        first = Cell(f"{words.sentence_case(label)}, per {unit}")
        rows.append((first, cell(numbers.count(r["people"])), cell(estimate), cell(ends)))
    return Table(
        "moderators",
        "Baseline values as moderators",
        columns("Before treatment", "#People", "#Slope of the difference", "#Interval"),
        tuple(rows),
        "Exploratory, in groups only: it says nothing of one person.",
    )


def adverse(result: StudyResult) -> Table:
    """Return adverse events per dose-day by condition, with exact intervals."""
    rows = []
    for r in result.log.adverse.to_dict(orient="records"):
        per, base = ("dose-day", r["dose_days"]) if r["dose_days"] else ("day", r["days"])
        ends = numbers.NO_VALUE
        if math.isfinite(r["low"]):
            ends = f"{numbers.number(r['low'], 3)} to {numbers.number(r['high'], 3)}"
        rows.append(
            (cell(r["term"]), cell(r["condition"]), cell(numbers.count(r["events"])),
             cell(f"{numbers.count(base)} {per}s"), cell(numbers.number(r["per_dose_day"], 3)),
             cell(ends))
        )  # fmt: skip
    return Table(
        "adverse",
        "Adverse events by condition",
        columns("Event", "Condition", "#Events", "#Watched", "#Rate", "#95 % interval"),
        tuple(rows),
        "Rate per dose-day, or per day where no dose was taken; exact Poisson intervals. What "
        "was taken cannot be blamed for every event, nor cleared of it.",
    )


def claims(result: StudyResult) -> Table:
    """Return the claims of others, as text; they are never drawn beside the own result."""
    rows = tuple(
        (cell(r["claim"]),
         cell(r["population"] or numbers.NO_VALUE), cell(r["comparator"] or numbers.NO_VALUE),
         cell(r["measure"] or numbers.NO_VALUE), cell(r["source"]),
         cell("verified" if r["verified"] else "not verified"))
        for r in result.study.log.claims.to_dict(orient="records")
    )  # fmt: skip
    return Table(
        "claims",
        "What others claim",
        columns("=Claim", "=Population", "=Compared with", "=Measure", "=Source", "Verified"),
        rows,
        "Entered by the study, shown as text and never on the axes of the own result: another "
        "population, comparator and measure. A percentage from before to after is not the effect "
        "of a treatment.",
    )


def outcomes(result: StudyResult) -> Table:
    """Return each other outcome: how many values, their range, unit and assay."""
    table, rows = result.log.outcomes, []
    for name in dict.fromkeys(table["name"]) if len(table) else ():
        own = table[table["name"] == name]
        label, unit = endpoint_title(str(name))
        unit = unit or next((u for u in own.get("unit", ()) if u), "")
        assays = sorted(set(own.get("assay", ())) - {""})
        low, high = float(own["value"].min()), float(own["value"].max())
        rows.append(
            (cell(words.sentence_case(label)), cell(numbers.count(len(own))),
             cell(numbers.with_unit(f"{low:.4g} to {high:.4g}", unit)),
             cell(", ".join(assays) or numbers.NO_VALUE))
        )  # fmt: skip
    return Table(
        "outcomes",
        "Other outcomes",
        columns("Outcome", "#Values", "#Range", "=Assay"),
        tuple(rows),
        "Separate endpoints: none is converted into another.",
    )
