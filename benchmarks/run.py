"""Measure ours and every peer in turn in one run; print and write docs/benchmarks.md.

python -m benchmarks.run            (or: make bench)
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.tasks import (
    CLEANING,
    TASKS,
    Peer,
    Task,
    compiled,
    job,
    numpy_alone,
    ours,
    recording,
    table,
)  # fmt: skip
from hrv.clean import clean
from hrv.live import Stream
from hrv.simulate import simulate
from hrv.types import NNSeries, RRSeries
from hrv.windows import windows
from ingest import read

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ROUNDS = 3
TURN_S = 0.2
"""Processor time that a call gets a round; a longer one is made once."""
LIBRARIES = (
    "numpy", "scipy", "pandas", "numba", "neurokit2", "pyhrv", "flirt", "systole", "hrv-analysis",
    "sleepecg", "antropy",
)  # fmt: skip


def main() -> None:
    warnings.simplefilter("ignore")
    lines = header()
    for section in (*(lambda t=t: task_lines(t) for t in TASKS), cleaning_lines, road_lines,
                    live_lines, growth_lines):  # fmt: skip
        found = section()
        print("\n".join(found), flush=True)
        lines += [*found, ""]
    marks = PAGE.read_text().split("<!-- measured -->") if PAGE.exists() else ["", ""]
    PAGE.write_text(f"{marks[0]}<!-- measured -->\n" + "\n".join(lines).rstrip() + "\n")


def header() -> list[str]:
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} (not installed)")
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {load} at the beginning (1, 5, 15 min).  Processor time, "
        f"medians of {ROUNDS} rounds in which all take turns, of {TURN_S} s or one call each.",
        "",
        ", ".join(versions) + ".",
        "",
    ]


def in_turn(calls: dict[str, Callable[[], object]]) -> dict[str, float | str]:
    """Median processor seconds of each call, one round after another; or why it does not run.

    Processor time, its own processes' included: others on the machine then weigh little.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    broken: dict[str, str] = {}
    for turn in range(ROUNDS + 1):  # the first round warms up
        for name, call in calls.items():
            if name in broken:
                continue
            try:
                took = repeated(call)
            except Exception as error:  # a peer's failure is a result, printed with its words
                broken[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
                continue
            if turn:
                spent[name] += took
    return {name: broken.get(name) or float(np.median(spent[name])) for name in calls}


def repeated(call: Callable[[], object]) -> list[float]:
    """Processor seconds of a call, made again until `TURN_S` is spent: all warm up alike."""
    took: list[float] = []
    while not took or sum(took) < TURN_S:
        begin = processor_s()
        with Path(os.devnull).open("w") as sink:
            keep, sys.stderr = sys.stderr, sink
            try:
                call()
            finally:
                sys.stderr = keep
        took.append(processor_s() - begin)
    return took


def processor_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peer_rows(
    found: dict[str, float | str], peers: tuple[Peer, ...], own: float, scale: dict[str, float]
) -> list[str]:
    rows = []
    for peer in peers:
        spent = found[peer.name]
        if isinstance(spent, str):
            rows.append(f"| {peer.name} | does not run: {spent} | | |")
            continue
        whole = spent * scale[peer.name]
        ratio = whole / own
        aim = (
            "" if not peer.aim else f"{peer.aim:,.0f} ({'met' if ratio >= peer.aim else 'missed'})"
        )
        rows.append(f"| {peer.name} | {human(whole)} | {ratio:,.1f} | {aim} |")
    return rows


def task_lines(task: Task) -> list[str]:
    nn = recording()
    jobs = {peer.name: job(task, peer.sample) for peer in task.peers}
    calls: dict[str, Callable[[], object]] = {
        "ours": _ours(task, nn, compiled if task.kernel else numpy_alone),
        "table": lambda: table(task, nn),
    }
    if task.kernel:
        calls["numpy"] = _ours(task, nn, numpy_alone)
    calls |= {p.name: (lambda p=p: p.call(jobs[p.name])) for p in task.peers}
    found = in_turn(calls)
    windows = len(next(iter(jobs.values())).where)
    scale = {p.name: 1.0 if p.whole else windows / p.sample for p in task.peers}
    own, full = float(found["ours"]), float(found["table"])
    path = "with the extra fast" if task.kernel else "numpy alone"
    lines = [
        f"## {task.key}: {task.title}", "",
        f"{windows:,} windows; load {os.getloadavg()[0]:.1f}.", "",
        "| who | all windows | times ours | aim |", "|---|---|---|---|",
        f"| **hrv**, numbers with their refusals, {path} | {human(own)} | 1 | |",
    ]  # fmt: skip
    if task.kernel:
        alone = float(found["numpy"])
        lines.append(f"| **hrv**, numpy alone | {human(alone)} | {alone / own:.2f} | |")
    lines.append(f"| **hrv.windows**, the whole table | {human(full)} | {full / own:.2f} | |")
    return [*lines, *peer_rows(found, task.peers, own, scale)]


def _ours(task: Task, nn: NNSeries, path: Callable[[], object]) -> Callable[[], object]:
    def call() -> object:
        with path():
            return ours(task, nn)

    return call


def cleaning_lines() -> list[str]:
    clean_job = job(TASKS[0], 1)
    series = clean_job.nn.rr
    calls: dict[str, Callable[[], object]] = {"ours": lambda: clean(series)}
    calls |= {p.name: (lambda p=p: p.call(clean_job)) for p in CLEANING}
    found = in_turn(calls)
    own = float(found["ours"])
    return [
        "## E: Lipponen–Tarvainen cleaning of 24 h without artefacts", "",
        f"{len(series):,} beats; load {os.getloadavg()[0]:.1f}.", "",
        "| who | 24 h | times ours | aim |", "|---|---|---|---|",
        f"| **hrv.clean** | {human(own)} | 1 | |",
        *peer_rows(found, CLEANING, own, {p.name: 1.0 for p in CLEANING}),
    ]  # fmt: skip


def road_lines() -> list[str]:
    """The command on a file of 24 h, its start and its help, each as its own process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.txt"
        np.savetxt(path, recording().rr.rr_ms, fmt="%d")
        out = str(Path(folder) / "table.csv")
        hrv = [sys.executable, "-c", "import api.cli; api.cli.main()"]
        tail = [
            "--width",
            "5min",
            "--step",
            "1s",
            "--metrics",
            "rmssd,sdnn,mean_hr,pnn50",
            "--format",
            "csv",
            "--out",
            out,
        ]
        short = Path(folder) / "short.txt"
        np.savetxt(short, recording().rr.rr_ms[:600], fmt="%d")
        runs = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import typer'": [sys.executable, "-c", "import typer"],
            "hrv --help": [*hrv, "--help"],
            "hrv windows, file of 8 min": [*hrv, "windows", str(short), *tail],
            "hrv windows, file of 24 h": [*hrv, "windows", str(path), *tail],
        }
        found = in_turn({k: (lambda v=v: process(v)) for k, v in runs.items()})
        names = ["rmssd", "sdnn", "mean_hr", "pnn50"]
        inside = in_turn({"road": lambda: windows(clean(read(path)), 300, 1, names)})["road"]
    bare, help_s = found["python -c 'import typer'"], found["hrv --help"]
    lines = ["## The whole road", "", "| process | time |", "|---|---|"]
    lines += [f"| `{k}` | {v if isinstance(v, str) else human(v)} |" for k, v in found.items()]
    lines += [f"| read, clean, 86,000 windows, table: above start-up | {show(inside)} |", ""]
    if not isinstance(bare, str) and not isinstance(help_s, str):
        lines.append(
            f"Help takes {help_s / bare:.1f} times a bare typer (aim: at most 3); the road's aim "
            "is 0.5 s above start-up, a windows command's .9 s in all, the table of 10 MB written."
        )
    return lines


def process(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def live_lines() -> list[str]:
    series = simulate(2, duration="1h").series
    beats = list(zip(series.rr_ms.tolist(), series.t_s.tolist(), strict=True))
    lines = ["## Live", "", "| stream | a beat, µs | processor time, µs |", "|---|---|---|"]
    for words, settings in (
        ("the default (60 s every 5 s)", {}),
        ("60 s every 1 s", {"step": "1s"}),
        ("moving median, work every 4 beats", {"clean": "moving_median", "every": 4}),
    ):
        wall, used = [], []
        for _ in range(ROUNDS):
            stream = Stream(metrics=["rmssd", "sdnn", "mean_hr", "pnn50"], force=True, **settings)
            begin = time.perf_counter(), time.process_time()
            for rr_ms, t_s in beats:
                stream.add(rr_ms, t_s)
            wall.append(time.perf_counter() - begin[0])
            used.append(time.process_time() - begin[1])
        per = [1e6 * float(np.median(x)) / len(beats) for x in (wall, used)]
        lines.append(f"| {words} | {per[0]:.0f} | {per[1]:.0f} |")
    return [*lines, "", "The aim is 100 µs of work a beat."]


def growth_lines() -> list[str]:
    """Task A at a step of a minute as the recording grows: the time for each hour must not."""
    lines = ["## Task A at a step of 1 min as the recording grows", "",
             "| hours | time | µs an hour |", "|---|---|---|"]  # fmt: skip
    day = recording().rr.rr_ms
    for hours in (1, 24, 720, 8760):
        rr = np.tile(day, -(-hours // 24))[: max(day.size * hours // 24, 1)]
        nn = clean(RRSeries.from_ms(rr), "none")
        task = replace(TASKS[0], step_s=60.0)
        spent = float(in_turn({"a": lambda nn=nn, t=task: ours(t, nn)})["a"])
        lines.append(f"| {hours:,} | {human(spent)} | {1e6 * spent / hours:.0f} |")
    return lines


def show(value: float | str) -> str:
    return value if isinstance(value, str) else human(value)


def human(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


if __name__ == "__main__":
    main()
