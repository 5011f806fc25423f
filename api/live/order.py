"""What a session was ordered to do, and the source that fits: never a file, never an address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store import Store
from api.store.live_models import LiveSession
from api.store.models import Recording, Subject
from api.store.recordings import read_series
from hrv.errors import InputError
from ingest import replay
from ingest.ble.radio import Radio
from ingest.ble.session import SessionSettings
from ingest.journal.record import Kind, Record
from ingest.protocol import Protocol, read_protocol
from ingest.sources import (
    Before,
    RecordSource,
    SourceName,
    open_source,
    parse,
    simulation_of,
    speed_of,
)
from ingest.timing import SystemTime

SCHEMES = ("ble", "sim", "replay")
LONGEST_S = 24 * 3600.0
RESUMED_ATTEMPTS = 60
"""How often a strap is looked for after a restart before the session is given up."""
_FORMS = "ble:NAME-or-ADDRESS, sim:?seed=1 or replay:RECORDING"


@dataclass(frozen=True)
class Order:
    """One session.

    Parameters
    ----------
    recording_id : UUID
        Recording it makes.
    name : SourceName
        Source, in its parts.
    source : str
        The same as it was written.
    replayed : UUID or None
        Recording that ``replay:`` plays.
    person, title : str
        Pseudonym, and name of the recording.
    protocol : Protocol or None
        Phases to lead through.
    duration_s : float or None
        Longest time, s.
    attended : bool
        Whether a phase with a check waits for somebody.
    """

    recording_id: UUID
    name: SourceName
    source: str
    replayed: UUID | None
    person: str
    title: str
    protocol: Protocol | None
    duration_s: float | None
    attended: bool

    @property
    def real_time(self) -> bool:
        """True for a strap: it goes on beating while nobody listens."""
        return self.name.scheme == "ble"


def source_name(text: str) -> SourceName:
    """Take a source of a session apart.

    Raises
    ------
    InputError
        If the service opens no such source.
    """
    scheme = text.partition(":")[0]
    if ":" not in text or scheme not in SCHEMES:  # before anything looks for a file of that name
        raise InputError(f"no source is called {text!r}; use {_FORMS}")
    name = parse(text)
    if scheme == "replay":
        speed_of(name, text)
    if scheme == "sim":
        duration_s = simulation_of(name, text)[2]
        if not 0 < duration_s <= LONGEST_S:
            raise InputError(f"{text!r}: a simulation lasts up to {LONGEST_S / 3600:g} h")
    return name


def find_replayed(session: Session, study_id: UUID, name: SourceName) -> UUID | None:
    """Return the recording of this study that ``replay:`` names, by its name or its identity.

    Raises
    ------
    InputError
        If the study has none, or it is still being made.
    """
    if name.scheme != "replay":
        return None
    query = select(Recording).where(Recording.study_id == study_id)
    try:
        found = session.scalar(query.where(Recording.id == UUID(name.target)))
    except ValueError:
        found = session.scalar(query.where(Recording.name == name.target))
    if found is None:
        raise InputError(
            f"the study has no recording {name.target!r} to replay; upload it first, or name one "
            "of its recordings (files and addresses are not opened)"
        )
    if found.state != "closed":
        raise InputError(f"recording {name.target!r} is still being made; end it first")
    return found.id


def order_of(session: Session, recording_id: UUID) -> Order | None:
    """Read an order back; None if it was deleted."""
    row = session.get(LiveSession, recording_id)
    recording = session.get(Recording, recording_id)
    if row is None or recording is None:
        return None
    said = row.options
    return Order(
        recording_id, source_name(row.source), row.source,
        UUID(said["replayed"]) if said.get("replayed") else None,
        session.get_one(Subject, recording.subject_id).name, recording.name,
        read_protocol(said["protocol"], "the protocol") if said.get("protocol") else None,
        said.get("duration_s"), bool(said.get("attended", True)),
    )  # fmt: skip


def open_ordered(
    order: Order, store: Store, past: Sequence[Record], radio: Callable[[], Radio]
) -> RecordSource:
    """Open the source of an order; a played one goes on where `past` ends.

    Raises
    ------
    InputError
        If what is to be replayed is gone.
    """
    if order.real_time:
        heard = any(record.kind is Kind.NOTIFICATION for record in past)
        patience = SessionSettings(first_attempts=RESUMED_ATTEMPTS) if heard else None
        return open_source(order.source, radio=radio(), settings=patience)
    before = Before(_begin_ns(past), [r for r in past if r.kind is not Kind.SESSION])
    if order.name.scheme == "sim":
        return Heard(open_source(order.source, before=before))
    return Heard(_open_replay(order, store, before))


def _begin_ns(past: Sequence[Record]) -> int:
    """Wall clock at which a played source began: its first record introduces the device."""
    began = next((r.wall_ns for r in past if r.kind is Kind.DEVICE), None)
    return SystemTime().wall_ns() if began is None else began


def _open_replay(order: Order, store: Store, before: Before) -> RecordSource:
    with store.read() as session:
        recording = session.get(Recording, order.replayed)
        if recording is None:
            raise InputError(f"the recording that {order.source!r} plays was deleted")
        series = replace(read_series(session, recording), start=None)  # it is played now
    records = replay.synthetic_records(
        series, wall_ns=before.wall_ns, device=f"replay of {recording.name}"
    )
    rest = replay.behind(records, before.played)
    return replay.Replay(recording.name, rest, speed=speed_of(order.name, order.source))


class Heard:
    """A source that is played, with the true moment at which each of its records was let out.

    Parameters
    ----------
    source : RecordSource
        What is played: its own stamps are of the time that is played.
    """

    def __init__(self, source: RecordSource) -> None:
        self._source = source
        self.heard_ns = 0

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self._source.label

    async def records(self) -> AsyncGenerator[Record, None]:
        """Yield every record, stamped."""
        async with aclosing(self._source.records()) as records:
            async for record in records:
                self.heard_ns = time.time_ns()
                yield record

    def stop(self) -> None:
        """Ask `records` to end."""
        self._source.stop()

    def now(self) -> tuple[int, int]:
        """Monotonic and wall stamp (ns) of what is played."""
        return self._source.now()


def protocol_options(order_protocol: Any) -> dict[str, Any] | None:
    """Check a protocol as it came over the wire and keep it as the keys of its TOML.

    Raises
    ------
    FormatError
        Naming the phase and what is wrong with it.
    """
    if order_protocol is None:
        return None
    said: dict[str, Any] = order_protocol.model_dump(exclude_none=True)
    content = {"title": said["title"], "phase": said["phases"]}
    read_protocol(content, "the protocol")
    return content


async def probe(radio: Radio) -> None:
    """Find out whether there is a Bluetooth adapter that works.

    Raises
    ------
    StrapError
        If not, with the mend.
    """
    await asyncio.wait_for(radio.scan(0.3), 15)
