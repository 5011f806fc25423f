"""One mark a person: values in both conditions, or differences; for many people or no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_NAMES = 30
"""More people than this are drawn without their names."""


def paired_plot(
    means: pd.DataFrame,
    *,
    outcome: str = "",
    unit: str = "",
    conditions: tuple[str, str] = ("off", "on"),
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw a line from the first to the second condition for every person.

    Parameters
    ----------
    means : DataFrame
        ``subject, condition, score``: one row a person and condition, unit `unit`.
    outcome, unit : str
        Quantity and unit of the axis.
    conditions : tuple of str
        Reference first.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If no person has a value in both conditions.
    """
    table = means.pivot_table(index="subject", columns="condition", values="score")
    pairs = table.reindex(columns=list(conditions)).dropna()
    if pairs.empty:
        raise NotComputableError(
            f"no person has a value both in {conditions[0]} and in {conditions[1]}"
        )
    values = pairs.to_numpy(dtype=np.float64)
    with style.drawing():
        figure = style.new_figure(min(width_in, 5.4), 3.2)
        axes = figure.add_subplot()
        axes.plot([0, 1], values.T, color=style.LINE, linewidth=1.2, zorder=1)
        for column, look in enumerate(style.LOOKS):
            axes.plot(
                np.full(len(values), column), values[:, column], linestyle="none",
                marker=look.marker, color=look.color, markerfacecolor=look.face, zorder=2,
            )  # fmt: skip
        axes.plot([0, 1], values.mean(axis=0), color=style.INK, linewidth=2.4, zorder=3)
        axes.annotate(
            "mean", (1, float(values[:, 1].mean())), (8, 0), textcoords="offset points",
            va="center", fontweight="bold",
        )  # fmt: skip
        axes.set_xlim(-0.35, 1.5)
        axes.set_xticks([0, 1], [style.plain(name, 18) for name in conditions])
        axes.set_ylabel(style.axis_label(style.plain(outcome or "value", 60), unit))
    return figure


def differences_plot(
    people: pd.DataFrame,
    *,
    estimate: float,
    low: float,
    high: float,
    outcome: str = "",
    unit: str = "",
    conditions: tuple[str, str] = ("off", "on"),
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw every person's difference, smallest first, with the mean and its interval.

    Parameters
    ----------
    people : DataFrame
        ``subject, difference``: second condition minus first, unit `unit`.
    estimate, low, high : float
        Mean difference and its interval; NaN if there is none.
    outcome, unit : str
        Quantity and unit of the axis.
    conditions : tuple of str
        Reference first.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If no person has a difference.
    """
    known = people[np.isfinite(people["difference"].to_numpy(dtype=float))]
    if known.empty:
        raise NotComputableError("no person has a difference between the conditions")
    ordered = known.sort_values("difference", kind="stable")
    named = len(ordered) <= MOST_NAMES
    with style.drawing():
        figure = style.new_figure(width_in, 1.0 + (0.24 if named else 0.06) * len(ordered))
        axes = figure.add_subplot()
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        if np.isfinite([low, high]).all():
            axes.axvspan(low, high, color=style.TINT, linewidth=0, zorder=0.4)
        axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
        if np.isfinite(estimate):
            axes.axvline(estimate, color=style.SECOND, linewidth=1.6, zorder=1.5)
        axes.plot(
            ordered["difference"], range(len(ordered)), linestyle="none", marker="o",
            color=style.SECOND, markersize=6 if named else 3, zorder=2,
        )  # fmt: skip
        names = [style.plain(name, 18) for name in ordered["subject"]] if named else []
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(-0.7, len(ordered) - 0.3)
        first, second = (style.plain(name, 16) for name in conditions)
        quantity = f"difference in {style.plain(outcome or 'the outcome', 60)}"
        if style.is_narrow(width_in):
            quantity = "difference"
        axes.set_xlabel(style.axis_label(f"{quantity}, {second} minus {first}", unit))
    return figure
