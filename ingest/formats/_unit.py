"""Is it seconds or milliseconds?  Decided by argument, by header or by one stated rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hrv.errors import FormatError, InputError
from hrv.types import RR_MAX_MS, Float

UNITS = ("ms", "s", "1/1024 s")
"""What ``unit=`` takes."""
FLOOR_MS = 10.0
"""Below this a value cannot be in ms: no device reports beats so close, but seconds look so."""
_UNIX_S = 1e9
SHARE = 0.95
"""Share of values that must lie in the plain range for the rule to decide."""

ErrorAt = Callable[[int, str], FormatError]


def check_unit(unit: str | None) -> None:
    """Refuse a unit that is not in `UNITS`."""
    if unit is not None and unit not in UNITS:
        raise InputError(f"unit {unit!r} is unknown; choose from {', '.join(UNITS)}")


def to_ms(values: Float, unit: str, decimals: int = 0) -> Float:
    """Convert to ms without adding digits.

    Parameters
    ----------
    values : float64[n]
        Intervals or times in `unit`.
    unit : str
        One of `UNITS`.
    decimals : int
        Most digits after the point in the text: 0.579 s is then exactly 579 ms.
    """
    if unit == "ms":
        return values
    if unit == "1/1024 s":
        return np.asarray(values * (1000.0 / 1024.0), dtype=np.float64)
    if 3 <= decimals <= 12 and (np.abs(values) < 2.0**53 / 10.0**decimals).all():
        return np.asarray(np.rint(values * 10.0**decimals) / 10.0 ** (decimals - 3))
    return np.asarray(values * 1000.0, dtype=np.float64)


def decide_unit(
    values: Float, *, given: str | None, header: str | None, error_at: ErrorAt
) -> tuple[str, str]:
    """Decide the unit of intervals, and say why.

    The argument wins over the header, the header over the rule.  The rule: at least 95 % of
    the values lie in 200-3000 and none below 10, so that none could be seconds => ms; at
    least 95 % lie in 0.2-3.0 and none above 10 => s.  Anything else is an error.  However the
    unit was decided, a value that it makes impossible (under 10 ms or over 10 s, zero or
    negative) is an error; values that are merely implausible are the cleaner's work.

    Parameters
    ----------
    values : float64[n]
        Intervals as they stand in the source.
    given, header : str or None
        Unit by argument and by the source's own header.
    error_at : callable
        Makes the error for the value with a given index.

    Returns
    -------
    unit, sentence : str
        One of `UNITS`, and the text for `Provenance.unit`.

    Raises
    ------
    FormatError
        Naming line, value and the mend.
    """
    if (values <= 0).any():
        i = int(np.argmax(values <= 0))
        raise error_at(i, f"{values[i]:g} is no RR interval: it must be positive; delete the line")
    if given or header:
        unit, why = (given, "argument (unit=)") if given else (header, "header of the file")
        assert unit is not None
        _check_possible(values, unit, why, error_at)
        return unit, f"{unit} ({why})"
    return _by_rule(values, error_at)


def _check_possible(values: Float, unit: str, why: str, error_at: ErrorAt) -> None:
    ms = to_ms(values, unit)
    for wrong, other in ((ms < FLOOR_MS, "s"), (ms > RR_MAX_MS, "ms")):
        if wrong.any():
            i = int(np.argmax(wrong))
            mend = (
                f"if the file is in {other}, say unit={other!r}"
                if other != unit
                else "mend the line"
            )
            raise error_at(
                i, f"{values[i]:g} is no RR interval, yet the unit is {unit} by {why}; {mend}"
            )  # fmt: skip


def _by_rule(values: Float, error_at: ErrorAt) -> tuple[str, str]:
    n = values.size
    for unit, low, high, possible, says in (
        ("s", 0.2, 3.0, values <= FLOOR_MS, "none could be ms"),
        ("ms", 200.0, 3000.0, values >= FLOOR_MS, "none could be s"),
    ):
        plain = int(((values >= low) & (values <= high)).sum())
        if possible.all() and plain == n:
            return unit, f"{unit} (rule: all values in {low:g}-{high:g})"
        if plain >= SHARE * n and possible.all() and to_ms(values, unit).max() <= RR_MAX_MS:
            return unit, f"{unit} (rule: {plain} of {n} values in {low:g}-{high:g}, {says})"
    raise _undecided(values, error_at)


def _undecided(values: Float, error_at: ErrorAt) -> FormatError:
    seconds, ms = (values >= 0.2) & (values <= 3.0), (values >= 200) & (values <= 3000)
    unit, fits = ("s", seconds) if seconds.sum() > ms.sum() else ("ms", ms)
    i = int(np.argmin(fits))
    if seconds.any() and ms.any():
        return error_at(
            i, f"{values[i]:g} does not fit: most values look like {unit}, this one does not; "
            "mend the line, or give all values in one unit"
        )  # fmt: skip
    if (values > _UNIX_S).all():
        return error_at(
            i, f"{values[i]:.0f} is no RR interval; it looks like a moment (seconds since 1970): "
            "event tags are read by ingest.read_tags()"
        )  # fmt: skip
    if values.size > 2 and values.max() > RR_MAX_MS and (np.diff(values) > 0).all():
        return error_at(
            i, f"{values[i]:g} is no RR interval; the values only rise, so they may be positions "
            "of beats: use format='peaks' with sampling_rate_hz= (or unit='s' for times)"
        )  # fmt: skip
    return error_at(
        i, f"{values[i]:g} is neither 200-3000 (ms) nor 0.2-3.0 (s); mend the line, "
        "or say unit='ms' or unit='s' if it is a real interval"
    )  # fmt: skip
