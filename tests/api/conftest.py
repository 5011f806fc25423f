"""A way to run the command line as its user does, without a new process each time."""

import sys
from dataclasses import dataclass

import pytest

import api.cli


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
