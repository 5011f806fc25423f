"""Run the rigs of faults in processes of their own; `make crash` runs this with release counts.

python tests/fault_run.py            every promise at its release count, with a table
python tests/fault_run.py power      only power cuts (kills, faults: the others)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import fault_disk

TESTS = Path(__file__).resolve().parent
POWER = {
    "recording": (2600, 1, 50), "live": (300, 1, 100), "compaction": (130, 1, 100),
    "import": (32, 1, 100), "migration": (40, 1, 20), "study import": (40, 1, 40),
    "backup": (4, 1, 40),
}  # fmt: skip
"""Rounds of work, every which entry of the log is a crash point, every which restarts whole."""
FAULT = {
    "recording": (200, 1), "live": (6, 1), "compaction": (6, 2), "import": (2, 2),
    "migration": (4, 1), "study import": (6, 1), "backup": (2, 1),
}  # fmt: skip
"""Rounds of work, and every which call of a kind is let fail."""
KILLED = (
    "recording",
    "live",
    "service",
    "compaction",
    "import",
    "migration",
    "study import",
    "backup",
)
KILL = dict.fromkeys(KILLED, (200, 1))
"""Cycles, and the seed of the moments."""


SCRIPTS = {
    "power": "fault_rig.py",
    "fault": "fault_rig.py",
    "kill": "fault_kills.py",
    "full": "fault_full.py",
}


def rig(what: str, jobs: dict[str, tuple[int, ...]]) -> Iterator[dict]:
    """Run works one after another in one process; yields what was found of each."""
    preload = what != "kill"
    environment = fault_disk.preloaded() if preload else {**os.environ, "OMP_NUM_THREADS": "1"}
    home = os.pathsep.join([*_home(), str(TESTS)])
    first = [what] if what in ("power", "fault") else []
    asked = [",".join(map(str, (name, *numbers))) for name, numbers in jobs.items()]
    with subprocess.Popen(
        [sys.executable, str(TESTS / SCRIPTS[what]), *first, *asked],
        env={**environment, "PYTHONPATH": home, "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        for line in running.stdout:
            yield json.loads(line)
    assert running.returncode == 0, f"the rig ended with {running.returncode}"


FULL: dict[str, tuple[int, ...]] = {"50": ()}
"""Points at which the disk fills up."""


def _home() -> list[str]:
    import api

    return [str(Path(api.__file__).resolve().parents[1])]


def main() -> None:
    counts = {"power": POWER, "fault": FAULT, "kill": KILL, "full": FULL}
    bad = 0
    for asked in sys.argv[1:] or counts:
        what, _, name = asked.partition(":")
        begin = time.monotonic()
        for found in rig(what, {name: counts[what][name]} if name else counts[what]):
            told = {k: v for k, v in found.items() if k not in ("work", "problems")}
            took_s, begin = time.monotonic() - begin, time.monotonic()
            print(f"{what:<6} {found['work']:<13} {took_s:5.0f} s  {told}", flush=True)
            for problem in found["problems"]:
                print(f"    {problem}", flush=True)
            bad += len(found["problems"])
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
