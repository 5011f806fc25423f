"""The command line run as its user does, without a new process each time; one PostgreSQL."""

import sys
from dataclasses import dataclass

import postgres
import pytest

import api.cli


@pytest.fixture(scope="session")
def postgres_url():
    """One PostgreSQL for all tests of the service."""
    with postgres.cluster() as url:
        yield url


@dataclass
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def hrv_command(monkeypatch, capsys):
    """Run `hrv ARGS` in this process and return its exit code and outputs."""

    def run(*args: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["hrv", *map(str, args)])
        with pytest.raises(SystemExit) as stop:
            api.cli.main()
        captured = capsys.readouterr()
        return Done(int(stop.value.code or 0), captured.out, captured.err)

    return run
