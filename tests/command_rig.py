"""The command `hrv` in a process of its own: to be killed, talked to or watched."""

import os
import subprocess
import sys
import time
from pathlib import Path

import ingest
from ingest.journal import verify
from ingest.journal.record import MAGIC

HRV = [sys.executable, "-W", "error", "-c", "from api.cli import main; main()"]


def environment(**more):
    """Environment in which the packages under test are found."""
    home = str(Path(ingest.__file__).parents[1])
    paths = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": paths, **more}


def started(*args, **options):
    """Start the command."""
    return subprocess.Popen(
        [*HRV, *map(str, args)], env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def until(path, wanted, process, seconds=30):
    """Wait until the journal holds `wanted` notifications."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        begun = path.exists() and path.read_bytes()[:8] == MAGIC
        if begun and verify(path).notifications >= wanted:
            return
        time.sleep(0.02)
    raise AssertionError("the recording did not come along")
