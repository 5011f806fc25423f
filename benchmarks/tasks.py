"""The one table of tasks and peers: it feeds the agreement tests and the benchmark.

A task is a computation over every window of one recording of 24 h.  Ours computes all windows;
a peer that is called window by window gets a sample of them and its time is scaled up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from unittest import mock

import numpy as np

from benchmarks import peers
from hrv import _compiled
from hrv.clean import clean
from hrv.metrics import select
from hrv.metrics.base import MetricSettings
from hrv.metrics.engine import evaluate
from hrv.simulate import simulate
from hrv.types import NNSeries, Windows
from hrv.windows import grid, windows

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Job:
    """What a peer gets: the recording and the windows it is asked about."""

    nn: NNSeries
    width_s: float
    step_s: float
    where: Windows
    rows: np.ndarray
    memory: dict[str, object] = field(default_factory=dict)

    @property
    def rr(self) -> list[np.ndarray]:
        spans = zip(self.where.lo[self.rows], self.where.hi[self.rows], strict=True)
        return [self.nn.nn_ms[a:b] for a, b in spans]


@dataclass(frozen=True)
class Peer:
    """One peer's call.

    Parameters
    ----------
    name : str
        Module or baseline.
    call : callable
        ``Job -> {metric: float64[rows]}``; of all windows where `whole`.
    sample : int
        Windows it is given; its time is scaled to all.
    whole : bool
        True where one call computes all windows.
    agree : mapping
        Metric -> largest relative difference from ours; only what is the same quantity.
    aims : mapping
        Path of ours (``"numpy"``, ``"compiled"``) -> how many times faster it must be.
    """

    name: str
    call: Callable[[Job], Values]
    sample: int = 10
    whole: bool = False
    agree: Mapping[str, float] = field(default_factory=dict)
    aims: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """Name, what is computed over which windows, and by whom.

    `kernel`: the extra ``fast`` has a compiled path for it.
    """

    key: str
    title: str
    metrics: tuple[str, ...]
    width_s: float
    step_s: float
    peers: tuple[Peer, ...]
    kernel: bool = False


@cache
def recording(hours: float = 24.0) -> NNSeries:
    """A simulated recording in whole ms without artefacts, 70 bpm on average."""
    series = simulate(1, duration=3600.0 * hours, ticks_per_s=1000).series
    return clean(series, "none")


def job(task: Task, sample: int, seed: int = 0, hours: float = 24.0) -> Job:
    nn = recording(hours)
    where = grid(nn, task.width_s, task.step_s)
    rows = np.sort(np.random.default_rng(seed).choice(len(where), sample, replace=False))
    return Job(nn, task.width_s, task.step_s, where, rows)


def ours(task: Task, nn: NNSeries) -> Values:
    """The families of the task over all its windows: numbers as peers give them."""
    where = grid(nn, task.width_s, task.step_s)
    result = evaluate(nn, where, select(task.metrics), MetricSettings(force=True))
    return {name: result.column(name) for name in task.metrics}


@contextmanager
def numpy_alone() -> Iterator[None]:
    """As where the extra ``fast`` is not installed."""
    with mock.patch.dict(os.environ, {_compiled.SETTING: "never"}):
        yield


@contextmanager
def compiled() -> Iterator[None]:
    """As in a process that is told to use compiled kernels (to load them takes a second, once)."""
    with mock.patch.dict(os.environ, {_compiled.SETTING: "always"}):
        yield


def table(task: Task, nn: NNSeries) -> Values:
    """The whole answer of `hrv.windows`: table with coverage, flags and reasons."""
    frame = windows(nn, task.width_s, task.step_s, task.metrics, force=True)
    return {name: frame[name].to_numpy() for name in task.metrics}


A = ("rmssd", "sdnn", "mean_hr", "pnn50")
SAME = {"rmssd": 1e-12, "sdnn": 1e-12}

TASKS = (
    Task("A", "RMSSD, SDNN, mean HR, pNN50; 5 min windows, step 1 s", A, 300.0, 1.0, (
        Peer("neurokit2", peers.neurokit2_time, 10, agree=SAME, aims={"numpy": 20_000}),
        Peer("pyhrv", peers.pyhrv_time, 5, agree={"rmssd": 1e-3, "sdnn": 1e-3}),
        Peer("flirt", peers.flirt_time, 2),
        Peer("systole", peers.systole_time, 10, agree={"rmssd": 1e-3, "sdnn": 1e-3}),
        Peer("hrv-analysis", peers.hrvanalysis_time, 10, agree=SAME | {"pnn50": 1e-2}),
        Peer("sleepecg", peers.sleepecg_time, 10, agree=SAME),
        Peer("numpy loop", peers.numpy_time, 200,
             agree={"rmssd": 1e-12, "sdnn": 1e-12, "mean_hr": 1e-12, "pnn50": 1e-12},
             aims={"numpy": 300}),
        Peer("pandas rolling", peers.pandas_time, whole=True, aims={"numpy": 4, "compiled": 15}),
    )),
    Task("B", "LF and HF by Welch; 5 min windows, step 1 s", ("lf", "hf"), 300.0, 1.0, (
        Peer("scipy loop on our samples", peers.scipy_welch_same, 200,
             agree={"lf": 1e-12, "hf": 1e-12}, aims={"compiled": 200}),
        Peer("neurokit2", peers.neurokit2_welch, 3),
        Peer("systole", peers.systole_welch, 5),
        Peer("hrv-analysis", peers.hrvanalysis_welch, 5),
        Peer("scipy loop with its splines", peers.scipy_welch, 50, agree={"lf": 1e-2, "hf": 1e-2}),
    ), kernel=True),
    Task("C", "DFA alpha1; 2 min windows, step 5 s", ("dfa_alpha1",), 120.0, 5.0, (
        Peer("neurokit2", peers.neurokit2_dfa, 10, agree={"dfa_alpha1": 1e-9}, aims={"numpy": 700}),
        Peer("antropy (other scales)", peers.antropy_dfa, 20),
    )),
    Task("D", "SampEn m=2 r=.2 SD; 5 min windows, step 30 s", ("sampen",), 300.0, 30.0, (
        Peer("neurokit2", peers.neurokit2_sampen, 5, agree={"sampen": 1e-9}, aims={"compiled": 60}),
        Peer("hrv-analysis", peers.hrvanalysis_sampen, 3),
        Peer("antropy", peers.antropy_sampen, 20, aims={"compiled": 12}),
    ), kernel=True),
)  # fmt: skip

CLEANING = (
    Peer("neurokit2", peers.neurokit2_clean, whole=True, aims={"numpy": 20}),
    Peer("systole", peers.systole_clean, whole=True),
)
"""Task E: Lipponen–Tarvainen correction of 24 h."""
