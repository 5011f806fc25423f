"""Time ours and every peer alike: each in a process of its own, in turn, round after round.

A process that has imported several tools is slower for reasons that lie in none of them: after
matplotlib, the memory of large temporary arrays goes back to the system with each call and is
fetched anew by the next.  So nobody shares a process with anybody.

python -m benchmarks.turns A numpy     (times one contestant and prints its seconds as JSON)
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import numpy as np

from benchmarks.tasks import CLEANING, TASKS, compiled, job, numpy_alone, ours, recording, table
from hrv.clean import clean

ROUNDS = 3
TURN_S = 0.2
"""Processor time that a call gets a round after its warm-up; a longer one is made once."""
SLOWEST_S = 900
"""Longest that a contestant may take a round."""
OURS = {"compiled": "with the extra fast", "numpy": "numpy alone", "table": "the whole table"}
"""Our contestants: name -> words."""


def in_turn(key: str, names: tuple[str, ...]) -> dict[str, float | str]:
    """Median processor seconds of each contestant of a task; or why it does not run.

    Parameters
    ----------
    key : str
        Of the task, ``"E"`` for cleaning.
    names : tuple of str
        Keys of `OURS`, or peers of the task.
    """
    spent: dict[str, list[float]] = {name: [] for name in names}
    broken: dict[str, str] = {}
    for _ in range(ROUNDS):
        for name in names:
            if name in broken:
                continue
            told = _child(key, name)
            if isinstance(told, str):
                broken[name] = told
            else:
                spent[name] += told
    return {name: broken.get(name) or float(np.median(spent[name])) for name in names}


def _child(key: str, name: str) -> list[float] | str:
    command = [sys.executable, "-m", "benchmarks.turns", key, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SLOWEST_S)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it died"])[-1][:120]
    return list(json.loads(done.stdout.splitlines()[-1]))


def contestant(key: str, name: str) -> Callable[[], object]:
    """What is timed; everything that is not the work itself has been done before."""
    if key == "E":
        asked = job(TASKS[0], 1)
        if name in OURS:
            return lambda: clean(asked.nn.rr)
        peer = next(p for p in CLEANING if p.name == name)
        return lambda: peer.call(asked)
    task, nn = next(t for t in TASKS if t.key == key), recording()
    if name in OURS:
        return lambda: table(task, nn) if name == "table" else ours(task, nn)
    peer = next(p for p in task.peers if p.name == name)
    given = job(task, peer.sample)
    return lambda: peer.call(given)


def repeated(call: Callable[[], object]) -> list[float]:
    """Processor seconds of a call, made again until `TURN_S` is spent, after one to warm up.

    Processor time, its own processes' included: others on the machine then weigh little.
    """
    call()
    took: list[float] = []
    while not took or sum(took) < TURN_S:
        begin = processor_s()
        call()
        took.append(processor_s() - begin)
    return took


def processor_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(key: str, name: str) -> None:
    warnings.simplefilter("ignore")
    call = contestant(key, name)
    path = {"compiled": compiled, "numpy": numpy_alone}.get(name, nullcontext)
    with path(), Path(os.devnull).open("w") as sink, redirect_stdout(sink):  # peers talk
        took = repeated(call)
    print(json.dumps(took))


if __name__ == "__main__":
    main(*sys.argv[1:])
