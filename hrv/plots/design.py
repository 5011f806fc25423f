"""The calendar of a design: what is taken on which day, and which days do not count."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import data, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def design_calendar(
    phases: pd.DataFrame,
    *,
    conditions: tuple[str, str] | None = None,
    washin_days: float = 0.0,
    looks: tuple[date, ...] = (),
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw the planned days: one line a week for one person, one line a person for several.

    Parameters
    ----------
    phases : DataFrame
        ``start, stop`` (aware), ``condition``; optional ``subject``.
    conditions : tuple of str, optional
        Reference first; default in the order of their names.
    washin_days : float
        Days after each change that do not count, hatched.
    looks : tuple of date
        Days on which the effect may be seen, marked.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If there are no dated phases.
    """
    table = data.calendar(phases, washin_days)
    if table.empty:
        raise NotComputableError("the design has no dated phases, so there is no calendar")
    names = conditions or tuple(sorted(set(table["condition"])))
    with style.drawing():
        subjects = list(dict.fromkeys(table["subject"]))
        if len(subjects) == 1:
            figure = _weeks(table, names, looks, width_in)
        else:
            figure = _people(table, subjects, names, looks, width_in)
    return figure


def _weeks(
    table: pd.DataFrame, names: tuple[str, ...], looks: tuple[date, ...], width_in: float
) -> Figure:
    """One person: a line a week, a column a weekday."""
    first = min(table["day"])
    monday = first - timedelta(days=first.weekday())
    weeks = (max(*table["day"], *looks) - monday).days // 7 + 1
    figure = style.new_figure(min(width_in, 5.6), 0.9 + 0.27 * weeks)
    axes = figure.add_subplot()
    for row in style.rows(table):
        week, weekday = divmod((row.day - monday).days, 7)
        _cell(axes, weekday, week, row.condition, names, washin=row.washin)
        axes.annotate(
            str(row.day.day), (weekday, week), ha="center", va="center", fontsize=7.5,
            color=style.PAPER if _filled(row.condition, names) and not row.washin else style.INK,
            zorder=4,
        )  # fmt: skip
    for day in looks:
        week, weekday = divmod((day - monday).days, 7)
        axes.plot(weekday + 0.33, week - 0.28, marker="*", color=style.ALERT, markersize=7)
    _frame(axes, (-0.6, 6.6), weeks)
    axes.set_xticks(range(7), WEEKDAYS)
    axes.set_yticks(
        range(weeks),
        [style.date_words((monday + timedelta(days=7 * k)).toordinal()) for k in range(weeks)],
    )
    axes.set_ylabel("week beginning")
    _legend(axes, table, names, looks, narrow=style.is_narrow(width_in))
    return figure


def _people(
    table: pd.DataFrame,
    subjects: list[str],
    names: tuple[str, ...],
    looks: tuple[date, ...],
    width_in: float,
) -> Figure:
    """Several people: a line a person, the days along it."""
    figure = style.new_figure(width_in, 0.9 + 0.27 * len(subjects))
    axes = figure.add_subplot()
    days = table["day"].map(date.toordinal)
    for row in style.rows(_runs(table)):
        place = subjects.index(row.subject)
        _cell(axes, row.first, place, row.condition, names, washin=row.washin, days=row.days)
    for look in looks:
        axes.axvline(look.toordinal(), color=style.ALERT, linewidth=1.2, dashes=(2, 2))
    _frame(axes, (min(days) - 1, max(days) + 1), len(subjects))
    step = 7 * max(1, round((max(days) - min(days)) / 7 / (4 if style.is_narrow(width_in) else 9)))
    ticks = list(range(min(days), max(days) + 1, step))
    axes.set_xticks(ticks, [style.date_words(tick) for tick in ticks])
    axes.set_xlabel("day")
    axes.set_yticks(range(len(subjects)), [style.plain(name, 18) for name in subjects])
    _legend(axes, table, names, looks, narrow=style.is_narrow(width_in))
    return figure


def _runs(table: pd.DataFrame) -> pd.DataFrame:
    """Join neighbouring days that are drawn alike: ``subject, condition, washin, first, days``."""
    alike = ["subject", "block", "condition", "washin"]
    dated = table.assign(first=table["day"].map(date.toordinal), days=1)
    return dated.groupby(alike, sort=False, as_index=False).agg({"first": "min", "days": "sum"})


def _filled(condition: str, names: tuple[str, ...]) -> bool:
    return condition != names[0]


def _cell(
    axes: Axes,
    x: float,
    y: float,
    condition: str,
    names: tuple[str, ...],
    *,
    washin: bool,
    days: int = 1,
) -> None:
    """Draw days alike: hollow reference, filled other, hatched where they do not count."""
    from matplotlib.patches import Rectangle

    color = style.SECOND if _filled(condition, names) else style.FIRST
    solid = _filled(condition, names) and not washin
    axes.add_patch(
        Rectangle(
            (x - 0.45, y - 0.4), days - 0.1, 0.8, edgecolor=color, linewidth=0.8, zorder=2,
            facecolor=color if solid else style.PAPER, hatch="/////" if washin else "",
        )
    )  # fmt: skip


def _frame(axes: Axes, span: tuple[float, float], rows: int) -> None:
    axes.grid(visible=False)
    axes.set_xlim(*span)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)


def _legend(
    axes: Axes,
    table: pd.DataFrame,
    names: tuple[str, ...],
    looks: tuple[date, ...],
    *,
    narrow: bool,
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = []
    for name in names:
        color = style.SECOND if _filled(name, names) else style.FIRST
        face = color if _filled(name, names) else style.PAPER
        handles.append(Patch(facecolor=face, edgecolor=color, label=style.plain(name, 18)))
    if table["washin"].any():
        handles.append(
            Patch(
                facecolor=style.PAPER, edgecolor=style.MUTED, hatch="/////",
                label="wash-in, does not count",
            )
        )  # fmt: skip
    if looks:
        handles.append(
            Line2D([], [], marker="*", color=style.ALERT, linestyle="none", label="look")
        )
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=2 if narrow else 4
    )
