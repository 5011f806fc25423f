"""Measure ours and every peer in turn in one run; print and write docs/benchmarks.md.

python -m benchmarks.run            (or: make bench)
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
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

from benchmarks.tasks import CLEANING, TASKS, Peer, Task, numpy_alone, ours, recording
from benchmarks.turns import OURS, ROUNDS, TURN_S, in_turn, repeated
from hrv.clean import clean
from hrv.live import Stream
from hrv.simulate import simulate
from hrv.types import RRSeries
from hrv.windows import grid, windows
from ingest import read

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
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
        f"medians of {ROUNDS} rounds in which all take turns, each in a fresh process: one call to "
        f"warm up, then {TURN_S} s of calls or one.",
        "",
        ", ".join(versions) + ".",
        "",
    ]


def peer_rows(
    found: dict[str, float | str],
    peers: tuple[Peer, ...],
    own: dict[str, float],
    scale: dict[str, float],
) -> list[str]:
    """One row a peer: its time, how many times ours that is, and whether an aim is met."""
    rows = []
    for peer in peers:
        spent = found[peer.name]
        if isinstance(spent, str):
            rows.append(f"| {peer.name} | does not run: {spent} |" + " |" * (len(own) + 1))
            continue
        whole = spent * scale[peer.name]
        ratio = {path: whole / took for path, took in own.items()}
        aims = ", ".join(
            f"{aim:,.0f} {OURS[path]} ({verdict(ratio.get(path), aim)})"
            for path, aim in peer.aims.items()
        )
        times = " | ".join(f"{x:,.1f}" for x in ratio.values())
        rows.append(f"| {peer.name} | {human(whole)} | {times} | {aims} |")
    return rows


def verdict(ratio: float | None, aim: float) -> str:
    return "missed: there is none" if ratio is None else "met" if ratio >= aim else "missed"


def head(own: dict[str, float], title: str) -> list[str]:
    """The table's head, and one row for each way of ours."""
    lines = [
        f"| who | {title} | " + " | ".join(f"times ours, {OURS[p]}" for p in own) + " | aim |",
        "|---|---|" + "---|" * (len(own) + 1),
    ]
    for path, took in own.items():
        times = " | ".join(f"{took / other:,.2f}" for other in own.values())
        lines.append(f"| **hrv**, {OURS[path]} | {human(took)} | {times} | |")
    return lines


def task_lines(task: Task) -> list[str]:
    paths = ("numpy", "compiled") if task.kernel else ("numpy",)
    found = in_turn(task.key, (*paths, "table", *(peer.name for peer in task.peers)))
    windows = len(grid(recording(), task.width_s, task.step_s))
    scale = {p.name: 1.0 if p.whole else windows / p.sample for p in task.peers}
    own, full = {path: float(found[path]) for path in paths}, float(found["table"])
    times = " | ".join(f"{full / took:,.2f}" for took in own.values())
    return [
        f"## {task.key}: {task.title}", "",
        f"{windows:,} windows; load {os.getloadavg()[0]:.1f}.  Ours: the numbers with their "
        "refusals.", "",
        *head(own, "all windows"),
        f"| **hrv.windows**, {OURS['table']} | {human(full)} | {times} | |",
        *peer_rows(found, task.peers, own, scale),
    ]  # fmt: skip


def cleaning_lines() -> list[str]:
    paths = ("numpy", "compiled")
    found = in_turn("E", (*paths, *(p.name for p in CLEANING)))
    own = {path: float(found[path]) for path in paths}
    return [
        "## E: Lipponen–Tarvainen cleaning of 24 h without artefacts", "",
        f"{len(recording()):,} beats; load {os.getloadavg()[0]:.1f}.", "",
        *head(own, "24 h"),
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
        found = {name: own_median(lambda v=v: process(v)) for name, v in runs.items()}
        names = ["rmssd", "sdnn", "mean_hr", "pnn50"]
        inside = own_median(lambda: windows(clean(read(path)), 300, 1, names))
    bare, help_s = found["python -c 'import typer'"], found["hrv --help"]
    lines = ["## The whole road", "", "| process | time |", "|---|---|"]
    lines += [f"| `{k}` | {human(v)} |" for k, v in found.items()]
    lines += [f"| read, clean, 86,000 windows, table: above start-up | {human(inside)} |", ""]
    lines.append(
        f"Help takes {help_s / bare:.1f} times a bare typer (aim: at most 3); the road's aim "
        "is 0.5 s above start-up, a windows command's .9 s in all, the table of 10 MB written."
    )
    return lines


def own_median(call: Callable[[], object]) -> float:
    """Median processor seconds of a call of ours (no peer is loaded here)."""
    return float(np.median([x for _ in range(ROUNDS) for x in repeated(call)]))


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
        with numpy_alone():
            spent = own_median(lambda nn=nn, t=task: ours(t, nn))
        lines.append(f"| {hours:,} | {human(spent)} | {1e6 * spent / hours:.0f} |")
    return lines


def human(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


if __name__ == "__main__":
    main()
