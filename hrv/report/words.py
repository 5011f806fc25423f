"""Names in the code and the words a reader sees: outcomes, methods, verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hrv.endpoints import title as endpoint_title
from hrv.types import Comparison


@dataclass(frozen=True)
class MethodWords:
    """Title of a method and what must hold for its answer to be right."""

    title: str
    assumes: str


METHODS = {
    "default": MethodWords(
        "Day model, AR(1)",
        "Day scores follow a straight trend with correlated days (REML, Kenward–Roger); nothing "
        "else changed together with the condition.",
    ),
    "block_means": MethodWords(
        "Block means",
        "Blocks are independent of each other; one mean a block, trend removed.",
    ),
    "randomisation": MethodWords(
        "Randomisation test",
        "Only that the order of the blocks was drawn beforehand as logged; no model.",
    ),
    "censored": MethodWords(
        "Day model of censored times",
        "As the day model, for times that are normal as given; what lasted longer than it was "
        "watched counts as such.",
    ),
    "components": MethodWords(
        "Component by component",
        "Effects add up; nothing else changed together with a component.",
    ),
    "dose_response": MethodWords(
        "Dose–response", "Doses are elemental and were taken as logged; levels drawn at random."
    ),
    "carry_over": MethodWords(
        "Carry-over", "The exposure builds up and decays with the half-life declared beforehand."
    ),
    "effect_over_time": MethodWords(
        "Effect over time", "The effect changes along a straight line, if at all."
    ),
    "segmented": MethodWords(
        "Segmented regression", "Nothing: it draws a line through each block and infers nothing."
    ),
    "bayesian": MethodWords(
        "Bayesian day model",
        "As the day model, with flat priors stated in the settings; probabilities, no p-value.",
    ),
    "random_slope": MethodWords(
        "Mixed model, random slope",
        "People are independent and their true differences roughly normal.",
    ),
    "ancova": MethodWords(
        "Two arms, adjusted for baseline",
        "People were allocated at random and stayed in their arm, whatever they took.",
    ),
    "crossover": MethodWords(
        "2 x 2 crossover",
        "The first treatment no longer works in the second period.",
    ),
    "paired": MethodWords(
        "Paired, within person",
        "People are independent and their differences roughly normal.",
    ),
}
"""Words for the entries of `hrv.METHODS`; another method is shown by its own name."""

VERDICTS = {
    "higher": "Higher",
    "lower": "Lower",
    "equivalent": "Practically equal",
    "inconclusive": "Inconclusive",
    "refused": "Not answered",
}

RESIDUAL = (
    "Residual activation is the mean heart rate from 60 to 300 s after a stressor ended, minus "
    "the median before it began. Every episode with enough beats counts, whether or not the "
    "heart responded, so that nothing is selected."
)


def outcome(name: str, comparison: Comparison | None = None) -> tuple[str, str]:
    """Return the title and the unit of an outcome: as its comparison says, else by its name."""
    settings = comparison.settings if comparison is not None else {}
    known, unit = endpoint_title(name)
    told = str(settings.get("outcome", ""))
    return told if told not in ("", "value") else known, str(settings.get("unit") or unit)


def quantity(name: str, comparison: Comparison) -> str:
    """Return what percentages are said of: the quantity, not its logarithm."""
    told, _ = outcome(name, comparison)
    return told if math.isnan(comparison.percent) else told.removeprefix("logarithm of ")


def method(name: str) -> MethodWords:
    """Return the words for a method; an unknown one keeps its name and its table's summary."""
    if name in METHODS:
        return METHODS[name]
    return MethodWords(name.replace("_", " "), "")


def explanation(comparison: Comparison) -> str:
    """Return what the verdict means, from the interval and the smallest worthwhile change."""
    low, high, swc = comparison.low, comparison.high, comparison.swc
    if comparison.refused:
        return "The data cannot support an answer, so none is given. The reasons are below."
    if comparison.verdict == "inconclusive":
        return (
            "The interval holds changes that matter as well as changes that do not. "
            "This is not evidence that nothing changed."
        )
    if comparison.verdict == "equivalent":
        return "The whole interval lies within the smallest worthwhile change."
    if math.isnan(swc):
        return (
            "The whole interval lies on one side of zero. How large a change would matter was "
            "not declared."
        )
    if high < -swc or low > swc:
        return "The whole interval lies beyond the smallest worthwhile change."
    if high < 0 or low > 0:
        return (
            "The whole interval lies on one side of zero, in part within changes too small to "
            "matter."
        )
    return "See the interval: the estimate alone does not carry the verdict."


def direction(declared: str) -> str:
    """Return the sentence on which direction was declared beforehand as benefit."""
    if declared in ("higher", "lower"):
        return f"Declared beforehand as benefit: {declared}."
    return (
        "No direction was declared beforehand as benefit, so no change is called better or worse."
    )


def sentence_case(text: str) -> str:
    """Return `text` with its first letter in upper case, names such as ``ln`` left alone."""
    if text[:3] == "ln ":
        return text
    return text[:1].upper() + text[1:]


def headline_and_rest(sentence: str) -> tuple[str, str]:
    """Split a verdict after its first sentence: the rest is set smaller."""
    first, stop, rest = sentence.partition(". ")
    return (f"{first}.", rest) if stop else (sentence, "")
