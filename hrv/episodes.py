"""Stress episodes from marks: which stressors there were and what surrounds each of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.types import Episode, NNSeries, RRSeries

SESSION_GAP_S = 7200.0
"""Stressors further apart than this (end to onset) belong to different sessions."""
MOTION_NEAR_S = 300.0
"""Motion or exercise this close before an onset or after an offset is flagged."""
STRESS = "stress"
MOTION = ("motion", "exercise")
"""Kinds that bound a recovery; every other kind but `STRESS` is context only."""


@dataclass(frozen=True)
class _Mark:
    """One event with its times as given; `session` is None where no column names it."""

    row: int
    subject: str
    session: str | None
    label: str
    kind: str
    start: datetime | float
    end: datetime | float

    def __str__(self) -> str:
        whose = f" of subject {self.subject}" if self.subject else ""
        return f"{self.label!r}{whose} ({_said(self.start)} to {_said(self.end)})"


def mark(events: pd.DataFrame | Iterable[Mapping[str, Any]]) -> list[Episode]:
    """Make an episode of every stressor among `events`.

    The neighbours of an episode count within its subject *and* session only.  A column
    ``session`` names the session; without it a stressor that begins more than 2 h
    (`SESSION_GAP_S`) after the last one ended opens a new session.  Motion and exercise
    bound the recovery before them like a stressor does, and flag the episodes within 5 min
    (`MOTION_NEAR_S`); events of any other kind are context and change nothing.

    Parameters
    ----------
    events : DataFrame or iterable of mappings
        ``kind`` (``"stress"`` makes an episode), ``start`` and ``end`` (aware datetimes, or
        seconds since the recording's start, one sort in all rows) and, optionally,
        ``subject``, ``phase`` (the stressor's name) and ``session``.

    Returns
    -------
    list of Episode
        In order of subject, then onset; empty if nothing is of kind ``"stress"``.  Clock
        times become seconds since the onset of the session's first stressor.

    Raises
    ------
    InputError
        If a column or a time is missing, a time has no zone, an event ends before it starts,
        seconds and clock times are mixed, or two stressors of one subject overlap.
    """
    records: list[Any] = (
        events.to_dict("records") if isinstance(events, pd.DataFrame) else list(events)
    )
    marks = [_read(record, row) for row, record in enumerate(records, start=1)]
    _check_one_sort(marks)
    episodes: list[Episode] = []
    for subject in sorted({m.subject for m in marks}):
        own = [m for m in marks if m.subject == subject]
        motion = [m for m in own if m.kind in MOTION]
        stressors = sorted((m for m in own if m.kind == STRESS), key=lambda m: m.start)
        _check_apart(stressors)
        for session in _sessions(stressors):
            episodes += _episodes(session, motion)
    return episodes


def within(
    episodes: Iterable[Episode], series: RRSeries | NNSeries, *, subject: str | None = None
) -> list[Episode]:
    """Select the episodes whose stressor and whose recording overlap in time.

    Parameters
    ----------
    episodes : iterable of Episode
        Of any subject and day.
    series : RRSeries or NNSeries
        One recording; its span runs from the first to the last beat as recorded.
    subject : str, optional
        Take only the episodes of this subject; default: of every subject.

    Returns
    -------
    list of Episode
        In the order given.  A recording without a clock takes episodes in seconds only.
    """
    rr = series.rr if isinstance(series, NNSeries) else series
    begin_s, end_s = float(rr.begin_s[0]), float(rr.t_s[-1])
    chosen = []
    for episode in episodes:
        if subject is not None and episode.subject != subject:
            continue
        shift_s = episode.seconds_after(rr.start)
        if episode.onset_s + shift_s < end_s and episode.offset_s + shift_s > begin_s:
            chosen.append(episode)
    return chosen


def _read(record: Mapping[str, Any], row: int) -> _Mark:
    for name in ("kind", "start", "end"):
        if name not in record:
            raise InputError(f"event {row} has no {name!r}; give kind, start and end of each event")
    label, subject = _text(record.get("phase")), _text(record.get("subject"))
    kind = _text(record["kind"]).lower()
    what = f"event {row} ({label or kind})"
    start, end = _time(record["start"], f"{what}: start"), _time(record["end"], f"{what}: end")
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise InputError(f"{what}: start and end must both be clock times or both be seconds")
    session = _text(record.get("session")) or None
    event = _Mark(row, subject, session, label or kind, kind, start, end)
    length_s = _seconds(event.start, event.end)
    if length_s < 0 or (length_s == 0 and kind in (STRESS, *MOTION)):
        # other kinds may be instants, such as the button presses of a wrist device
        raise InputError(
            f"event {row}, {event}, ends before it starts or at once; swap or mend the two times"
        )
    return event


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()


def _time(value: Any, what: str) -> datetime | float:
    if isinstance(value, datetime) and not pd.isna(value):
        if value.utcoffset() is None:
            raise InputError(f"{what} {value.isoformat()} has no time zone; give an aware datetime")
        return value
    if (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    raise InputError(
        f"{what} {value!r} is not a time; give an aware datetime, or seconds since the "
        "recording's start"
    )


def _said(time: datetime | float) -> str:
    return time.isoformat() if isinstance(time, datetime) else f"{time:g} s"


def _seconds(earlier: Any, later: Any) -> float:
    """Time from `earlier` to `later`, s; both are datetimes or both are seconds."""
    apart = later - earlier
    return float(apart if isinstance(apart, float) else apart.total_seconds())


def _check_one_sort(marks: list[_Mark]) -> None:
    clock = [m for m in marks if isinstance(m.start, datetime)]
    if clock and len(clock) < len(marks):
        other = next(m for m in marks if not isinstance(m.start, datetime))
        raise InputError(
            f"event {clock[0].row} has clock times but event {other.row} has seconds; "
            "use one sort for all events"
        )


def _check_apart(stressors: list[_Mark]) -> None:
    for first, second in itertools.pairwise(stressors):
        if _seconds(first.end, second.start) < 0:
            raise InputError(
                f"stressors {first} and {second} overlap; end the first before the second begins"
            )


def _sessions(stressors: list[_Mark]) -> list[list[_Mark]]:
    """Split one subject's sorted stressors into sessions."""
    sessions: list[list[_Mark]] = []
    for m in stressors:
        last = sessions[-1][-1] if sessions else None
        together = last is not None and last.session == m.session
        if together and m.session is None and last is not None:
            together = _seconds(last.end, m.start) <= SESSION_GAP_S
        if together:
            sessions[-1].append(m)
        else:
            sessions.append([m])
    return sessions


def _episodes(session: list[_Mark], motion: list[_Mark]) -> list[Episode]:
    zero = session[0].start
    start = zero if isinstance(zero, datetime) else None
    origin = zero if isinstance(zero, datetime) else 0.0
    first_s = _seconds(origin, session[0].start)
    moves = sorted((_seconds(origin, m.start), _seconds(origin, m.end), m.label) for m in motion)
    episodes = []
    for i, m in enumerate(session):
        onset_s, offset_s = _seconds(origin, m.start), _seconds(origin, m.end)
        ahead = [_seconds(origin, s.start) for s in session[i + 1 : i + 2]]
        # motion that began during the stressor and outlasts it leaves no recovery at all
        ahead += [
            max(begin_s, offset_s)
            for begin_s, end_s, _ in moves
            if end_s > offset_s and begin_s <= offset_s + SESSION_GAP_S
        ]
        episodes.append(
            Episode(
                label=m.label,
                onset_s=onset_s,
                offset_s=offset_s,
                start=start,
                previous_offset_s=_seconds(origin, session[i - 1].end) if i else None,
                next_onset_s=min(ahead) if ahead else None,
                first_onset_s=first_s,
                subject=m.subject,
                flags=_motion_flags(moves, onset_s, offset_s),
            )
        )
    return episodes


def _motion_flags(
    moves: list[tuple[float, float, str]], onset_s: float, offset_s: float
) -> tuple[str, ...]:
    flags = []
    for begin_s, end_s, label in moves:
        if end_s > onset_s - MOTION_NEAR_S and begin_s < offset_s + MOTION_NEAR_S:
            when = "before" if end_s <= onset_s else "after" if begin_s >= offset_s else "during"
            near = "during it" if when == "during" else f"within 5 min {when} it"
            flags.append(f"motion ({label}) {near}")
    return tuple(flags)
