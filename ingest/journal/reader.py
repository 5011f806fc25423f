"""Walk a journal, past any damage, and say what is whole in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hrv.errors import FormatError
from ingest.journal.record import MAGIC, SYNC, Kind, Record, of_fields, unpack


@dataclass(frozen=True, slots=True)
class Placed:
    """A record with its place in the file."""

    record: Record
    sequence: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no record.

    Parameters
    ----------
    offset, length : int
        Where they lie in the file.
    records_lost : int
        Records that the sequence numbers prove missing here; 0 for a torn tail.
    tail : bool
        True if nothing whole follows: a write that a crash or power loss cut short.
    """

    offset: int
    length: int
    records_lost: int
    tail: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found.

    Parameters
    ----------
    records, notifications, markers, runs : int
        Whole records: all, and by kind.
    size : int
        Length of the file, bytes.
    damage : tuple of Damage
        Every span that is no record; empty for a whole journal.
    closed : bool
        True if the last run ended on purpose.
    session : str
        Identity shared by all runs.
    """

    records: int
    notifications: int
    markers: int
    runs: int
    size: int
    damage: tuple[Damage, ...]
    closed: bool
    session: str

    @property
    def whole(self) -> bool:
        """True if every byte belongs to a record and no record is missing."""
        return not self.damage

    @property
    def sentence(self) -> str:
        """The verdict for a person."""
        runs = f"{self.runs} run{'s' if self.runs != 1 else ''}"
        found = f"{self.records} records ({self.notifications} notifications, {runs})"
        if self.whole:
            return f"whole: {found}" + ("" if self.closed else "; the last run was cut off")
        lost = sum(d.records_lost for d in self.damage)
        inner = [d for d in self.damage if not d.tail]
        parts = [found]
        if inner:
            at = ", ".join(f"byte {d.offset}" for d in inner[:3])
            parts.append(f"damaged at {at}: {lost} records lost")
        if len(inner) < len(self.damage):
            parts.append(f"torn tail of {self.damage[-1].length} bytes; all before it is whole")
        return "; ".join(parts)


@dataclass(slots=True)
class Walk:
    """All whole records of a journal in memory, in order, and the damage passed on the way."""

    data: bytes
    source: str = "journal"
    damage: list[Damage] = field(default_factory=list)
    counts: dict[Kind, int] = field(default_factory=dict)
    session: str = ""
    last: Kind | None = None

    def __iter__(self) -> Iterator[Placed]:
        self.damage.clear()
        self.counts = dict.fromkeys(Kind, 0)
        self.session, self.last = "", None
        if self.data[: len(MAGIC)] != MAGIC:
            raise FormatError(
                f"not a journal: it begins with {self.data[:8].hex(' ') or 'nothing'} "
                f"instead of {MAGIC.hex(' ')}",
                source=self.source,
            )
        at, expected = len(MAGIC), 0
        while at < len(self.data):
            found = unpack(self.data, at)
            if found is not None and found[1] >= expected:
                record, sequence, length = found
                if sequence != expected:  # cut out cleanly: whole records are missing
                    self._note(at, 0, sequence - expected, tail=False)
                self.last = record.kind
                self.counts[self.last] += 1
                if self.last is Kind.SESSION and not self.session:
                    self.session = str(record.fields.get("session", ""))
                yield Placed(record, sequence, at, length)
                at, expected = at + length, sequence + 1
                continue
            begin = at
            at, sequence = self._resume(at + 1, expected)
            self._note(begin, at - begin, max(sequence - expected, 0), tail=at == len(self.data))
            expected = sequence

    def verdict(self) -> Verdict:
        """Sum up the walk; call after the last record."""
        return Verdict(
            records=sum(self.counts.values()),
            notifications=self.counts[Kind.NOTIFICATION],
            markers=self.counts[Kind.MARKER],
            runs=self.counts[Kind.SESSION],
            size=len(self.data),
            damage=tuple(self.damage),
            closed=self.last is Kind.CLOSE,
            session=self.session,
        )

    def _note(self, offset: int, length: int, lost: int, *, tail: bool) -> None:
        self.damage.append(Damage(offset, length, lost, tail))

    def _resume(self, at: int, expected: int) -> tuple[int, int]:
        """Return (offset, sequence) of the next whole record, or (end of file, `expected`)."""
        while (at := self.data.find(SYNC, at)) >= 0:
            found = unpack(self.data, at)
            if found is not None and found[1] >= expected:
                return at, found[1]
            at += 1
        return len(self.data), expected


def with_losses(walk: Walk) -> Iterator[Record]:
    """Every whole record, and a ``lost`` event wherever damage swallowed records.

    Beats before and after a hole must not be joined, so the hole is told in line, with the
    stamps of the record after it.
    """
    known = 0
    for placed in walk:
        for damage in walk.damage[known:]:
            if damage.records_lost:
                stamps = placed.record.mono_ns, placed.record.wall_ns
                says = f"{damage.records_lost} journal records damaged"
                yield of_fields(Kind.EVENT, *stamps, event="lost", says=says)
        known = len(walk.damage)
        yield placed.record


def records(path: str | Path) -> Iterator[Record]:
    """Every whole record of the journal at `path`, in order; damage is passed over.

    Use `verify` to learn of damage.

    Raises
    ------
    FormatError
        If the file is not a journal.
    """
    path = Path(path)
    for placed in Walk(path.read_bytes(), path.name):
        yield placed.record


def verify(path: str | Path) -> Verdict:
    """Check every byte of the journal at `path`.

    Raises
    ------
    FormatError
        If the file is not a journal.
    """
    path = Path(path)
    walk = Walk(path.read_bytes(), path.name)
    for _ in walk:
        pass
    return walk.verdict()
