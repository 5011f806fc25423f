"""Do a work on a recording disk, then cut the power at every moment; print what was lost.

    LD_PRELOAD=… fault_rig.py power WORK,ROUNDS,EVERY,WHOLE_EVERY …
    LD_PRELOAD=… fault_rig.py fault WORK,ROUNDS,EVERY …

`fault` lets every write, sync, rename … fail once in turn instead.  Run by tests/fault_run.py.
"""

from __future__ import annotations

import collections
import errno
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from fault_acks import ACKS, Acks, Work, acknowledged
from fault_disk import Disk, Kind, Replay, lay_out, states
from fault_works import WORKS, at_risk

MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


def without_acks(content):
    return {path: data for path, data in content.items() if path != ACKS}


def loses(work: Work, state: str, acked: list[list[str]]) -> list[list[str]]:
    """What must be there: everything, but for a recording the last second at a power cut."""
    if work.name == "recording" and state != "everything":
        risk = {tuple(line) for line in at_risk(acked)}
        return [line for line in acked if tuple(line) not in risk]
    return acked


def in_a_child(work_of) -> int:
    """Run in a fork, so that threads and open files of one run are not those of the next."""
    pid = os.fork()
    if pid == 0:
        try:
            work_of()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def power(work: Work, rounds: int, every: int, whole_every: int, home: Path) -> dict:
    place, log, cut = home / "disk", home / "log", home / "cut"
    place.mkdir()

    def go():
        disk = Disk()
        disk.begin(place, log)
        work.run(place, Acks(place / ACKS), rounds)

    assert in_a_child(go) == 0, f"{work.name}: the work itself failed"
    if work.name == "study import":
        (home / "disk-exports").rename(home / "cut-exports")
    counts: collections.Counter[str] = collections.Counter()
    problems = []
    rng = random.Random(7)
    for number, state, content, replay in states(log, rng, every, ACKS):
        acked = acknowledged(bytes(_acks(replay)))
        lay_out(without_acks(content), cut)
        counts["points"] += state == "everything"
        counts["states"] += 1
        whole = counts["points"] % whole_every == 0
        counts["restarts"] += whole
        try:
            work.check(cut, loses(work, state, acked), whole)
        except Exception as error:
            problems.append(f"entry {number}, {state}: {type(error).__name__}: {error}"[:300])
    return {"work": work.name, "problems": problems[:20], "failed": len(problems), **counts}


def _acks(replay: Replay) -> bytes:
    found = replay.now.get(ACKS)
    return b"" if found is None else found.now


FAULTS = (Kind.CREATE, Kind.WRITE, Kind.TRUNCATE, Kind.SYNC, Kind.SYNC_FOLDER, Kind.RENAME,
          Kind.UNLINK, Kind.MKDIR)  # fmt: skip


def fault(work: Work, rounds: int, every: int, home: Path) -> dict:
    """Let each call of each kind fail once; what was acknowledged stays, the next run works."""
    counts: collections.Counter[str] = collections.Counter()
    problems: list[str] = []
    for kind in FAULTS:
        nth = 1
        while True:
            place = home / f"{kind.name}{nth}"
            place.mkdir()
            if not _one_fault(work, rounds, place, kind, nth, problems, counts):
                break
            shutil.rmtree(place)
            nth += every
    return {"work": work.name, "problems": problems[:20], "failed": len(problems), **counts}


def _one_fault(work, rounds, place, kind, nth, problems, counts) -> bool:
    """Returns False once there is no nth call."""
    acks = place.with_suffix(".acks")
    was_hit, wrong = place.with_suffix(".hit"), place.with_suffix(".wrong")

    def go():
        disk = Disk()
        disk.begin(place)
        disk.fail(kind, nth, errno.EIO)
        try:
            work.run(place, Acks(acks), rounds)
        except Exception as error:
            if not _typed(error):
                wrong.write_text(f"{type(error).__name__}: {error}")
        if disk.seen(kind) >= nth:
            was_hit.touch()

    in_a_child(go)
    if not was_hit.exists():
        return False
    counts[f"faults {kind.name.lower()}"] += 1
    counts["faults"] += 1
    if wrong.exists():
        problems.append(f"{kind.name} {nth}: no clear error: {wrong.read_text()[:200]}")

    def again():
        acked = acknowledged(acks.read_bytes()) if acks.exists() else []
        if work.name == "study import":
            place.with_name(place.name + "-exports").rename(place / "x-exports")
            work.check(place, acked, False)
            return
        work.check(place, acked, True)

    if in_a_child(again):
        problems.append(f"{kind.name} {nth}: see above")
    return True


def _typed(error: BaseException) -> bool:
    from sqlalchemy.exc import DBAPIError

    from api.client import ServiceError
    from hrv.errors import HRVError

    return isinstance(error, HRVError | OSError | DBAPIError | ServiceError)


def main() -> None:
    what, *jobs = sys.argv[1:]
    for job in jobs:
        name, *numbers = job.split(",")
        work = next(w for w in WORKS if w.name == name)
        with tempfile.TemporaryDirectory(prefix="hrv-fault-", dir=MEMORY) as folder:
            kind = power if what == "power" else fault
            print(json.dumps(kind(work, *map(int, numbers), Path(folder))), flush=True)


if __name__ == "__main__":
    main()
