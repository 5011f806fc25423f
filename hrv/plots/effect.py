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

    If every estimate has a percentage (an outcome on the log scale) the axis is in percent.

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
        percent = all(not math.isnan(c.percent) for c in drawable)
        marks = {name: _mark(c, percent=percent) for name, c in comparisons.items()}
        band = _band_edges(next(iter(comparisons.values())).swc, percent=percent)
        limit = _limit([*marks.values(), tuple(1.5 * edge for edge in band)])
        _band(axes, band)
        names = [style.plain((labels or {}).get(name, name), 40) for name in comparisons]
        for row, mark in enumerate(marks.values()):
            _interval(axes, mark, row, limit)
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
        axes.set_xlabel(style.axis_label(quantity, "%" if percent else unit))
    return figure


def _mark(comparison: Comparison, *, percent: bool) -> tuple[float, ...]:
    """Estimate, low and high as drawn."""
    if percent:
        return comparison.percent, comparison.percent_low, comparison.percent_high
    return comparison.estimate, comparison.low, comparison.high


def _band_edges(swc: float, *, percent: bool) -> tuple[float, float]:
    return (100 * math.expm1(-swc), 100 * math.expm1(swc)) if percent else (-swc, swc)


def _limit(marks: Sequence[tuple[float, ...]]) -> float:
    """Half-width of an axis centred on zero that holds every finite end and the band."""
    ends = [abs(v) for mark in marks for v in mark if math.isfinite(v)]
    return 1.12 * max(ends, default=1.0) or 1.0


def _band(axes: Axes, edges: tuple[float, float]) -> None:
    axes.grid(visible=False)
    axes.grid(visible=True, axis="x")
    if math.isfinite(edges[1]):
        axes.axvspan(*edges, color=style.BAND, linewidth=0, zorder=0.4)
        axes.annotate(
            "too small\nto matter", (0, 1), (0, 6), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", color=style.MUTED, fontsize=8,
            linespacing=1.15,
        )  # fmt: skip
        for edge in edges:
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


def _interval(axes: Axes, mark: tuple[float, ...], row: int, limit: float) -> None:
    """Draw one method; an end beyond the axis becomes an arrow, a refusal a word."""
    head = row == 0
    color = style.SECOND if head else style.MUTED
    estimate, low, high = mark
    if math.isnan(estimate):
        axes.annotate(
            "refused – no estimate", (0, row), (6, 0), textcoords="offset points", va="center",
            color=style.MUTED, fontstyle="italic",
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
        return
    shown = np.clip([low, high], -limit, limit)  # NaN stays NaN
    if not np.isnan(shown).any():
        axes.plot(shown, [row, row], color=color, linewidth=5 if head else 2.4, zorder=2)
    for end, arrow in ((low, "<"), (high, ">")):
        if math.isinf(end):
            axes.plot([math.copysign(limit, end)], [row], marker=arrow, color=color, clip_on=False)
    axes.plot(
        [estimate], [row], marker="o", markersize=11 if head else 7, color=color,
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
