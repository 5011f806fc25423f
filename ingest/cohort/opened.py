"""A recording's bytes, from wherever they lie, with the hash of every file that was read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from hrv.errors import FormatError, InputError
from ingest.cohort.find import Item
from ingest.cohort.places import Listed, Place
from ingest.cohort.tables import arrow
from ingest.formats.base import Source


@dataclass(frozen=True)
class Traced(Source):
    """A source that notes what it read: file below the place, to its version and hash."""

    where: Place | None = None
    below: str = ""
    files: dict[str, tuple[str, str]] = field(default_factory=dict)

    def sibling(self, name: str) -> Source | None:
        """Return the file called `name` beside this one, or None."""
        if self.where is None or not name or name in (".", "..") or set(name) & set("/\\\0"):
            return None
        beside = (PurePosixPath(self.below) / name).as_posix().removeprefix("./")
        listed = self.where.stat(beside)
        return None if listed is None else _traced(listed, self.where, self.files)


def source_of(item: Item, where: Place) -> Traced:
    """Open a recording of a cohort.

    Raises
    ------
    InputError
        If its file is not there.
    FormatError
        If it lies in several parts that do not fit together.
    OSError
        If it cannot be read.
    """
    if len(item.parts) > 1:
        return _joined(item, where)
    (part,) = item.parts
    if part.seen == "missing" and where.stat(part.name) is None:
        raise InputError(f"{part.name} does not exist")
    return _traced(part, where, {})


def _traced(listed: Listed, where: Place, files: dict[str, tuple[str, str]]) -> Traced:
    name, path = PurePosixPath(listed.name), where.path(listed.name)
    files[listed.name] = (listed.seen, "")
    content = None
    if path is None:
        content = where.read(listed.name)
        files[listed.name] = (listed.seen, hashlib.sha256(content).hexdigest())
    else:  # may be larger than memory: hashed as it lies
        files[listed.name] = (listed.seen, sha256(where, listed.name))
    return Traced(name.name, path, content, {}, where, name.parent.as_posix(), files)


def sha256(where: Place, name: str) -> str:
    """Hash a file's content."""
    path = where.path(name)
    if path is None:
        return hashlib.sha256(where.read(name)).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


Look = Literal["never", "if changed", "always"]
"""When a file's content is hashed again: its time and size (or tag) may say that it changed."""


def unchanged(
    files: Mapping[str, tuple[str, str]], item: Item, where: Place, look: Look
) -> dict[str, tuple[str, str]] | None:
    """Say by which versions a recording's files are still those read before, or None.

    Parameters
    ----------
    files : mapping
        What `Traced.files` was then.
    item : Item
        The recording as listed now.
    where : Place
        Its place.
    look : str
        When to look at the content.
    """
    now = {part.name: part for part in item.parts}
    if not set(now) <= set(files):
        return None
    again = {}
    for name, (seen, known) in files.items():
        listed = now.get(name) or where.stat(name)
        if listed is None:
            return None
        doubt = look == "always" or listed.seen != seen
        if doubt and (look == "never" or not known or sha256(where, name) != known):
            return None
        again[name] = (listed.seen, known)
    return again


def _joined(item: Item, where: Place) -> Traced:
    """Put the parts of one session of a Parquet dataset together, in order of name."""
    pa = arrow()
    import pyarrow.parquet as pq

    files: dict[str, tuple[str, str]] = {}
    tables: list[Any] = []
    for part in item.parts:
        content = where.read(part.name)
        files[part.name] = (part.seen, hashlib.sha256(content).hexdigest())
        try:
            tables.append(pq.ParquetFile(io.BytesIO(content)).read())
        except pa.ArrowException as error:
            why = str(error).split("\n")[0]
            raise FormatError(f"is a damaged Parquet file ({why})", source=part.name) from None
    try:
        whole = pa.concat_tables(tables)
    except pa.ArrowException:
        raise FormatError("its parts have different columns", source=item.name) from None
    joined = io.BytesIO()
    pq.write_table(whole, joined)
    name = PurePosixPath(item.parts[0].name)
    return Traced(name.name, None, joined.getvalue(), {}, where, name.parent.as_posix(), files)
