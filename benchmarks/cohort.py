"""A cohort of simulated days: recordings a second, two workers against two bare processes, peers.

    python -m benchmarks.cohort --recordings 1000 --data .bench/cohort

Everything is measured in one run, so that ratios hold on a machine that others use too; rates a
core are taken from processor time (what the clock says beside them).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

METRICS = ("mean_nn", "mean_hr", "sdnn", "rmssd", "ln_rmssd", "nn50", "pnn50", "sd1", "sd2")
SAMPLE, PEER = 48, 1


def make(number_and_folder: tuple[int, str]) -> int:
    """Write one day with a stressor and 0.5 % artefacts; tell its beats."""
    import hrv
    from hrv.simulate import Artefacts
    from ingest import write_text

    number, folder = number_and_folder
    path = Path(folder) / f"P{number // 4:04d}" / f"day{number % 4}.txt"
    if path.exists():
        return 0
    start = datetime(2026, 3, 1 + number % 4, 8, tzinfo=UTC)
    sim = hrv.simulate(
        seed=number, duration="24h", stress=[(7200, 7500)], start=start, ticks_per_s=1000,
        artefacts=Artefacts(ectopic=0.002, missed=0.002, extra=0.001),
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(sim.series, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)
    return len(sim.series)


def run_one(task: object) -> None:
    from ingest.cohort.task import run_batch

    run_batch(task)


def warm() -> float:
    """Import everything; tell the processor time of this process so far."""
    import ingest.cohort.task  # noqa: F401

    return time.process_time()


def spent() -> tuple[float, float]:
    """Processor time (s) and largest memory (MiB) of this process."""
    return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tasks_for(source: Path, out: Path) -> list:
    from ingest import cohort
    from ingest.cohort.plan import batches
    from ingest.cohort.task import Task

    shutil.rmtree(out, ignore_errors=True)
    found = cohort.find(str(source))
    settings = cohort.CohortSettings(metrics=METRICS)
    return [Task(b, found.place, str(out), settings) for b in batches(found.items)]


def serial(source: Path, out: Path) -> dict[str, float]:
    """One bare process, which has the processor to itself as far as the machine lets it."""
    tasks = tasks_for(source, out)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        before = pool.submit(warm).result()
        began = time.perf_counter()
        list(pool.map(run_one, tasks))
        wall = time.perf_counter() - began
        cpu, memory = pool.submit(spent).result()
    return {"wall_s": wall, "cpu_s": cpu - before, "memory_mib": memory}


def two_bare(source: Path, out: Path) -> dict[str, float]:
    """Two bare processes that take the same batches from one queue."""
    tasks = tasks_for(source, out)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(warm_slowly, range(2)))
        began = time.perf_counter()
        list(pool.map(run_one, tasks))
        return {"wall_s": time.perf_counter() - began}


def warm_slowly(_: int) -> None:
    warm()
    time.sleep(0.5)  # so that the other process takes the other one


def two_workers(source: Path, out: Path) -> dict[str, float]:
    """Two workers of a Dask cluster that runs already, through the project's own engine."""
    from distributed import Client, LocalCluster

    from ingest.cohort.engine import engine

    tasks = tasks_for(source, out)
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        silence_logs=50,
    )  # fmt: skip
    with cluster, Client(cluster) as client:
        client.run(warm)
        with engine(scheduler=cluster.scheduler_address, out=str(out)) as running:
            cpu = time.process_time()
            before = sum(cpu for cpu, _ in client.run(spent).values())
            began = time.perf_counter()
            list(running.run(tasks))
            wall = time.perf_counter() - began
            scheduler = time.process_time() - cpu  # scheduler and client live in this process
        told = client.run(spent).values()
        worker_cpu = sum(cpu for cpu, _ in told) - before
    return {
        "wall_s": wall, "scheduler_cpu_s": scheduler, "worker_cpu_s": worker_cpu,
        "memory_mib": max(memory for _, memory in told),
    }  # fmt: skip


def neurokit(files: list[Path]) -> float:
    """Processor time a recording of NeuroKit2: correct the beats, then every window's metrics."""
    import warnings

    import neurokit2 as nk

    warnings.simplefilter("ignore")
    began = time.process_time()
    for file in files:
        rr = np.loadtxt(file)
        peaks = np.concatenate(([0], np.cumsum(rr))).astype(int)
        _, peaks = nk.signal_fixpeaks(peaks, sampling_rate=1000, method="Kubios", iterative=False)
        peaks = np.asarray(peaks)
        for start in range(0, int(peaks[-1]) - 300_000, 60_000):
            own = peaks[(peaks >= start) & (peaks < start + 300_000)]
            with suppress(IndexError, ValueError):  # it cannot take windows with losses of beats
                nk.hrv_time(own - own[0], sampling_rate=1000)
    return (time.process_time() - began) / len(files)


def same(a: Path, b: Path) -> bool:
    names = sorted(p.relative_to(a) for p in a.rglob("*.parquet"))
    return bool(names) and all((a / n).read_bytes() == (b / n).read_bytes() for n in names)


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
    print(f"{sum(n > 0 for n in made)} of {len(made)} recordings made")
    if chosen.only_make:
        return
    files = sorted(source.rglob("*.txt"))
    n = len(files)
    out = {name: chosen.data / f"out-{name}" for name in ("serial", "bare", "dask")}
    one = serial(source, out["serial"])
    bare, dask = two_bare(source, out["bare"]), two_workers(source, out["dask"])
    peer = neurokit(files[:PEER])
    size = sum(p.stat().st_size for p in files)
    written = sum(p.stat().st_size for p in out["serial"].rglob("*.parquet"))
    ratio = (one["wall_s"] / dask["wall_s"]) / (one["wall_s"] / bare["wall_s"])
    rows = {
        "recordings": n,
        "bytes a recording, read": size / n,
        "bytes a recording, written": written / n,
        "recordings/s a core (processor time)": n / one["cpu_s"],
        "recordings/s, one process (clock)": n / one["wall_s"],
        "recordings/s, two bare processes (clock)": n / bare["wall_s"],
        "recordings/s, two workers (clock)": n / dask["wall_s"],
        "speed-up of two bare processes": one["wall_s"] / bare["wall_s"],
        "speed-up of two workers": one["wall_s"] / dask["wall_s"],
        "workers' share of the bare speed-up": ratio,
        "scheduler and client, share of the workers' time": dask["scheduler_cpu_s"]
        / dask["worker_cpu_s"],
        "largest memory of a worker, MiB": dask["memory_mib"],
        "largest memory of the bare process, MiB": one["memory_mib"],
        f"NeuroKit2, s a recording ({PEER} of them)": peer,
        "times NeuroKit2": peer / (one["cpu_s"] / n),
        "tables byte for byte the same": same(out["serial"], out["dask"]),
        "load average": os.getloadavg()[0],
    }
    for name, value in rows.items():
        print(
            f"{name:<52} {value:>12.4g}" if not isinstance(value, bool) else f"{name:<52} {value}"
        )
    (chosen.data / "measured.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
