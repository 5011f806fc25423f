"""A PostgreSQL of our own for the tests: Debian's binaries, a temporary folder, no network."""

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_numbers = itertools.count()


def binaries() -> Path | None:
    """Folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _as_user() -> list[str]:
    """PostgreSQL refuses to run as root: there, run it as its own user."""
    if os.getuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
    return ["runuser", "-u", "postgres", "--"]


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Start a server; yields its URL without a database, e.g. ``postgresql://…?host=…``."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (tests/setup_system.sh installs it where it can)")
    user = _as_user()
    with tempfile.TemporaryDirectory(prefix="hrv-pg-") as name:
        home = Path(name)
        home.chmod(0o777)
        data = home / "data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [*user, str(folder / program), *arguments],
                check=True, capture_output=True, timeout=60, cwd=name,
            )  # fmt: skip

        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={name}"
        run("pg_ctl", "-D", str(data), "-o", options, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql://postgres@/{{database}}?host={name}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
            if user:
                subprocess.run([*user, "rm", "-rf", str(data), str(home / "log")], check=True)


def new_database(url: str, name: str) -> str:
    """Make an empty database and return its URL."""
    import psycopg

    with psycopg.connect(url.format(database="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.format(database=name)


@contextlib.contextmanager
def place(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Iterator[str]:
    """A new store's folder or URL, as the fixture's parameter asks: sqlite or postgresql."""
    if request.param == "sqlite":
        folder = folders.mktemp("store")
        yield str(folder)
        shutil.rmtree(folder)
    else:
        url = request.getfixturevalue("postgres_url")
        yield new_database(url, f"place{next(_numbers)}")
