"""Journal of a strap's notifications, bit-exact (see docs/journal-format.md): RR and markers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd

from hrv.errors import FormatError, InputError
from hrv.types import Flag, Provenance
from ingest.ble.series import SeriesBuilder
from ingest.ble.stream import BeatStream
from ingest.columns import EVENT_COLUMNS, TAG
from ingest.formats._options import absolute_start, fixed_unit
from ingest.formats.base import Format, ReadOptions, Recording, Source
from ingest.journal.reader import Verdict, Walk, with_losses
from ingest.journal.record import MAGIC, Kind, Record


def sniff(head: bytes, name: str) -> bool:
    """Claim a file that begins with the journal's eight bytes."""
    del name
    return head.startswith(MAGIC)


@dataclass(slots=True)
class _Session:
    """What the records say beside the beats."""

    subject: str = ""
    device: str = ""
    markers: list[Record] = field(default_factory=list)

    def note(self, record: Record) -> None:
        if record.kind is Kind.SESSION:
            self.subject = self.subject or str(record.fields.get("person", ""))
        elif record.kind is Kind.DEVICE and not self.device:
            fields = record.fields
            names = (fields.get("manufacturer"), fields.get("name") or fields.get("model"))
            self.device = " ".join(str(part) for part in names if part)
        elif record.kind is Kind.MARKER:
            self.markers.append(record)


def read(source: Source, options: ReadOptions) -> Recording:
    """Read a journal with the code that a live strap's records pass through.

    Parameters
    ----------
    source : Source
        The file.
    options : ReadOptions
        `tz` expresses the start (UTC in the file) in a zone, `start` overrides it.

    Returns
    -------
    Recording
        `rr` with gaps where beats were lost, and the markers as events.

    Raises
    ------
    FormatError
        If the file is no journal or holds no RR interval.
    """
    fixed_unit(options, "1/1024 s", "a journal")
    with source.open() as file:
        walk = Walk(file.read(), source.name)
    stream, builder, session = BeatStream(), SeriesBuilder(), _Session()
    try:
        for record in with_losses(walk):
            session.note(record)
            for beat in stream.feed(record):
                builder.add(beat)
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(str(error), source=source.name) from error
    for beat in stream.finish():
        builder.add(beat)
    if builder.origin_ns is None or stream.anchor is None:
        raise FormatError("no RR interval was received", source=source.name)
    first_ns = builder.origin_ns - stream.anchor[0] + stream.anchor[1]
    start, clock = absolute_start(first_ns / 1e9, options, "arrival of the notifications")
    provenance = Provenance(
        source=source.name, format="journal", clock=clock, device=session.device,
        unit="1/1024 s (Bluetooth heart rate service)",
        notes=_notes(walk.verdict(), stream, builder),
    )  # fmt: skip
    events = _events(session, start)
    return Recording(builder.series(start, provenance), events)


def _notes(verdict: Verdict, stream: BeatStream, builder: SeriesBuilder) -> tuple[str, ...]:
    notes = [f"journal: {verdict.sentence}"]
    if not verdict.closed or any(d.tail for d in verdict.damage):
        notes.append("the recording was cut short: its last run does not end with a close")
    if stream.counts:
        breaks = ", ".join(f"{reason} {n}x" for reason, n in sorted(stream.counts.items()))
        notes.append(f"breaks in the stream: {breaks}")
    notes += [f"left out: {error}" for error in stream.malformed]
    if builder.overlong:
        notes.append(f"{builder.overlong} intervals above 10 s left out, a gap in their place")
    unsure = sum(bool(interval.flag & Flag.UNSURE) for interval in builder.intervals)
    if unsure:
        notes.append(
            f"packets tell the time of {unsure} of {len(builder.intervals)} beats to no better "
            "than 0.1 s (their intervals are sound)"
        )
    return tuple(notes)


def _events(session: _Session, start: datetime) -> pd.DataFrame:
    """Pair the markers that begin and end a phase; an instant, or half a pair, is a tag."""
    rows: list[tuple[str, str, str, datetime, datetime]] = []
    begun: dict[tuple[str, str], datetime] = {}
    for record in session.markers:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=record.wall_ns // 1000)
        moment = moment.astimezone(start.tzinfo)
        phase, kind = str(record.fields.get("phase", "")), str(record.fields.get("kind", TAG))
        edge = record.fields.get("edge", "now")
        if edge == "start":
            begun[phase, kind] = moment
        elif edge == "end" and (phase, kind) in begun:
            rows.append((session.subject, phase, kind, begun.pop((phase, kind)), moment))
        elif edge == "end":
            says = f"{phase} ({kind} ended, its begin is not recorded)"
            rows.append((session.subject, says, TAG, moment, moment))
        else:
            rows.append((session.subject, phase, TAG, moment, moment))
    for (phase, kind), moment in begun.items():
        says = f"{phase} ({kind} begun, its end is not recorded)"
        rows.append((session.subject, says, TAG, moment, moment))
    rows.sort(key=lambda row: row[3])
    return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))


FORMAT = Format(
    name="journal",
    summary="hrv record: every Bluetooth notification, bit-exact, with markers",
    suffixes=(".hrvj",),
    sniff=sniff,
    read=read,
)
