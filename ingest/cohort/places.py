"""Where a cohort's files lie: a folder of this machine, or an object store through fsspec."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from hrv.errors import InputError, MissingExtraError

TEMPORARY = re.compile(r"^\.[0-9A-Za-z._-]+\.tmp$")
"""Names of files that a writer had not finished."""


@dataclass(frozen=True)
class Listed:
    """One file of a place.

    Parameters
    ----------
    name : str
        Path below the place, with slashes.
    size : int
        Bytes.
    seen : str
        What changes when the file does: its time and size, or the store's own tag.
    """

    name: str
    size: int
    seen: str


class Place(Protocol):
    """A folder by whatever means it is reached."""

    @property
    def url(self) -> str:
        """What a user and a worker call it."""
        ...

    def files(self) -> Iterator[Listed]:
        """Every file below, hidden ones left out, in no order."""
        ...

    def matching(self, pattern: str) -> Iterator[Listed]:
        """Files whose path below matches a glob."""
        ...

    def stat(self, name: str) -> Listed | None:
        """One file, or None."""
        ...

    def path(self, name: str) -> Path | None:
        """Path of a file if this machine's file system has it."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Make or replace a file so that nobody ever sees half of it."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file that may be gone already."""
        ...


def place(url: str | os.PathLike[str]) -> Place:
    """Open a place by its path or URL (``s3://bucket/folder``, ``gs://…``, ``memory://…``).

    Raises
    ------
    MissingExtraError
        If the URL's kind needs a package that is not installed.
    InputError
        If the URL's kind is not known.
    """
    text = os.fspath(url)
    kind, _, rest = text.partition("://")
    if not rest and "://" not in text:
        return Folder(Path(text).absolute())
    if kind in ("file", "local"):
        return Folder(Path("/" + rest.lstrip("/")))
    return Remote(text.rstrip("/"))


def split_glob(text: str) -> tuple[str, str]:
    """Split a path with wildcards into the folder before them and the pattern below it."""
    head, mark, tail = text.partition("://")
    parts = (tail if mark else head).split("/")
    first = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    folder = "/".join(parts[:first]) or ("/" if text.startswith("/") else "" if mark else ".")
    return (f"{head}://{folder}" if mark else folder), "/".join(parts[first:])


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    root: Path

    @property
    def url(self) -> str:
        """Its path."""
        return str(self.root)

    def files(self) -> Iterator[Listed]:
        """Every file below, hidden ones left out."""
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    yield from self._listed(Path(folder, name))

    def matching(self, pattern: str) -> Iterator[Listed]:
        """Files whose path below matches a glob."""
        try:
            for path in self.root.glob(pattern):
                if path.is_file():
                    yield from self._listed(path)
        except ValueError as error:
            raise InputError(f"{pattern!r} is no pattern of files ({error})") from None

    def _listed(self, path: Path) -> Iterator[Listed]:
        found = self.stat(path.relative_to(self.root).as_posix())
        if found is not None:
            yield found

    def stat(self, name: str) -> Listed | None:
        """One file, or None."""
        try:
            told = (self.root / name).stat()
        except OSError:  # gone, or a link to nowhere: whoever reads it says so
            return None
        return Listed(name, told.st_size, f"{told.st_size}-{told.st_mtime_ns}")

    def path(self, name: str) -> Path | None:
        """Path of a file."""
        return self.root / name

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Write beside, sync, rename: a crash leaves the old file or the new one."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(".tmp", f".{path.name}.", path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def remove(self, name: str) -> None:
        """Delete a file that may be gone already."""
        (self.root / name).unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Delete what writers that were killed left behind."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                if TEMPORARY.match(name):
                    Path(folder, name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename last; systems that cannot sync a folder do it by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Remote:
    """A folder of an object store; credentials are the environment's, never part of the URL."""

    url: str

    @property
    def _at(self) -> tuple[Any, str]:
        return _file_system(self.url)

    def files(self) -> Iterator[Listed]:
        """Every file below, hidden ones left out."""
        system, root = self._at
        system.invalidate_cache()
        for path, info in system.find(root, detail=True).items():
            listed = self._listed(path, info)
            if not any(part.startswith(".") for part in PurePosixPath(listed.name).parts):
                yield listed

    def matching(self, pattern: str) -> Iterator[Listed]:
        """Files whose path below matches a glob."""
        system, root = self._at
        system.invalidate_cache()
        for path, info in system.glob(f"{root}/{pattern}", detail=True).items():
            if info.get("type") == "file":
                yield self._listed(path, info)

    def _listed(self, path: str, info: dict[str, Any]) -> Listed:
        root = self._at[1].strip("/")
        name = path.strip("/").removeprefix(root).lstrip("/")
        tag = next((info[key] for key in _TAGS if info.get(key)), "")
        return Listed(name, int(info.get("size") or 0), f"{info.get('size')}-{tag}".strip('"'))

    def stat(self, name: str) -> Listed | None:
        """One file, or None."""
        system, root = self._at
        path = f"{root}/{name}"
        try:
            info = system.info(path)
        except FileNotFoundError:
            return None
        return self._listed(path, info) if info.get("type") == "file" else None

    def path(self, name: str) -> Path | None:
        """Say that no file of a store is a local one."""
        del name
        return None

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        system, root = self._at
        return bytes(system.cat_file(f"{root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Put an object whole: stores show it when it is complete."""
        system, root = self._at
        path = f"{root}/{name}"
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.pipe_file(path, content)

    def remove(self, name: str) -> None:
        """Delete a file that may be gone already."""
        system, root = self._at
        with suppress(FileNotFoundError):
            system.rm_file(f"{root}/{name}")


_TAGS = ("ETag", "etag", "md5Hash", "generation", "LastModified", "mtime", "created")
"""What stores call the mark of a version, the surest first."""


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("cluster", f"reach {url}") from None
    try:
        return fsspec.core.url_to_fs(url)  # type: ignore[no-any-return]  # cached by fsspec
    except ImportError as error:
        extra = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}.get(url.partition(":")[0])
        if extra is None:
            raise InputError(f"{url} cannot be reached: {error}") from None
        raise MissingExtraError(extra, f"reach {url}") from None
    except ValueError as error:
        raise InputError(f"{url} cannot be reached: {error}") from None
