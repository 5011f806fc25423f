"""Read a run-in: a person's readings before anything was started, from a study or a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hrv.endpoints import endpoint
from hrv.errors import StudyError
from hrv.plan.proposal import before_treatment
from hrv.plan.variation import Variation, learn
from hrv.study import analyse_session
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
        return learn(*_measured(path, name))
    return learn(_table(path, name, tz))


def _measured(path: Path, name: str) -> tuple[pd.DataFrame, pd.Series]:
    study = load_study(path)
    results = [analyse_session(session, study) for session in study.sessions]
    if not results:
        raise StudyError(f"{path} has no recording to learn from")
    recovery = pd.concat([r.recovery for r in results], ignore_index=True)
    summaries = pd.concat([r.summary for r in results], ignore_index=True)
    found = endpoint(name, recovery, summaries, study.outcomes).observations
    if len(set(found["subject"])) > 1:
        raise StudyError(f"{path} holds several people; a run-in is one person's")
    if found["time"].isna().any():
        raise StudyError(f"{path}: a run-in needs recordings with a clock")
    return before_treatment(study, found), found.loc[found["value"].notna(), "time"]


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
