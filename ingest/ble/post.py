"""One strap of a station: source, journal, recorder and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hrv.errors import StorageError
from ingest.ble.clock import Beat
from ingest.ble.recorder import Recorder
from ingest.ble.vitals import VitalsWatch
from ingest.journal.record import Record
from ingest.journal.writer import JournalWriter
from ingest.roster import Past
from ingest.sources import RecordSource


class Post:
    """One strap: where its records come from and go, and what is known of it.

    Parameters
    ----------
    source : RecordSource
        A strap session, a replay or the simulator.
    journal : JournalWriter or None
        Where records go; None only shows them.
    person, session : str
        Whom it is worn by, and in which session; "" where nobody said.
    """

    def __init__(
        self, source: RecordSource, journal: JournalWriter | None = None, *, person: str = "",
        session: str = "",
    ) -> None:  # fmt: skip
        self.source, self.journal = source, journal
        self.person, self.session = person, session
        self.watch = VitalsWatch()
        self.recorder = Recorder(source, journal, self._on_record)
        self.past = Past()
        self.failure: Exception | None = None
        self.over = False
        self.taken: Callable[[Record, Sequence[Beat]], None] | None = None
        self.told: Callable[[Post, Record], None] | None = None
        self.ending: Callable[[Post], None] | None = None

    @property
    def label(self) -> str:
        """Person, or strap where no person is known."""
        return self.person or self.source.label

    @property
    def path(self) -> Path | None:
        """The journal's file."""
        return None if self.journal is None else self.journal.path

    @property
    def now_ns(self) -> int:
        """Now on the source's monotonic clock."""
        return self.source.now()[0]

    @property
    def elapsed_s(self) -> float:
        """Time since the first packet, s."""
        return self.watch.elapsed_s(self.now_ns)

    def take_up(self, past: Iterable[Record]) -> None:
        """Know what earlier runs recorded, as if this one had; before the station is made."""
        for record in past:
            self._on_record(record, self.recorder.stream.feed(record))

    def _on_record(self, record: Record, beats: Sequence[Beat]) -> None:
        self.watch.feed(record, beats)
        if self.taken is not None:
            self.taken(record, beats)
        if self.told is not None:
            self.told(self, record)

    async def run(self, duration_s: float | None) -> None:
        """Record to the end; a failure is kept in `failure`, the journal closed either way."""
        reason = "stopped"
        try:
            await self.recorder.run(duration_s)
            if self.ending is not None:
                self.ending(self)
        except Exception as error:
            self.failure, reason = error, f"{type(error).__name__}: {error}"[:500]
        except BaseException as error:
            reason = type(error).__name__
            raise
        finally:
            self.over = True
            if self.journal is not None:
                self._close(self.journal, reason)

    def _close(self, journal: JournalWriter, reason: str) -> None:
        try:
            self.recorder.write_held()
            if self.recorder.trouble is None:
                journal.close(reason)
                return
            lost, why = len(self.recorder.held), self.recorder.trouble.strerror
            self.failure = StorageError(
                f"{journal.path}: {why}: the last {lost} records could not be written; "
                "all before them are there"
            )
            journal.abandon()
        except OSError as error:  # a full disk has no room for the CLOSE record either
            self.failure = self.failure or error
            journal.abandon()
