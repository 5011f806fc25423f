"""Numbers as a reader wants them: sensible digits, units, a true minus and never "nan"."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pandas as pd

from hrv.compare.words import digits
from hrv.compare.words import p_value as p_value
from hrv.compare.words import p_values as p_values

NO_VALUE = "–"
"""Printed where there is no number."""

_THIN = "\u202f"  # narrow no-break space: number and unit stay on one line
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: Any, decimals: int = 2, *, sign: str = "-") -> str:
    """Return a number with `decimals`, grouped thousands and a true minus, or a dash.

    Parameters
    ----------
    value : float
        None, NaN and pandas' missing values give `NO_VALUE`.
    decimals : int
        Digits after the point.
    sign : str
        ``"-"`` shows a minus only, ``"+"`` also a plus.
    """
    if value is None or pd.isna(value):
        return NO_VALUE
    value = float(value)
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    rounded = round(value, decimals) + 0.0  # no "-0.0"
    return f"{rounded:{sign},.{decimals}f}".replace("-", "−").replace(",", _THIN)


def with_unit(text: str, unit: str) -> str:
    """Return a formatted number followed by its unit; a dash stays alone."""
    return f"{text}{_THIN}{unit}" if unit and text != NO_VALUE else text


def interval(low: float, high: float, unit: str) -> str:
    """Return ``"−3.3 to −0.9 bpm"``, or a dash if neither end is known."""
    if math.isnan(low) and math.isnan(high):
        return NO_VALUE
    decimals = digits(unit, low, high)
    ends = (number(v, decimals, sign="+") for v in (low, high))
    return with_unit(" to ".join(ends), unit)


def estimate_and_interval(estimate: float, low: float, high: float, unit: str) -> tuple[str, str]:
    """Return both with the digits that the three share."""
    decimals = digits(unit, estimate, low, high)
    middle, *ends = (number(v, decimals, sign="+") for v in (estimate, low, high))
    known = not (math.isnan(low) and math.isnan(high))
    return with_unit(middle, unit), with_unit(" to ".join(ends), unit) if known else NO_VALUE


def plus_minus(half_width: float, unit: str) -> str:
    """Return ``"±0.6 bpm"``, with two significant digits, or a dash."""
    if not math.isfinite(half_width):
        return NO_VALUE
    small = 0 < half_width < 10
    decimals = max(0, 1 - math.floor(math.log10(half_width))) if small else digits(unit, half_width)
    return with_unit(f"±{number(half_width, min(decimals, 6))}", unit)


def share(value: Any) -> str:
    """Return a share (0 to 1) in percent; one decimal below 10 % and above 99 %."""
    if value is None or pd.isna(value):
        return NO_VALUE
    percent = 100 * float(value)
    fine = 0 < percent < 9.95 or 99 < percent < 100
    if fine and round(percent, 1) in (0.0, 100.0):
        return with_unit("< 0.1" if percent < 1 else "> 99.9", "%")
    return with_unit(number(percent, 1 if fine else 0), "%")


def count(value: Any, one: str = "", many: str = "") -> str:
    """Return a whole number, with its noun in the right number if one is given."""
    text = number(value, 0)
    if not one:
        return text
    return f"{text} {one if text == '1' else many or one + 's'}"


def duration(seconds: Any) -> str:
    """Return a time span as ``"42 s"``, ``"24 min 10 s"`` or ``"1 h 04 min"``, or a dash."""
    if seconds is None or pd.isna(seconds):
        return NO_VALUE
    whole = round(float(seconds))
    if whole < 60:
        return with_unit(str(whole), "s")
    if whole < 3600:
        return f"{whole // 60}{_THIN}min {whole % 60:02d}{_THIN}s"
    minutes = round(whole / 60)
    return f"{minutes // 60:,}{_THIN}h {minutes % 60:02d}{_THIN}min".replace(",", _THIN)


def day(moment: Any) -> str:
    """Return a date as ``"2 Mar 2026"``, whatever the locale, or a dash."""
    if moment is None or pd.isna(moment):
        return NO_VALUE
    stamp = pd.Timestamp(moment)
    return f"{stamp.day} {_MONTHS[stamp.month - 1]} {stamp.year}"


def moment(when: datetime | pd.Timestamp | None) -> str:
    """Return date and local time as ``"2 Mar 2026, 09:05"``, or a dash."""
    if when is None or pd.isna(when):
        return NO_VALUE
    stamp = pd.Timestamp(when)
    return f"{day(stamp)}, {stamp.hour:02d}:{stamp.minute:02d}"
