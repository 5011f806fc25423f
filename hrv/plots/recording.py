"""Pictures of one recording: tachogram, windows, Poincaré plot and spectrum."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.metrics.base import MetricSettings
from hrv.plots import data, style
from hrv.types import Episode, Float, NNSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = {
    "ectopic": "x",
    "missed beat": "v",
    "extra beat": "^",
    "artefact": "+",
    "out of range": "d",
}
LETTER_IN = 0.075
"""Room that a letter of a phase's name takes, inches."""
SHADES = {"baseline": style.BAND, "stress": style.STRESS, "recovery": style.TINT}


def tachogram(
    nn: NNSeries, episodes: Iterable[Episode] = (), *, width_in: float = style.WIDE_IN
) -> Figure:
    """Draw every interval, the removed ones marked by kind, with the phases of the episodes.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording.
    episodes : iterable of Episode
        Their baseline, stressor and recovery are shaded.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure
        Intervals in ms over time in min (h from three hours on) since the start.  The line
        breaks where beats were lost or removed.
    """
    table, spans = data.beats(nn), data.phases(nn, episodes)
    normal = (table["kind"] == "").to_numpy()
    with style.drawing():
        figure = style.new_figure(width_in, 2.9)
        axes = figure.add_subplot()
        scale, unit = _time_unit(nn)
        _time_axis(axes, nn, scale, unit)
        _shade(axes, spans, scale)
        t, rr = nn.t_s / scale, nn.nn_ms
        holes = np.flatnonzero(~nn.joined[1:]) + 1
        axes.plot(
            np.insert(t, holes, np.nan), np.insert(rr, holes, np.nan), color=style.FIRST,
            linewidth=0.7 if len(nn) < 5000 else 0.4, zorder=2,
        )  # fmt: skip
        removed = table[~normal]
        for kind, marker in MARKS.items():
            own = removed[removed["kind"] == kind]
            if len(own):
                axes.plot(
                    own["t_s"] / scale, own["rr_ms"], linestyle="none", marker=marker,
                    markersize=4.5, color=style.ALERT, markerfacecolor="none", zorder=3,
                    label=f"{kind} ({len(own)})",
                )  # fmt: skip
        lost = nn.rr.begin_s[table["gap"].to_numpy()] / scale
        if lost.size:
            label = f"beats lost before ({lost.size})"
            axes.plot(
                lost, np.full(lost.size, 0.015), linestyle="none", marker="|", markersize=9,
                color=style.INK, transform=axes.get_xaxis_transform(), label=label, zorder=3,
            )  # fmt: skip
        axes.set_ylabel("interval (ms)")
        _legend(axes, narrow=style.is_narrow(width_in), raised=len(spans) > 0)
    return figure


def windows_plot(
    table: pd.DataFrame,
    metrics: Sequence[str] | None = None,
    *,
    spans: pd.DataFrame | None = None,
    width_in: float = style.WIDE_IN,
) -> Figure:
    """Draw metrics over time, one panel each; a refused window breaks the line.

    Parameters
    ----------
    table : DataFrame
        From `hrv.windows`.
    metrics : sequence of str, optional
        Columns to draw; default those of the table.
    spans : DataFrame, optional
        From `hrv.plots.data.phases`, shaded.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure
        Each value stands at the middle of its window; refused ones are ticks on the axis.

    Raises
    ------
    InputError
        If a metric is not in the table.
    """
    units = table.attrs.get("units", {})
    others = ("start_s", "stop_s", "n", "coverage", "corrected", "flag", "reason")
    names = list(metrics) if metrics else [c for c in table.columns if c not in others]
    for name in names:
        if name not in table.columns:
            raise InputError(f"the table of windows has no column {name!r}")
    centre = (table["start_s"] + table["stop_s"]).to_numpy(dtype=np.float64) / 2
    scale, unit = (3600.0, "h") if centre[-1] > 3 * 3600 else (60.0, "min")
    with style.drawing():
        figure = style.new_figure(width_in, 0.7 + 1.35 * len(names))
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for k, (axes, name) in enumerate(zip(panels, names, strict=True)):
            _panel(axes, centre / scale, table, name)
            if spans is not None:
                _shade(axes, spans, scale, named=k == 0)
            axes.set_ylabel(style.axis_label(name, units.get(name, "")))
        panels[-1].set_xlabel(f"time since the start, middle of the window ({unit})")
        figure.align_ylabels()
    return figure


