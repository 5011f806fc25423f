"""Recovery curves: how far above baseline the heart stays after a stressor, by condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import style
from hrv.types import Float

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def recovery_curves(
    curves: pd.DataFrame,
    *,
    conditions: tuple[str, str] = ("off", "on"),
    window_s: tuple[float, float] | None = (60.0, 300.0),
    unit: str = "bpm",
    half_lives: pd.DataFrame | None = None,
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Overlay the mean recovery of both conditions with their intervals.

    Parameters
    ----------
    curves : DataFrame
        ``condition, t_s, mean, low, high, n``: heart rate above baseline, s after the stressor.
    conditions : tuple of str
        Reference first.
    window_s : tuple of float or None
        Span that the headline outcome averages, marked on the axis, s.
    unit : str
        Unit of the curves.
    half_lives : DataFrame, optional
        From `hrv.plots.data.half_lives`: median time to half recovery by condition, marked on
        the curve with its interval below the axis.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If neither condition has a curve.
    """
    parts = [curves[curves["condition"] == name].sort_values("t_s") for name in conditions]
    if not any(np.isfinite(part["mean"].to_numpy(dtype=float)).any() for part in parts):
        raise NotComputableError("no recovery curve could be averaged in either condition")
    narrow = style.is_narrow(width_in)
    with style.drawing():
        figure = style.new_figure(width_in, 2.7 if narrow else 3.2)
        axes = figure.add_subplot()
        if window_s is not None:
            _mark_window(axes, window_s)
        axes.axhline(0, color=style.INK, linewidth=0.9, zorder=1)
        for name, part, look in zip(conditions, parts, style.LOOKS, strict=True):
            _curve(axes, part, look, style.plain(name, 18))
        _minutes(axes, curves["t_s"].to_numpy(dtype=float))
        axes.set_ylabel(style.axis_label("heart rate above baseline", unit))
        if half_lives is not None:
            _half_lives(axes, half_lives, dict(zip(conditions, parts, strict=True)))
        style.legend_above(axes, 2)
    return figure


def _half_lives(axes: Axes, table: pd.DataFrame, parts: dict[str, pd.DataFrame]) -> None:
    """Mark the median time to half recovery on each curve, and its interval at the bottom."""
    low, high = axes.get_ylim()
    room = 0.07 * (high - low)
    axes.set_ylim(low - room * (len(parts) + 0.6), high)
    looks = dict(zip(parts, style.LOOKS, strict=True))
    last = axes.get_xlim()[1]
    for row in style.rows(table):
        part, look = parts.get(row.condition), looks.get(row.condition)
        if part is None or look is None or not np.isfinite(row.median_s):
            continue
        y = low - room * (1 + list(parts).index(row.condition) - 0.4)
        if np.isfinite(row.low_s):
            axes.hlines(y, row.low_s, min(row.high_s, last), color=look.color, linewidth=1.6)
        label = f"half-life {row.median_s:.0f} s"
        axes.plot(
            [row.median_s], [y], marker=look.marker, color=look.color, markersize=5.5,
            markerfacecolor=look.face, linestyle="none", zorder=4,
        )  # fmt: skip
        end = min(row.high_s, last) if np.isfinite(row.high_s) else row.median_s
        axes.annotate(
            label, (end, y), (6, 0), textcoords="offset points", va="center", fontsize=8,
            color=look.color,
        )  # fmt: skip
        height = np.interp(row.median_s, part["t_s"], part["mean"])
        axes.vlines(row.median_s, y, height, color=look.color, linewidth=0.8, linestyle=":")


def _mark_window(axes: Axes, window_s: tuple[float, float]) -> None:
    axes.axvspan(*window_s, color=style.BAND, linewidth=0, zorder=0.3)
    axes.annotate(
        "headline outcome:\nmean of this span", (sum(window_s) / 2, 1), (0, -4),
        xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="top", color=style.MUTED, fontsize=8, linespacing=1.3,
    )  # fmt: skip


def _curve(axes: Axes, part: pd.DataFrame, look: style.Look, name: str) -> None:
    """Draw one condition; a missing value breaks the line rather than being bridged."""
    if part.empty:
        return
    columns = (part[c].to_numpy(dtype=float) for c in ("t_s", "mean", "low", "high"))
    t_s, mean, low, high = columns
    axes.fill_between(t_s, low, high, color=look.color, alpha=0.16, linewidth=0, zorder=2)
    axes.plot(
        t_s, mean, color=look.color, linewidth=2.2, zorder=3, label=name,
        dashes=(3.2, 1.6) if look.dashes == "--" else (None, None),
    )  # fmt: skip


def _minutes(axes: Axes, t_s: Float) -> None:
    """Label the time axis in minutes after the end of the stressor."""
    from matplotlib.ticker import MaxNLocator

    first, last = min(0.0, float(np.nanmin(t_s))), float(np.nanmax(t_s))
    step = next(s for s in (60, 120, 300, 600, 1200, 3600, np.inf) if (last - first) / s <= 10)
    ticks = np.arange(np.ceil(first / step), np.floor(last / step) + 1) * step
    axes.set_xticks(ticks, [f"{tick / 60:g}".replace("-", "−") for tick in ticks])
    axes.set_xlim(first, last)
    if first < 0:
        axes.axvline(0, color=style.MUTED, linewidth=0.8, dashes=(2, 3))
    axes.set_xlabel("time after the end of the stressor (min)")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.14 * (high - low))
