"""What every comparison method shares: the settings, the design that goes in, the table entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.regimen.log import Regimen
from hrv.types import Comparison

SCALES = ("unstated", "linear", "log")
DIRECTIONS = ("none", "higher", "lower")
START_REASONS = ("", "planned", "symptom_peak", "other")


@dataclass(frozen=True)
class CompareSettings:
    """Everything a comparison depends on beside its data.

    Parameters
    ----------
    washin_days : float
        Days after each change of condition that are left out.
    scale : str
        ``"log"`` if the outcome is the logarithm of a quantity (sentences speak in percent),
        ``"linear"`` if not (no percent is given), ``"unstated"`` if the caller leaves it open:
        sentences speak in the outcome's unit, and `Comparison.percent` holds for a logarithm.
    direction : str
        Direction declared beforehand as benefit: ``"higher"``, ``"lower"`` or ``"none"``.
    swc : float or None
        Smallest worthwhile change in units of the outcome; None: 0.5 of the between-day SD.
    level : float
        Confidence level of intervals.
    start_reason : str
        Why it was started: ``"planned"``, ``"symptom_peak"``, ``"other"`` or ``""`` (unstated).
    trend : bool or None
        Linear trend in the day model; None: the default rule, always on.
    outcome : str
        Name of the outcome, for sentences.
    unit : str
        Unit of the outcome, for sentences.

    Raises
    ------
    InputError
        If a setting is outside its choices or its range.
    """

    washin_days: float = 0.0
    scale: str = "unstated"
    direction: str = "none"
    swc: float | None = None
    level: float = 0.95
    start_reason: str = ""
    trend: bool | None = None
    outcome: str = "value"
    unit: str = ""

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("scale", self.scale, SCALES),
            ("direction", self.direction, DIRECTIONS),
            ("start_reason", self.start_reason, START_REASONS),
        ):
            if value not in choices:
                listed = ", ".join(repr(choice) for choice in choices)
                raise InputError(f"{name} {value!r} is not known; choose from {listed}")
        if not 0 <= self.washin_days < float("inf"):
            raise InputError(f"wash-in of {self.washin_days:g} days: give zero or more days")
        if not 0.5 <= self.level < 1:
            raise InputError(f"level {self.level:g}: give a confidence level such as 0.95")
        if self.swc is not None and not 0 < self.swc < float("inf"):
            raise InputError(
                f"smallest worthwhile change {self.swc:g}: give a positive number in units of "
                f"the outcome, or none for half the between-day SD"
            )


@dataclass(frozen=True, eq=False)
class Design:
    """A validated comparison problem: the same for every method; made by `design.validate`.

    Parameters
    ----------
    outcomes : DataFrame
        One row an observation: ``subject`` (str), ``time`` (UTC datetime or, for `paired`,
        NaT), ``day`` (int64 ordinal of the local date, -1 without a clock), ``hour`` (float64
        local hour), ``value`` (float64), ``se`` (float64, NaN if unknown), ``censored`` (bool:
        the true value is at least this one), ``upper`` (float64: upper end of a value known
        only between two, else NaN), ``condition`` (str, "" outside any phase),
        ``block`` (int64, counted in time order within a subject, -1 outside any phase),
        ``since_days`` (float64, days since the block began), ``arm``, ``period``, ``sequence``,
        ``session`` (str, "" if not given), ``excluded`` (str reason, "" if used), plus
        covariate columns (float64).
    phases : DataFrame
        One row a phase: ``subject, start, stop, condition, block, randomised``; in time order
        within a subject.
    conditions : tuple of str
        Reference first: estimates are second minus first.
    covariates : tuple of str
        Names of covariate columns of `outcomes`.
    randomisation : tuple of tuple of str or None
        Every sequence of conditions that could have been drawn (the logged design set), or
        None when no randomisation was logged.
    settings : CompareSettings
        The rest.
    regimen : Regimen or None
        What was taken or done, for the methods that look at several components.
    allocated : bool
        True if people were drawn to arms or sequences at random and the draw was logged.
    """

    outcomes: pd.DataFrame
    phases: pd.DataFrame
    conditions: tuple[str, str]
    covariates: tuple[str, ...]
    randomisation: tuple[tuple[str, ...], ...] | None
    settings: CompareSettings = field(default_factory=CompareSettings)
    regimen: Regimen | None = None
    allocated: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everyone with an observation, in order of name."""
        return tuple(sorted(set(self.outcomes["subject"])))

    @property
    def randomised(self) -> bool:
        """True if the order was drawn at random, logged or merely said to be."""
        said = bool(len(self.phases)) and bool(self.phases["randomised"].all())
        return said or self.randomisation is not None or self.allocated


@dataclass(frozen=True)
class Method:
    """One row of `hrv.METHODS`.

    Parameters
    ----------
    name : str
        What users call it.
    summary : str
        One line for help and catalogues.
    source : str
        Publication.
    run : callable
        ``(Design, Generator) -> Comparison``.
    clock : bool
        True if it needs observation times and phases.
    regimen : bool
        True if it needs observation times and a regimen instead of phases.
    censored : bool
        True if it is made for values known only as "at least" or between two ends.
    people : str
        Who it is for: ``"one"``, ``"several"`` or ``"any"`` number of people.
    infers : bool
        False if it only describes: no interval, no p-value.
    columns : tuple of str
        Columns that its outcomes must have beside ``value``.
    adjusts : bool
        False if covariates stand beside its answer and never enter it, so that nobody is left
        out for a missing one.
    """

    name: str
    summary: str
    source: str
    run: Callable[[Design, np.random.Generator], Comparison]
    clock: bool = True
    regimen: bool = False
    censored: bool = False
    people: str = "any"
    infers: bool = True
    columns: tuple[str, ...] = ()
    adjusts: bool = True
