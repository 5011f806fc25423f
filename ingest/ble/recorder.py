"""Record one source: every record into the journal first, then on to beats and the listener."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from hrv.errors import InputError
from ingest.ble.clock import Beat, Lookahead
from ingest.ble.stream import BeatStream
from ingest.journal.record import Kind, Record, of_fields
from ingest.journal.writer import JournalWriter
from ingest.sources import RecordSource

EDGES = ("start", "end", "now")
MOST_HELD = 100_000
"""Records kept in memory while the disk takes none: more than a day of a strap."""
Listener = Callable[[Record, Sequence[Beat]], None]


class Recorder:
    """One source, its journal and its live beats.

    Parameters
    ----------
    source : RecordSource
        A strap session or a replay.
    journal : JournalWriter or None
        Where records go, before anyone else sees them; None only shows them.
    on_record : callable, optional
        ``(record, settled beats)``, called after the record is in the journal.

    Attributes
    ----------
    held : deque of Record
        What the disk would not take (it is full, say): kept in memory, and written as soon as
        there is room.
    trouble : OSError or None
        Why they are held.
    """

    def __init__(
        self, source: RecordSource, journal: JournalWriter | None = None,
        on_record: Listener | None = None,
    ) -> None:  # fmt: skip
        self.source = source
        self.stream = BeatStream(Lookahead.LIVE)
        self._journal = journal
        self._on_record = on_record
        self.held: deque[Record] = deque()
        self.trouble: OSError | None = None

    async def run(self, duration_s: float | None = None) -> None:
        """Record until the source ends, is stopped, or `duration_s` of its own time has passed.

        Raises
        ------
        StrapError
            If the strap cannot be had at all.
        """
        first_ns: int | None = None
        async with contextlib.aclosing(self.source.records()) as records:
            async for record in records:
                self._take(record)
                if record.kind is Kind.NOTIFICATION and first_ns is None:
                    first_ns = record.mono_ns
                if (
                    duration_s is not None
                    and first_ns is not None
                    and record.mono_ns - first_ns >= duration_s * 1e9
                ):
                    self.source.stop()

    def finish(self) -> Sequence[Beat]:
        """Beats that the live clock still holds; call once after `run`."""
        return self.stream.finish()

    def mark(
        self, phase: str, *, kind: str = "tag", edge: str = "now", origin: str = "keyboard",
        note: str = "", ago_ns: int = 0,
    ) -> Record:  # fmt: skip
        """Put a marker in line with the beats; on the disk when this returns and none is held.

        Parameters
        ----------
        phase : str
            What it is about, e.g. ``"stroop"`` or ``"dose taken"``.
        kind : str
            ``"stress"``, ``"motion"``, ``"tag"`` …
        edge : str
            ``"start"``, ``"end"`` or ``"now"``.
        origin, note : str
            Who marked it, and anything worth saying.
        ago_ns : int
            How long ago it happened, ns: a timed phase, or a marker that was under way.

        Raises
        ------
        InputError
            If `edge` is none of these or `phase` is empty.
        """
        if edge not in EDGES or not phase:
            raise InputError(
                f"a marker needs a name and an edge of {', '.join(EDGES)}, not {edge!r}"
            )
        fields: dict[str, Any] = {"phase": phase, "kind": kind, "edge": edge, "origin": origin}
        if note:
            fields["note"] = note
        mono_ns, wall_ns = self.source.now()
        record = of_fields(Kind.MARKER, max(mono_ns - ago_ns, 0), wall_ns - ago_ns, **fields)
        self._take(record)
        return record

    def _take(self, record: Record) -> None:
        self.held.append(record)
        self.write_held()
        beats = self.stream.feed(record)
        if self._on_record is not None:
            self._on_record(record, beats)

    def write_held(self) -> None:
        """Write what waits for the disk; what it does not take stays held.

        Raises
        ------
        OSError
            If too much is held.
        """
        try:
            while self.held:
                if self._journal is not None:
                    self._journal.append(self.held[0])
                self.held.popleft()
        except OSError as error:
            self.trouble = error
            if len(self.held) > MOST_HELD:
                raise
        else:
            self.trouble = None


async def record_group(recorders: Sequence[Recorder], duration_s: float | None = None) -> None:
    """Record several straps side by side; one that fails stops none of the others.

    Raises
    ------
    ExceptionGroup
        After all have ended, if some failed.
    """
    results = await asyncio.gather(
        *(recorder.run(duration_s) for recorder in recorders), return_exceptions=True
    )
    failures = [r for r in results if isinstance(r, Exception)]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(recorders)} straps failed", failures)
