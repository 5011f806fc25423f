"""What a study is and what analysing it gives: plain values, all in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from hrv.compare.base import CompareSettings
from hrv.plan.registration import Registration
from hrv.regimen import Regimen
from hrv.types import Comparison, Episode, Refusal, RRSeries


@dataclass(frozen=True, eq=False)
class Session:
    """One recording of one person, with the stressors that fell into it.

    Parameters
    ----------
    subject : str
        Pseudonym.
    name : str
        File or journal name, unique within the study.
    rr : RRSeries
        The recording.
    episodes : tuple of Episode
        Marked or detected stressors.
    condition : str
        Condition of the whole recording where the study has no dated phases, else empty.
    arm, period, sequence : str
        Allocation of the person and period of the recording, for groups of few sessions a
        person (methods ``ancova`` and ``crossover``); else empty.
    """

    subject: str
    name: str
    rr: RRSeries
    episodes: tuple[Episode, ...] = ()
    condition: str = ""
    arm: str = ""
    period: str = ""
    sequence: str = ""


@dataclass(frozen=True, eq=False)
class StudyLog:
    """What a study logs beside its phases and doses.

    Parameters
    ----------
    regimen : Regimen or None
        Components with their own on and off, dose, wash-in and carry-over.
    adverse_events : DataFrame
        ``subject, time, end, term, severity, component``; may be empty.
    claims : DataFrame
        What others claim: ``claim, population, comparator, measure, source, verified``; shown
        as text beside the own result, never on its axes.
    """

    regimen: Regimen | None = None
    adverse_events: pd.DataFrame = field(default_factory=pd.DataFrame)
    claims: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False)
class Measured:
    """The tables that endpoints are taken from (familiarisation already left out)."""

    recovery: pd.DataFrame
    summaries: pd.DataFrame
    outcomes: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Study:
    """What `analyse` needs to know, all in memory.

    Parameters
    ----------
    title : str
        Name of the study.
    sessions : tuple of Session
        Recordings with their stressors.
    phases : DataFrame
        ``subject, start, stop, condition, block, randomised`` (aware datetimes).
    doses : DataFrame
        ``subject, time, substance, amount, unit, basis, status, note``; may be empty.
    outcomes : DataFrame
        Other outcomes: ``subject, time, name, value``; may be empty.
    conditions : tuple of str
        Reference first, e.g. ``("off", "on")``.
    primary : str
        Declared primary endpoint (see `hrv.endpoints`).
    secondary : tuple of str
        Endpoints reported as exploratory.
    covariates : tuple of str
        What else may differ between the conditions (see `hrv.study.covariates`).
    method : str
        Headline method, a name in `hrv.METHODS`.
    cleaner : str
        Name in `hrv.CLEANERS`.
    settings : CompareSettings
        Wash-in, direction, smallest worthwhile change …
    randomisation : tuple of tuple of str or None
        The logged design set (see `Design`), or None.
    allocated : bool
        True if people were drawn to their arms or sequences and the draw was logged.
    familiarisation : int
        First sessions of each subject that are discarded (habituation).
    seed : int
        Seed of every random draw.
    problems : tuple of Refusal
        What could not be read, and why; reported, never swallowed.
    registration : Registration or None
        What was registered beforehand: until its end the effect stays sealed.
    log : StudyLog
        Regimen, adverse events and the claims of others.
    """

    title: str
    sessions: tuple[Session, ...]
    phases: pd.DataFrame
    doses: pd.DataFrame = field(default_factory=pd.DataFrame)
    outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    conditions: tuple[str, str] = ("off", "on")
    primary: str = "residual_hr"
    secondary: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    method: str = "default"
    cleaner: str = "lipponen_tarvainen"
    settings: CompareSettings = field(default_factory=CompareSettings)
    randomisation: tuple[tuple[str, ...], ...] | None = None
    allocated: bool = False
    familiarisation: int = 0
    seed: int = 0
    problems: tuple[Refusal, ...] = ()
    registration: Registration | None = None
    log: StudyLog = field(default_factory=StudyLog)


@dataclass(frozen=True, eq=False)
class LogResult:
    """What the log says beside the headline.

    Parameters
    ----------
    comparisons : mapping of str to Comparison
        The primary endpoint by each method that looks at the regimen; empty without one.
    adverse : DataFrame
        Columns of `hrv.regimen.adverse.RATES`.
    flags : tuple of str
        Doses above an upper level; no advice.
    outcomes : DataFrame
        All other outcomes, those derived from samples included.
    refusals : tuple of Refusal
        What the methods of the regimen did not answer.
    moderators : DataFrame
        ``moderator, people, slope, low, high, p_value, reason``: laboratory values before
        treatment against people's differences; exploratory, in groups only.
    """

    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    adverse: pd.DataFrame = field(default_factory=pd.DataFrame)
    flags: tuple[str, ...] = ()
    outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    refusals: tuple[Refusal, ...] = ()
    moderators: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False)
class StudyResult:
    """Everything a report, a table or a reviewer asks for.

    Parameters
    ----------
    study : Study
        What was analysed.
    recovery : DataFrame
        One row an episode: ``subject, session, time, condition, block`` and the columns of
        `hrv.recovery`.
    quality : DataFrame
        One row a recording: ``subject, session, start, duration_s, beats, coverage,
        corrected, gaps, longest_gap_s, suspect, episodes, notes``.
    primary : mapping of str to Comparison
        The primary endpoint by each method, the headline method first.
    secondary : mapping of str to Comparison
        Exploratory endpoints by the headline method (Holm-adjusted p in ``details``).
    curves : DataFrame
        ``condition, t_s, mean, low, high, n``: heart rate above baseline after the stressor.
    adherence : DataFrame
        ``condition, substance, planned, taken, missed, unknown_basis``.
    rates : DataFrame
        ``condition, episodes, valid, no_response, refused``: what is missing, by condition.
    refusals : tuple of Refusal
        What was not answered, and why.
    log : LogResult
        What the log says beside the headline: components, adverse events, doses too high.
    """

    study: Study
    recovery: pd.DataFrame
    quality: pd.DataFrame
    primary: Mapping[str, Comparison]
    secondary: Mapping[str, Comparison]
    curves: pd.DataFrame
    adherence: pd.DataFrame
    rates: pd.DataFrame
    refusals: tuple[Refusal, ...] = ()
    log: LogResult = field(default_factory=LogResult)

    @property
    def headline(self) -> Comparison:
        """The primary endpoint by the headline method."""
        return next(iter(self.primary.values()))

    @property
    def sealed(self) -> bool:
        """True while a registered study's effect may not be seen yet."""
        return "sealed_until" in self.headline.details

    @property
    def confirmatory(self) -> Comparison:
        """The comparison whose p-value confirms.

        Where the order of conditions was drawn and logged beforehand this is the randomisation
        test, which assumes nothing else; elsewhere, and where the study is no longer the one
        that was registered, the headline.
        """
        drawn, registered = self.primary.get("randomisation"), self.study.registration
        changed = registered is not None and bool(registered.changed)
        known = drawn is not None and not math.isnan(drawn.p_value)
        return drawn if drawn is not None and known and not changed else self.headline
