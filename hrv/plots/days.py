"""The day-by-day series of each person, phases shaded, with the model's fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_WASHIN = "wash-in, left out"


@dataclass(frozen=True)
class _Phase:
    """One phase in day numbers, [start, stop)."""

    start: float
    stop: float
    condition: str


def day_series(
    scores: pd.DataFrame,
    phases: pd.DataFrame,
    *,
    outcome: str = "",
    unit: str = "",
    conditions: tuple[str, str] = ("off", "on"),
    washin_days: float = 0.0,
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw one panel a person: day scores over the calendar, phases shaded.

    Parameters
    ----------
    scores : DataFrame
        ``subject, day, score, condition`` and optionally ``fitted``; one row a day and person,
        `day` an ISO date.  Without ``fitted`` the line is the mean of each phase.
    phases : DataFrame
        ``subject, start, stop, condition`` (aware datetimes; drawn in their own zone).
    outcome, unit : str
        Quantity and unit of the axis.
    conditions : tuple of str
        Reference first.
    washin_days : float
        Days after each change that the comparison leaves out, hatched.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If there is no finite day score.
    """
    drawable = scores[np.isfinite(scores["score"].to_numpy(dtype=float))]
    if drawable.empty:
        raise NotComputableError("no day has a score, so there is no series to draw")
    subjects = list(dict.fromkeys(drawable["subject"]))
    narrow = style.is_narrow(width_in)
    panel_in = (2.1 if narrow else 2.5) if len(subjects) == 1 else 1.6
    with style.drawing():
        figure = style.new_figure(width_in, 0.85 + panel_in * len(subjects))
        panels = figure.subplots(len(subjects), 1, sharex=True, squeeze=False)[:, 0]
        for axes, subject in zip(panels, subjects, strict=True):
            spans = _spans(phases, subject)
            _shade(axes, spans, conditions, washin_days, narrow=narrow)
            _points(axes, drawable[drawable["subject"] == subject], spans, conditions)
            if len(subjects) > 1:
                axes.set_title(style.plain(subject), loc="left", fontsize=9, pad=14)
        _calendar(panels[-1], drawable, phases, narrow=narrow)
        label = style.axis_label(style.plain(outcome or "value", 60), unit)
        figure.supylabel(label, fontsize=9, color=style.MUTED)
        _legend(figure, panels[0], columns=2 if narrow else 4)
    return figure


def _day_number(day: object) -> int:
    return date.fromisoformat(str(day)[:10]).toordinal()


def _spans(phases: pd.DataFrame, subject: object) -> list[_Phase]:
    """Phases of one person as day numbers on their own local calendar."""
    if phases.empty:
        return []
    mine = phases[phases["subject"] == subject].sort_values("start")
    return [
        _Phase(_local_days(start), _local_days(stop), str(condition))
        for start, stop, condition in zip(
            mine["start"], mine["stop"], mine["condition"], strict=True
        )
    ]


def _local_days(moment: pd.Timestamp) -> float:
    stamp = pd.Timestamp(moment).tz_localize(None)
    return stamp.toordinal() + (stamp - stamp.normalize()) / pd.Timedelta(days=1)


def _shade(
    axes: Axes,
    spans: list[_Phase],
    conditions: tuple[str, str],
    washin_days: float,
    *,
    narrow: bool,
) -> None:
    """Tint the second condition, hatch wash-in, name each phase on a strip above the axes."""
    colors = dict(zip(conditions, (look.color for look in style.LOOKS), strict=True))
    unnamed = True
    for k, span in enumerate(spans):
        if span.condition == conditions[1]:
            axes.axvspan(span.start, span.stop, color=style.TINT, linewidth=0, zorder=0.2)
        changed = k > 0 and spans[k - 1].condition != span.condition
        if washin_days > 0 and changed:
            end = min(span.start + washin_days, span.stop)
            label, unnamed = (_WASHIN, False) if unnamed else (None, False)
            axes.axvspan(
                span.start, end, facecolor="none", edgecolor=style.LINE, hatch="////",
                linewidth=0, zorder=0.3, label=label,
            )  # fmt: skip
        color = colors.get(span.condition, style.MUTED)
        axes.plot(
            [span.start + 0.25, span.stop - 0.25], [1.02, 1.02], linewidth=3, color=color,
            transform=axes.get_xaxis_transform(), clip_on=False, solid_capstyle="butt",
        )  # fmt: skip
        room = (span.stop - span.start) / (spans[-1].stop - spans[0].start)
        if 0.075 * len(span.condition) * (2 if narrow else 1) < 9 * room:
            axes.annotate(
                style.plain(span.condition, 14), ((span.start + span.stop) / 2, 1.02), (0, 4),
                xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                ha="center", va="bottom", color=color, annotation_clip=False,
            )  # fmt: skip


def _points(
    axes: Axes, rows: pd.DataFrame, spans: list[_Phase], conditions: tuple[str, str]
) -> None:
    """Draw day scores at noon, and the fit of each phase as its own line."""
    day = np.array([_day_number(d) for d in rows["day"]], dtype=np.float64) + 0.5
    score = rows["score"].to_numpy(dtype=np.float64)
    condition = rows["condition"].astype(str).to_numpy()
    for name, look in zip(conditions, style.LOOKS, strict=True):
        chosen = condition == name
        axes.plot(
            day[chosen], score[chosen], linestyle="none", marker=look.marker, markersize=5.5,
            color=look.color, markerfacecolor=look.face, markeredgewidth=1.3, zorder=3,
            label=style.plain(name, 18),
        )  # fmt: skip
    line = rows["fitted"].to_numpy(dtype=np.float64) if "fitted" in rows else score
    label: str | None = "model" if "fitted" in rows else "mean of the phase"
    for span in spans:
        inside = np.flatnonzero((day >= span.start) & (day < span.stop) & np.isfinite(line))
        if not inside.size:
            continue
        inside = inside[np.argsort(day[inside])]
        height = line[inside] if "fitted" in rows else np.full(inside.size, line[inside].mean())
        # half a day to either side: a phase with one day keeps a visible line
        x = np.concatenate(([day[inside[0]] - 0.4], day[inside], [day[inside[-1]] + 0.4]))
        y = np.concatenate((height[:1], height, height[-1:]))
        axes.plot(x, y, color=style.INK, linewidth=1.6, zorder=2.5, label=label)
        label = None


def _calendar(axes: Axes, rows: pd.DataFrame, phases: pd.DataFrame, *, narrow: bool) -> None:
    """Put a date under every so many whole weeks, counted from the first day."""
    days = [_day_number(d) for d in rows["day"]]
    first, last = min(days), max(days) + 1
    if not phases.empty:
        first = min(first, *(int(_local_days(t)) for t in phases["start"]))
        last = max(last, *(int(np.ceil(_local_days(t))) for t in phases["stop"]))
    most = 4 if narrow else 9
    weeks = next((w for w in (1, 2, 4, 8, 13, 26, 52) if (last - first) / (7 * w) <= most), 104)
    step = 7 * weeks if last - first > 14 else max(1, (last - first) // most)
    ticks = list(range(first, last + 1, step))
    axes.set_xticks(ticks, [style.date_words(tick) for tick in ticks])
    axes.set_xlim(first - 0.5, last + 0.5)


def _legend(figure: Figure, axes: Axes, *, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: labels[k] == _WASHIN)  # data come first
    figure.legend(
        [handles[k] for k in order], [labels[k] for k in order],
        loc="outside upper left", ncols=columns,
    )  # fmt: skip
