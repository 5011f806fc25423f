"""Windows of a recording: regular grids, the whole, and the tables of metrics over them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from hrv._spans import EDGE_S, coverage, locate
from hrv._units import Duration, seconds
from hrv._units import words as duration
from hrv.errors import InputError, NotComputableError
from hrv.metrics import select
from hrv.metrics.base import Metric, MetricSettings, Reason
from hrv.metrics.engine import FLAG_CORRECTED, MAX_CORRECTED, MIN_COVERAGE, Evaluation, evaluate
from hrv.metrics.presets import preset
from hrv.metrics.words import (
    care_corrected,
    care_forced,
    flags,
    many_corrected,
    reasons,
    sentence,
)
from hrv.types import NNSeries, Windows

__all__ = ["coverage", "grid", "spans", "summary", "whole", "windows"]

DEFAULT = ("mean_nn", "sdnn", "rmssd", "ln_rmssd", "pnn50", "mean_hr")
"""Metrics of `windows` unless others are asked for."""
MOST_WINDOWS = 50_000_000
"""More windows than this in one call are a mistaken step, not a wish."""


def spans(nn: NNSeries, start_s: Any, stop_s: Any) -> Windows:
    """Windows with the given edges.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    start_s, stop_s : array_like[k]
        Edges in s since the series' start; a window ``[start, stop)`` holds the intervals
        whose both beats lie in it.

    Raises
    ------
    InputError
        If an edge is not finite or a window does not end after its start.
    """
    start = np.atleast_1d(np.asarray(start_s, dtype=np.float64))
    stop = np.atleast_1d(np.asarray(stop_s, dtype=np.float64))
    if start.shape != stop.shape:
        raise InputError(f"{start.size} starts for {stop.size} stops; they must pair up")
    bad = ~(np.isfinite(start) & np.isfinite(stop) & (stop > start))
    if bad.any():
        i = int(np.argmax(bad))
        raise InputError(f"window {i + 1} from {start[i]:g} s to {stop[i]:g} s is not a stretch")
    return Windows(start, stop, *locate(nn.begin_s, nn.t_s, start, stop))


def grid(nn: NNSeries, width_s: float, step_s: float) -> Windows:
    """Windows of one width at regular steps from the recording's first beat.

    Parameters
    ----------
    nn : NNSeries
        n intervals.
    width_s, step_s : float
        Width of each window and distance of their starts, s.

    Returns
    -------
    Windows
        All that lie wholly inside the recording; none if it is shorter than one.

    Raises
    ------
    InputError
        If width or step is not a positive finite number or makes over 50 million windows.
    """
    for name, value in (("width", width_s), ("step", step_s)):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value:g} s; it must be a time above zero")
    first = nn.rr.first_s
    room = float(nn.rr.t_s[-1]) - first - width_s + EDGE_S
    k = 0 if room < 0 else int(room // step_s) + 1
    if k > MOST_WINDOWS:
        raise InputError(
            f"step {duration(step_s)} makes {k} windows of this recording, more than "
            f"{MOST_WINDOWS}; take a longer step"
        )
    start = np.asarray(first + np.arange(k) * step_s, dtype=np.float64)
    stop = np.asarray(start + width_s, dtype=np.float64)
    lo, hi = locate(nn.begin_s, nn.t_s, start, stop)
    for values in (start, stop, lo, hi):
        values.flags.writeable = False  # theirs alone: no second copy
    return Windows(start, stop, lo, hi)


def whole(nn: NNSeries) -> Windows:
    """One window over the whole recording, first beat to last, with all its intervals."""
    lo, hi = np.zeros(1, np.int64), np.full(1, len(nn), np.int64)
    return Windows(np.array([nn.rr.first_s]), nn.rr.t_s[-1:], lo, hi)


def windows(
    nn: NNSeries,
    width: Duration = "5min",
    step: Duration = "1s",
    metrics: Iterable[str] | str | None = DEFAULT,
    *,
    settings: MetricSettings | str | None = None,
    force: bool = False,
) -> pd.DataFrame:
    """Metrics over sliding windows.

    Parameters
    ----------
    nn : NNSeries
        n intervals, from `hrv.clean`.
    width, step : str or float
        Width of the windows and distance of their starts: ``"5min"``, ``"1s"``, seconds.
    metrics : iterable of str, optional
        Names in `hrv.METRICS`, or NeuroKit2's (``"neurokit2:CSI"``); None takes all of ours.
    settings : MetricSettings or str, optional
        Knobs of the metric families, or the name of a preset: ``"kubios"``, ``"neurokit2"``.
    force : bool
        Compute on windows shorter than a metric's minimum length too; `flag` then says so.

    Returns
    -------
    DataFrame
        One row a window that lies inside the recording: ``start_s, stop_s, n, coverage``, a
        column for each metric, ``corrected`` (share of recorded intervals removed, 0 to 1),
        ``flag`` and ``reason`` (text, ``""`` where there is nothing to say).  A metric is NaN
        exactly where `reason` names it.  Index: start time (aware) if the clock is known.
        ``.attrs`` holds ``settings`` and ``units``.

    Raises
    ------
    InputError
        If width, step or a metric's name is wrong.
    NotComputableError
        If the recording is shorter than one window.
    """
    width_s, step_s = seconds(width, "width"), seconds(step, "step")
    chosen = select(metrics)
    settings = _settings(settings, force=force)
    where = grid(nn, width_s, step_s)
    if not len(where):
        raise NotComputableError(
            f"the recording of {nn.rr.duration_s:.1f} s holds no window of {duration(width_s)}; "
            "ask for a shorter width or for the summary"
        )
    result = evaluate(nn, where, chosen, settings)
    table = _frame(result)
    if nn.start is not None:
        offset = pd.to_timedelta(np.rint(where.start_s * 1e6).astype(np.int64), unit="us")
        table.index = pd.DatetimeIndex(pd.Timestamp(nn.start) + offset, name="start")
    table.attrs = _attrs(nn, chosen, settings, width_s=width_s, step_s=step_s)
    return table


def summary(
    nn: NNSeries,
    metrics: Iterable[str] | str | None = None,
    *,
    settings: MetricSettings | str | None = None,
    force: bool = False,
) -> pd.Series[float]:
    """Metrics over the whole recording, by the rules of one window as long as it.

    Parameters
    ----------
    nn : NNSeries
        n intervals, from `hrv.clean`.
    metrics : iterable of str, optional
        Names in `hrv.METRICS`; None takes all.
    settings, force
        As in `windows`.

    Returns
    -------
    Series of float64
        ``start_s, stop_s, n, coverage``, the metrics, ``corrected``.  ``.attrs`` holds
        ``settings``, ``units``, ``reasons`` (metric to sentence, for each that is NaN) and
        ``flags`` (list of sentences).
    """
    chosen = select(metrics)
    settings = _settings(settings, force=force)
    where = whole(nn)
    width_s = float(where.width_s[0])
    result = evaluate(nn, where, chosen, settings)
    base = result.support
    row = {
        "start_s": where.start_s[0],
        "stop_s": where.stop_s[0],
        "n": base.n[0],
        "coverage": base.coverage[0],
        **{metric.name: result.column(metric.name)[0] for metric in chosen},
        "corrected": base.corrected[0],
    }
    series = pd.Series(row, dtype=np.float64, name="summary")
    care = [f"corrected: {care_corrected()}"] if many_corrected(result)[0] else []
    series.attrs = _attrs(nn, chosen, settings) | {
        "reasons": {
            metric.name: sentence(Reason(code), metric, width_s, "recording")
            for metric, code in zip(chosen, result.reasons[0].tolist(), strict=True)
            if code != Reason.OK
        },
        "flags": care
        + [care_forced(m) for m, x in zip(chosen, result.forced[0], strict=True) if x],
    }
    return series


def _settings(settings: MetricSettings | str | None, *, force: bool) -> MetricSettings:
    if isinstance(settings, str):
        settings = preset(settings)
    settings = settings or MetricSettings()
    return replace(settings, force=force or settings.force)


def _frame(result: Evaluation) -> pd.DataFrame:
    base, where = result.support, result.windows
    columns: dict[str, Any] = {
        "start_s": where.start_s,
        "stop_s": where.stop_s,
        "n": base.n,
        "coverage": base.coverage,
    }
    columns |= {metric.name: result.column(metric.name) for metric in result.metrics}
    columns |= {"corrected": base.corrected, "flag": flags(result), "reason": reasons(result)}
    return pd.DataFrame(columns)


def _attrs(
    nn: NNSeries, metrics: tuple[Metric, ...], settings: MetricSettings, **grid_s: float
) -> dict[Hashable | None, Any]:
    """State the settings and units that the numbers depend on, JSON-able."""
    return {
        "settings": {
            **grid_s,
            "metrics": [metric.name for metric in metrics],
            **asdict(settings),
            "clean": nn.method,
            "clean_settings": dict(nn.settings),
            "min_coverage": MIN_COVERAGE,
            "flag_corrected": FLAG_CORRECTED,
            "max_corrected": MAX_CORRECTED,
        },
        "units": {"start_s": "s", "stop_s": "s", "n": "count", "coverage": "share of 1"}
        | {metric.name: metric.unit for metric in metrics}
        | {"corrected": "share of 1"},
    }
