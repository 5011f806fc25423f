"""The report's figures: chosen from the result, drawn by `hrv.plots`, described in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv import plots
from hrv.errors import NotComputableError
from hrv.phases import phase_of
from hrv.plots.style import NARROW_IN, WIDE_IN
from hrv.report import numbers, words
from hrv.study import StudyResult
from hrv.types import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PANELS = 6
"""More people than this are shown as pairs of means, not as one panel each."""


@dataclass(frozen=True)
class Drawing:
    """One figure of the page.

    Parameters
    ----------
    ident : str
        Unique id in the page.
    alt : str
        What a reader who cannot see it needs to know.
    caption : str
        How to read it.
    wide, narrow : str
        SVG for a page and for a telephone; both empty where it could not be drawn.
    missing : str
        Why it could not be drawn.
    """

    ident: str
    alt: str = ""
    caption: str = ""
    wide: str = ""
    narrow: str = ""
    missing: str = ""


def drawn(ident: str, draw: Callable[[float], Figure], alt: str, caption: str) -> Drawing:
    """Draw at both widths, or keep the reason why there is nothing to draw."""
    try:
        wide, narrow = (
            plots.svg(draw(width_in), f"{ident}-{name}")
            for width_in, name in ((WIDE_IN, "wide"), (NARROW_IN, "narrow"))
        )
    except NotComputableError as error:
        return Drawing(ident, missing=words.sentence_case(str(error)) + ".")
    return Drawing(ident, alt, caption, wide, narrow)


def effect(result: StudyResult) -> Drawing:
    """Return the estimates of all methods against the smallest worthwhile change."""
    head = result.headline
    _, unit = words.outcome(result.study.primary, head)
    title = words.quantity(result.study.primary, head)
    labels = {name: words.method(name).title for name in result.primary}
    swc = worthwhile(head, unit)
    band = (
        f"The grey band holds changes too small to matter ({swc})."
        if swc != numbers.NO_VALUE
        else "No smallest worthwhile change is known, so no band is drawn."
    )
    level = numbers.share(result.study.settings.level)
    alt = (
        f"Estimated difference in {title}: {' with interval '.join(headline(head, unit))}, "
        f"by the headline method; {len(result.primary) - 1} others for comparison."
    )
    return drawn(
        "effect",
        lambda width_in: plots.effect_plot(
            result.primary, outcome=title, unit=unit, conditions=result.study.conditions,
            labels=labels, width_in=width_in,
        ),
        alt,
        f"Dot: estimate. Bar: {level} interval. {band}",
    )  # fmt: skip


def headline(head: Comparison, unit: str) -> tuple[str, str]:
    """Return estimate and interval: percent for an outcome on the log scale, else its unit."""
    if not math.isnan(head.percent):
        triple = (head.percent, head.percent_low, head.percent_high)
        return numbers.estimate_and_interval(*triple, "%")
    return numbers.estimate_and_interval(head.estimate, head.low, head.high, unit)


def worthwhile(head: Comparison, unit: str) -> str:
    """Return the smallest worthwhile change; in percent, both sides differ."""
    return _either_way(head, head.swc, unit)


def detectable(head: Comparison, unit: str) -> str:
    """Return the difference that a study as precise as this one finds 8 times in 10."""
    return _either_way(head, float(head.details.get("mde80", math.nan)), unit)


def _either_way(head: Comparison, size: float, unit: str) -> str:
    if math.isnan(head.percent) or not math.isfinite(size):
        return numbers.plus_minus(size, unit)
    low, high = (100 * math.expm1(v) for v in (-size, size))
    return numbers.interval(low, high, "%")


def days(result: StudyResult) -> Drawing:
    """Return the series day by day, or each person's pair of means where days do not apply."""
    study = result.study
    title, unit = words.outcome(study.primary, result.headline)
    scores, source = day_scores(result)
    if scores.empty or scores["subject"].nunique() > MOST_PANELS:
        return _people(result, title, unit)
    first, second = study.conditions
    scored = {name: int((scores["condition"] == name).sum()) for name in study.conditions}
    tally = ", ".join(f"{numbers.count(n, 'day')} {name}" for name, n in scored.items())
    line = "the model's fit" if "fitted" in scores else "the mean of each phase"
    return drawn(
        "days",
        lambda width_in: plots.day_series(
            scores, study.phases, outcome=title, unit=unit, conditions=study.conditions,
            washin_days=study.settings.washin_days, width_in=width_in,
        ),
        f"{words.sentence_case(title)} day by day ({tally}), phases shaded.",
        f"{source} Hollow: {first}. Filled, on a tinted ground: {second}. Line: {line}. {tally}.",
    )  # fmt: skip


def _people(result: StudyResult, title: str, unit: str) -> Drawing:
    """Return both values of every person, or the differences if only those are kept."""
    means = person_means(result)
    if means.empty and result.headline.details.get("people"):
        return _differences(result, title, unit)
    if means.empty:
        return Drawing("days", missing="The outcome is not kept day by day, so there is no series.")
    first, second = result.study.conditions
    people = means["subject"].nunique()
    return drawn(
        "days",
        lambda width_in: plots.paired_plot(
            means, outcome=title, unit=unit, conditions=result.study.conditions, width_in=width_in
        ),
        f"Mean {title} of {numbers.count(people, 'person', 'people')}, {first} and {second}.",
        "Each line is one person's mean in both conditions; the thick line is their mean.",
    )


