"""Compressed files that strangers made: members opened with limits on size and on ratio."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from hrv.errors import FormatError
from ingest.formats.base import Source

LARGEST = 1 << 34
"""Bytes that a packed file may unfold to."""
RATIO = 400
"""Times its packed size, beyond the first `FREE` bytes; health exports reach 20 to 60."""
FREE = 1 << 24
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, OverflowError,
)  # fmt: skip


class Bounded(io.RawIOBase):
    """A reader that stops when more comes out than could honestly be inside."""

    def __init__(self, file: BinaryIO, packed: int, source: str, *, ratio: int = RATIO) -> None:
        self._file = file
        self._ratio = ratio
        self._limit = min(LARGEST, FREE + ratio * packed)
        self._source = source
        self._seen = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; all that is allowed for -1.

        Raises
        ------
        FormatError
            Past the limit, or if the packed data are damaged.
        """
        wanted = self._limit + 1 - self._seen
        try:
            data = self._file.read(wanted if size < 0 else min(size, wanted))
        except _BROKEN as error:
            raise damaged(error, self._source) from None
        self._seen += len(data)
        if self._seen > self._limit:
            raise bomb(self._ratio, self._source)
        return data


def bomb(ratio: int, source: str) -> FormatError:
    """One sentence for more than could honestly be inside."""
    return FormatError(
        f"unfolds to more than {ratio} times its size: refused as a decompression bomb",
        source=source,
    )


def check_member(info: zipfile.ZipInfo, source: str) -> None:
    """Refuse a member of a zip file by what the file itself says of it, before any work.

    Raises
    ------
    FormatError
        If it is encrypted, or would unfold beyond the limits.
    """
    if info.flag_bits & 1:
        raise FormatError("is encrypted; unpack it first", source=source)
    if info.file_size > min(LARGEST, FREE + RATIO * info.compress_size):
        raise bomb(RATIO, source)


def damaged(error: Exception, source: str) -> FormatError:
    """One sentence for whatever an unpacker stumbled over."""
    why = str(error) or type(error).__name__
    return FormatError(f"is a damaged packed file ({why}); copy it again", source=source)


@contextmanager
def member(source: Source, wanted: Callable[[str], bool], what: str) -> Iterator[BinaryIO]:
    """Open the one member of a zip file whose name is wanted.

    Raises
    ------
    FormatError
        If the file is damaged, encrypted, holds none or several such members, or unfolds
        beyond the limits.
    """
    with source.open() as file:
        try:
            archive = zipfile.ZipFile(file)
            found = [info for info in archive.infolist() if wanted(info.filename)]
        except _BROKEN as error:
            raise damaged(error, source.name) from None
        if len(found) != 1:
            many = "several" if found else "no"
            raise FormatError(f"holds {many} {what}", source=source.name)
        check_member(found[0], source.name)
        try:
            opened = archive.open(found[0])
        except _BROKEN as error:
            raise damaged(error, source.name) from None
        with opened as inner:
            yield Bounded(inner, found[0].compress_size, source.name)  # type: ignore[arg-type,misc]


@contextmanager
def gunzipped(source: Source, *, ratio: int = RATIO) -> Iterator[BinaryIO]:
    """Open a gzip file for reading piece by piece, within the limits."""
    with source.open() as file:
        packed = file.seek(0, io.SEEK_END)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as inner:
            yield Bounded(inner, packed, source.name, ratio=ratio)  # type: ignore[arg-type,misc]
