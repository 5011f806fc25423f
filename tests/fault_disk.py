"""A disk that fails, fills up or loses power, and what it holds then at any moment.

`fault_disk.c` is preloaded between a program and its C library; `Disk` steers it from inside that
program.  `entries` reads the log it writes; `states` replays the log to every prefix and gives,
for each, what the disk may hold after the power went: everything written (as after ``kill -9``),
only what was synced, and a torn part of what was not.  Names of files count as synced only once
their folder was.
"""

from __future__ import annotations

import ctypes
import enum
import errno
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
SECTOR = 512
_HEAD = struct.Struct("<IIIQQQ")


class Kind(enum.IntEnum):
    """What happened; the numbers are those of fault_disk.c."""

    CREATE = 0
    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    SYNC_FOLDER = 4
    RENAME = 5
    UNLINK = 6
    MKDIR = 7


@cache
def library() -> Path | None:
    """Compile the shim; None where this machine cannot."""
    if not sys.platform.startswith("linux") or shutil.which("gcc") is None:
        return None
    made = Path(tempfile.mkdtemp(prefix="hrv-fault-")) / "fault_disk.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return made if done.returncode == 0 else None


def preloaded() -> dict[str, str]:
    """Environment of a program that runs on such a disk."""
    shim = library()
    assert shim is not None
    return {**os.environ, "LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1"}


class Disk:
    """The shim of this very process, which was started with it preloaded."""

    def __init__(self) -> None:
        self._shim = ctypes.CDLL(None)
        assert self._shim.fault_ready() == len(Kind), "the shim is not preloaded"

    def begin(self, folder: Path, log: Path | None = None) -> None:
        """Watch a folder from now on; forget every fault."""
        name = b"" if log is None else str(log).encode()
        self._shim.fault_begin(str(folder).encode(), name)

    def fail(self, kind: Kind, nth: int, error: int = errno.EIO, times: int = 1) -> None:
        """Let the nth call of a kind fail from now on, and those after it up to `times`."""
        self._shim.fault_fail(int(kind), ctypes.c_long(nth), error, ctypes.c_long(times))

    def room(self, free_bytes: int) -> None:
        """Let files grow by so many bytes and no more; -1 ends that."""
        self._shim.fault_room(ctypes.c_int64(free_bytes))

    def seen(self, kind: Kind) -> int:
        """How many calls of a kind there were."""
        return int(self._shim.fault_seen(int(kind)))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    kind: Kind
    file: int
    offset: int
    size: int
    path: str
    other: str
    data: bytes


def entries(log: Path) -> list[Entry]:
    """Read a log."""
    raw, at, found = log.read_bytes(), 0, []
    while at < len(raw):
        kind, n, m, file, offset, size = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        path, other = raw[at : at + n].decode(), raw[at + n : at + n + m].decode()
        at += n + m
        data = raw[at : at + size] if kind == Kind.WRITE else b""
        at += len(data)
        found.append(Entry(Kind(kind), file, offset, size, path, other, data))
    return found


@dataclass(eq=False)
class _File:
    """A file as the program sees it, as the disk surely holds it, and what lies between."""

    now: bytearray = field(default_factory=bytearray)
    kept: bytes = b""
    waiting: list[Entry] = field(default_factory=list)

    def apply(self, entry: Entry) -> None:
        _apply(self.now, entry)
        self.waiting.append(entry)

    def sync(self) -> None:
        self.kept, self.waiting = bytes(self.now), []


def _apply(content: bytearray, entry: Entry, parts: list[tuple[int, int]] | None = None) -> None:
    if entry.kind is Kind.TRUNCATE:
        del content[entry.offset :]
        content.extend(bytes(entry.offset - len(content)))
        return
    for lo, hi in parts if parts is not None else [(0, len(entry.data))]:
        begin = entry.offset + lo
        content.extend(bytes(max(0, begin - len(content))))
        content[begin : begin + hi - lo] = entry.data[lo:hi]


def _torn(entry: Entry, rng: random.Random) -> list[tuple[int, int]] | None:
    """Which sectors of a write reached the disk: all, none, or some; None: none at all."""
    if entry.kind is Kind.TRUNCATE or rng.random() < 0.4:
        return [(0, len(entry.data))] if rng.random() < 0.6 else None
    begin, parts = entry.offset, []
    at = 0
    while at < len(entry.data):
        to = min(len(entry.data), at + SECTOR - (begin + at) % SECTOR)
        if rng.random() < 0.5:
            parts.append((at, to))
        at = to
    return parts or None


