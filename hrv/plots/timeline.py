"""Everything that happened to one person on one calendar: lanes of treatment, then outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANE_IN, PANEL_IN = 0.3, 0.62
"""Height of one lane and of one outcome's panel, inches."""
MOST_PANELS = 16
NAMED_BAR = 0.075
"""Least share of the calendar that a bar takes for its label to be written into it."""


@dataclass(frozen=True)
class Bar:
    """A stretch of one lane: day numbers [start, stop), a label, and how strong (0 to 1)."""

    start: float
    stop: float
    label: str = ""
    strength: float = 1.0


@dataclass(frozen=True)
class Lane:
    """One line of the calendar: stretches, or moments, or both.

    Parameters
    ----------
    title : str
        What it shows.
    bars : tuple of Bar
        Stretches.
    moments : tuple of (float, str)
        Day numbers and labels of single events.
    background : bool
        True if it does not widen the calendar: it ran before and goes on after.
    """

    title: str
    bars: tuple[Bar, ...] = ()
    moments: tuple[tuple[float, str], ...] = ()
    background: bool = False


@dataclass(frozen=True, eq=False)
class Panel:
    """One outcome over the calendar: day numbers and values."""

    title: str
    unit: str
    day: np.ndarray[tuple[int], np.dtype[np.float64]] = field(repr=False)
    value: np.ndarray[tuple[int], np.dtype[np.float64]] = field(repr=False)


def day_number(moment: pd.Timestamp) -> float:
    """Local calendar time of a moment, days."""
    stamp = pd.Timestamp(moment).tz_localize(None)
    return stamp.toordinal() + (stamp - stamp.normalize()) / pd.Timedelta(days=1)


def timeline(
    lanes: Sequence[Lane], panels: Sequence[Panel], *, width_in: float = style.WIDE_IN
) -> Figure:
    """Draw lanes of what was done and a small panel for each outcome, on one calendar.

    Parameters
    ----------
    lanes : sequence of Lane
        From top to bottom.
    panels : sequence of Panel
        Outcomes, below the lanes; at most `MOST_PANELS` are drawn.
    width_in : float
        Width, inches.

    Raises
    ------
    NotComputableError
        If there is nothing to draw.
    """
    panels = panels[:MOST_PANELS]
    shown = [lane for lane in lanes if not lane.background] or list(lanes)
    days = [d for lane in shown for bar in lane.bars for d in (bar.start, bar.stop)]
    days += [d for lane in lanes for d, _ in lane.moments]
    days += [float(d) for panel in panels for d in panel.day]
    if not days:
        raise NotComputableError("nothing was logged, so there is no timeline")
    first, last = int(np.floor(min(days))), int(np.ceil(max(days)))
    narrow = style.is_narrow(width_in)
    heights = [LANE_IN * max(len(lanes), 1)] + [PANEL_IN] * len(panels)
    with style.drawing():
        figure = style.new_figure(width_in, sum(heights) + 0.5)
        axes = figure.subplots(
            len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )[:, 0]
        _lanes(axes[0], lanes, (first, last), narrow=narrow)
        for one, panel in zip(axes[1:], panels, strict=True):
            _panel(one, panel, narrow=narrow)
        for one in axes:
            _changes(one, lanes)
        _calendar(axes[-1], first, last, narrow=narrow)
    return figure


def _lanes(axes: Axes, lanes: Sequence[Lane], span: tuple[int, int], *, narrow: bool) -> None:
    axes.grid(visible=False)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [style.plain(x.title, 14 if narrow else 24) for x in lanes])
    axes.tick_params(axis="x", length=0)
    for k, lane in enumerate(lanes):
        for bar in lane.bars:
            _bar(axes, k, bar, span, narrow=narrow)
        for day, label in lane.moments:
            axes.plot(day, k, marker="D", markersize=4.5, color=style.INK, zorder=3)
            if label and not narrow:
                axes.annotate(
                    style.plain(label, 22), (day, k), (5, 0), textcoords="offset points",
                    va="center", fontsize=7.5, color=style.MUTED,
                )  # fmt: skip


def _bar(axes: Axes, k: int, bar: Bar, span: tuple[int, int], *, narrow: bool) -> None:
    start, stop = max(bar.start, span[0]), min(bar.stop, span[1])
    if stop <= start:
        return
    strong = bar.strength >= 0.75
    axes.barh(
        k, stop - start, left=start, height=0.62, linewidth=0.8,
        color=style.SECOND if strong else style.TINT, edgecolor=style.SECOND, zorder=2,
    )  # fmt: skip
    room = (stop - start) / max(span[1] - span[0], 1)
    if bar.label and room >= NAMED_BAR * (2 if narrow else 1):
        axes.text(
            (start + stop) / 2, k, style.plain(bar.label, 12), ha="center", va="center",
            fontsize=7.5, zorder=3, color=style.PAPER if strong else style.INK,
        )  # fmt: skip


def _panel(axes: Axes, panel: Panel, *, narrow: bool) -> None:
    order = np.argsort(panel.day, kind="stable")
    day, value = panel.day[order], panel.value[order]
    many = day.size > 40
    axes.plot(
        day, value, linestyle="none", marker="o", markersize=2.6 if many else 4,
        color=style.SECOND, zorder=3,
    )  # fmt: skip
    if not many:
        axes.plot(day, value, linewidth=0.9, color=style.FIRST, zorder=2)
    low, high = float(value.min()), float(value.max())
    pad = 0.18 * (high - low) if high > low else max(abs(high) * 0.05, 0.5)
    axes.set_ylim(low - pad, high + pad)
    ticks = sorted({low, high})
    axes.set_yticks(ticks, [f"{v:.3g}".replace("-", "−") for v in ticks])
    axes.tick_params(axis="x", length=0)
    title = style.plain(panel.title, 26 if narrow else 60)
    axes.set_title(
        style.axis_label(title, panel.unit), loc="left", fontsize=8, pad=2, color=style.MUTED
    )


def _changes(axes: Axes, lanes: Sequence[Lane]) -> None:
    """Carry the edges of the first lane's stretches through every panel."""
    edges = {d for bar in (lanes[0].bars if lanes else ()) for d in (bar.start, bar.stop)}
    for day in sorted(edges):
        axes.axvline(day, color=style.LINE, linewidth=0.7, zorder=1)


def _calendar(axes: Axes, first: int, last: int, *, narrow: bool) -> None:
    most = 4 if narrow else 9
    weeks = next((w for w in (1, 2, 4, 8, 13, 26, 52) if (last - first) / (7 * w) <= most), 104)
    ticks = list(range(first, last + 1, 7 * weeks))
    axes.set_xticks(ticks, [style.date_words(tick) for tick in ticks])
    axes.set_xlim(first - 0.5, last + 0.5)
