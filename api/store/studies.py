"""From the store to the value that `hrv.analyse` takes, and the hash of all that it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.models import (
    AdverseEvent,
    Dose,
    Event,
    Outcome,
    Phase,
    Plan,
    Recording,
    Study,
    Subject,
)
from api.store.recordings import read_series
from api.store.roster import arms_of, places_of
from api.store.types import to_text
from hrv import study as core
from hrv.compare.base import CompareSettings
from hrv.episodes import mark, within
from hrv.errors import StudyError
from hrv.plan.draw import CODES, Key
from hrv.types import Episode, Refusal, RRSeries
from ingest.columns import (
    ADVERSE_COLUMNS,
    DOSE_COLUMNS,
    EVENT_COLUMNS,
    OUTCOME_COLUMNS,
    PHASE_COLUMNS,
)
from ingest.registration import registered
from ingest.tables import times

Reader = Callable[[Recording], tuple[RRSeries, tuple[Episode, ...]]]
"""Gives the beats of a recording and the stressors that fall into it."""
CONTENT: dict[type[Any], tuple[str, ...]] = {
    Recording: ("name", "condition", "period", "state", "start", "provenance", "beats_sha256"),
    Event: ("recording_id", "phase", "kind", "start", "end", "start_s", "end_s", "session"),
    Phase: ("condition", "start", "stop", "block", "randomised"),
    Dose: ("time", *(c for c in DOSE_COLUMNS if c not in ("subject", "time"))),
    Outcome: ("time", *(c for c in OUTCOME_COLUMNS if c not in ("subject", "time"))),
    AdverseEvent: ("time", "end", "term", "severity", "component"),
}
"""What an analysis depends on, table by table."""


def content_key(
    session: Session, study: Study, now: datetime, key: Mapping[str, Any] | None = None
) -> str:
    """SHA-256 of everything that the analysis of a study depends on, the software included.

    Of the moment `now` only matters which declared looks at the effect have come.
    """
    plan = latest_plan(session, study.id)
    names = _names(session, study.id)
    said: dict[str, Any] = {
        "software": version("hrv-recovery"),
        "study": [study.title, study.tz, study.declared],
        "plan": None if plan is None else [plan.content, key, _looks_come(plan.content, now)],
    }
    if places := places_of(session, study.id):
        said["places"] = [key, sorted((names[who], p.code) for who, p in places.items())]
    for model, columns in CONTENT.items():
        rows = _rows(session, study.id, model)
        said[model.__tablename__] = [
            [names[row.subject_id], *(_plain(getattr(row, column)) for column in columns)]
            for row in rows
        ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def latest_plan(session: Session, study: UUID) -> Plan | None:
    """Return the plan that holds: the last one that was kept."""
    plans = select(Plan).where(Plan.study_id == study).order_by(Plan.id.desc()).limit(1)
    return session.scalar(plans)


def _looks_come(content: Mapping[str, Any], now: datetime) -> int:
    """How many looks of a plan have come; one that cannot be read says so when it is used."""
    try:
        looks = content["record"]["looks"]
        return sum(datetime.fromisoformat(look["time"]) <= now for look in looks)
    except (KeyError, TypeError, ValueError):
        return 0


def build_study(
    session: Session,
    study: Study,
    key: Mapping[str, Any] | None = None,
    *,
    read: Reader | None = None,
) -> core.Study:
    """Read a whole study.

    Parameters
    ----------
    session : Session
        Of the store.
    study : Study
        The stored study.
    key : mapping, optional
        ``codes`` and ``nonce`` of a blinded study, once it may be opened.
    read : callable, optional
        Gives beats and stressors of a recording, where they were read before; default: reads them.

    Raises
    ------
    StudyError
        If its parts contradict each other.
    """
    names = _names(session, study.id)
    declared = study.declared
    arms, coded = arms_of(session, study, key)
    sessions, problems = _sessions(
        session, study, names, arms, read or _reader(session, study, names)
    )
    phases = _phases(_rows(session, study.id, Phase), names, study.tz)
    practice = declared["familiarisation"]
    if practice is None:
        practice = core.usual_familiarisation(declared["primary"], repeated=len(phases) > 0)
    direction = declared["direction"]
    conditions = (declared["conditions"][0], declared["conditions"][1])
    if coded:  # nobody knows yet which code is which, so no direction can be a benefit
        conditions, direction = CODES, "none"
    whole = core.Study(
        title=study.title,
        sessions=sessions,
        phases=phases,
        doses=_doses(_rows(session, study.id, Dose), names, study.tz),
        outcomes=_outcomes(_rows(session, study.id, Outcome), names, study.tz),
        conditions=conditions,
        primary=declared["primary"],
        secondary=tuple(declared["secondary"]),
        method=declared["method"],
        cleaner=declared["cleaner"],
        settings=CompareSettings(
            washin_days=declared["washin_days"],
            direction=direction,
            swc=declared["swc"],
            start_reason=declared["start_reason"],
        ),
        randomisation=_orders(declared["randomisation"]),
        allocated=bool(arms),
        familiarisation=practice,
        seed=declared["seed"],
        problems=problems,
        log=core.StudyLog(
            adverse_events=_adverse(_rows(session, study.id, AdverseEvent), names, study.tz)
        ),
    )
    plan = latest_plan(session, study.id)
    if plan is None:
        if key is not None and not arms:
            raise StudyError("there is a key but the study has no plan that it belongs to")
        return whole
    opened = None if key is None else Key(dict(key["codes"]), str(key["nonce"]))
    return registered(whole, plan.content, opened)


def measuring(study: Study) -> core.Study:
    """Return what the measuring of one recording depends on: a study without any recording."""
    declared = study.declared
    return core.Study(
        title=study.title,
        sessions=(),
        phases=pd.DataFrame(),
        primary=declared["primary"],
        secondary=tuple(declared["secondary"]),
        cleaner=declared["cleaner"],
    )


def usable(recording: Recording) -> str:
    """Say why a recording is left out of an analysis; "" if it is not."""
    if recording.state != "closed":
        return "is still being recorded"
    return "holds no beats" if recording.beats < 2 else ""


def episodes_of(
    session: Session, study: Study, recording: Recording, rr: RRSeries, subject: str
) -> tuple[Episode, ...]:
    """Find the stressors that fall into one recording."""
    own = select(Event).where(Event.subject_id == recording.subject_id).order_by(Event.id)
    rows = session.scalars(own).all()
    clock = mark(
        _events([e for e in rows if e.start is not None], {recording.subject_id: subject}, study.tz)
    )
    return _within(clock, rows, recording, rr, subject)


def _within(
    clock: Sequence[Episode],
    rows: Sequence[Event],
    recording: Recording,
    rr: RRSeries,
    subject: str,
) -> tuple[Episode, ...]:
    found = within(clock, rr, subject=subject) if rr.start is not None else []
    placed = [e for e in rows if e.recording_id == recording.id and e.start_s is not None]
    seconds = [
        {
            "subject": subject,
            "phase": e.phase,
            "kind": e.kind,
            "start": e.start_s,
            "end": e.end_s,
            "session": e.session,
        }
        for e in placed
    ]
    return (*found, *within(mark(seconds), rr, subject=subject))


def _reader(session: Session, study: Study, names: dict[UUID, str]) -> Reader:
    rows = _rows(session, study.id, Event)
    clock = mark(_events([e for e in rows if e.start is not None], names, study.tz))

    def read(recording: Recording) -> tuple[RRSeries, tuple[Episode, ...]]:
        rr = read_series(session, recording)
        return rr, _within(clock, rows, recording, rr, names[recording.subject_id])

    return read


def _sessions(
    session: Session,
    study: Study,
    names: dict[UUID, str],
    arms: Mapping[UUID, Mapping[str, str]],
    read: Reader,
) -> tuple[tuple[core.Session, ...], tuple[Refusal, ...]]:
    sessions, problems = [], []
    for recording in _rows(session, study.id, Recording):
        if why := usable(recording):
            problems.append(Refusal(f"recording {recording.name}", f"{why}; it is left out"))
            continue
        rr, episodes = read(recording)
        made = core.Session(
            names[recording.subject_id], recording.name, rr, episodes, recording.condition,
            period=recording.period, **arms.get(recording.subject_id, {}),
        )  # fmt: skip
        sessions.append(made)
        session.expunge(recording)
    # by person and time; recordings without a clock keep the order in which they came
    sessions.sort(key=lambda s: (s.subject, s.rr.start.timestamp() if s.rr.start else 0.0))
    return tuple(sessions), tuple(problems)


def logs_of(session: Session, study: Study) -> dict[str, pd.DataFrame]:
    """Return the logs of a study as their readers give them; events by the clock only."""
    names, tz = _names(session, study.id), study.tz
    events = [e for e in _rows(session, study.id, Event) if e.start is not None]
    return {
        "events": _events(events, names, tz),
        "phases": _phases(_rows(session, study.id, Phase), names, tz),
        "doses": _doses(_rows(session, study.id, Dose), names, tz),
        "outcomes": _outcomes(_rows(session, study.id, Outcome), names, tz),
    }


def _names(session: Session, study: UUID) -> dict[UUID, str]:
    rows = session.execute(select(Subject.id, Subject.name).where(Subject.study_id == study))
    return {row.id: row.name for row in rows}


def _rows(session: Session, study: UUID, model: type[Any]) -> Sequence[Any]:
    return session.scalars(select(model).where(model.study_id == study).order_by(model.id)).all()


def _events(rows: Sequence[Event], names: dict[UUID, str], tz: str | None) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(names[e.subject_id], e.phase, e.kind) for e in rows],
        columns=list(EVENT_COLUMNS[:3]),
        dtype=object,
    )
    if not rows:
        return frame.assign(start=[], end=[])
    frame = frame.assign(
        start=times([e.start for e in rows if e.start], tz),
        end=times([e.end for e in rows if e.end], tz),
    )
    named = [e.session for e in rows]
    return frame.assign(session=named) if any(named) else frame


def _phases(rows: Sequence[Phase], names: dict[UUID, str], tz: str | None) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    given = [row.block is not None for row in rows]
    if any(given) and not all(given):
        raise StudyError("some phases have a block number and some have none; number all or none")
    frame = pd.DataFrame(
        {
            "subject": [names[row.subject_id] for row in rows],
            "condition": [row.condition for row in rows],
            "randomised": [row.randomised for row in rows],
            "start": times([row.start for row in rows], tz),
            "stop": times([row.stop for row in rows], tz),
        }
    )
    order = frame.groupby("subject")["start"].rank(method="first") - 1
    block = pd.Series([row.block for row in rows]) if all(given) else order
    return frame.assign(block=block.astype("int64"))[list(PHASE_COLUMNS)]


def _doses(rows: Sequence[Dose], names: dict[UUID, str], tz: str | None) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    data = {c: [getattr(r, c, None) for r in rows] for c in DOSE_COLUMNS}
    data["subject"] = [names[r.subject_id] for r in rows]
    frame = pd.DataFrame(data, columns=list(DOSE_COLUMNS), dtype=object)
    numbers = ("amount", "elemental_share", "bioavailability")
    floats = {name: frame[name].astype("float64") for name in numbers}
    return frame.assign(time=times([r.time for r in rows], tz), **floats)


def _outcomes(rows: Sequence[Outcome], names: dict[UUID, str], tz: str | None) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    data = {c: [getattr(r, c, None) for r in rows] for c in OUTCOME_COLUMNS}
    data["subject"] = [names[r.subject_id] for r in rows]
    frame = pd.DataFrame(data, columns=list(OUTCOME_COLUMNS), dtype=object)
    value = frame["value"].astype("float64")
    return frame.assign(time=times([r.time for r in rows], tz), value=value)


def _adverse(rows: Sequence[AdverseEvent], names: dict[UUID, str], tz: str | None) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame()
    data = {c: [getattr(r, c, None) for r in rows] for c in ADVERSE_COLUMNS}
    data["subject"] = [names[r.subject_id] for r in rows]
    frame = pd.DataFrame(data, columns=list(ADVERSE_COLUMNS), dtype=object)
    ends = [pd.NaT if r.end is None else r.end for r in rows]
    return frame.assign(time=times([r.time for r in rows], tz), end=pd.Series(ends, dtype=object))


def _orders(given: list[list[str]] | None) -> tuple[tuple[str, ...], ...] | None:
    return None if given is None else tuple(tuple(order) for order in given)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    return to_text(value) if hasattr(value, "utcoffset") else value
