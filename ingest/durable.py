"""Put files on the disk such that a power cut leaves the old one or the new one, whole.

A file is written under another name, synced, renamed, and its folder synced: a name is only on
the disk once its folder is.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_file(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Replace the file at `path` in one step; on the disk when this returns.

    Raises
    ------
    OSError
        If it cannot be written; the old file, if there was one, stays as it was.
    """
    if path.exists() and not path.is_file():  # a terminal, a pipe: there is nothing to replace
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))  # a link stays one
    fresh = target.with_name(f".{target.name}.new")
    try:
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode)
        try:
            if target.exists():
                fresh.chmod(target.stat().st_mode & 0o7777)
            write_all(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
    sync_folder(target.parent)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder with those above it; their names are on the disk when this returns."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True, mode=mode)
    for each in missing:
        sync_folder(each.parent)


def write_all(file: int, data: bytes) -> None:
    """Write everything: a full disk may take a part only, and tells at the next try."""
    while data:
        data = data[os.write(file, data) :]


def sync_file(path: Path) -> None:
    """Have the disk hold the content of a file that somebody else wrote."""
    handle = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Have the disk hold the names in a folder (POSIX only)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_BINARY: int = getattr(os, "O_BINARY", 0)
