"""Recordings with marked stressors, person by person: what a detector can be judged on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from hrv.clean import clean
from hrv.detection import Motion, Subject
from hrv.detection.evaluation import Recorded
from hrv.episodes import MOTION, mark, within
from hrv.errors import InputError
from hrv.types import NNSeries
from ingest.events import read_events
from ingest.reading import read


def marked_subjects(
    recordings: Sequence[str | Path],
    events: str | Path,
    *,
    cleaner: str = "lipponen_tarvainen",
    format: str | None = None,
    unit: str | None = None,
    tz: str | None = None,
) -> list[Subject]:
    """Read recordings and the log of what happened in them.

    Parameters
    ----------
    recordings : sequence of str or Path
        One file a recording; whose it is says the subject of `events` that its name holds.
    events : str or Path
        ``subject, phase, kind, start, end``; kind ``stress`` is the truth, ``motion`` and
        ``exercise`` are known motion (outside them motion is unknown).
    cleaner, format, unit, tz : str, optional
        As for any recording.

    Raises
    ------
    InputError
        If a file's name holds no subject, or more than one.
    """
    log = read_events(events, tz=tz)
    names = sorted(set(log["subject"]))
    episodes = mark(log)
    found: dict[str, list[Recorded]] = {}
    for path in recordings:
        name = _subject(Path(path), names, str(events))
        nn = clean(read(path, format=format, unit=unit, tz=tz), method=cleaner)
        onsets = [e.onset_s + e.seconds_after(nn.start) for e in within(episodes, nn, subject=name)]
        own = log[(log["subject"] == name) & log["kind"].isin(MOTION)]
        found.setdefault(name, []).append(Recorded(nn, tuple(onsets), _motion(own, nn)))
    return [Subject(name, tuple(parts)) for name, parts in sorted(found.items())]


def _subject(path: Path, names: Sequence[str], events: str) -> str:
    if len(names) == 1:
        return names[0]
    held = [name for name in names if name and name in path.stem]
    longest = [name for name in held if not any(name != other and name in other for other in held)]
    if len(longest) != 1:
        raise InputError(
            f"{path.name}: its name must hold one subject of {events} ({', '.join(names)}); "
            "rename the file"
        )
    return longest[0]


def _motion(rows: pd.DataFrame, nn: NNSeries) -> Motion:
    spans = []
    for start, end in zip(rows["start"], rows["end"], strict=True):
        if isinstance(start, float):
            spans.append((start, float(end)))
        elif nn.start is not None:
            spans.append(((start - nn.start).total_seconds(), (end - nn.start).total_seconds()))
    return Motion.from_log(spans)
