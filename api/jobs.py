"""Jobs: work that outlives its request, kept in the store so that a restart loses none."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import work
from api.hub import Hub
from api.pool import CancelledWorkError, Pool
from api.store import Store
from api.store.models import ComparisonResult, Job, Study
from api.store.studies import content_key
from api.store.types import now
from hrv.errors import HRVError

COMPARE = "comparison"
ENDED = ("done", "failed", "cancelled")
STALE = timedelta(seconds=60)
"""A job whose owner was not seen for so long is taken up by another server."""
BEAT_S = 10.0
MOST_RUNNING = 200
"""Jobs taken at a time; more are turned away until one ends."""
_MOST_TRIES = 3
_log = logging.getLogger("api.jobs")


@dataclass
class _Running:
    slot: int
    done: int = 0
    total: int = 0
    tries: int = 1


class JobRunner:
    """Gives queued jobs to the pool and writes down what becomes of them."""

    def __init__(
        self, store: Store, pool: Pool, hub: Hub, identity: str, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._pool, self._hub, self._identity = store, pool, hub, identity
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[UUID, _Running] = {}
        self._owed: set[UUID] = set()  # this server's own that wait for the store to answer again
        self._ending = threading.Event()
        self._beat = threading.Thread(target=self._keep_seen, name="job heartbeat", daemon=True)

    def start(self) -> None:
        """Take up jobs that an earlier run left; an embedded store has one server only."""
        self._take_up()
        self._beat.start()

    def stop(self) -> None:
        """Put running jobs back into the queue."""
        self._ending.set()
        if self._beat.is_alive():
            self._beat.join()
        with self._lock:
            unfinished = list(self._running)
        if unfinished:
            with self._store.write() as session:
                for job in session.scalars(select(Job).where(Job.id.in_(unfinished))):
                    if job.state not in ENDED:
                        job.state, job.owner = "queued", ""

    @property
    def running(self) -> int:
        """How many jobs this server has taken and not ended."""
        with self._lock:
            return len(self._running)

    def progress(self, job: UUID) -> tuple[int, int] | None:
        """How far a job of this server is: recordings done and in all."""
        with self._lock:
            found = self._running.get(job)
            return None if found is None else (found.done, found.total)

    def add(self, session: Session, study: Study, key: Mapping[str, Any] | None) -> Job:
        """Put a comparison of a study as it stands into the caller's transaction.

        A result that was computed from the very same content is the answer at once.  Call
        `submit` after the transaction.

        Raises
        ------
        queue.Full
            If too many are waiting.
        """
        if len(self._running) >= MOST_RUNNING:
            raise queue.Full
        content = content_key(session, study, self._clock(), key)
        known = session.scalar(
            select(ComparisonResult.id).where(
                ComparisonResult.study_id == study.id, ComparisonResult.key == content
            )
        )
        said = {} if key is None else {"key": dict(key)}
        job = Job(study_id=study.id, kind=COMPARE, parameters=said, owner=self._identity)
        if known is not None:
            job.state, job.comparison_id = "done", known
        session.add(job)
        session.flush()
        return job

    def submit(self, job_id: UUID, tries: int = 1) -> None:
        """Give a stored job to the pool; if that fails, the heartbeat tries again."""
        try:
            self._submit(job_id, tries)
        except Exception:
            self._owe(job_id)
            raise

    def _submit(self, job_id: UUID, tries: int) -> None:
        with self._store.read() as session:
            job = session.get(Job, job_id)
        if job is None or job.study_id is None:
            return
        study_id = job.study_id
        slot = self._pool.claim(lambda done, total: self._told(job_id, done, total))
        with self._lock:
            self._running[job_id] = _Running(slot, tries=tries)
        key, at = job.parameters.get("key"), self._clock()
        arguments = (work.place_of(self._store), study_id, key, slot, at)
        try:
            future = self._pool.submit(work.compare, *arguments)
        except BrokenExecutor:  # ending: the job stays in the store for the next run
            return
        future.add_done_callback(lambda done: self._ended(job_id, study_id, done))

    def cancel(self, session: Session, job: Job) -> None:
        """Call a job off, in the caller's transaction."""
        if job.state not in ENDED:
            job.state = "cancelled"
        with self._lock:
            running = self._running.get(job.id)
        if running is not None:
            self._pool.cancel(running.slot)

    def _owe(self, job_id: UUID) -> None:
        with self._lock:
            self._owed.add(job_id)

    def _told(self, job: UUID, done: int, total: int) -> None:
        with self._lock:
            running = self._running.get(job)
            if running is not None:
                running.done, running.total = done, total
        self._hub.tell(f"job:{job}")

    def _ended(self, job_id: UUID, study_id: UUID, future: Future[Any]) -> None:
        with self._lock:
            running = self._running.get(job_id)
        try:
            if not self._ending.is_set() and running is not None:
                self._settle(job_id, study_id, future, running)
        except Exception:
            _log.exception("job %s could not be written down; it is done again", job_id)
            self._owe(job_id)
        finally:
            if running is not None:
                self._pool.free(running.slot)
            if not self._ending.is_set():  # at the end `stop` puts what is left back
                with self._lock:
                    if self._running.get(job_id) is running:
                        del self._running[job_id]
            self._hub.tell(f"job:{job_id}")

    def _settle(self, job_id: UUID, study_id: UUID, future: Future[Any], running: _Running) -> None:
        try:
            found = future.result()
            if isinstance(found, work.Failed):
                raise found.raised()
        except (CancelledWorkError, CancelledError):
            self._write(job_id, state="cancelled")
        except BrokenExecutor:
            if running.tries < _MOST_TRIES:
                self.submit(job_id, running.tries + 1)
            else:
                self._fail(job_id, "a worker died three times over this; see the server's log")
        except HRVError as error:
            self._fail(job_id, error)
        except Exception as error:
            _log.exception("job %s failed", job_id)
            self._fail(job_id, error)
        else:
            self._finish(job_id, study_id, found)

    def _finish(self, job_id: UUID, study_id: UUID, found: work.Analysed) -> None:
        with self._store.write() as session:
            job = session.get(Job, job_id)
            if job is None or job.state in ENDED:
                return
            same = select(ComparisonResult.id).where(
                ComparisonResult.study_id == study_id, ComparisonResult.key == found.key
            )
            known = session.scalar(same)
            if known is None:
                made = ComparisonResult(
                    study_id=study_id, key=found.key, data=found.data, report=found.report
                )
                session.add(made)
                session.flush()
                known = made.id
            progress = self.progress(job_id) or (0, 0)
            job.state, job.comparison_id = "done", known
            job.done, job.total = progress[1], progress[1]

    def _fail(self, job_id: UUID, error: Exception | str) -> None:
        from api.errors import INTERNAL, problem_of

        cause = error if isinstance(error, Exception) else None
        problem = problem_of(cause) if cause is not None else None
        kind = INTERNAL if problem is None else problem.kind
        detail = str(error) if problem is None else problem.detail
        self._write(
            job_id,
            state="failed",
            problem={
                "type": kind.uri,
                "title": kind.title,
                "status": kind.status,
                "detail": detail,
                "instance": f"/v1/jobs/{job_id}",
            },
        )

    def _write(self, job_id: UUID, **values: Any) -> None:
        with self._store.write() as session:
            job = session.get(Job, job_id)
            if job is not None and job.state not in ENDED:
                for name, value in values.items():
                    setattr(job, name, value)

    def _take_up(self) -> None:
        """Submit jobs that no server has in hand: another's that is gone, and what is owed."""
        with self._lock:
            owed, room = set(self._owed), max(MOST_RUNNING - len(self._running), 0)
        with self._store.write() as session:
            left = Job.owner != self._identity
            if not self._store.embedded:  # its server may be alive
                left &= (Job.owner == "") | (Job.seen_at < now() - STALE)
            due = select(Job).where(Job.state.not_in(ENDED), left | Job.id.in_(owed))
            due = due.order_by(Job.id).limit(room).with_for_update(skip_locked=True)
            jobs = session.scalars(due).all()
            for job in jobs:
                job.state, job.owner, job.seen_at = "queued", self._identity, now()
            found = [job.id for job in jobs]
            waits = select(Job.id).where(Job.state.not_in(ENDED), Job.id.in_(owed))
            ended = owed - set(session.scalars(waits)) if owed else owed
        with self._lock:
            self._owed -= ended.union(found)
        for job_id in found:
            try:
                self.submit(job_id)
            except Exception:
                _log.exception("job %s could not be begun; it is tried again", job_id)

    def _keep_seen(self) -> None:
        while not self._ending.wait(BEAT_S):
            try:
                self._say_seen()
                self._take_up()
            except Exception:
                _log.exception("the heartbeat of jobs failed; it is tried again")

    def _say_seen(self) -> None:
        with self._lock:
            running = dict(self._running)
        if running:
            with self._store.write() as session:
                for job in session.scalars(select(Job).where(Job.id.in_(running))):
                    if job.state not in ENDED:
                        job.state, job.seen_at = "running", now()
                        job.done, job.total = running[job.id].done, running[job.id].total
