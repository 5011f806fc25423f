"""A laboratory's folder of recordings, a cluster over TCP, and ways to look at the results."""

import contextlib
import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
from command_rig import environment

import hrv
from ingest import write_text
from ingest.writers import parquet

PEOPLE, DAYS = 12, 2
BAD = {
    "P00/bad.txt": b"hello\nworld\n",
    "P00/empty.txt": b"",
    "P03/cut.parquet": b"PAR1\x15\x04",
}
"""Files that cannot be read."""


def make_lab(folder: Path, *, bad: bool = True) -> pd.DataFrame:
    """24 recordings of 12 people with one stressor each, broken files among them."""
    events = []
    for person in range(PEOPLE):
        for day in range(1, 1 + DAYS):
            start = dt.datetime(2026, 3, day, 9, tzinfo=dt.UTC)
            name = f"P{person:02d}"
            sim = hrv.simulate(
                seed=10 * person + day, duration="20min", stress=[(400, 640)], start=start,
                subject=name,
            )  # fmt: skip
            (folder / name).mkdir(parents=True, exist_ok=True)
            write_text(sim.series, folder / name / f"day{day}.txt")
            events.append(sim.events)
    for name, content in BAD.items() if bad else ():
        (folder / name).write_bytes(content)
    return pd.concat(events, ignore_index=True)


def until(true, seconds=60):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@contextlib.contextmanager
def tcp_cluster(folder: Path) -> Iterator[str]:
    """A scheduler and two workers, each a process of its own, as on machines of a network."""
    preload, dask = Path(__file__).with_name("cohort_preload.py"), [sys.executable, "-m", "dask"]
    file, log = folder / "scheduler.json", (folder / "log").open("w")
    # one worker's death is enough to suspect a recording; each costs a start of a process
    env = environment(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    options = {"env": env, "cwd": folder, "stdout": log, "stderr": log}
    processes = [
        subprocess.Popen(
            [*dask, "scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard",
             "--scheduler-file", str(file)], **options,
        )
    ]  # fmt: skip
    until(file.exists, 180)
    address = json.loads(file.read_text())["address"]
    for _ in range(2):
        processes.append(
            subprocess.Popen(
                [*dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--preload",
                 str(preload), "--local-directory", str(folder)], **options,
            )
        )  # fmt: skip
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=180)
    yield address
    for process in processes[
        ::-1
    ]:  # outright: a graceful end takes seconds and proves nothing here
        for one in [*psutil.Process(process.pid).children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
    log.close()


def make_dataset(folder: Path) -> None:
    """Write a Parquet dataset in folders study=/subject=/session=; one session is in two parts."""
    for i, (study, subject, session) in enumerate(
        [("a", "S1", "1"), ("a", "S2", "1"), ("b", "S1", "eve%20ning")]
    ):
        series = hrv.simulate(seed=i, duration="15min").series
        leaf = folder / f"study={study}" / f"subject={subject}" / f"session={session}"
        leaf.mkdir(parents=True)
        parts = [series]
        if study == "b":
            parts = [hrv.RRSeries.from_ms(series.rr_ms[:400], t_s=series.t_s[:400]),
                     hrv.RRSeries.from_ms(series.rr_ms[400:], t_s=series.t_s[400:])]  # fmt: skip
        for number, part in enumerate(parts):
            (leaf / f"part-{number}.parquet").write_bytes(parquet.write(part).files[".parquet"])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the results but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def table(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of the results, in order of file."""
    whole = pd.read_parquet(Path(folder) / name)
    return whole.sort_values(["file"], kind="stable").reset_index(drop=True)
