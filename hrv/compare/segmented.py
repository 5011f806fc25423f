"""Method `segmented`: level and slope of each phase, as a description only.

Interrupted time series regression with its usual standard errors has 16 to 37 % false alarms on
days like these, and with a slope of its own in each phase a single change is not identified well
enough for anything else.  So the lines are drawn and no interval or p-value is given.

Source: Wagner et al. 2002, Journal of Clinical Pharmacy and Therapeutics 27:299-309,
doi:10.1046/j.1365-2710.2002.00430.x.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from hrv.compare import checks, results
from hrv.compare.base import Design
from hrv.compare.days import Days, day_scores
from hrv.types import Comparison, Refusal

NAME = "segmented"
WHY = (
    "segmented regression describes the days; its error rate cannot be kept, so it gives no "
    "interval and no p-value"
)


def run(design: Design, rng: np.random.Generator) -> Comparison:
    """Fit a straight line to the day scores of each block.

    The estimate is the mean step in level at the changes between the two conditions (each
    signed so that it is second condition minus first): the line after the change minus the line
    before it, at the change.

    Parameters
    ----------
    design : Design
        The validated comparison, of one person.
    rng : Generator
        Not used.

    Returns
    -------
    Comparison
        Without interval and p-value; ``details["segments"]`` has level and slope of each block,
        ``details["steps"]`` every change.
    """
    refusals = checks.single_person(design, NAME)
    if refusals:
        return results.refused(design, NAME, refusals)
    subject = design.subjects[0]
    days = day_scores(design, subject)
    blocks = checks.blocks_of(design, subject)
    flags = checks.design_flags(design, blocks, days)
    details: dict[str, Any] = {"counts": checks.counts(design)}
    refusals = checks.too_little(design, blocks)
    if refusals:
        return results.refused(design, NAME, refusals, flags=flags, details=details)
    lines = segments(days)
    steps = _steps(lines)
    if not steps:
        why = "no two neighbouring blocks of the two conditions have three days each"
        return results.refused(
            design, NAME, [Refusal("estimate", why)], flags=flags, details=details
        )
    estimate = float(np.mean([step["step"] for step in steps]))
    swc = design.settings.swc
    return results.comparison(
        design, NAME, (estimate, math.nan, math.nan), math.nan, math.nan,
        swc=math.nan if swc is None else swc,
        flags=flags,
        refusals=[Refusal("interval", WHY)],
        details={**details, "segments": lines, "steps": steps},
    )  # fmt: skip


def segments(days: Days) -> list[dict[str, Any]]:
    """Fit level (at its middle day) and slope of each block with three days or more."""
    lines = []
    for number in np.unique(days.block):
        rows = np.flatnonzero(days.block == number)
        if rows.size < checks.MIN_VALID_DAYS:
            continue
        day = days.day[rows].astype(np.float64)
        middle = float(day.mean())
        centred = day - middle
        slope = float(centred @ days.score[rows]) / float(centred @ centred)
        lines.append({
            "block": int(number) + 1,
            "second_condition": bool(days.second[rows[0]]),
            "days": int(rows.size),
            "first_day": int(day[0]),
            "last_day": int(day[-1]),
            "middle_day": middle,
            "level": float(days.score[rows].mean()),
            "slope_per_day": slope,
        })  # fmt: skip
    return lines


def _steps(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every change between the conditions: what the two lines say at the day between them."""
    steps = []
    for before, after in pairwise(lines):
        if before["second_condition"] == after["second_condition"]:
            continue
        at = (before["last_day"] + after["first_day"]) / 2
        jump = _at(after, at) - _at(before, at)
        sign = 1.0 if after["second_condition"] else -1.0
        slope = after["slope_per_day"] - before["slope_per_day"]
        steps.append(
            {"after_block": before["block"], "step": sign * jump, "change_of_slope": sign * slope}
        )
    return steps


def _at(line: dict[str, Any], day: float) -> float:
    return float(line["level"] + line["slope_per_day"] * (day - line["middle_day"]))
