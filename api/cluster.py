"""Comparisons of large studies on a Dask cluster: the engine of `hrv batch`, fed from the store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from api import work
from api.pool import CancelledWorkError, Pool
from api.store.models import Recording, Study, Subject
from api.store.recordings import read_series
from api.store.studies import content_key, episodes_of, measuring, usable
from hrv.errors import HRVError, InputError
from hrv.study import Session
from hrv.study.session import analyse_session, outline
from ingest.cohort.engine import existing, flow

PART_BEATS = 1_500_000
"""Beats of a part: about what a batch of `hrv batch` holds, two seconds of work."""
AT_ONCE = 4
"""Comparisons that feed the cluster at a time; the others wait."""
_MOST_TRIES = 3


@dataclass(frozen=True)
class Part:
    """What a worker is told: a store and recordings in it, never beats.

    Parameters
    ----------
    where : str
        Folder or URL of the store.
    study_id : UUID
        The study.
    recordings : tuple of UUID
        Recordings to measure.
    """

    where: str
    study_id: UUID
    recordings: tuple[UUID, ...]


class ClusterPool(Pool):
    """A pool that has the recordings of large studies measured on a cluster.

    Everything else, the comparison itself included, stays with the processes of this machine.

    Parameters
    ----------
    workers : int
        Processes of this machine.
    scheduler : str
        Address of the Dask scheduler.
    least : int
        Recordings from which a study is a large one.
    """

    def __init__(self, workers: int, scheduler: str, least: int) -> None:
        super().__init__(workers)
        self._scheduler, self._least = scheduler, least
        self._feeders = ThreadPoolExecutor(AT_ONCE, "cluster")
        self._clients: set[Any] = set()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function in a worker of this machine; feed the cluster with a comparison."""
        if function is work.compare and not self._stopped:
            return self._feeders.submit(self._compare, *arguments)
        return super().submit(function, *arguments)

    def stop(self) -> None:
        """Call everything off; what runs on the cluster is cancelled there."""
        super().stop()
        for client in list(self._clients):
            client.close()  # who waits for a part waits no longer
        self._feeders.shutdown(wait=True, cancel_futures=True)

    def _compare(
        self, where: str, study_id: UUID, key: Mapping[str, Any] | None, slot: int, at: datetime
    ) -> Any:
        """Have the recordings measured, then compare; once more if the study changed meanwhile."""
        arguments = (where, study_id, key, slot, at)
        for _ in range(_MOST_TRIES):
            try:
                content, parts = _parts(where, study_id, key, at)
                count = sum(len(part.recordings) for part in parts)
                if count < self._least:
                    return super().submit(work.compare, *arguments).result()
                measured = self._measured(parts, slot, count)
            except (HRVError, CancelledWorkError) as error:
                return work.Failed(type(error).__name__, str(error))
            given = (measured, content)
            done = super().submit(work.compare, *arguments, given).result()
            if done is not None:
                return done
        return work.Failed("InputError", "the study changed again and again while it was measured")

    def _measured(self, parts: list[Part], slot: int, count: int) -> dict[UUID, work.Measured]:
        found: dict[UUID, work.Measured] = {}
        self._told(slot, 0, count)
        with existing(self._scheduler, parts[0].where) as client:
            self._clients.add(client)
            try:
                for one in flow(client, parts, work=measure, rescue=_name_killer):
                    if isinstance(one, work.Failed):
                        raise one.raised()
                    found |= one
                    self._told(slot, len(found), count)
            finally:
                self._clients.discard(client)
        return found

    def _told(self, slot: int, done: int, total: int) -> None:
        if self._slots[slot]:
            raise CancelledWorkError
        listener = self._listeners.get(slot)
        if listener is not None:
            listener(done, total)


def _parts(
    where: str, study_id: UUID, key: Mapping[str, Any] | None, at: datetime
) -> tuple[str, list[Part]]:
    """Return the key of a study's content, and its recordings in parts of about `PART_BEATS`."""
    with work.store_at(where).read() as session:
        study = session.get(Study, study_id)
        if study is None:
            raise InputError("the study was deleted meanwhile")
        content = content_key(session, study, at, key)
        rows = session.scalars(
            select(Recording).where(Recording.study_id == study_id).order_by(Recording.id)
        )
        sizes = [(row.id, row.beats) for row in rows if not usable(row)]
    ends = itertools.accumulate(beats for _, beats in sizes)
    numbered = zip((end // PART_BEATS for end in ends), sizes, strict=True)
    parts = [
        Part(where, study_id, tuple(recording for _, (recording, _) in group))
        for _, group in itertools.groupby(numbered, key=lambda each: each[0])
    ]
    return content, parts


@work.returning
def measure(part: Part) -> dict[UUID, work.Measured]:
    """Measure recordings, in a worker of the cluster."""
    found = {}
    with work.store_at(part.where).read() as session:
        study = session.get(Study, part.study_id)
        if study is None:
            raise InputError("the study was deleted meanwhile")
        by = measuring(study)
        for recording_id in part.recordings:
            recording = session.get(Recording, recording_id)
            if recording is None:
                raise InputError("a recording was deleted while the study was measured; ask again")
            rr = read_series(session, recording)
            name = session.get_one(Subject, recording.subject_id).name
            episodes = episodes_of(session, study, recording, rr, name)
            whole = Session(name, recording.name, rr, episodes, recording.condition)
            found[recording_id] = work.Measured(outline(whole), analyse_session(whole, by))
            session.expunge(recording)
    return found


def _name_killer(client: Any, part: Part) -> work.Failed:
    """Say which recording of a part ends every worker it comes to."""
    from distributed import KilledWorker

    for recording in part.recordings:
        alone = replace(part, recordings=(recording,))
        try:
            client.submit(measure, alone, pure=False).result()
        except KilledWorker:
            return work.Failed(
                "InputError",
                f"every worker that measured recording {recording} died, as if out of memory; "
                "give workers more memory, or take the recording out of the study",
            )
    return work.Failed(
        "InputError",
        "workers died again and again, though each recording alone is no trouble; give them more "
        "memory",
    )
