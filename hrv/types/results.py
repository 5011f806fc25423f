"""What was found: Episode, Recovery and Comparison, each number with its interval or reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hrv.errors import InputError
from hrv.types.series import check_start


@dataclass(frozen=True)
class Episode:
    """One stressor, from onset to offset, with the context that its recovery needs.

    Parameters
    ----------
    label : str
        Name of the stressor, e.g. ``"stroop"``.
    onset_s, offset_s : float
        Begin and end of the stressor, s since `start`.
    start : datetime or None
        Aware moment that ``onset_s = 0`` means; None: the series' own start.
    previous_offset_s : float or None
        End of the stressor before this one in the session; None for the first.
    next_onset_s : float or None
        Onset of the stressor (or motion) after this one; None for the last.
    first_onset_s : float or None
        Onset of the session's first stressor: its baseline stands in for a spoiled one.
    subject : str
        Whose it is.
    kind : str
        ``"marked"`` or ``"detected"``.
    flags : tuple of str
        What a reader must know of its surroundings, e.g. motion close by.
    """

    label: str
    onset_s: float
    offset_s: float
    start: datetime | None = None
    previous_offset_s: float | None = None
    next_onset_s: float | None = None
    first_onset_s: float | None = None
    subject: str = ""
    kind: str = "marked"
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_start(self.start)
        if not (math.isfinite(self.onset_s) and math.isfinite(self.offset_s)):
            raise InputError(f"episode {self.label!r}: onset and offset must be finite numbers")
        if self.offset_s <= self.onset_s:
            raise InputError(
                f"episode {self.label!r} ends ({self.offset_s:g} s) before it starts "
                f"({self.onset_s:g} s); swap the two times"
            )

    def seconds_after(self, start: datetime | None) -> float:
        """Shift (s) to add to this episode's times to count from a series' `start`."""
        if self.start is None:
            return 0.0
        if start is None:
            raise InputError(
                f"episode {self.label!r} has clock times but the recording has no clock; "
                "give the recording's start (start=)"
            )
        return (self.start - start).total_seconds()


@dataclass(frozen=True)
class Measure:
    """One number of a result: a value with its interval, or NaN with the reason.

    Parameters
    ----------
    value : float
        The number; NaN when refused.
    low, high : float
        Ends of its interval where one is given, else NaN; inf for an end the data leave open.
    censored : bool
        True if the true value is known only to be at least `value` (or, with ``low = 0``, at
        most).
    reason : str
        Why there is no number; empty when there is one.
    se : float
        Its standard error where one is given, else NaN.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    censored: bool = False
    reason: str = ""
    se: float = math.nan

    @classmethod
    def refused(cls, reason: str) -> Measure:
        """No number, because of `reason`."""
        return cls(math.nan, reason=reason)


@dataclass(frozen=True)
class Recovery:
    """How one episode's heart came back: every measure of the recovery table.

    Parameters
    ----------
    episode : Episode
        The stressor.
    measures : mapping of str to Measure
        In the order of `hrv.recovery.MEASURES`.
    flags : tuple of str
        What a reader must know before believing the numbers.
    """

    episode: Episode
    measures: Mapping[str, Measure]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Something the data cannot support: what was asked and why it was not answered."""

    what: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """The answer of one method to "on against off": a difference, or the reasons for none.

    Parameters
    ----------
    method : str
        Name of the `hrv.METHODS` entry.
    estimate, low, high : float
        Mean difference (second condition minus first) in units of the outcome and its
        interval; NaN when refused.
    p_value, df : float
        Two-sided p-value and degrees of freedom where the method has them, else NaN.
    percent, percent_low, percent_high : float
        100 (exp(estimate) - 1) and its interval: the change in percent where the outcome is a
        natural logarithm; NaN where ``scale="linear"`` says that it is none.
    verdict : str
        ``"higher"``, ``"lower"``, ``"equivalent"``, ``"inconclusive"`` or ``"refused"``,
        from the interval against the smallest worthwhile change.
    swc : float
        Smallest worthwhile change, in units of the outcome; NaN when unknown.
    sentence : str
        The verdict in one sentence.
    flags : tuple of str
        What weakens the answer.
    refusals : tuple of Refusal
        What was not answered and why.
    settings : mapping
        Everything the numbers depend on.
    details : mapping
        Method-specific figures (variances, counts, day scores), for tables and pictures.
    """

    method: str
    estimate: float
    low: float
    high: float
    p_value: float
    df: float
    percent: float
    percent_low: float
    percent_high: float
    verdict: str
    swc: float
    sentence: str
    flags: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """True if there is no estimate."""
        return math.isnan(self.estimate)

    def __str__(self) -> str:
        """Explain the answer: verdict, what was assumed and found, what weakens it, refusals."""
        checks = self.details.get("assumptions", ())
        parts = (
            ("", [self.sentence]),
            ("Assumed, and found", [f"{c['assumed']}: {c['found']}" for c in checks]),
            ("Bear in mind", list(self.flags)),
            ("Not answered", [f"{r.what}: {r.why}" for r in self.refusals]),
        )
        return "\n".join(
            line
            for head, lines in parts
            if lines
            for line in ([head, *(f"  - {text}" for text in lines)] if head else lines)
        )
