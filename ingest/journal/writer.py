"""Append to a journal so that a crash loses nothing and a power loss at most a second.

Every record is handed to the operating system by one write before `append` returns: killing
the process (even -9) loses none.  The disk is asked to hold it (fsync) at once for sessions,
markers, events and the close, else at most `sync_every_s` after the last time: a power loss
costs at most the notifications of that span.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from hrv.errors import InputError, StorageError
from ingest.durable import sync_folder, write_all
from ingest.journal.reader import Walk
from ingest.journal.record import MAGIC, Kind, Record, of_fields, pack
from ingest.timing import SystemTime, Time

FORMAT_VERSION = 1
_AT_ONCE = frozenset({Kind.SESSION, Kind.MARKER, Kind.EVENT, Kind.CLOSE})


class JournalWriter:
    """One journal open for appending, by this process alone.

    An existing journal is continued: the new run carries the same session identity, and a torn
    tail is cut off (its bytes are kept in the new run's SESSION record).

    Parameters
    ----------
    path : str or Path
        File to create or continue.
    session : mapping of str to str
        What the SESSION record says: person, title, zone …
    sync_every_s : float
        Longest time between two fsyncs while notifications arrive, s.
    time : Time
        Clocks to stamp the writer's own records with.

    Raises
    ------
    InputError
        If another process records into the file, it is no journal, or it cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        session: dict[str, str] | None = None,
        sync_every_s: float = 1.0,
        time: Time | None = None,
    ) -> None:
        self.path = Path(path)
        self._time = time or SystemTime()
        self._unsynced, self._sync_failed = b"", False
        self._sync_every_ns = round(sync_every_s * 1e9)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise StorageError(f"cannot record into {self.path}: {error.strerror}") from None
        try:
            _lock(self._file, self.path)
            fields = self._take_over()
            self._sequence = fields.pop("sequence")
            self._synced_ns = self._time.mono_ns()
            self.append(self.stamp(Kind.SESSION, **{**(session or {}), **fields}))
            sync_folder(self.path.parent)
        except OSError as error:
            os.close(self._file)
            raise StorageError(f"cannot record into {self.path}: {error.strerror}") from None
        except BaseException:
            os.close(self._file)
            raise

    def _take_over(self) -> dict[str, Any]:
        """Begin the file, or cut its torn tail; return what the SESSION record must tell."""
        data = self.path.read_bytes()
        fields: dict[str, Any] = {"format": FORMAT_VERSION, "session": "", "run": 1, "sequence": 0}
        if not data or MAGIC.startswith(data):  # new, or cut within its first bytes
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            write_all(self._file, MAGIC)
            fields["session"] = str(uuid.uuid4())
            return fields
        walk, end = Walk(data, self.path.name), len(MAGIC)
        for placed in walk:
            end = placed.offset + placed.length
            fields["sequence"] = placed.sequence + 1
            if placed.record.kind is Kind.SESSION:
                fields["session"] = placed.record.fields.get("session", "")
                fields["run"] = int(placed.record.fields.get("run", 0)) + 1
        fields["session"] = fields["session"] or str(uuid.uuid4())
        if torn := data[end:]:
            fields["cut_tail_bytes"] = len(torn)
            fields["cut_tail_hex"] = torn[:4096].hex()
            os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        return fields

    def stamp(self, kind: Kind, /, **fields: Any) -> Record:
        """Make a record of `fields`, stamped now."""
        return of_fields(kind, self._time.mono_ns(), self._time.wall_ns(), **fields)

    def append(self, record: Record) -> None:
        """Write one record; it survives a crash of the process once this returns.

        Raises
        ------
        OSError
            If the disk is full or gone; nothing of the record remains then, and it may be
            appended again.
        """
        begin, data = os.lseek(self._file, 0, os.SEEK_CUR), pack(record, self._sequence)
        before = self._unsynced
        now_ns = self._time.mono_ns()
        try:
            write_all(self._file, data)
            self._unsynced += data
            if record.kind in _AT_ONCE or now_ns - self._synced_ns >= self._sync_every_ns:
                self.sync()
        except OSError as error:
            self._unsynced = before
            os.ftruncate(self._file, begin)
            os.lseek(self._file, begin, os.SEEK_SET)
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._sequence += 1

    def sync(self) -> None:
        """Have the disk hold everything appended so far.

        Raises
        ------
        OSError
            If it does not.  The system may have forgotten then that these bytes wait for the
            disk, so the next try writes them anew.
        """
        end = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            if self._sync_failed:
                os.lseek(self._file, end - len(self._unsynced), os.SEEK_SET)
                write_all(self._file, self._unsynced)
            os.fsync(self._file)
        except OSError:
            self._sync_failed = True
            os.lseek(self._file, end, os.SEEK_SET)
            raise
        self._unsynced, self._sync_failed = b"", False
        self._synced_ns = self._time.mono_ns()

    def close(self, reason: str = "stopped") -> None:
        """End the run on purpose."""
        if self._file < 0:
            return
        self.append(self.stamp(Kind.CLOSE, reason=reason))
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file without a CLOSE record, as a crash would."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close("stopped" if kind is None else f"{kind.__name__}: {error}"[:500])


def _lock(file: int, path: Path) -> None:
    """Take the file for this process alone; the lock ends with the process."""
    try:
        import fcntl
    except ImportError:  # no advisory locks on this system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"{path.name}: another recorder is writing to this journal; stop it or choose "
            "another --out"
        ) from None
