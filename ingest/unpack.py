"""Walk a folder of exports: plain files, and what lies in zip files, unpacked within limits."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hrv.errors import FormatError, InputError
from ingest.formats._packed import Bounded, check_member, damaged
from ingest.formats.base import Source
from ingest.reading import HEAD_BYTES, sniffed

DEEPEST = 3
"""Zip files in zip files: an account export holds a second one, seldom a third."""
MOST_MEMBERS = 100_000
MOST_BYTES = 1 << 34
_BROKEN = (
    zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One file of an export.

    Parameters
    ----------
    path : Path
        Where its bytes lie now; valid until the walk goes on.
    name : str
        Where it lay, below the folder and through zip files, with slashes.
    trouble : str
        Why it cannot be read at all (a damaged zip file), or empty.
    """

    path: Path
    name: str
    trouble: str = ""


def plain_files(folder: Path, leave_out: Path | None = None) -> list[Path]:
    """List files below a folder in order, without hidden ones, links and `leave_out`."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        if path.is_symlink() or not path.is_file():
            continue
        if leave_out is not None and leave_out in path.resolve().parents:
            continue
        found.append(path)
    return found


def contents(path: Path, name: str, depth: int = 0) -> Iterator[Found]:
    """Yield a file, or, for a zip file that is no recording itself, what is in it.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its name in reports.
    depth : int
        Zip files around it.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.startswith(b"PK\x03\x04") or sniffed(head, path.name):
        yield Found(path, name)
        return
    if depth >= DEEPEST:
        yield Found(path, name, f"is a zip file {DEEPEST} zip files deep: unpack it first")
        return
    with tempfile.TemporaryDirectory(prefix="hrv-import-") as folder:
        inside = Path(folder)
        try:
            unzip(Source(path.name, path), inside)
        except InputError as error:
            yield Found(path, name, str(error))
            return
        for each in plain_files(inside):
            yield from contents(each, f"{name}/{each.relative_to(inside).as_posix()}", depth + 1)


def unzip(source: Source, into: Path) -> None:
    """Unpack a zip file.

    Raises
    ------
    FormatError
        If it is damaged or encrypted, holds too much, or unfolds like a bomb.
    """
    total = 0
    with source.open() as file:
        try:
            archive = zipfile.ZipFile(file)
            members = [info for info in archive.infolist() if not info.is_dir()]
        except _BROKEN as error:
            raise damaged(error, source.name) from None
        if len(members) > MOST_MEMBERS:
            raise FormatError(f"holds more than {MOST_MEMBERS} files", source=source.name)
        for info in members:
            place = _place(info.filename, into)
            if place is None:
                continue
            check_member(info, source.name)
            total += _member(archive, info, place, source.name)
            if total > MOST_BYTES:
                raise FormatError(f"unfolds to more than {MOST_BYTES >> 30} GB", source=source.name)


def _place(name: str, into: Path) -> Path | None:
    """Where a member goes; None for a name that would leave the folder or is hidden."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or any(p in ("..", "/") or ":" in p or p.startswith(".") for p in parts):
        return None
    return into.joinpath(*parts)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, name: str) -> int:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as packed, place.open("wb") as out:
            bounded = Bounded(packed, info.compress_size, name)  # type: ignore[arg-type]
            shutil.copyfileobj(bounded, out, 1 << 20)
            return out.tell()
    except FormatError:
        raise
    except _BROKEN as error:
        raise damaged(error, name) from None
