"""What the workers compute: plain functions of a store's URL and an identity.

Errors come back as values: an exception with its own constructor does not survive the trip
between processes.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import UUID

import orjson
import zstandard

from api.pool import CancelledWorkError, tell_progress
from api.representations import Described, encode
from api.results import as_mapping, plain
from api.store import Store, open_store
from api.store.models import Recording, Study, Subject
from api.store.recordings import read_series
from api.store.studies import Reader, build_study, content_key, episodes_of, latest_plan
from hrv.clean import clean
from hrv.errors import HRVError, InputError, NotComputableError, StudyError
from hrv.metrics.base import MetricSettings
from hrv.types import Episode, NNSeries, RRSeries

if TYPE_CHECKING:
    from hrv import study as core
    from hrv.plan.variation import Variation
    from hrv.study import Session, SessionResult
    from hrv.study.analysis import Measure

_KEPT = 4
_MOST_BEATS_KEPT = 200_000
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Failed:
    """An error on its way back from a worker."""

    kind: str
    message: str

    def raised(self) -> Exception:
        """Make the error again."""
        if self.kind == "CancelledWorkError":
            return CancelledWorkError()
        for known in (NotComputableError, StudyError):
            if self.kind == known.__name__:
                return known(self.message)
        return InputError(self.message)


@dataclass(frozen=True, eq=False)
class Measured:
    """A recording that was measured elsewhere: without its beats, and what it gave."""

    session: Session
    result: SessionResult


@dataclass(frozen=True)
class Analysed:
    """A finished comparison on its way back."""

    key: str
    data: bytes
    report: bytes


def returning(work: Callable[P, R]) -> Callable[P, R | Failed]:
    """Make a worker's function return its error instead of raising it."""

    @functools.wraps(work)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R | Failed:
        try:
            return work(*args, **kwargs)
        except (HRVError, CancelledWorkError) as error:
            return Failed(type(error).__name__, str(error))

    return wrapped


def warm() -> None:
    """Import what analyses need."""
    import hrv.report  # noqa: F401
    from hrv.clean import clean  # noqa: F401
    from hrv.study import analyse  # noqa: F401


@returning
def compare(
    where: str,
    study_id: UUID,
    key: Mapping[str, Any] | None,
    slot: int,
    at: datetime,
    given: tuple[Mapping[UUID, Measured], str] | None = None,
) -> Analysed | None:
    """Analyse a study as it stands at a moment: the result, its report, the hash of all of it.

    Recordings `given` as measured elsewhere come with the key of what the study held then; where
    it holds something else by now there is no answer (None).
    """
    from hrv.report import render
    from hrv.study import analyse, analyse_session

    with store_at(where).read() as session:
        stored = session.get(Study, study_id)
        if stored is None:
            raise InputError("the study was deleted meanwhile")
        content = content_key(session, stored, at, key)
        if given is not None and content != given[1]:
            return None
        read, measure = (None, analyse_session) if given is None else _looked_up(given[0])
        study = build_study(session, stored, key, read=read)
    tell_progress(slot, 0, len(study.sessions))
    told = functools.partial(tell_progress, slot)
    result = analyse(study, told, now=at, measure=measure)
    packer = zstandard.ZstdCompressor(level=6)
    data = orjson.dumps(plain(as_mapping(result)))
    return Analysed(content, packer.compress(data), packer.compress(render(result).encode()))


def _looked_up(found: Mapping[UUID, Measured]) -> tuple[Reader, Measure]:
    """Make the two functions that give what was read and measured elsewhere."""
    known = {one.session.rr: one.result for one in found.values()}

    def read(recording: Recording) -> tuple[RRSeries, tuple[Episode, ...]]:
        one = found[recording.id].session
        return one.rr, one.episodes

    def measure(session: Session, _study: core.Study) -> SessionResult:
        return known[session.rr]

    return read, measure


@returning
def detectable(
    declared: Mapping[str, Any],
    simulations: int,
    *,
    beside: bool,
    run_in: tuple[str, UUID] | None = None,
) -> dict[str, Any]:
    """Say what a plan can detect, and if asked what the designs people have in mind can.

    How the endpoint varies is assumed, or learned from a run-in: a study (store, identity).
    """
    from api import plan_words as words
    from hrv.plan.design import Plan
    from hrv.plan.proposal import alternatives, detectable, layout_of
    from hrv.plan.variation import assumed

    plan = Plan(**declared)
    variation = assumed(plan.endpoint) if run_in is None else _varies(*run_in, plan.endpoint)
    layouts = alternatives(plan) if beside else (layout_of(plan),)
    powers = detectable(plan, variation, layouts, n=simulations)
    return {
        "variation": f"{variation.source}, {words.spread(plan, variation)}",
        "chances": words.chances(plan, variation, powers[0]),
        "designs": [
            {
                "design": power.layout.name,
                "days": power.layout.total_days,
                "drawn": power.layout.drawn,
                "orders": len(power.layout.orders) if power.layout.drawn else 0,
                "detects": words.difference(plan, variation, power),
                "simulations": int(power.estimate.size),
            }
            for power in powers
        ],
    }


def _varies(where: str, study_id: UUID, endpoint: str) -> Variation:
    from ingest.run_in import learn_from

    with store_at(where).read() as session:
        stored = session.get(Study, study_id)
        if stored is None:
            raise InputError("the study of the run-in was deleted meanwhile")
        if latest_plan(session, study_id) is not None:
            raise StudyError(
                f"{stored.title!r} was planned itself and is read as it was registered; a run-in "
                "is a study of the days before"
            )
        return learn_from(build_study(session, stored), endpoint, repr(stored.title))


