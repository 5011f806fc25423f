"""The effect of each method with its interval, against the smallest worthwhile change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.web.scale import Scale, around_zero
from hrv.report import numbers, words

ROW = 54
TOP = 46
"""Heights of a method's row and of what stands above the first, pixels."""


@dataclass(frozen=True)
class Row:
    """One method: what is written, and where its estimate and its interval are drawn (percent)."""

    title: str
    text: str
    y: int
    at: float | None = None
    low: float | None = None
    high: float | None = None
    beyond_low: bool = False
    beyond_high: bool = False


@dataclass(frozen=True)
class Effect:
    """A drawing; positions across are percent, down pixels.

    Parameters
    ----------
    rows : tuple of Row
        The headline first.
    band : tuple of float or None
        Edges of the changes too small to matter; None if no such size is known.
    zero : float
        Where no difference is.
    ticks : tuple of (float, str)
        Of the axis.
    height : int
        Pixels.
    axis : str
        Its words.
    alt : str
        The same in words.
    """

    rows: tuple[Row, ...]
    band: tuple[float, float] | None
    zero: float
    ticks: tuple[tuple[float, str], ...]
    height: int
    axis: str
    alt: str


def effect(whole: Mapping[str, Any], conditions: Sequence[str]) -> Effect | None:
    """Lay out a comparison as /v1/comparisons gives it; None where no method has an estimate."""
    methods = whole["methods"]
    known = [m for m in methods if m["estimate"] is not None]
    if not known:
        return None
    percent = all(m["percent"] is not None for m in known)
    settings = known[0]["settings"]
    unit = "%" if percent else str(settings.get("unit") or "")
    marks = {m["method"]: _mark(m, percent=percent) for m in methods}
    edges = _band(methods[0]["swc"], percent=percent)
    spread = [v for mark in marks.values() for v in mark] + [1.5 * v for v in edges or ()]
    scale = around_zero(spread)
    rows = tuple(
        _row(m, marks[m["method"]], scale, unit, TOP + ROW * number)
        for number, m in enumerate(methods)
    )
    first, second = conditions
    band = None if edges is None else (scale.at(edges[0]), scale.at(edges[1]))
    told = str(settings.get("outcome") or whole["endpoint"].replace("_", " "))
    quantity = told.removeprefix("logarithm of ") if percent else told
    axis = f"difference in {quantity}, {second} minus {first}" + (f" ({unit})" if unit else "")
    return Effect(
        rows, band, scale.at(0.0), _ticks(scale), TOP + ROW * len(rows) + 44, axis,
        f"{axis}. " + " ".join(f"{row.title}: {row.text}." for row in rows),
    )  # fmt: skip


def _mark(method: Mapping[str, Any], *, percent: bool) -> tuple[float, float, float]:
    """Estimate, low and high as drawn; NaN where there is none."""
    names = ("percent", "percent_low", "percent_high") if percent else ("estimate", "low", "high")
    estimate, low, high = (math.nan if method[n] is None else float(method[n]) for n in names)
    return estimate, low, high


def _band(swc: float | None, *, percent: bool) -> tuple[float, float] | None:
    if swc is None:
        return None
    return (100 * math.expm1(-swc), 100 * math.expm1(swc)) if percent else (-swc, swc)


def _row(
    method: Mapping[str, Any], mark: tuple[float, float, float], scale: Scale, unit: str, y: int
) -> Row:
    title = words.method(method["method"]).title
    estimate, low, high = mark
    if math.isnan(estimate):
        return Row(title, "no estimate", y)
    middle, ends = numbers.estimate_and_interval(estimate, low, high, unit)
    if math.isnan(low) or math.isnan(high):
        return Row(title, f"{middle}, no interval", y, scale.at(estimate))
    return Row(
        title, f"{middle} ({ends})", y, scale.at(estimate), scale.at(low), scale.at(high),
        low < scale.low, high > scale.high,
    )  # fmt: skip


def _ticks(scale: Scale) -> tuple[tuple[float, str], ...]:
    ticks = scale.ticks()
    step = ticks[1] - ticks[0]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    inside = [t for t in ticks if 4 <= scale.at(t) <= 96]
    return tuple((scale.at(t), numbers.number(t, decimals, sign="+" if t else "-")) for t in inside)
