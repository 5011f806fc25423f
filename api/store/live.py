"""Beats as they come: durable before they are acknowledged, many straps in one commit.

One thread writes.  It takes every batch that is waiting, puts all of them into one transaction
and lets answer when the disk holds it (see `api.store.flush`); so a hundred straps cost as many
fsyncs as one.  Beats lie in the tail (`api.store.tail`) until 4096 are there; then they move into
a chunk, in one transaction too.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast
from uuid import UUID

import numpy as np
from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from api.store import audit
from api.store.beats import CHUNK_BEATS, Beats, follow
from api.store.database import Store
from api.store.flush import Flusher
from api.store.models import Recording
from api.store.recordings import describe, last_beats, read_beats
from api.store.tail import Position, compact, position, store_tail, tail_beats
from hrv.errors import InputError
from hrv.types import CONTIGUITY_S, RR_MAX_MS, Flag, Float

MOST_BATCH = 4096
_GROUP = 512
_RECORDING = cast(Table, Recording.__table__)
_STATE = (
    select(_RECORDING.c.state).where(_RECORDING.c.id == bindparam("id")).with_for_update(read=True)
)
NOTE_S = 60.0
"""How often the audit log notes that someone goes on sending beats to a recording."""


class UnknownRecordingError(InputError):
    """There is no such recording."""


class ClosedError(InputError):
    """The recording does not take beats any more."""


class SequenceGapError(InputError):
    """Beats before these are missing, and the batch does not say when it begins.

    Parameters
    ----------
    expected : int
        Sequence number to send from.
    """

    def __init__(self, first: int, expected: int) -> None:
        super().__init__(
            f"beat {first} came where {expected} is next; send again from {expected}, or say "
            "with begin_s when this batch begins if those beats are lost"
        )
        self.expected = expected


class ChangedBeatsError(InputError):
    """A number that was stored comes again with another value."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Beats sent together.

    Parameters
    ----------
    recording : UUID
        Where they belong.
    first : int
        Sequence number of the first; each next one counts on.
    rr_ms : float64[n]
        Intervals, ms.
    begin_s : float or None
        When the beat that begins the first interval came, s since the recording's start; None:
        it is the last beat before.
    deed : Deed or None
        Who sends them, for the audit log.
    laid : Beats or None
        The same beats as a strap's clock placed them, with their flags; None: they follow each
        other from `begin_s`.
    """

    recording: UUID
    first: int
    rr_ms: Float
    begin_s: float | None = None
    deed: audit.Deed | None = None
    laid: Beats | None = None


@dataclass(frozen=True)
class Accepted:
    """What became of a batch: all of it is on the disk."""

    stored: int
    duplicates: int
    next_sequence: int
    lost: tuple[int, int] | None
    end_s: float


@dataclass(slots=True)
class _Task:
    """Something to do in the next transaction, and who waits for it."""

    recording: UUID | None
    work: Callable[[Session], Any]
    durable: bool
    answer: Future[Any] = field(default_factory=Future)


class LiveWriter:
    """The one thread that puts live beats, and audit entries of reads, into a store.

    Parameters
    ----------
    store : Store
        Where they go.
    told : callable
        Called with the recording after beats of it became durable.
    """

    def __init__(self, store: Store, told: Callable[[UUID], None] = lambda _: None) -> None:
        self._store, self._told = store, told
        self._waiting: queue.Queue[_Task | None] = queue.Queue(maxsize=10_000)
        self._open: dict[UUID, Position] = {}
        self._noted: dict[tuple[str, UUID], tuple[float, int]] = {}
        self._deeds: list[audit.Deed] = []
        self._flusher = Flusher(store) if store.embedded else None
        self._thread = threading.Thread(target=self._run, name="live writer", daemon=True)
        self._thread.start()

    def append(
        self, batch: Batch, also: Callable[[Session], None] | None = None
    ) -> Future[Accepted]:
        """Queue a batch; the future resolves when it is durable, or raises why it is refused.

        Parameters
        ----------
        batch : Batch
            Beats.
        also : callable, optional
            Done in the same transaction, before the beats; it must not fail.

        Raises
        ------
        InputError
            If an interval is not possible.
        queue.Full
            If the disk cannot keep up; nothing was taken.
        """
        _check(batch)
        return self._queue(batch.recording, lambda session: self._append(session, batch, also))

    def also(self, recording: UUID, work: Callable[[Session], None]) -> Future[None]:
        """Queue something else that belongs to a live recording, in the order of its beats."""
        return self._queue(recording, work)

    def finish(self, recording: UUID, deed: audit.Deed | None = None) -> Future[None]:
        """Queue the end of a recording: what came before is in it, its tail becomes chunks."""
        return self._queue(recording, lambda session: self._finish(session, recording, deed))

    def record(self, deeds: Sequence[audit.Deed]) -> Future[None]:
        """Queue entries of the audit log; the future resolves when they are committed.

        If none of them is durable it does not wait for the disk.
        """
        durable = any(deed.durable for deed in deeds)
        return self._queue(None, lambda _: self._deeds.extend(deeds), durable=durable)

    @property
    def alive(self) -> bool:
        """Whether beats can be written."""
        flushes = self._flusher is None or self._flusher.alive
        return self._thread.is_alive() and flushes

    def stop(self) -> None:
        """Write what is waiting, then end."""
        self._waiting.put(None)
        self._thread.join()
        if self._flusher is not None:
            self._flusher.stop()

    def _queue(
        self, recording: UUID | None, work: Callable[[Session], Any], *, durable: bool = True
    ) -> Future[Any]:
        task = _Task(recording, work, durable)
        # who waits may give up (a client that hangs up); what was taken is written all the same
        task.answer.set_running_or_notify_cancel()
        self._waiting.put_nowait(task)
        return task.answer

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, ending = [first], False
            while len(group) < _GROUP and not ending:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                ending = more is None
                group += [more] if more is not None else []
            for part in self._parts(group):
                self._commit(part)
            if ending:
                return

    def _parts(self, group: list[_Task]) -> list[list[_Task]]:
        """Who only reads does not wait for the disk: they go ahead where a commit waits for it."""
        if self._flusher is not None:
            return [group]
        parts = ([t for t in group if t.durable is durable] for durable in (False, True))
        return [part for part in parts if part]

    def _commit(self, group: list[_Task], *, again: bool = True) -> None:
        """Commit a group in one transaction; if that fails, each alone, so that one is blamed."""
        answers: list[Any] = []
        self._deeds.clear()
        try:
            syncs = self._flusher is None and group[0].durable
            with self._store.write(durable=syncs) as session:
                answers = [_done(task, session) for task in group]
                if self._deeds:
                    audit.append(session, self._deeds)
        except Exception as error:
            self._noted.clear()
            for task in group:
                if task.recording is not None:
                    self._open.pop(task.recording, None)  # the disk knows better now
                if again:
                    self._commit([task], again=False)
                else:
                    task.answer.set_exception(error)
            return
        done = list(zip(group, answers, strict=True))
        if self._flusher is None:
            self._answer(done, None)
            return
        self._answer([(task, answer) for task, answer in done if not task.durable], None)
        held = [(task, answer) for task, answer in done if task.durable]
        if held:
            self._flusher.after(partial(self._answer, held))

    def _answer(self, done: list[tuple[_Task, Any]], error: Exception | None) -> None:
        """Tell everyone what became of their task, unless the disk did not take it."""
        for task, answer in done:
            wrong = answer if isinstance(answer, InputError) else error
            if wrong is None:
                task.answer.set_result(answer)
            else:
                task.answer.set_exception(wrong)
        for recording in {task.recording for task, _ in done} - {None}:
            assert recording is not None
            self._told(recording)

    def _append(
        self, session: Session, batch: Batch, also: Callable[[Session], None] | None
    ) -> Accepted:
        _check_open(session, batch.recording)
        if also is not None:
            also(session)
        state = self._open.get(batch.recording)
        if state is None or state.next_sequence != batch.first:
            state = position(session, batch.recording)  # another server may have stored beats
        accepted = _append(session, batch, state)
        self._open[batch.recording] = state
        if batch.deed is not None:
            self._note(batch.deed, batch, accepted.next_sequence)
        return accepted

    def _note(self, deed: audit.Deed, batch: Batch, next_sequence: int) -> None:
        """Note the first beats that someone sends, then once a minute all those since."""
        who, at = (deed.who, batch.recording), time.monotonic()
        last, first = self._noted.get(who, (-NOTE_S, batch.first))
        if at - last >= NOTE_S:
            said = {**deed.detail, "beats": [first, next_sequence]}
            self._deeds.append(replace(deed, detail=said))
            self._noted[who] = (at, next_sequence)

    def _finish(self, session: Session, recording_id: UUID, deed: audit.Deed | None) -> None:
        self._open.pop(recording_id, None)
        recording = session.get(Recording, recording_id, with_for_update=True)
        if recording is None:
            raise UnknownRecordingError(f"there is no recording {recording_id}")
        if recording.state == "open":
            compact(session, recording_id, everything=True)
            describe(recording, read_beats(session, recording_id))
            recording.state = "closed"
            session.flush()
        self._noted = {k: v for k, v in self._noted.items() if k[1] != recording_id}
        if deed is not None:
            said = {**deed.detail, "beats": [0, recording.beats]}
            self._deeds.append(replace(deed, detail=said))


def _done(task: _Task, session: Session) -> Any:
    """Do a task in the open transaction; an error of its own is its answer, and of it alone."""
    try:
        return task.work(session)
    except InputError as error:
        return error


def _check(batch: Batch) -> None:
    rr = batch.rr_ms
    bad = ~(np.isfinite(rr) & (rr > 0) & (rr <= RR_MAX_MS))
    if bad.any():
        i = int(np.argmax(bad))
        raise InputError(
            f"RR interval {i + 1} of {rr.size} ({rr[i]:g} ms) is no interval between heartbeats: "
            f"it must lie above 0 and up to {RR_MAX_MS:g} ms"
        )


def _check_open(session: Session, recording: UUID) -> None:
    state = session.execute(_STATE, {"id": recording}).scalar()
    if state is None:
        raise UnknownRecordingError(f"there is no recording {recording}")
    if state != "open":
        raise ClosedError(f"recording {recording} is closed; it takes no more beats")


def _append(session: Session, batch: Batch, state: Position) -> Accepted:
    known = max(0, min(state.next_sequence - batch.first, batch.rr_ms.size))
    if known:
        _check_same(session, batch, known, state.next_sequence)
    rr = batch.rr_ms[known:]
    end_s = 0.0 if state.end_s is None else state.end_s
    if not rr.size:
        return Accepted(0, known, state.next_sequence, None, end_s)
    lost = None
    if batch.first > state.next_sequence:
        if batch.begin_s is None:
            raise SequenceGapError(batch.first, state.next_sequence)
        lost = (state.next_sequence, batch.first - 1)
    if batch.laid is not None:
        return _add(session, batch, state, batch.laid.part(known, rr.size + known), lost)
    begin_s = end_s if batch.begin_s is None or known else batch.begin_s
    if state.end_s is not None and begin_s < end_s - CONTIGUITY_S:
        raise InputError(
            f"begin_s {begin_s:g} lies before the last stored beat at {end_s:g} s; "
            "beats come in the order of time"
        )
    apart = lost is not None or (state.end_s is not None and begin_s > end_s + CONTIGUITY_S)
    flag = np.zeros(rr.size, np.uint16)
    flag[0] = int(Flag.GAP) if apart else 0
    beats = Beats(rr, follow(max(begin_s, end_s), rr), flag)
    return _add(session, batch, state, beats, lost)


def _add(
    session: Session, batch: Batch, state: Position, beats: Beats, lost: tuple[int, int] | None
) -> Accepted:
    """Put new beats into the tail, and the tail into chunks once it is long."""
    known = batch.rr_ms.size - len(beats)
    store_tail(session, batch.recording, batch.first + known, beats)
    if lost is not None:
        recording = session.get_one(Recording, batch.recording)
        recording.lost = [*recording.lost, list(lost)]
    state.next_sequence = batch.first + batch.rr_ms.size
    state.end_s = float(beats.t_s[-1])
    state.in_tail += len(beats)
    if state.in_tail >= CHUNK_BEATS:
        compact(session, batch.recording, everything=False)
        state.in_tail = tail_beats(session, batch.recording)
    return Accepted(len(beats), known, state.next_sequence, lost, state.end_s)


def _check_same(session: Session, batch: Batch, known: int, next_sequence: int) -> None:
    """Compare beats that come again with what is stored of them."""
    recording = session.get_one(Recording, batch.recording)
    numbers = np.arange(batch.first, batch.first + known)
    later = np.arange(batch.first, next_sequence)
    for lo, hi in recording.lost:  # reported as lost: the time behind it is over
        numbers = numbers[(numbers < lo) | (numbers > hi)]
        later = later[(later < lo) | (later > hi)]
    stored = last_beats(session, batch.recording, later.size).rr_ms
    again = batch.rr_ms[numbers - batch.first]
    differs = np.flatnonzero(stored[: numbers.size] != again)
    if differs.size:
        i = int(differs[0])
        raise ChangedBeatsError(
            f"beat {numbers[i]} is stored as {stored[i]:g} ms and came again as "
            f"{again[i]:g} ms; a stored beat does not change"
        )
