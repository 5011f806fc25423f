"""Kill (-9) a work at random moments, over and over; print what was told and what was lost.

    fault_kills.py WORK,CYCLES,SEED …

A child does the work and acknowledges on a pipe; after each kill everything acknowledged so far
must be there and whole, and the next child goes on without help.
"""

from __future__ import annotations

import collections
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from fault_acks import Acks, Work, acknowledged
from fault_works import WORKS

FOREVER = 10**9
ONCE = frozenset({"migration", "study import", "backup"})
"""Works that end by themselves: each cycle begins anew, and the kill falls somewhere within."""


def killed(work: Work, folder: Path, rounds: int, rng: random.Random, most_s: float):
    """Run a child and kill it; returns (what it acknowledged, whether it was still at work)."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        code = 1
        try:
            work.run(folder, Acks(write_end), rounds)
            code = 0
        finally:
            os._exit(code)
    os.close(write_end)
    if work.name not in ONCE and rng.random() < 0.8:  # else it is killed while it starts
        select.select([read_end], [], [], 30)
    time.sleep(rng.uniform(0, most_s))
    os.kill(pid, signal.SIGKILL)
    with os.fdopen(read_end, "rb") as pipe:
        data = pipe.read()
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the work failed by itself"
    return acknowledged(data), os.WIFSIGNALED(status)


def took_s(work: Work, folder: Path, rounds: int) -> float:
    """How long a whole run takes, to aim the kills."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        work.run(folder, Acks(os.open(os.devnull, os.O_WRONLY)), rounds)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    return time.monotonic() - begin


def going_on(work: Work, cycles: int, rng: random.Random, home: Path) -> dict:
    """One place, killed again and again while it goes on."""
    counts: collections.Counter[str] = collections.Counter()
    place, acked, problems = home / "disk", [], []
    place.mkdir()
    for cycle in range(cycles):
        try:
            more, hit = killed(work, place, FOREVER, rng, 0.05)
            counts["killed"] += hit
            acked += more
            work.check(place, acked, False)
        except Exception as error:
            problems.append(f"cycle {cycle}: {type(error).__name__}: {error}"[:300])
    work.check(place, acked, True)
    return {"work": work.name, "acknowledged": len(acked), "problems": problems, **counts}


def anew(work: Work, cycles: int, rng: random.Random, home: Path) -> dict:
    """A place of its own each time, killed somewhere on the way."""
    counts: collections.Counter[str] = collections.Counter()
    base, problems, rounds = home / "base", [], 6
    base.mkdir()
    if work.prepare is not None:
        pid = os.fork()
        if pid == 0:
            work.prepare(base, Acks(home / "base.acks"), rounds)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    began = acknowledged((home / "base.acks").read_bytes()) if work.prepare else []
    place = home / "trial"
    shutil.copytree(base, place)
    whole_s = took_s(work, place, rounds)
    for cycle in range(cycles):
        shutil.rmtree(place)
        shutil.copytree(base, place)
        try:
            acked, hit = killed(work, place, rounds, rng, whole_s)
            counts["killed"] += hit
            counts["acknowledged"] += len(acked)
            work.check(place, began + acked, True)
        except Exception as error:
            problems.append(f"cycle {cycle}: {type(error).__name__}: {error}"[:300])
    return {"work": work.name, "problems": problems, **counts}


def main() -> None:
    for job in sys.argv[1:]:
        name, *numbers = job.split(",")
        cycles, seed = map(int, numbers)
        work = next(w for w in WORKS if w.name == name)
        how = anew if work.name in ONCE else going_on
        with tempfile.TemporaryDirectory(prefix="hrv-kill-") as folder:
            found = how(work, cycles, random.Random(seed), Path(folder))
        print(json.dumps({"cycles": cycles, **found}), flush=True)


if __name__ == "__main__":
    main()
