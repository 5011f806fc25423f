"""The forest plot: each person's effect as estimated and as shrunken, below them the group's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hrv.compare.responders import Responders
from hrv.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMES = 60
"""More people than this are drawn without their names."""


def forest_plot(
    found: Responders,
    *,
    outcome: str = "",
    unit: str = "",
    conditions: tuple[str, str] = ("off", "on"),
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw one line a person, smallest shrunken effect first, then the mean and the next person.

    Parameters
    ----------
    found : Responders
        From `hrv.compare.responders.responders`, unit `unit`.
    outcome, unit : str
        Quantity and unit of the axis.
    conditions : tuple of str
        Reference first.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure
    """
    people = found.people.sort_values("shrunken", kind="stable", ascending=False)
    n, named = len(people), len(people) <= MOST_NAMES
    at = np.arange(n) + 3.0
    with style.drawing():
        figure = style.new_figure(width_in, 1.6 + min((0.2 if named else 0.05) * n, 14.0))
        axes = figure.add_subplot()
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
        axes.axvline(found.mean, color=style.SECOND, linewidth=1.2, dashes=(4, 3), zorder=1)
        axes.hlines(at, people["low"], people["high"], color=style.LINE, linewidth=1.6, zorder=2)
        axes.plot(
            people["shrunken"], at, linestyle="none", marker="o", color=style.SECOND,
            markersize=5 if named else 2.5, zorder=4, label="drawn towards the group",
        )  # fmt: skip
        axes.plot(
            people["estimate"], at, linestyle="none", marker="x", color=style.MUTED,
            markersize=5 if named else 2.5, zorder=3, label="own estimate",
        )  # fmt: skip
        axes.hlines(1.6, found.low, found.high, color=style.INK, linewidth=5, zorder=3)
        axes.plot([found.mean], [1.6], marker="D", color=style.PAPER, markersize=4, zorder=4)
        axes.hlines(0.6, found.next_low, found.next_high, color=style.INK, linewidth=1.6, zorder=3)
        names = [style.plain(name, 18) for name in people["subject"]] if named else []
        ticks = [0.6, 1.6, *(at if named else [])]
        axes.set_yticks(ticks, ["next person", "mean of all", *names])
        axes.set_ylim(-0.2, n + 3.0)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
        first, second = (style.plain(name, 16) for name in conditions)
        quantity = f"difference in {style.plain(outcome or 'the outcome', 60)}, {second} minus"
        axes.set_xlabel(style.axis_label(f"{quantity} {first}", unit))
    return figure
