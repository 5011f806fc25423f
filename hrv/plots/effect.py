"""The effect of each method with its interval, against the smallest worthwhile change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hrv.errors import NotComputableError
from hrv.plots import style
from hrv.types import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def effect_plot(
    comparisons: Mapping[str, Comparison],
    *,
    outcome: str = "",
    unit: str = "",
    conditions: tuple[str, str] = ("off", "on"),
    labels: Mapping[str, str] | None = None,
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw one line a method: estimate, interval, and the band of changes too small to matter.

    Parameters
    ----------
    comparisons : mapping of str to Comparison
        Method name to result, the headline first.
    outcome, unit : str
        Quantity and unit of the axis.
    conditions : tuple of str
        Reference first; the axis shows second minus first.
    labels : mapping of str to str, optional
        Words for the method names.
    width_in : float
        Width, inches; below three quarters of the page the labels move above the bars.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If no method gave an estimate.
    """
    drawable = [c for c in comparisons.values() if not c.refused]
    if not drawable:
        raise NotComputableError("no method gave an estimate, so there is no effect to draw")
    narrow = style.is_narrow(width_in)
    row_in = 0.62 if narrow else 0.46
    with style.drawing():
        figure = style.new_figure(width_in, 1.25 + row_in * len(comparisons))
        axes = figure.add_subplot()
        limit = _limit(drawable)
        _band(axes, next(iter(comparisons.values())).swc)
        names = [style.plain((labels or {}).get(name, name), 40) for name in comparisons]
        for row, comparison in enumerate(comparisons.values()):
            _interval(axes, comparison, row, limit)
        _rows(axes, names, narrow=narrow)
        axes.set_xlim(-limit, limit)
        first, second = (style.plain(name, 16) for name in conditions)
        _directions(axes, second)
        quantity = (
            f"difference, {second} minus {first}"
            if narrow
            else (
                f"difference in {style.plain(outcome or 'the outcome', 60)}, {second} minus {first}"
            )
        )
        axes.set_xlabel(style.axis_label(quantity, unit))
    return figure


def _limit(drawable: Sequence[Comparison]) -> float:
    """Half-width of an axis centred on zero that holds every finite end and the band."""
    ends = [abs(v) for c in drawable for v in (c.estimate, c.low, c.high, c.swc * 1.5)]
    return 1.12 * max([v for v in ends if math.isfinite(v)] or [1.0]) or 1.0


def _band(axes: Axes, swc: float) -> None:
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    if math.isfinite(swc):
        axes.axvspan(-swc, swc, color=style.BAND, linewidth=0, zorder=0.4)
        axes.annotate(
            "too small\nto matter", (0, 1), (0, 6), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", color=style.MUTED, fontsize=8,
            linespacing=1.15,
        )  # fmt: skip
        for edge in (-swc, swc):
            axes.axvline(edge, color=style.MUTED, linewidth=0.8, dashes=(2, 3), zorder=0.6)
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=0.7)


def _directions(axes: Axes, second: str) -> None:
    """Say above the axes what left, middle and right mean."""
    for x, align, words in (
        (0.0, "left", f"← lower with {second}"),
        (1.0, "right", f"higher with {second} →"),
    ):
        axes.annotate(
            words, (x, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
            ha=align, va="bottom", color=style.MUTED,
        )  # fmt: skip


def _interval(axes: Axes, comparison: Comparison, row: int, limit: float) -> None:
    """Draw one method; an end beyond the axis becomes an arrow, a refusal a word."""
    head = row == 0
    color = style.SECOND if head else style.MUTED
    if comparison.refused:
        axes.annotate(
            "refused – no estimate", (0, row), (6, 0), textcoords="offset points", va="center",
            color=style.MUTED, fontstyle="italic",
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
        return
    low, high = np.clip([comparison.low, comparison.high], -limit, limit)  # NaN stays NaN
    if not np.isnan([low, high]).any():
        axes.plot([low, high], [row, row], color=color, linewidth=5 if head else 2.4, zorder=2)
    for end, arrow in ((comparison.low, "<"), (comparison.high, ">")):
        if math.isinf(end):
            axes.plot([math.copysign(limit, end)], [row], marker=arrow, color=color, clip_on=False)
    axes.plot(
        [comparison.estimate], [row], marker="o", markersize=11 if head else 7, color=color,
        markeredgecolor=style.PAPER, markeredgewidth=1.6, zorder=3,
    )  # fmt: skip


def _rows(axes: Axes, names: Sequence[str], *, narrow: bool) -> None:
    axes.set_ylim(len(names) - 0.45, -0.75 if narrow else -0.55)
    axes.set_yticks(range(len(names)), ["" if narrow else name for name in names])
    for label in axes.get_yticklabels()[:1]:
        label.set(color=style.INK, fontweight="bold")
    if narrow:
        for row, name in enumerate(names):
            axes.annotate(
                name, (0, row), (2, 9), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="bottom",
                color=style.INK if row == 0 else style.MUTED,
                fontweight="bold" if row == 0 else "normal",
            )  # fmt: skip
