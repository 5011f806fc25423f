"""What every comparison method shares: the design that goes in, the table entry, the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hrv.types import Comparison


@dataclass(frozen=True)
class CompareSettings:
    """Everything a comparison depends on beside its data.

    Parameters
    ----------
    washin_days : float
        Days after each change of condition that are left out.
    scale : str
        ``"log"`` if the outcome is the logarithm of a quantity (percent changes make sense),
        else ``"linear"``.
    direction : str
        Direction declared beforehand as benefit: ``"higher"``, ``"lower"`` or ``"none"``.
    swc : float or None
        Smallest worthwhile change in units of the outcome; None: 0.5 of the between-day SD.
    level : float
        Confidence level of intervals.
    start_reason : str
        Why it was started: ``"planned"``, ``"symptom_peak"``, ``"other"`` or ``""`` (unstated).
    trend : bool or None
        Linear trend in the day model; None: the default rule (always, see SCIENCE).
    outcome : str
        Name of the outcome, for sentences.
    unit : str
        Unit of the outcome, for sentences.
    """

    washin_days: float = 0.0
    scale: str = "linear"
    direction: str = "none"
    swc: float | None = None
    level: float = 0.95
    start_reason: str = ""
    trend: bool | None = None
    outcome: str = "value"
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Design:
    """A validated comparison problem: the same for every method.

    Parameters
    ----------
    outcomes : DataFrame
        One row an observation: ``subject`` (str), ``time`` (aware datetime or, for `paired`,
        NaT), ``value`` (float64), ``se`` (float64, NaN if unknown), ``condition`` (str),
        ``block`` (int, -1 outside any phase), ``excluded`` (str reason, "" if used), plus
        covariate columns.
    phases : DataFrame
        One row a phase: ``subject, start, stop, condition, block, randomised``.
    conditions : tuple of str
        Reference first: estimates are second minus first.
    covariates : tuple of str
        Names of covariate columns of `outcomes`.
    randomisation : tuple of tuple of str or None
        Every sequence of conditions that could have been drawn (the logged design set), or
        None when no randomisation was logged.
    settings : CompareSettings
        The rest.
    """

    outcomes: pd.DataFrame
    phases: pd.DataFrame
    conditions: tuple[str, str]
    covariates: tuple[str, ...]
    randomisation: tuple[tuple[str, ...], ...] | None
    settings: CompareSettings = field(default_factory=CompareSettings)


@dataclass(frozen=True)
class Method:
    """One row of `hrv.METHODS`."""

    name: str
    summary: str
    source: str
    run: Callable[[Design, np.random.Generator], Comparison]
