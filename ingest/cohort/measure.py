"""One recording of a cohort: read, cleaned, measured; what fails is said, and by which table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hrv.clean import clean
from hrv.episodes import mark, within
from hrv.errors import HRVError
from hrv.quality import describe
from hrv.recovery import recovery
from hrv.types import Episode, NNSeries, RRSeries
from hrv.windows import summary, windows
from ingest.cohort.settings import CohortSettings
from ingest.formats.base import Recording
from ingest.reading import beats

FAULTS = ("OSError", "MemoryError", "WorkerDied")
"""Kinds of failures that the machine made, not the recording: the next run tries again."""


@dataclass(frozen=True)
class Failure:
    """What one recording could not give.

    Parameters
    ----------
    table : str
        Table that lacks its rows; ``"recordings"``: it could not be read at all.
    kind : str
        Name of the error.
    reason : str
        One sentence.
    """

    table: str
    kind: str
    reason: str


@dataclass
class Measured:
    """Rows of one recording, by table, and what it could not give."""

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def failed(self, table: str, error: Exception) -> None:
        """Take down why a table has no rows of this recording."""
        kind = "OSError" if isinstance(error, OSError) else type(error).__name__
        said = str(error)
        if not isinstance(error, HRVError | OSError):
            said = f"an error of the program, please report it: {kind}: {said}"
        self.failures.append(Failure(table, kind, " ".join(said.split()) or kind))


def measure(
    recording: Recording,
    name: str,
    subject: str,
    given: Iterable[Episode] | None,
    settings: CohortSettings,
    wanted: Iterable[str],
) -> Measured:
    """Measure one recording.

    Parameters
    ----------
    recording : Recording
        As read.
    name, subject : str
        What it is called and whose it is.
    given : iterable of Episode or None
        Stressors of `subject`; None takes the recording's own markers.
    settings : CohortSettings
        Cleaner, metrics, windows.
    wanted : iterable of str
        Tables to make.
    """
    done = Measured()
    wanted = tuple(wanted)
    rr = beats(recording, name)
    nn = clean(rr, method=settings.clean)
    episodes: list[Episode] = []
    try:
        episodes = _episodes(recording, rr, subject, given)
    except HRVError as error:
        done.failed("recovery", error)
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "summary": lambda: _summary(nn, settings),
        "windows": lambda: _windows(nn, settings),
        "recovery": lambda: _recovery(nn, episodes),
    }
    for table, make in makers.items():
        if table in wanted:
            try:
                done.frames[table] = make()
            except Exception as error:  # one table of one recording never stops the others
                done.failed(table, error)
    if "recordings" in wanted:
        done.frames["recordings"] = _quality(nn, episodes)
    return done


def _episodes(
    recording: Recording, rr: RRSeries, subject: str, given: Iterable[Episode] | None
) -> list[Episode]:
    if given is None:
        return within(mark(recording.events), rr) if len(recording.events) else []
    return within(given, rr, subject=subject)


def _start(nn: NNSeries, count: int) -> pd.Series:
    start = pd.NaT if nn.start is None else pd.Timestamp(nn.start).tz_convert("UTC")
    return pd.Series([start] * count, dtype="datetime64[us, UTC]")


def _summary(nn: NNSeries, settings: CohortSettings) -> pd.DataFrame:
    row = summary(nn, metrics=settings.metrics, settings=settings.preset)
    frame = pd.DataFrame([row.to_dict()])
    reasons: Mapping[str, str] = row.attrs["reasons"]
    frame["flag"] = "; ".join(row.attrs["flags"])
    frame["reason"] = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    return frame.assign(start=_start(nn, 1), n=frame["n"].astype("int64"))


def _windows(nn: NNSeries, settings: CohortSettings) -> pd.DataFrame:
    table = windows(
        nn, width=settings.width, step=settings.step, metrics=settings.metrics,
        settings=settings.preset,
    )  # fmt: skip
    table.attrs = {}  # as in `_recovery`
    if nn.start is None:
        return table.assign(start=_start(nn, len(table)))
    moments = pd.DatetimeIndex(table.index).tz_convert("UTC").as_unit("us")
    return table.reset_index(drop=True).assign(start=pd.Series(moments))


def _recovery(nn: NNSeries, episodes: list[Episode]) -> pd.DataFrame:
    table = recovery(nn, episodes)
    table.attrs = {}  # pandas copies them, deeply, with every column that is looked at
    moments = _start(nn, len(table))
    return table.assign(time=moments + pd.to_timedelta(table["onset_s"], unit="s").dt.round("us"))


def _quality(nn: NNSeries, episodes: list[Episode]) -> pd.DataFrame:
    about, told = nn.rr.provenance, describe(nn)
    zone = "" if nn.start is None else str(getattr(nn.start.tzinfo, "key", nn.start.tzinfo))
    row: dict[str, Any] = {
        "format": about.format, "unit": about.unit, "clock": about.clock, "device": about.device,
        "zone": zone, **told, "episodes": len(episodes),
    }  # fmt: skip
    return pd.DataFrame([row]).assign(start=_start(nn, 1))