@returning
def table(
    where: str, recording_id: UUID, what: str, parameters: Mapping[str, Any], media: str
) -> bytes:
    """Compute a table of one recording and write it as `media`."""
    return encode(
        TABLES[what](_cleaned(where, recording_id, parameters["clean"]), parameters), media
    )


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A recording ready to be measured."""

    nn: NNSeries
    where: str
    recording_id: UUID


def _windows(ready: Cleaned, parameters: Mapping[str, Any]) -> Described:
    from hrv.windows import windows

    frame = windows(
        ready.nn,
        width=parameters["width"],
        step=parameters["step"],
        metrics=parameters["metrics"],
        force=parameters["force"],
    )
    units, settings = frame.attrs["units"], frame.attrs["settings"]
    return Described(frame.reset_index(drop=frame.index.name is None), units, settings)


def _episodes(ready: Cleaned) -> tuple[Episode, ...]:
    with store_at(ready.where).read() as session:
        recording = session.get_one(Recording, ready.recording_id)
        study = session.get_one(Study, recording.study_id)
        name = session.get_one(Subject, recording.subject_id).name
        episodes = episodes_of(session, study, recording, ready.nn.rr, name)
    if not episodes:
        raise NotComputableError("no event of kind 'stress' falls into this recording")
    return episodes


def _recovery(ready: Cleaned, _parameters: Mapping[str, Any]) -> Described:
    from hrv.recovery import recovery

    frame = recovery(ready.nn, _episodes(ready))
    said = {k: frame.attrs[k] for k in ("settings", "clean", "unknown")}
    return Described(frame, frame.attrs["units"], said)


def _summary(ready: Cleaned, parameters: Mapping[str, Any]) -> Described:
    import pandas as pd

    from hrv.windows import summary

    row = summary(ready.nn, metrics=parameters["metrics"], force=parameters["force"])
    units, reasons = row.attrs["units"], row.attrs["reasons"]
    frame = pd.DataFrame(
        {
            "name": [str(name) for name in row.index],
            "value": row.to_numpy(),
            "unit": [units.get(name, "") for name in row.index],
            "reason": [reasons.get(name, "") for name in row.index],
        }
    )
    settings = {**row.attrs["settings"], "flags": row.attrs["flags"]}
    return Described(frame, {}, settings)


def _cleaned_beats(ready: Cleaned, _parameters: Mapping[str, Any]) -> Described:
    from hrv.plots import data

    nn = ready.nn
    start = None if nn.start is None else nn.start.isoformat()
    said = {"start": start, "clean": {"method": nn.method, **nn.settings}}
    return Described(data.beats(nn), {"t_s": "s", "rr_ms": "ms"}, said)


def _phases(ready: Cleaned, _parameters: Mapping[str, Any]) -> Described:
    from hrv.plots import data

    frame = data.phases(ready.nn, _episodes(ready))
    return Described(frame, {"start_s": "s", "stop_s": "s"}, {})


def _poincare(ready: Cleaned, _parameters: Mapping[str, Any]) -> Described:
    import pandas as pd

    from hrv.plots import data

    found = data.poincare(ready.nn)
    axes = {"sd1_ms": found.sd1_ms, "sd2_ms": found.sd2_ms, "reasons": found.reasons}
    said = {"centre_ms": found.centre_ms, **axes, "outline_ms": found.outline().tolist()}
    frame = pd.DataFrame({"first_ms": found.first_ms, "second_ms": found.second_ms})
    return Described(frame, {"first_ms": "ms", "second_ms": "ms"}, plain(said))


def _spectrum(ready: Cleaned, parameters: Mapping[str, Any]) -> Described:
    import pandas as pd

    from hrv.metrics.settings import SpectralSettings
    from hrv.plots import data

    settings = MetricSettings(spectral=SpectralSettings(method=parameters["method"]))
    found = data.spectrum(ready.nn, settings)
    columns = {"frequency_hz": found.frequency_hz, "density_ms2_hz": found.density_ms2_hz}
    units = {"frequency_hz": "Hz", "density_ms2_hz": "ms²/Hz"}
    return Described(
        pd.DataFrame(columns), units, {"method": found.method, "bands": plain(found.bands)}
    )


TABLES: Mapping[str, Callable[[Cleaned, Mapping[str, Any]], Described]] = {
    "windows": _windows,
    "recovery": _recovery,
    "summary": _summary,
    "cleaned": _cleaned_beats,
    "phases": _phases,
    "poincare": _poincare,
    "spectrum": _spectrum,
}
"""Tables of one recording."""

_stores: dict[str, Store] = {}
_kept: OrderedDict[tuple[Any, ...], NNSeries] = OrderedDict()


def forget() -> None:
    """Let go of the recordings that this process remembers."""
    _kept.clear()


def store_at(where: str) -> Store:
    """Return the store at a folder or URL, opened once in this process."""
    if where not in _stores:
        _stores[where] = open_store(where, upgrade=False)
    return _stores[where]


def close_stores() -> None:
    """Let go of the connections of this process, when it computes in the server itself."""
    while _stores:
        _stores.popitem()[1].close()


def place_of(store: Store) -> str:
    """Say where a store is, so that a worker can open it."""
    return str(Path(store.folder).absolute()) if store.folder is not None else store.url


def _cleaned(where: str, recording_id: UUID, method: str) -> Cleaned:
    with store_at(where).read() as session:
        recording = session.get(Recording, recording_id)
        if recording is None:
            raise InputError("the recording was deleted meanwhile")
        key = (recording.beats_sha256, recording.start, str(recording.provenance), method)
        nn = _kept.get(key)
        if nn is None:
            nn = clean(read_series(session, recording), method=method)
            if len(nn) <= _MOST_BEATS_KEPT:
                _kept[key] = nn
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return Cleaned(nn, where, recording_id)