def _differences(result: StudyResult, title: str, unit: str) -> Drawing:
    head = result.headline
    people = pd.DataFrame(head.details["people"])
    log = not math.isnan(head.percent)
    return drawn(
        "days",
        lambda width_in: plots.differences_plot(
            people, estimate=head.estimate, low=head.low, high=head.high, outcome=title,
            unit="ln" if log else unit, conditions=result.study.conditions, width_in=width_in,
        ),
        f"Difference in {title} of {numbers.count(len(people), 'person', 'people')}.",
        "Each dot is one person's difference; the line is their mean, the tint its interval.",
    )  # fmt: skip


def day_scores(result: StudyResult) -> tuple[pd.DataFrame, str]:
    """Return one row a person and day, and the sentence that says what it is.

    The headline method's own day scores are taken if it kept them, else plain daily means of
    the episodes, or of the values of a logged outcome.
    """
    kept = pd.DataFrame(result.headline.details.get("days", {}))
    if len(kept):
        first, second = result.study.conditions
        table = pd.DataFrame(
            {
                "subject": kept.get("subject", _only_person(result)),
                "day": kept["date"],
                "score": kept["score"],
                "condition": np.where(kept["second_condition"], second, first),
            }
        )
        if "fitted" in kept:
            table["fitted"] = kept["fitted"]
        return table, "One dot is one day's score."
    rows, what = _used_episodes(result), "episodes"
    if rows.empty:
        rows, what = _used_outcomes(result), "values"
    if rows.empty or rows["time"].isna().all():
        return pd.DataFrame(columns=["subject", "day", "score", "condition"]), ""
    dated = rows[rows["time"].notna()]
    dated = dated.assign(day=[pd.Timestamp(t).date().isoformat() for t in dated["time"]])
    table = dated.groupby(["subject", "day", "condition"], sort=False)["score"].mean().reset_index()
    return table, f"One dot is the mean of one day's {what}."


def _only_person(result: StudyResult) -> str:
    """Pseudonym of the one person; a study of scores alone has no recording that names it."""
    study = result.study
    named = [s.subject for s in study.sessions] or list(study.phases.get("subject", ()))
    return str(named[0]) if named else ""


def person_means(result: StudyResult) -> pd.DataFrame:
    """Return ``subject, condition, score``: means of the episodes by person and condition."""
    rows = _used_episodes(result)
    if rows.empty:
        return pd.DataFrame(columns=["subject", "condition", "score"])
    return rows.groupby(["subject", "condition"], sort=False)["score"].mean().reset_index()


def _used_episodes(result: StudyResult) -> pd.DataFrame:
    """Episodes with a primary value in one of the two conditions, the left-out ones gone."""
    rows, primary = result.recovery, result.study.primary
    if primary not in rows:
        return pd.DataFrame(columns=["subject", "time", "condition", "score"])
    keep = np.isfinite(rows[primary].to_numpy(dtype=np.float64))
    keep &= rows["condition"].isin(result.study.conditions).to_numpy()
    if "excluded" in rows:
        keep &= (rows["excluded"] == "").to_numpy()
    used: pd.DataFrame = rows[keep].assign(score=rows[primary])
    return used


def _used_outcomes(result: StudyResult) -> pd.DataFrame:
    """Values of a logged outcome that is the endpoint, in one of the two conditions."""
    study = result.study
    if result.sealed or study.phases.empty or study.outcomes.empty:
        return pd.DataFrame(columns=["subject", "time", "condition", "score"])
    own = study.outcomes[study.outcomes["name"] == study.primary].reset_index(drop=True)
    rows = own.assign(score=own["value"], **phase_of(own["time"], own["subject"], study.phases))
    kept: pd.DataFrame = rows[rows["condition"].isin(study.conditions)]
    return kept


def curves(result: StudyResult) -> Drawing:
    """Return the mean recovery curves of both conditions, overlaid."""
    first, second = result.study.conditions
    window_s = (60.0, 300.0) if result.study.primary == "residual_hr" else None
    tallies = []
    for name in (first, second):
        n = result.curves.loc[result.curves["condition"] == name, "n"]
        if len(n):
            low, high = int(n.min()), int(n.max())
            span = str(high) if low == high else f"{low} to {high}"
            tallies.append(f"{name}: {span} episodes")
    halves = half_lives(result)
    return drawn(
        "curves",
        lambda width_in: plots.recovery_curves(
            result.curves, conditions=result.study.conditions, window_s=window_s,
            half_lives=halves, width_in=width_in,
        ),
        f"Mean heart rate above baseline after the stressor, {first} and {second} overlaid "
        f"({'; '.join(tallies)}).",
        "Mean over episodes with its interval (shaded). The line at zero is the baseline before "
        f"the stressor. {'; '.join(tallies)}. A break means that too little was measured there."
        + (" Below: median time to half recovery with its interval." if halves is not None else ""),
    )  # fmt: skip


def half_lives(result: StudyResult) -> pd.DataFrame | None:
    """Return the median times to half recovery by condition; None where none were measured."""
    if not {"condition", "t50_hr_s", "t50_hr_s_censored"} <= set(result.recovery.columns):
        return None
    return plots.data.half_lives(result.recovery, result.study.conditions)
