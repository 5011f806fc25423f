"""A cohort of simulated days: recordings a second, two workers against two bare processes, peers.

    python -m benchmarks.cohort --recordings 1000 --data .bench/cohort

Everything is measured in one run, bare processes and workers in turn on the same parts of the
cohort, so that ratios hold on a machine that others use too; rates a core are taken from processor
time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np

METRICS = ("mean_nn", "mean_hr", "sdnn", "rmssd", "ln_rmssd", "nn50", "pnn50", "sd1", "sd2")
STRESS_S = (7200, 7500)
PARTS, PEER_H = 4, 4
"""Parts that bare processes and workers take in turn; hours of one day that NeuroKit2 gets."""


def make(number_and_folder: tuple[int, str]) -> int:
    """Write one day with a stressor and 0.5 % artefacts; tell its beats."""
    import hrv
    from hrv.simulate import Artefacts
    from ingest import write_text

    number, folder = number_and_folder
    path = Path(folder) / f"P{number // 4:04d}" / f"day{number % 4}.txt"
    if path.exists():
        return 0
    sim = hrv.simulate(
        seed=number, duration="24h", stress=[STRESS_S], start=start_of(number), ticks_per_s=1000,
        artefacts=Artefacts(ectopic=0.002, missed=0.002, extra=0.001),
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(sim.series, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)
    return len(sim.series)


def start_of(number: int) -> datetime:
    return datetime(2026, 3, 1 + number % 4, 8, tzinfo=UTC)


def write_events(source: Path, count: int) -> Path:
    """Write the one stressor of each day, for all of them."""
    lines = ["subject,phase,kind,start,end"]
    for number in range(count):
        begin, end = (start_of(number) + timedelta(seconds=s) for s in STRESS_S)
        lines.append(f"P{number // 4:04d},task,stress,{begin.isoformat()},{end.isoformat()}")
    path = source.with_suffix(".events.csv")
    path.write_text("\n".join(lines) + "\n")
    return path


def run_one(task: object) -> None:
    from ingest.cohort.task import run_batch

    run_batch(task)


def warm(_: object = None) -> tuple[int, float]:
    """Import everything, numpy's way and the compiled one; tell the processor time so far."""
    import ingest.cohort.task  # noqa: F401
    from hrv.clean._kernel import quantiles_compiled

    quantiles_compiled(np.ones(100), 91, (0.25, 0.75))
    time.sleep(0.5)  # so that the other process takes the other one
    return os.getpid(), time.process_time()


def spent(_: object = None) -> tuple[int, float, float]:
    """Process, its processor time (s) and its largest memory (MiB)."""
    time.sleep(0.2)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return os.getpid(), time.process_time(), memory


def tasks_for(source: Path, out: Path) -> list:
    from ingest import cohort
    from ingest.cohort.plan import batches
    from ingest.cohort.run import with_events
    from ingest.cohort.task import Task

    shutil.rmtree(out, ignore_errors=True)
    found = cohort.find(str(source))
    events = write_events(source, len(found.items))
    settings = with_events(cohort.CohortSettings(metrics=METRICS, events=str(events)))
    return [Task(b, found.place, str(out), settings) for b in batches(found.items)]


def numpy_only(tasks: list) -> float:
    """Processor time of batches without compiled kernels; runs in a process of its own."""
    os.environ["HRV_KERNELS"] = "never"
    import ingest.cohort.task  # noqa: F401

    began = time.process_time()
    for task in tasks:
        run_one(task)
    return time.process_time() - began


def in_turn(source: Path, data: Path) -> dict[str, float]:
    """Two bare processes and two workers of Dask, each part of the cohort by one then the other."""
    import distributed  # noqa: F401  # its defaults first: else they go with our settings
    from dask import config

    from ingest.cohort.engine import CONFIG, engine, local

    bare, dask = (tasks_for(source, data / f"out-{name}") for name in ("bare", "dask"))
    wall = {"bare": 0.0, "dask": 0.0}
    ratios, scheduler = [], 0.0
    spawn = multiprocessing.get_context("spawn")
    with config.set(CONFIG), ProcessPoolExecutor(2, spawn) as pool, local(2) as client:
        before = dict(pool.map(warm, range(4)))
        client.run(warm)
        workers = 0.0
        with engine(scheduler=client.scheduler.address, out=str(data / "out-dask")) as running:
            for part in range(PARTS):
                took = {}
                for name in ("bare", "dask") if part % 2 else ("dask", "bare"):
                    began, cpu = time.perf_counter(), time.process_time()
                    if name == "bare":
                        list(pool.map(run_one, bare[part::PARTS]))
                    else:
                        idle = of_workers(client)
                        list(running.run(dask[part::PARTS]))
                        scheduler += time.process_time() - cpu  # it lives in this process
                        workers += of_workers(client) - idle
                    took[name] = time.perf_counter() - began
                    wall[name] += took[name]
                ratios.append(took["bare"] / took["dask"])
                print(f"part {part + 1} of {PARTS}: {took}", flush=True)
        told = {pid: (cpu, memory) for pid, cpu, memory in pool.map(spent, range(8))}
        memory = max(memory for *_, memory in client.run(spent).values())
    return {
        "bare_s": wall["bare"], "dask_s": wall["dask"], "ratios": ratios,
        "scheduler_cpu_s": scheduler,
        "bare_cpu_s": sum(cpu - before[pid] for pid, (cpu, _) in told.items()),
        "worker_cpu_s": workers,
        "bare_mib": max(most for _, most in told.values()),
        "worker_mib": memory,
    }  # fmt: skip


