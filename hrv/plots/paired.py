"""Each person's value in both conditions: the picture for many people or for no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
