"""What a comparison says in words that a participant understands.

The words describe a difference between conditions; they claim a cause only where the order
was drawn at random and logged, and never after a start at a symptom peak.
"""

from __future__ import annotations

import math

from hrv.compare.base import CompareSettings, Design

CAUSAL = (
    "effect", "cause", "because", "due to", "improve", "worsen", "work", "help", "benefit",
    "thanks to", "led to", "responsible",
)  # fmt: skip
"""Beginnings of words that claim a cause; tests keep them out where nothing supports them."""


def amount(value: float, settings: CompareSettings, *, signed: bool = False) -> str:
    """Write a difference in the outcome's unit, or in percent for an outcome on the log scale."""
    sign = "+" if signed else ""
    if settings.scale == "log":
        percent = 100 * math.expm1(value)
        return f"{percent:{sign}.{_decimals(percent)}f} %".replace("-", "−")
    unit = f" {settings.unit}" if settings.unit else ""
    return f"{value:{sign}.{_decimals(value)}f}{unit}".replace("-", "−")


def _decimals(value: float) -> int:
    size = abs(value)
    if size == 0 or not math.isfinite(size):
        return 0
    return int(min(max(1 - math.floor(math.log10(size)), 0), 4))


def magnitude(value: float, settings: CompareSettings) -> str:
    """Write how much higher or lower, as in ``"12 % higher"``."""
    size = amount(value, settings).lstrip("−")
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
    said = f"{name} was {magnitude(estimate, settings)} with {other!r} than with {reference!r}"
    if math.isfinite(low) and math.isfinite(high):
        ends = f"{amount(low, settings, signed=True)} to {amount(high, settings, signed=True)}"
        said += f" ({100 * settings.level:g} % interval {ends})"
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
    if design.randomisation is not None:
        return (
            f" The order was drawn at random, so this can be read as an effect of "
            f"{design.conditions[1]!r}."
        )
    return " This is an association: something else that changed at the same time may explain it."


def refusal(design: Design, why: str) -> str:
    """Say that there is no answer, and why."""
    return f"There is no answer for {_outcome(design.settings)}: {why}."