def of_workers(client) -> float:
    return sum(cpu for _, cpu, _ in client.run(spent).values())


@contextmanager
def tcp_cluster(folder: Path):
    """A scheduler and two workers, each a process of its own."""
    dask, file = [sys.executable, "-m", "dask"], folder / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    processes = [subprocess.Popen([*dask, "scheduler", "--port", "0", *options], **quiet)]
    while not file.exists():
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard"]
    processes += [subprocess.Popen([*worker, "--local-directory", str(folder)], **quiet)
                  for _ in range(2)]  # fmt: skip
    try:
        yield address
    finally:
        for process in processes[::-1]:
            process.terminate()
        for process in processes:
            process.wait(60)


def over_tcp(source: Path, out: Path) -> list:
    """Run a part of the batches on two processes over TCP; tell which."""
    from distributed import Client

    from ingest.cohort.engine import engine

    tasks = tasks_for(source, out)[:: 2 * PARTS]
    with tcp_cluster(out.parent.absolute()) as address:
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        with engine(scheduler=address, out=str(out)) as running:
            list(running.run(tasks))
    return tasks


def neurokit(file: Path) -> float:
    """Processor time a day of NeuroKit2, from some hours: correct beats, then window by window."""
    import warnings

    import neurokit2 as nk

    warnings.simplefilter("ignore")
    rr = np.loadtxt(file)[:, 1]
    rr = rr[: np.searchsorted(np.cumsum(rr), PEER_H * 3.6e6)]
    began = time.process_time()
    peaks = np.concatenate(([0], np.cumsum(rr))).astype(int)
    _, peaks = nk.signal_fixpeaks(peaks, sampling_rate=1000, method="Kubios", iterative=False)
    peaks = np.asarray(peaks)
    for start in range(0, int(peaks[-1]) - 300_000, 60_000):
        own = peaks[(peaks >= start) & (peaks < start + 300_000)]
        with suppress(IndexError, ValueError):  # it cannot take windows with losses of beats
            nk.hrv_time(own - own[0], sampling_rate=1000)
    return (time.process_time() - began) * 24 / PEER_H


def same(a: Path, b: Path) -> int | None:
    """How many tables of `b` are byte for byte those of `a`; None if one is not."""
    names = sorted(p.relative_to(b) for p in b.rglob("*.parquet"))
    whole = all((a / n).read_bytes() == (b / n).read_bytes() for n in names)
    return len(names) if whole else None


def measured(source: Path, data: Path) -> dict[str, object]:
    files = sorted(source.rglob("*.txt"))
    n = len(files)
    load = os.getloadavg()[0]
    turn = in_turn(source, data)
    few = tasks_for(source, data / "out-serial")[:: 4 * PARTS]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        plain = pool.submit(numpy_only, few).result()
    of_few = sum(len(task.batch.items) for task in few)
    over_tcp(source, data / "out-tcp")
    peer = neurokit(files[0])
    size = sum(p.stat().st_size for p in files)
    written = sum(p.stat().st_size for p in (data / "out-dask").rglob("*.parquet"))
    return {
        "recordings": n,
        "bytes a recording, read": size / n,
        "bytes a recording, written": written / n,
        "recordings/s a core, compiled cleaner (processor time)": n / turn["bare_cpu_s"],
        "recordings/s a core, numpy alone (processor time)": of_few / plain,
        "recordings/s, two bare processes (clock)": n / turn["bare_s"],
        "recordings/s, two workers (clock)": n / turn["dask_s"],
        "two workers against two bare processes (clock, all parts)": turn["bare_s"]
        / turn["dask_s"],
        "the same, part by part": " ".join(f"{r:.2f}" for r in turn["ratios"]),
        "two workers against two bare processes (processor time)": turn["bare_cpu_s"]
        / turn["worker_cpu_s"],
        "scheduler and client, share of the workers' time": turn["scheduler_cpu_s"]
        / turn["worker_cpu_s"],
        "largest memory of a worker, MiB": turn["worker_mib"],
        "largest memory of a bare process, MiB": turn["bare_mib"],
        f"NeuroKit2, s a recording (from {PEER_H} h of one)": peer,
        "times NeuroKit2": peer / (turn["bare_cpu_s"] / n),
        "tables the same, bare and local cluster": same(data / "out-bare", data / "out-dask"),
        "tables the same, local and TCP cluster": same(data / "out-dask", data / "out-tcp"),
        "tables the same, compiled and numpy alone": same(data / "out-bare", data / "out-serial"),
        "load average before and after": f"{load:.1f} {os.getloadavg()[0]:.1f}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": ", ".join(
            f"{name} {version(name)}"
            for name in ("numpy", "pandas", "pyarrow", "numba", "dask", "neurokit2")
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--data", type=Path, default=Path(".bench/cohort"))
    parser.add_argument("--only-make", action="store_true")
    chosen = parser.parse_args()
    source = chosen.data / f"days-{chosen.recordings}"
    source.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        made = list(pool.map(make, ((i, str(source)) for i in range(chosen.recordings))))
    print(f"{sum(n > 0 for n in made)} of {len(made)} recordings made", flush=True)
    if chosen.only_make:
        return
    rows = measured(source, chosen.data)
    for name, value in rows.items():
        shown = f"{value:.4g}" if isinstance(value, float) else value
        print(f"{name:<58} {shown}")
    (chosen.data / "measured.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
