"""Analyse one recording of a study: the unit of work that a cohort runs ten thousand times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from hrv.clean import clean
from hrv.endpoints import metrics_of
from hrv.quality import describe
from hrv.recovery import recovery as measure_recovery
from hrv.study.curves import episode_curves
from hrv.study.types import Session, Study
from hrv.types import NNSeries, RRSeries
from hrv.windows import summary


@dataclass(frozen=True, eq=False)
class SessionResult:
    """What one recording gives: its episodes' recovery, its quality, curves and summary."""

    recovery: pd.DataFrame
    quality: dict[str, Any]
    curves: pd.DataFrame
    summary: pd.DataFrame


def analyse_session(session: Session, study: Study) -> SessionResult:
    """Analyse one recording: the unit of work that a cohort runs ten thousand times.

    Parameters
    ----------
    session : Session
        The recording and its stressors.
    study : Study
        For the cleaner's name and the metrics its endpoints ask for.
    """
    nn = clean(session.rr, method=study.cleaner)
    identity = pd.DataFrame(
        {
            "subject": [session.subject],
            "session": [session.name],
            "time": [session.rr.start],
            "condition": [session.condition],
        }
    )
    return SessionResult(
        recovery=_with_times(session, _beside(identity, measure_recovery(nn, session.episodes))),
        quality={
            "subject": session.subject,
            "session": session.name,
            **describe(nn),
            "episodes": len(session.episodes),
        },
        curves=_beside(identity, episode_curves(nn, session.episodes)),
        summary=identity.assign(**_metrics(nn, study)),
    )


def outline(session: Session) -> Session:
    """Return the same session with its first interval only, to keep once it is measured.

    What an analysis asks of it then is when it began and where it came from.
    """
    rr = session.rr
    first = RRSeries(rr.rr_ms[:1], rr.t_s[:1], rr.flag[:1], rr.start, rr.provenance)
    return replace(session, rr=first)


def _metrics(nn: NNSeries, study: Study) -> dict[str, float]:
    wanted = metrics_of((study.primary, *study.secondary, *study.covariates))
    if not wanted:
        return {}
    values = summary(nn, metrics=wanted)
    return {name: float(values[name]) for name in wanted}


def _beside(identity: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    joined = identity.merge(table, how="cross")
    joined.attrs = table.attrs
    return joined


def _with_times(session: Session, table: pd.DataFrame) -> pd.DataFrame:
    """Date each episode by its onset where the recording has a clock."""
    if session.rr.start is None or table.empty:
        return table
    return table.assign(time=session.rr.start + pd.to_timedelta(table["onset_s"], unit="s"))