def _panel(axes: Axes, at: Float, table: pd.DataFrame, name: str) -> None:
    """Draw one metric; refused windows are ticks at the bottom, or one sentence if all are."""
    value = table[name].to_numpy(dtype=np.float64)
    refused = np.isnan(value)
    axes.set_xlim(at[0], at[-1])
    if refused.all():
        axes.set_yticks([])
        reason = str(table["reason"].iloc[0]) if "reason" in table else ""
        clause = next((c for c in reason.split("; ") if name in c.split(":")[0]), reason)
        words = "refused: " + clause.split(": ", 1)[-1].removesuffix(" (force computes it anyway)")
        axes.annotate(
            "\n".join(textwrap.wrap(words, 48)), (0.5, 0.5), xycoords="axes fraction",
            ha="center", va="center", fontsize=8, color=style.MUTED,
        )  # fmt: skip
        return
    axes.plot(at, value, color=style.SECOND, linewidth=1.4, zorder=3)
    if refused.any():
        axes.plot(
            at[refused], np.full(refused.sum(), 0.02), linestyle="none", marker="|",
            markersize=5, color=style.ALERT, transform=axes.get_xaxis_transform(),
            label=f"refused ({refused.sum()})", zorder=3,
        )  # fmt: skip
        axes.legend(loc="upper right")


def poincare_plot(nn: NNSeries, *, width_in: float = style.WIDE_IN) -> Figure:
    """Draw each interval against the one before, with the ellipse of sd1 and sd2.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording; only pairs without a break between them are points.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure

    Raises
    ------
    NotComputableError
        If there are fewer than two pairs.
    """
    found = data.poincare(nn)
    size = min(width_in, 4.2)
    with style.drawing():
        figure = style.new_figure(size, size)
        axes = figure.add_subplot()
        axes.grid(visible=True, axis="both")
        low = min(found.first_ms.min(), found.second_ms.min())
        high = max(found.first_ms.max(), found.second_ms.max())
        pad = 0.05 * (high - low) or 10.0
        axes.plot([low - pad, high + pad], [low - pad, high + pad], color=style.MUTED,
                  linewidth=0.8, dashes=(2, 3), zorder=1)  # fmt: skip
        many = found.first_ms.size > 2000
        axes.plot(
            found.first_ms, found.second_ms, linestyle="none", marker="o", color=style.SECOND,
            markersize=1.6 if many else 2.8, alpha=0.25 if many else 0.45, markeredgewidth=0,
            zorder=2,
        )  # fmt: skip
        outline = found.outline()
        if outline.size:
            axes.plot(outline[:, 0], outline[:, 1], color=style.INK, linewidth=1.4, zorder=3)
            _axes_of(axes, found)
        axes.set_title(_dispersions(found), loc="left", fontsize=9, color=style.MUTED)
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(low - pad, high + pad)
        axes.set_aspect("equal")
        axes.set_xlabel("interval (ms)")
        axes.set_ylabel("next interval (ms)")
    return figure


