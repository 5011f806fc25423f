"""What a comparison says in words that a participant understands.

The words describe a difference between conditions; they claim a cause only where the order
was drawn at random and logged, and never after a start at a symptom peak.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from hrv.compare.base import CompareSettings, Design
from hrv.types import Comparison

CAUSAL = (
    "effect", "cause", "because", "due to", "improve", "worsen", "work", "help", "benefit",
    "thanks to", "led to", "responsible",
)  # fmt: skip
"""Beginnings of words that claim a cause; tests keep them out where nothing supports them."""

_DIGITS = {"bpm": 1, "bpm/min": 1, "ms": 1, "%": 1, "s": 0, "": 2, "Hz": 3}
_LARGEST_LN = 700.0  # beyond it exp overflows, and no logarithm was meant


def p_value(value: float) -> str:
    """Return a p-value with two significant digits, ``"< 0.001"`` below, or a dash."""
    if math.isnan(value):
        return "–"
    if value < 0.001:
        return "< 0.001"
    text = f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    return "> 0.99" if text == "1.00" and value < 1 else text


def p_values(comparison: Comparison) -> tuple[tuple[str, float], ...]:
    """Return every p-value of a comparison with what it counts, the one that was declared first.

    A direction declared beforehand is a test of one side: its p-value stands before that of
    both sides.  Intervals have two sides in any case.

    Returns
    -------
    tuple of (str, float)
        Words such as ``"lower, as declared"`` and ``"two-sided"``, each with its p-value; the
        words are empty where there is only one.
    """
    declared = comparison.details.get("p_value_declared_direction")
    if declared is None:
        return (("", comparison.p_value),)
    which = f"{comparison.settings['direction']}, as declared"
    return ((which, float(declared)), ("two-sided", comparison.p_value))


def digits(unit: str, *values: float) -> int:
    """Return decimals for values that stand together, such as an estimate and its interval.

    Those of the unit; more if all would look zero, and up to two more if one of them would.

    Parameters
    ----------
    unit : str
        Unit of the values; an unknown one gets two decimals.
    *values : float
        As they are shown; NaN and infinities do not count.
    """
    usual = _DIGITS.get(unit, 2)
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0]
    if unit == "%" and max(sizes, default=0.0) >= 9.95:
        usual = 0
    if not sizes:
        return usual
    if max(sizes) < 10.0**-usual:
        return min(6, math.ceil(-math.log10(max(sizes))) + 1)
    return next((d for d in (usual, usual + 1) if round(min(sizes), d) > 0), usual + 2)


def shown(values: Iterable[float], settings: CompareSettings) -> tuple[list[float], str]:
    """Return values as they are spoken of, and their unit: percent for a logarithm."""
    if settings.scale != "log":
        return list(values), settings.unit
    return [percent(v) for v in values], "%"


def percent(difference: float) -> float:
    """Change in percent that a difference of natural logarithms means."""
    return math.inf if difference > _LARGEST_LN else 100 * math.expm1(difference)


def amount(
    value: float, settings: CompareSettings, *, signed: bool = False, decimals: int | None = None
) -> str:
    """Write a difference in the outcome's unit, or in percent for an outcome on the log scale."""
    (size,), unit = shown([value], settings)
    places = _decimals(size) if decimals is None else decimals
    text = f"{round(size, places) + 0.0:{'+' if signed else ''}.{places}f}"  # no "-0.0"
    return f"{text}{' ' if unit else ''}{unit}".replace("-", "−").replace("inf", "∞")


def _decimals(value: float) -> int:
    """Decimals of a value that stands alone: two significant figures."""
    size = abs(value)
    if size == 0 or not math.isfinite(size):
        return 0
    return int(min(max(1 - math.floor(math.log10(size)), 0), 4))


def magnitude(value: float, settings: CompareSettings, decimals: int | None = None) -> str:
    """Write how much higher or lower, as in ``"12 % higher"``."""
    size = amount(value, settings, decimals=decimals).lstrip("−")
    return f"{size} {'higher' if value >= 0 else 'lower'}"


def verdict(low: float, high: float, swc: float) -> str:
    """Judge an interval against the smallest worthwhile change (zero if that is unknown).

    ``"higher"`` or ``"lower"``: the whole interval lies beyond it.  ``"equivalent"``: the whole
    interval lies inside it.  Anything else is ``"inconclusive"``, also an interval that
    excludes zero but holds both differences that matter and differences that do not.
    """
    margin = swc if math.isfinite(swc) else 0.0
    if not (math.isfinite(low) and math.isfinite(high)):
        return "inconclusive"
    if low > margin:
        return "higher"
    if high < -margin:
        return "lower"
    return "equivalent" if -margin < low and high < margin else "inconclusive"


def sentence(estimate: float, low: float, high: float, swc: float, design: Design) -> str:
    """Say the difference with its interval, then what it means against the smallest change."""
    settings = design.settings
    reference, other = design.conditions
    name = _outcome(settings)
    known = math.isfinite(low) and math.isfinite(high)
    together, unit = shown([estimate, low, high] if known else [estimate], settings)
    places = digits(unit, *together)
    said = f"{name} was {magnitude(estimate, settings, places)} with {other!r}"
    said += f" than with {reference!r}"
    if known:
        ends = [amount(v, settings, signed=True, decimals=places) for v in (low, high)]
        said += f" ({100 * settings.level:g} % interval {' to '.join(ends)})"
    return f"{said}. {_meaning(low, high, swc, design)}"


def _outcome(settings: CompareSettings) -> str:
    name = settings.outcome
    if settings.scale == "log":  # the percentages are those of the quantity itself
        name = name.removeprefix("logarithm of ")
        if name.startswith(("ln_", "ln ")):
            name = name[3:].upper()
    return name[:1].upper() + name[1:]


def _meaning(low: float, high: float, swc: float, design: Design) -> str:
    settings = design.settings
    found = verdict(low, high, swc)
    known = math.isfinite(swc)
    least = f"the smallest change that matters ({amount(swc, settings)})" if known else ""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "No interval can be given, so this alone does not show a difference."
    if found in ("higher", "lower"):
        beyond = f"by more than {least}" if known else "by an amount whose worth was not declared"
        return f"It is {found} {beyond}{_wanted(found, settings)}.{_reading(design)}"
    if found == "equivalent":
        return f"Any difference is smaller than {least}."
    if low > 0 or high < 0:
        which = "higher" if low > 0 else "lower"
        return f"It is probably {which}, but the data cannot tell whether by as much as {least}."
    return "The data cannot tell which is higher; that is not evidence that they are the same."


def _wanted(found: str, settings: CompareSettings) -> str:
    if settings.direction == "none":
        return ""
    if found == settings.direction:
        return ", the direction declared beforehand as better"
    return ", against the direction declared beforehand as better"


def _reading(design: Design) -> str:
    """Close a conclusive sentence with what the design allows to be concluded."""
    if design.settings.start_reason == "symptom_peak":
        return ""
    if design.allocated:
        return (
            " Who got what was drawn at random, so this can be read as an effect of "
            f"{design.conditions[1]!r}."
        )
    if design.randomisation is not None:
        return (
            f" The order was drawn at random, so this can be read as an effect of "
            f"{design.conditions[1]!r}."
        )
    return " This is an association: something else that changed at the same time may explain it."


def refusal(design: Design, why: str) -> str:
    """Say that there is no answer, and why."""
    name = _outcome(design.settings)
    name = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return f"There is no answer for {name}: {why}."
