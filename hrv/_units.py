"""Durations as people write them: "5min", "90s", "1h30min", "7d" or a number of seconds."""

from __future__ import annotations

import math
import re
from datetime import timedelta

from hrv.errors import InputError

Duration = float | int | str | timedelta

_SECONDS = {
    "ms": 0.001,
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*")


def seconds(duration: Duration, name: str = "duration") -> float:
    """Length of `duration` in seconds.

    Parameters
    ----------
    duration : float, int, str or timedelta
        A number is seconds.  Text is one or more numbers with their units, such as ``"5min"``,
        ``"1s"``, ``"90s"``, ``"1h30min"``, ``"7d"``; without a unit it is seconds too.
    name : str
        What it is called in the error message.

    Raises
    ------
    InputError
        If it is not a finite number zero or above, or the text has no such form.
    """
    if isinstance(duration, timedelta):
        value = duration.total_seconds()
    elif isinstance(duration, str):
        value = _parse(duration, name)
    elif isinstance(duration, bool):
        raise InputError(f"{name} is {duration!r}; give seconds or text such as '5min'")
    else:
        value = float(duration)
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{name} is {duration!r}; it must be a finite time, not below zero")
    return value


def _parse(text: str, name: str) -> float:
    rest, total, parts = text.strip().lower(), 0.0, 0
    while rest:
        found = _PART.match(rest)
        unit = found.group(2) if found else ""
        bare = found is not None and not unit and parts == 0 and found.end() == len(rest)
        if found is None or not (bare or unit in _SECONDS):
            break
        total += float(found.group(1)) * (1.0 if bare else _SECONDS[unit])
        rest, parts = rest[found.end() :], parts + 1
    if rest or not parts:
        raise InputError(
            f"{name} {text!r} is not a duration; write a number and a unit out of "
            "ms, s, min, h, d, w, such as '5min', '90s' or '1h30min'"
        )
    return total


def words(value_s: float) -> str:
    """Write a length in seconds for people: ``"240 s"``, ``"20 min"``, ``"1.5 h"``, ``"7 d"``.

    Up to ten minutes stay in seconds, so that the lengths of windows compare at a glance.
    """
    for size, unit, least in ((86400.0, "d", 2.0), (3600.0, "h", 2.0), (60.0, "min", 10.0)):
        if value_s > least * size and value_s / size == round(value_s / size, 1):
            return f"{value_s / size:g} {unit}"
    return f"{value_s:g} s" if value_s < 1000 else f"{value_s:.0f} s"
