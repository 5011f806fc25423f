"""Let the disk fill up at many points under a running service and under commands; print findings.

    LD_PRELOAD=… fault_full.py POINTS

The service answers 507 with Retry-After, reads included where the audit log cannot take them;
when space returns, the same process takes everything again.  Commands say one sentence, exit
with 2 and leave the old file as it was.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import io
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

import httpx
from fault_acks import Acks, acknowledged, rr_of
from fault_disk import Disk, Kind
from fault_works import check_import, check_live, upload_all
from serving import serving

from api.cli import build_app
from api.cli._errors import run
from api.client import Client, ServiceError
from api.schemas.studies import StudyIn

ROOT = Path(__file__).resolve().parents[1]
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
ERRORS = (errno.EROFS, errno.EIO, errno.EACCES)
STEP = 7_000
"""Bytes between two points."""


class Wrong(AssertionError):
    """Something that was promised did not happen."""


def check_refusal(error: ServiceError | None, url: str) -> None:
    if error is not None and (error.status, error.type) != (507, "storage-full"):
        raise Wrong(f"answered {error.status}, not 507: {error}")
    again = httpx.post(f"{url}/v1/studies", json={"title": "t" * 200})
    if again.status_code == 507 and "Retry-After" not in again.headers:
        raise Wrong("507 without Retry-After")


def _refused(ask) -> ServiceError | None:
    """What cannot be recorded in the audit log is not shown either."""
    try:
        ask()
    except ServiceError as error:
        return error
    return None


def service(home: Path, disk: Disk, room: int, acks: Acks) -> collections.Counter[str]:
    """Fill the disk under a service until it refuses; then give space back."""
    counts: collections.Counter[str] = collections.Counter()
    with serving(str(home / "store")) as url, Client(url, tries=1) as client:
        study = client.create_study(StudyIn(title="t", tz="UTC"))
        client.create_subject(study.id, "P01")
        live = client.start_live(study.id, "P01", name="live").recording_id
        at, refused = 0, 0
        disk.room(room)
        for _ in range(400):
            try:
                at = client.send_beats(live, at, rr_of(at, 40).tolist()).next_sequence
                acks("beats", live.hex, at)
                upload_all(client, home, acks, 1)
            except ServiceError as error:
                check_refusal(error, url)
                counts["refused"] += 1
                check_refusal(_refused(lambda: client.live(live)), url)
                refused += 1
                if refused == 3:
                    break
            except OSError:  # the test's own file: its disk is full, too
                break
        else:
            raise Wrong("the disk never became full")
        disk.room(-1)
        at = client.live(live).next_sequence
        at = client.send_beats(live, at, rr_of(at, 40).tolist()).next_sequence
        acks("beats", live.hex, at)
        upload_all(client, home, acks, 1)
        client.stop_live(live)
    return counts


def unwritable(home: Path, disk: Disk, error: int) -> None:
    """Let the disk take nothing at all for a while, for another reason than space."""
    with serving(str(home / "store")) as url, Client(url, tries=1) as client:
        study = client.create_study(StudyIn(title="t"))
        for kind in (Kind.WRITE, Kind.SYNC):
            disk.fail(kind, 1, error, 10**9)
            try:
                client.create_subject(study.id, "P01")
                raise Wrong(f"{os.strerror(error)}: acknowledged what could not be written")
            except ServiceError as refused:
                if (refused.status, refused.type) not in (
                    (507, "storage-failed"),
                    (507, "storage-full"),
                ):
                    raise Wrong(f"answered {refused.status} {refused.type}: {refused}") from None
            disk.fail(kind, 0)
            client.create_subject(study.id, f"P{int(kind)}")


def commands(home: Path, disk: Disk, room: int) -> collections.Counter[str]:
    """Run commands that write, with so much room."""
    sample = next((ROOT / "sample_data" / "recordings").iterdir())
    asked = {
        "windows": [str(sample), "--width", "1min", "--step", "1s", "--format", "csv", "--out"],
        "convert": [str(sample), "--to", "kubios", "--force"],
        "import": [str(sample), "--tz", "UTC", "--into"],
        "record": ["sim:?seed=1&speed=max", "--duration", "20min", "--out"],
    }
    counts: collections.Counter[str] = collections.Counter()
    for name, arguments in asked.items():
        out = home / f"{name}.out"
        if name in ("windows", "convert"):
            out.write_text("old")
        disk.room(room)
        said, printed = io.StringIO(), io.StringIO()
        sys.argv = ["hrv", name, *arguments, str(out)]
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
            code = run(build_app())
        disk.room(-1)
        counts[f"{name} {code}"] += 1
        last = said.getvalue().splitlines()[-1:]
        if code not in (0, 2) or (code == 2 and not last[0].startswith("hrv: ")):
            raise Wrong(f"hrv {name}: exit {code}, said {said.getvalue()[-500:]!r}")
        if code == 2 and name in ("windows", "convert") and out.read_text() != "old":
            raise Wrong(f"hrv {name}: the old file was destroyed")
        if "Traceback" in said.getvalue():
            raise Wrong(f"hrv {name}: a traceback")
    return counts


def in_a_child(work) -> tuple[int, dict]:
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.write(write_end, json.dumps(work()).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        found = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), json.loads(found or "{}")


def main() -> None:
    points = int(sys.argv[1])
    counts: collections.Counter[str] = collections.Counter()
    problems = []
    for point in range(points):
        with tempfile.TemporaryDirectory(prefix="hrv-full-", dir=MEMORY) as folder:
            home, told = Path(folder) / "disk", Path(folder) / "acks"
            home.mkdir()

            def go(home=home, told=told, point=point):
                disk = Disk()
                disk.begin(home)
                done = service(home, disk, point * STEP, Acks(told))
                if point < len(ERRORS):
                    unwritable(home, disk, ERRORS[point])
                return {**done, **commands(home, disk, point * STEP // 2)}

            code, found = in_a_child(go)
            counts.update(found)
            counts["points"] += 1
            if code:
                problems.append(f"point {point}: see above")
                continue
            acked = acknowledged(told.read_bytes())
            check_live(home, [line for line in acked if line[0] == "beats"], False)
            check_import(home, [line for line in acked if line[0] == "upload"], True)
            counts["acknowledged"] += len(acked)
    print(json.dumps({"work": "full disk", "problems": problems, **counts}))


if __name__ == "__main__":
    main()
