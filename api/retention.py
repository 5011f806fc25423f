"""What is kept for how long, and the housekeeping that sees to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api import memory
from api.settings import Settings
from api.store import Store, audit
from api.store.models import IdempotencyKey, Recording, Subject, Upload, WebSession
from api.store.persons import erase

LOOK_S = 10.0
"""Pause between two looks for what was deleted and is still held: in the log, in memory; s."""
RULES_S = 3600.0
"""Pause between two runs of the rules, s."""
_log = logging.getLogger("api.retention")


def keep_rules(session: Session, settings: Settings, at: datetime) -> dict[str, int]:
    """Delete what is older than the settings allow; 0 days means for ever.

    Returns
    -------
    dict of str to int
        How many files, persons, answers and logins went.
    """
    gone = {"files": 0, "persons": 0}
    if settings.keep_files_days:
        before = at - timedelta(days=settings.keep_files_days)
        open_ones = select(Recording.upload_id).where(Recording.upload_id.is_not(None))
        old = select(Upload).where(Upload.created_at < before, Upload.id.in_(open_ones))
        for upload in session.scalars(old):
            _say(session, "delete_file", upload.study_id, upload_id=str(upload.id))
            session.delete(upload)
            gone["files"] += 1
    if settings.keep_withdrawn_days:
        before = at - timedelta(days=settings.keep_withdrawn_days)
        left = select(Subject).where(Subject.withdrawn_at < before, ~Subject.data_deleted)
        for subject in session.scalars(left).all():
            _say(session, "delete_subject_data", subject.study_id, subject_id=str(subject.id))
            erase(session, subject)
            subject.note, subject.strata, subject.data_deleted = "", {}, True
            gone["persons"] += 1
    kept = timedelta(days=settings.idempotency_days)
    answers = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < at - kept))
    logins = session.execute(delete(WebSession).where(WebSession.expires_at < at))
    gone["answers"] = getattr(answers, "rowcount", 0)
    gone["logins"] = getattr(logins, "rowcount", 0)
    return gone


def _say(session: Session, action: str, study: object, **things: str) -> None:
    session.flush()
    deed = audit.Deed("retention", action, "change", study, things)  # type: ignore[arg-type]
    audit.append(session, [deed])


class Housekeeper:
    """A thread that keeps the rules and clears the write-ahead log after a deletion.

    Parameters
    ----------
    store : Store
        What it looks after.
    settings : Settings
        For how long what is kept.
    clock : callable
        Gives the present moment.
    forget : callable
        Lets go of what lies in memory, after persons or files were deleted.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        forget: Callable[[], None],
    ) -> None:
        self._store, self._settings, self._clock, self._forget = store, settings, clock, forget
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        waited_s = RULES_S
        while not self._ending.is_set():
            try:
                if waited_s >= RULES_S:
                    self._keep()
                    waited_s = 0.0  # rules that failed are due at the next look
                if self._store.unscrubbed.is_set():
                    self._store.scrub()
                memory.give_back()
            except Exception:
                _log.exception("housekeeping failed; it is tried again")
            self._ending.wait(LOOK_S)
            waited_s += LOOK_S

    def _keep(self) -> None:
        with self._store.write() as session:
            gone = keep_rules(session, self._settings, self._clock())
        if gone["files"] or gone["persons"]:
            said = gone["files"], gone["persons"]
            _log.info("retention deleted %d files, the data of %d persons", *said)
            self._forget()
