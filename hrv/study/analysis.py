"""Analyse a whole study: clean, measure, compare; the only place where the road is walked whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import pandas as pd

from hrv.phases import phase_of
from hrv.recovery import MEASURES
from hrv.study.answers import compare_primary, compare_secondary
from hrv.study.cortisol import cortisol_responses
from hrv.study.curves import mean_curves
from hrv.study.log import look_at_log, sealed_log
from hrv.study.seal import (
    Seal,
    as_of,
    at_look,
    last_moment,
    seal_of,
    sealed,
)
from hrv.study.session import SessionResult, analyse_session
from hrv.study.tallies import adherence, missing_rates
from hrv.study.traps import beside
from hrv.study.types import Measured, Session, Study, StudyResult
from hrv.types import Comparison, Refusal

FAMILIARISATION = 3
"""Stress tests that are left out where nobody says how many: the response shrinks most over the
first three to five."""
Measure = Callable[[Session, Study], SessionResult]
Progress = Callable[[int, int], None]
"""Called with the recordings done and the recordings in all."""


def analyse(
    study: Study,
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    measure: Measure = analyse_session,
) -> StudyResult:
    """Clean, measure and compare a study; pure: no file is read or written.

    The effect of a registered study stays sealed until its planned end; at a declared look it
    is the effect as of that look, at the look's own confidence level.

    Parameters
    ----------
    study : Study
        Recordings, phases, logs and what was declared beforehand.
    progress : callable, optional
        Told after each recording.
    now : datetime, optional
        What time it is, for the seal; default: the end of the day of the last entry.
    measure : callable
        Gives what one recording gives; another than `analyse_session` looks up what was measured
        elsewhere, and the sessions may then be `hrv.study.session.outline` of themselves.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        If parts of the study contradict each other (overlapping phases, unknown names …).
    """
    seal = None
    if study.registration is not None:
        seal = seal_of(study.registration, now or last_moment(study))
        study = study if seal.look is None else as_of(study, seal.look)
    results = []
    for session in study.sessions:
        results.append(measure(session, study))
        if progress is not None:
            progress(len(results), len(study.sessions))
    recovery = _labelled([r.recovery for r in results], study)
    derived, no_response = cortisol_responses(study.outcomes, _onsets(recovery))
    measured = Measured(
        recovery=_used(recovery),
        summaries=_used(_labelled([r.summary for r in results], study)),
        outcomes=pd.concat([study.outcomes, derived]) if len(derived) else study.outcomes,
    )
    if seal is not None and seal.look is None:
        return _closed(study, seal, recovery, results)
    primary = beside(compare_primary(study, measured), study, measured, recovery)
    secondary = compare_secondary(study, measured)
    if seal is not None:
        primary = at_look(primary, study, seal)
    log = look_at_log(study, measured, next(iter(primary.values())))
    return StudyResult(
        study=study,
        recovery=recovery,
        quality=pd.DataFrame([r.quality for r in results]),
        primary=primary,
        secondary=secondary,
        curves=mean_curves(_used(_labelled([r.curves for r in results], study))),
        adherence=adherence(_with_condition(study.doses, study)),
        rates=missing_rates(measured.recovery, study.primary),
        refusals=(*_refusals(study, primary, secondary), *log.refusals, *no_response),
        log=log,
    )


def _onsets(recovery: pd.DataFrame) -> pd.DataFrame:
    """Whose stressors began when, where the recordings have a clock."""
    return recovery[recovery["time"].notna()][["subject", "time"]]


def _closed(
    study: Study, seal: Seal, recovery: pd.DataFrame, results: list[SessionResult]
) -> StudyResult:
    """Show what a sealed study may show: data quality, what is missing, what was taken."""
    return StudyResult(
        study=study,
        # with the conditions beside single episodes the effect would be one average away
        recovery=recovery.assign(condition="", block=-1),
        quality=pd.DataFrame([r.quality for r in results]),
        primary={study.method: sealed(study.method, seal)},
        secondary={},
        curves=mean_curves(pd.DataFrame()),
        adherence=adherence(_with_condition(study.doses, study)),
        rates=missing_rates(_used(recovery), study.primary),
        refusals=study.problems,
        log=sealed_log(study),
    )


def _labelled(tables: Iterable[pd.DataFrame], study: Study) -> pd.DataFrame:
    """Stack the recordings' tables and say for each row which phase it fell into."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=["subject", "session", "time", "condition", "excluded"])
    table = pd.concat(filled, ignore_index=True)
    table.attrs = filled[0].attrs  # units and settings are the same for every recording
    table["excluded"] = _familiarisation(table, study)
    return table if study.phases.empty else _with_condition(table, study)


def _with_condition(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    if table.empty or study.phases.empty:
        return table
    return table.assign(**phase_of(table["time"], table["subject"], study.phases))


def _familiarisation(table: pd.DataFrame, study: Study) -> pd.Series:
    """Name the reason for leaving out each subject's first sessions (habituation)."""
    order: dict[str, list[str]] = {}
    for session in study.sessions:
        order.setdefault(session.subject, []).append(session.name)
    early = {
        (subject, name)
        for subject, names in order.items()
        for name in names[: study.familiarisation]
    }
    keys = zip(table["subject"], table["session"], strict=True)
    return pd.Series(["familiarisation" if key in early else "" for key in keys], table.index)


def usual_familiarisation(primary: str, *, repeated: bool) -> int:
    """Return how many first sessions are left out where a study does not say.

    Parameters
    ----------
    primary : str
        Endpoint; ``ln_`` in front makes no difference.
    repeated : bool
        True if people are tested over and over, in dated phases.

    Returns
    -------
    int
        `FAMILIARISATION` of repeated stress tests, else 0.
    """
    names = {measure.name for measure in MEASURES}
    stressed = primary in names or primary.removeprefix("ln_") in names
    return FAMILIARISATION if repeated and stressed else 0


def _used(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["excluded"] == ""].reset_index(drop=True)


def _refusals(
    study: Study, primary: dict[str, Comparison], secondary: dict[str, Comparison]
) -> tuple[Refusal, ...]:
    """Everything that was asked and not answered, each said once."""
    told = list(study.problems)
    for name, comparison in primary.items():
        told += [Refusal(f"{study.primary} by {name}", r.why) for r in comparison.refusals]
    for name, comparison in secondary.items():
        told += [Refusal(name, r.why) for r in comparison.refusals]
    return tuple(dict.fromkeys(told))
