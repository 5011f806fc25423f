"""Read a run-in: a person's readings before anything was started, from a study or a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hrv.endpoints import endpoint
from hrv.errors import StudyError
from hrv.plan.proposal import before_treatment
from hrv.plan.variation import Variation, learn
from hrv.study import Study, analyse_session
from ingest.study import load_study
from ingest.tables import rows, times


def run_in(path: str | Path, name: str, *, tz: str | None = None) -> Variation:
    """Learn how an endpoint varies from a run-in.

    Parameters
    ----------
    path : str or Path
        A ``study.toml`` (or its folder) whose recordings are measured, or a CSV with ``time``
        and ``value``, or ``time, name, value`` of which the rows of the endpoint count.
    name : str
        The endpoint.
    tz : str, optional
        IANA zone of times in a CSV that carry none.

    Raises
    ------
    InputError
        If it cannot be read or holds nothing of the endpoint.
    NotComputableError
        If there are too few days.
    """
    path = Path(path)
    if path.is_dir() or path.suffix == ".toml":
        return learn_from(load_study(path), name, str(path))
    return learn(_table(path, name, tz))


def learn_from(study: Study, name: str, called: str) -> Variation:
    """Learn how an endpoint varies from a whole study; `called` names it where it cannot.

    Raises
    ------
    StudyError
        If it is of several people, or its recordings have no clock, or there are none.
    NotComputableError
        If there are too few days.
    """
    scored = not study.outcomes.empty and name in set(study.outcomes["name"])
    if not study.sessions and not scored:
        raise StudyError(f"{called} has no recording to learn from, and no value of {name!r}")
    results = [analyse_session(session, study) for session in study.sessions]
    recovery, summaries = (
        pd.concat(tables, ignore_index=True) if results else pd.DataFrame()
        for tables in ([r.recovery for r in results], [r.summary for r in results])
    )
    found = endpoint(name, recovery, summaries, study.outcomes).observations
    if len(set(found["subject"])) > 1:
        raise StudyError(f"{called} holds several people; a run-in is one person's")
    if found["time"].isna().any():
        raise StudyError(f"{called}: a run-in needs recordings with a clock")
    return learn(before_treatment(study, found), found.loc[found["value"].notna(), "time"])


def _table(path: Path, name: str, tz: str | None) -> pd.DataFrame:
    listed = list(rows(path, required=("time", "value"), optional=("subject", "name")))
    named = [row for row in listed if row["name"] in ("", name)]
    if not named:
        raise StudyError(f"{path} holds no reading called {name!r}")
    return pd.DataFrame(
        {
            "time": times([row.moment("time", tz) for row in named], tz),
            "value": [row.number("value") for row in named],
        }
    )
