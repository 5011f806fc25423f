"""Run cells in pieces, keep every simulation in a file, and say beforehand how long it takes."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.calibration import sample
from benchmarks.calibration.cells import Cell, answers

SEED = 20261124
CHUNK = 50
WIDTH = 7


@dataclass(frozen=True)
class Job:
    """Simulations [first, last) of one scenario by the methods that do not have them yet."""

    cell: Cell
    methods: tuple[str, ...]
    first: int
    last: int


Result = tuple[Job, dict[str, np.ndarray], float]
"""A piece, its rows by method, and the seconds of one processor."""


def path_of(folder: Path, cell: Cell, method: str) -> Path:
    return folder / method / f"{cell.name}.npy"


def rows(folder: Path, cell: Cell, method: str) -> np.ndarray:
    """float64[n, WIDTH]: what is there already."""
    path = path_of(folder, cell, method)
    return np.load(path) if path.is_file() else np.empty((0, WIDTH))


def generator(cell: Cell, number: int) -> np.random.Generator:
    """Each simulation has its own stream: any piece gives the same numbers."""
    return np.random.default_rng((SEED, crc32(cell.name.encode()), number))


def work(job: Job) -> Result:
    """Run one piece; returns the rows by method and the seconds of one processor."""
    began = time.process_time()
    found: dict[str, list[np.ndarray]] = {name: [] for name in job.methods}
    for number in range(job.first, job.last):
        if job.methods == (sample.NAME,):
            answered = {sample.NAME: sample.answer(number + 1)}
        else:
            answered = answers(job.cell, job.methods, generator(job.cell, number))
        for name, answer in answered.items():
            row = np.full(WIDTH, np.nan)
            row[: len(answer)] = answer
            found[name].append(row)
    stacked = {name: np.array(list_) for name, list_ in found.items()}
    return job, stacked, time.process_time() - began


def jobs(
    folder: Path, target: Callable[[str], int], cells: Sequence[Cell], only: str = ""
) -> list[Job]:
    """Pieces still to be run up to `target` simulations of each method."""
    out = []
    for cell in cells:
        if only and only not in cell.name:
            continue
        have = {m: len(rows(folder, cell, m)) for m in cell.methods}
        starts = {(have[m], target(m)) for m in cell.methods if have[m] < target(m)}
        for first, last in sorted(starts):
            methods = tuple(m for m in cell.methods if (have[m], target(m)) == (first, last))
            out += [Job(cell, methods, k, min(k + CHUNK, last)) for k in range(first, last, CHUNK)]
    return out


def cost(todo: Iterable[Job]) -> float:
    """Estimate the seconds of one processor, from two simulations of each kind of cell."""
    seen: dict[tuple[str, tuple[str, ...]], float] = {}
    total = 0.0
    for job in todo:
        key = (job.cell.cost_class, job.methods)
        if key not in seen:
            work(Job(job.cell, job.methods, 0, 1))  # warm up
            seen[key] = work(Job(job.cell, job.methods, 1, 3))[2] / 2
        total += seen[key] * (job.last - job.first)
    return total


def save(folder: Path, job: Job, found: Mapping[str, np.ndarray]) -> None:
    for method, new in found.items():
        path = path_of(folder, job.cell, method)
        path.parent.mkdir(parents=True, exist_ok=True)
        old = rows(folder, job.cell, method)
        if len(old) != job.first:
            raise RuntimeError(f"{path} has {len(old)} simulations, expected {job.first}")
        part = path.with_suffix(".part")
        with part.open("wb") as out:
            np.save(out, np.concatenate((old, new)))
        part.replace(path)


@dataclass(frozen=True)
class Spent:
    """What the simulations of a folder have cost, as counted while they ran."""

    simulations: int = 0
    processor_s: float = 0.0

    def plus(self, simulations: int, seconds: float) -> Spent:
        return Spent(self.simulations + simulations, round(self.processor_s + seconds, 2))


def _spent_path(folder: Path, methods: Sequence[str]) -> Path:
    return folder / ("spent_sample.json" if sample.NAME in methods else "spent.json")


def spent(folder: Path, methods: Sequence[str] = ()) -> Spent:
    """Read what was spent; the sample study's generator (its method among these) is apart."""
    path = _spent_path(folder, methods)
    return Spent(**json.loads(path.read_text())) if path.is_file() else Spent()


def _results(todo: Iterable[Job], workers: int, until: float) -> Iterator[Result]:
    """Run the pieces in order, none that began is lost; none begins after `until`.

    Without other processes the first one is run in any case, so that every call gets on.
    """
    if workers == 1:
        for job in todo:
            yield work(job)
            if time.monotonic() > until:
                return
        return
    pool, rest, waiting = ProcessPoolExecutor(workers), iter(todo), deque[Future[Result]]()
    try:
        while True:
            while len(waiting) < 2 * workers and time.monotonic() < until:
                job = next(rest, None)
                if job is None:
                    break
                waiting.append(pool.submit(work, job))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def run(folder: Path, todo: list[Job], workers: int, until: float = math.inf) -> bool:
    """Run the pieces in order, no new one after `until` (of `time.monotonic`).

    Returns whether all were run; an interrupted run goes on where it stopped.
    """
    began, done, busy = time.monotonic(), 0, 0.0
    shares = sum(job.last - job.first for job in todo)
    for job, found, seconds in _results(todo, workers, until):
        save(folder, job, found)
        so_far = spent(folder, job.methods).plus(job.last - job.first, seconds)
        _spent_path(folder, job.methods).write_text(json.dumps(asdict(so_far)))
        busy += seconds
        done += job.last - job.first
        left = (time.monotonic() - began) / done * (shares - done)
        if sys.stderr.isatty():
            print(f"\r{done} of {shares}, {left / 60:.1f} min left ", end="", file=sys.stderr)
    if shares:
        print(
            f"{done} of {shares} simulations run in {(time.monotonic() - began) / 60:.1f} min, "
            f"{busy / 60:.1f} min of one processor",
            flush=True,
        )
    return done == shares