@dataclass(eq=False)
class Replay:
    """A folder of the disk, log entry by log entry."""

    files: dict[int, _File] = field(default_factory=dict)
    now: dict[str, _File | None] = field(default_factory=dict)  # None: a folder
    kept: dict[str, _File | None] = field(default_factory=dict)
    steps: list[tuple[str, str, _File | None]] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Apply the next entry."""
        kind = entry.kind
        if kind is Kind.CREATE:
            self.files[entry.file] = _File()
            self._name(entry.path, self.files[entry.file])
        elif kind in (Kind.WRITE, Kind.TRUNCATE):
            self.files[entry.file].apply(entry)
        elif kind is Kind.SYNC:
            self.files[entry.file].sync()
        elif kind is Kind.SYNC_FOLDER:
            self._sync_names(entry.path)
        elif kind is Kind.RENAME:
            file = self.now[entry.path]
            if file is None:  # a folder goes with all that is in it
                self.steps.append((entry.path, f"to {entry.other}", None))
                _rename(self.now, self.steps[-1])
                return
            self._name(entry.other, file)
            self._name(entry.path, None, gone=True)
        elif kind is Kind.UNLINK:
            self._name(entry.path, None, gone=True)
        elif kind is Kind.MKDIR:
            self._name(entry.path, None)

    def _name(self, path: str, file: _File | None, *, gone: bool = False) -> None:
        self.steps.append((path, "gone" if gone else "there", file))
        _rename(self.now, self.steps[-1])

    def _sync_names(self, folder: str) -> None:
        waiting = []
        for step in self.steps:
            if str(Path(step[0]).parent) == (folder or "."):
                _rename(self.kept, step)
            else:
                waiting.append(step)
        self.steps = waiting

    def everything(self) -> dict[str, bytes | None]:
        """What the program wrote: a crash of the program loses nothing of it."""
        return {p: None if f is None else bytes(f.now) for p, f in self.now.items()}

    def synced(self) -> dict[str, bytes | None]:
        """Only what was synced: every write since is dropped."""
        return _reachable({p: None if f is None else f.kept for p, f in self.kept.items()})

    def torn(self, rng: random.Random) -> dict[str, bytes | None]:
        """What was synced, and of the writes since some, some of these torn by sectors."""
        names = dict(self.kept)
        for step in self.steps[: rng.randint(0, len(self.steps))]:  # a journal keeps their order
            _rename(names, step)
        found: dict[str, bytes | None] = {}
        for path, file in names.items():
            if file is None:
                found[path] = None
                continue
            content = bytearray(file.kept)
            for entry in file.waiting:
                parts = _torn(entry, rng)
                if parts is not None:
                    _apply(content, entry, parts)
            found[path] = bytes(content)
        return _reachable(found)


def _rename(names: dict[str, _File | None], step: tuple[str, str, _File | None]) -> None:
    path, what, file = step
    if what == "gone":
        names.pop(path, None)
    elif what.startswith("to "):
        for old in [n for n in names if n == path or n.startswith(path + "/")]:
            names[what[3:] + old[len(path) :]] = names.pop(old)
    else:
        names[path] = file


def _reachable(found: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """Without files whose folder was lost."""
    folders = {path for path, content in found.items() if content is None} | {"."}
    return {p: c for p, c in found.items() if all(str(q) in folders for q in Path(p).parents)}


def states(
    log: Path, rng: random.Random, every: int = 1, told: str | None = None
) -> Iterator[tuple[int, str, dict[str, bytes | None], Replay]]:
    """Give what the disk may hold after each `every`-th entry of a log, three ways each.

    Entries of the file `told` are what was acknowledged: no points of their own, they belong to
    the one before them.
    """
    replay, number = Replay(), 0
    found = entries(log)
    for entry, following in zip(found, [*found[1:], None], strict=True):
        replay.take(entry)
        if following is not None and following.path == told:
            continue
        number += 1
        if number % every == 0:
            yield number, "everything", replay.everything(), replay
            yield number, "synced", replay.synced(), replay
            yield number, "torn", replay.torn(rng), replay


def lay_out(content: dict[str, bytes | None], folder: Path) -> None:
    """Write a state of the disk into a folder, replacing what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, data in sorted(content.items()):
        if data is None:
            (folder / path).mkdir(exist_ok=True)
        else:
            (folder / path).write_bytes(data)