def spectrum_plot(
    nn: NNSeries, settings: MetricSettings | None = None, *, width_in: float = style.WIDE_IN
) -> Figure:
    """Draw the power spectral density with its bands and their powers.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording.
    settings : MetricSettings, optional
        Which estimator and bands.
    width_in : float
        Width, inches.

    Returns
    -------
    Figure
        A band that the recording is too short for is hatched and has no power.

    Raises
    ------
    NotComputableError
        If the recording has no spectrum.
    """
    found = data.spectrum(nn, settings)
    x, y = found.frequency_hz, found.density_ms2_hz
    with style.drawing():
        figure = style.new_figure(width_in, 2.9)
        axes = figure.add_subplot()
        top = float(y[x <= found.bands["to_hz"].max()].max()) * 1.22 or 1.0
        for shade, band in zip(
            (style.BAND, style.TINT, style.STRESS), style.rows(found.bands), strict=True
        ):
            _band(axes, band.from_hz, band.to_hz, x, y, shade, refused=bool(band.reason))
            power = "" if band.reason else f"\n{band.power_ms2:,.0f} ms²"
            label = band.band.upper() if band.to_hz < 0.05 else band.band.upper() + power
            axes.annotate(
                label, ((band.from_hz + band.to_hz) / 2, 1), (0, -3),
                xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
                va="top", fontsize=8, color=style.MUTED, linespacing=1.3,
            )  # fmt: skip
        axes.plot(x, y, color=style.INK, linewidth=1.3, zorder=3)
        axes.set_xlim(0, found.bands["to_hz"].max() + 0.02)
        axes.set_ylim(0, top)
        axes.set_xlabel("frequency (Hz)")
        axes.yaxis.set_major_formatter("{x:,.0f}" if top > 20 else "{x:g}")
        axes.set_ylabel("power density (ms²/Hz)")
    return figure


def _time_unit(nn: NNSeries) -> tuple[float, str]:
    """Seconds in the unit of the time axis, and its name."""
    return (3600.0, "h") if nn.rr.duration_s > 3 * 3600 else (60.0, "min")


def _time_axis(axes: Axes, nn: NNSeries, scale: float, unit: str) -> None:
    axes.set_xlim(nn.rr.first_s / scale, nn.rr.t_s[-1] / scale)
    axes.set_xlabel(f"time since the start ({unit})")


def _shade(axes: Axes, spans: pd.DataFrame, scale: float, *, named: bool = True) -> None:
    """Shade phases and name them above the axes, where there is room for the word."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    left, right = axes.get_xlim()
    per_unit = 0.88 * figure.get_figwidth() / max(right - left, 1e-9)  # inches, nearly
    for span in style.rows(spans):
        start, stop = span.start_s / scale, span.stop_s / scale
        axes.axvspan(start, stop, color=SHADES[span.phase], linewidth=0, zorder=0.3)
        room = int((stop - start) * per_unit / LETTER_IN)
        words = span.label if span.phase == "stress" else span.phase
        if named and room >= min(len(words), 6):
            axes.annotate(
                style.plain(words, room), ((start + stop) / 2, 1), (0, 3),
                xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
                va="bottom", fontsize=8, color=style.MUTED,
            )  # fmt: skip


def _legend(axes: Axes, *, narrow: bool, raised: bool) -> None:
    if axes.get_legend_handles_labels()[1]:
        height = 1.1 if raised else 1.02
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, height), ncols=2 if narrow else 4)


def _axes_of(axes: Axes, found: data.Poincare) -> None:
    """Draw the two half axes of the ellipse from its centre."""
    x, y = found.centre_ms
    for length, turn in ((found.sd2_ms, 1), (found.sd1_ms, -1)):
        step = length / math.sqrt(2)
        axes.plot([x, x + turn * step], [y, y + step], color=style.INK, linewidth=1.4, zorder=3)


def _dispersions(found: data.Poincare) -> str:
    """Words for the title: both numbers, or which one is missing."""
    parts = [
        f"{name} {value:.1f} ms" if math.isfinite(value) else f"{name}: not for so short a time"
        for name, value in (("SD1", found.sd1_ms), ("SD2", found.sd2_ms))
    ]
    return ", ".join(parts)


def _band(
    axes: Axes, low: float, high: float, x: Float, y: Float, shade: str, *, refused: bool
) -> None:
    at = np.unique(np.concatenate(([low, high], x[(x > low) & (x < high)])))
    axes.axvspan(low, high, color=shade, linewidth=0, zorder=0.3, alpha=0.55)
    if refused:
        axes.axvspan(
            low, high, facecolor="none", edgecolor=style.LINE, hatch="////", linewidth=0, zorder=0.4
        )
    else:
        axes.fill_between(at, np.interp(at, x, y), color=style.SECOND, alpha=0.18, linewidth=0)
        axes.axvline(high, color=style.LINE, linewidth=0.8, zorder=1)
