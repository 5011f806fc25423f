"""The proof on one page: runs what it reports and writes docs/validation.md (`make validate`).

    python -m benchmarks.validate                     everything, half a minute of one processor
    python -m benchmarks.validate recovery            one section, printed
    python -m benchmarks.validate kubios --kubios DIR where Kubios' printed values lie

Every section ends with the command that made it.  Seeds are fixed: but for times, a second run
gives the same figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import hrv
from hrv.clean.evaluation import SCENARIOS, score
from hrv.recovery import MEASURES
from hrv.simulate import Heart, Stressor
from hrv.simulate.stress import draw_stressor

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation.md"
KUBIOS = {
    "mean_nn": "mean_nn_ms", "mean_hr": "mean_hr_bpm", "sdnn": "sdnn_ms", "rmssd": "rmssd_ms",
    "nn50": "nn50", "pnn50": "pnn50_percent", "triangular_index": "hrv_triangular_index",
    "sd1": "sd1_ms", "sd2": "sd2_ms", "stress_index": "stress_index", "vlf": "vlf_ms2",
    "lf": "lf_ms2", "hf": "hf_ms2", "total_power": "total_power_ms2", "lf_hf": "lf_hf",
}  # fmt: skip
NEUROKIT2 = {
    "mean_nn": "HRV_MeanNN", "sdnn": "HRV_SDNN", "rmssd": "HRV_RMSSD", "sdsd": "HRV_SDSD",
    "pnn50": "HRV_pNN50", "pnn20": "HRV_pNN20", "sd1": "HRV_SD1", "sd2": "HRV_SD2",
    "sampen": "HRV_SampEn", "apen": "HRV_ApEn", "dfa_alpha1": "HRV_DFA_alpha1",
    "lf": "HRV_LF", "hf": "HRV_HF",
}  # fmt: skip
EPISODES, PEOPLE, SESSIONS, STUDIES = 200, 30, 4, 200


def table(head: str, rows: list[str]) -> str:
    """Join rows to a Markdown table."""
    return "\n".join([f"| {head} |", "|" + "---|" * (head.count(" | ") + 1), *rows])


def kubios(folder: Path | None) -> str:
    """Differences from the values that Kubios HRV Premium 3.1 printed, in percent."""
    if folder is None or not folder.is_dir():
        return (
            "Kubios' printed values are not part of the repository: give the folder with "
            "`make validate KUBIOS=DIR`. What was measured with them stands in "
            "[agreement](agreement.md), and a test holds every row to it where they are present."
        )
    rows = []
    series = [p for p in sorted(folder.glob("*.txt")) if p.with_suffix(".json").exists()]
    printed = [json.loads(p.with_suffix(".json").read_text())["values"] for p in series]
    ours = [
        hrv.summary(
            hrv.clean(hrv.RRSeries.from_ms(np.loadtxt(p)), "none"), list(KUBIOS), settings="kubios"
        )
        for p in series
    ]
    for name, theirs in KUBIOS.items():
        parts = [
            100 * (row[name] / value[theirs] - 1) for row, value in zip(ours, printed, strict=True)
        ]
        rows.append(f"| {name} | " + " | ".join(f"{p:+.3f}" for p in parts) + " |")
    heads = " | ".join(p.stem for p in series)
    return table(f"metric, difference in % | {heads}", rows)


def neurokit2(_: Path | None) -> str:
    """Ratio of our number to NeuroKit2's on four simulated recordings of five minutes."""
    import neurokit2 as nk

    rows, ratios = [], []
    for seed in range(4):
        series = hrv.simulate(seed=seed, duration="5min", ticks_per_s=1000).series
        peaks = np.concatenate(([0], np.cumsum(series.rr_ms))).astype(int)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = [
                nk.hrv_time(peaks, sampling_rate=1000),
                nk.hrv_nonlinear(peaks, sampling_rate=1000),
                nk.hrv_frequency(peaks, sampling_rate=1000, normalize=False),
            ]
        theirs = pd.concat(parts, axis=1).iloc[0]
        ours = hrv.summary(hrv.clean(series, "none"), list(NEUROKIT2), settings="neurokit2")
        ratios.append([ours[a] / theirs[b] for a, b in NEUROKIT2.items()])
    for name, column in zip(NEUROKIT2, np.array(ratios).T, strict=True):
        rows.append(f"| {name} | {column.min():.6f} | {column.max():.6f} |")
    return table("metric | least ratio | greatest ratio", rows)


def artefacts(_: Path | None) -> str:
    """Sensitivity and specificity of every cleaner against simulated truth."""
    rows = []
    for cleaner in hrv.CLEANERS:
        for scenario in SCENARIOS:
            s = score(cleaner, scenario, seeds=1)
            rows.append(
                f"| {s.cleaner} | {s.scenario} | {s.sensitivity:.3f} | {s.specificity:.4f} | "
                f"{s.rmssd_error:.2f} | {s.rmssd_worst:.2f} |"
            )
    head = "cleaner | scenario | sensitivity | specificity | RMSSD error, median % | 95th centile %"
    return "Four hearts, one hour each; [the full run](cleaners.md) has eight.\n\n" + table(
        head, rows
    )


def recovery(_: Path | None) -> str:
    """Recovery times of simulated stressors against the truth they were made from."""
    rows, found = [], []
    for seed in range(EPISODES):
        sim = hrv.simulate(seed=seed, duration="22min", stress=[(360.0, 660.0)])
        row = hrv.recovery(hrv.clean(sim.series), hrv.mark(sim.events)).iloc[0]
        true = sim.truth.stressors[0].tau_hr_s
        found.append({
            "true": true, "tau": row["tau_hr_s"], "low": row["tau_hr_s_low"],
            "high": row["tau_hr_s_high"], "censored": row["tau_hr_s_censored"],
            "t50": row["t50_hr_s"],
        })  # fmt: skip
    frame = pd.DataFrame(found)
    known = frame[frame["tau"].notna()]
    ratio = (known["tau"] / known["true"])[~known["censored"]]
    held = ((known["low"] <= known["true"]) & (known["true"] <= known["high"])).mean()
    half = (frame["t50"] / (np.log(2) * frame["true"])).dropna()
    rows += [
        f"| episodes | {EPISODES} |",
        f"| refused, with the reason | {len(frame) - len(known)} |",
        f"| censored (at least, or at most) | {int(known['censored'].sum())} |",
        f"| tau over truth: median (5th to 95th centile) | {_spread(ratio)} |",
        f"| share of 95 % intervals of tau that hold the truth | {100 * held:.1f} % |",
        f"| t50 over ln 2 times tau: median (5th to 95th centile) | {_spread(half)} |",
    ]
    return table("one stressor of 5 min, 11 min of recovery | figure", rows)


def _spread(values: pd.Series[float]) -> str:
    low, middle, high = np.percentile(values, (5, 50, 95))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def reliability(_: Path | None) -> str:
    """Agreement of a measure with itself: the same people again, nothing changed about them."""
    rng = np.random.default_rng(20261124)
    tables = []
    for person in range(PEOPLE):
        true = draw_stressor(rng, 360.0, 660.0)
        heart = Heart(hr_bpm=float(rng.normal(70, 8)), ln_gain=float(rng.normal(0, 0.5)))
        for session in range(SESSIONS):
            sim = hrv.simulate(
                seed=1000 * person + session, duration="22min", heart=heart, stress=[_again(true)]
            )
            row = hrv.recovery(hrv.clean(sim.series), hrv.mark(sim.events)).iloc[0]
            tables.append({"person": person} | {m.name: row[m.name] for m in MEASURES})
    frame = pd.DataFrame(tables)
    rows = []
    for measure in MEASURES:
        icc, error, n = _icc(frame, measure.name)
        unit = f" {measure.unit}" if measure.unit else ""
        rows.append(f"| {measure.name} | {icc:.2f} | {error:.3g}{unit} | {n} |")
    return (
        f"{PEOPLE} simulated people, {SESSIONS} sessions each, with the same heart and the same "
        "response every time: what is left is the noise of one test. Real responses differ from "
        "day to day as well, so these are upper bounds. ICC(1,1), Shrout & Fleiss 1979, "
        "doi:10.1037/0033-2909.86.2.420; typical error: SD within a person.\n\n"
        + table("measure | ICC(1,1) | typical error | tests with a number", rows)
    )


def _again(true: Stressor) -> Stressor:
    return replace(true)


def _icc(frame: pd.DataFrame, name: str) -> tuple[float, float, int]:
    """One-way intraclass correlation of people with every session, and the SD within them."""
    wide = frame.groupby("person")[name].apply(list)
    whole = np.array([v for v in wide if np.isfinite(v).all()])
    n = int(frame[name].notna().sum())
    if len(whole) < 3:
        return float("nan"), float("nan"), n
    k = whole.shape[1]
    within = float(whole.var(axis=1, ddof=1).mean())
    between = k * float(whole.mean(axis=1).var(ddof=1))
    return (between - within) / (between + (k - 1) * within), float(np.sqrt(within)), n


def calibration(_: Path | None) -> str:
    """False alarms and coverage of the default on studies whose truth is known."""
    from benchmarks.calibration import run
    from benchmarks.calibration import table as tables
    from benchmarks.calibration.cells import CELLS

    wanted = "8x7_6d_phi"
    with tempfile.TemporaryDirectory() as scratch:
        folder, docs = Path(scratch) / "cells", Path(scratch) / "docs"
        docs.mkdir()
        todo = run.jobs(folder, lambda _: STUDIES, CELLS, wanted)
        todo = [j for j in todo if j.cell.name.endswith("plain") and "default" in str(j)]
        run.run(folder, todo, 1)
        rows = [r for r in tables.write(folder, docs) if r.method == "default" and r.runs]
    lines = [
        f"| {r.cell} | {r.runs} | {r.type_i:.1f} | {r.coverage:.1f} | {r.power:.1f} |" for r in rows
    ]
    return (
        f"{STUDIES} studies a cell; [the calibration](calibration.md) has every method and cell "
        "with up to 2000.\n\n" + table("cell | studies | type I, % | coverage, % | power, %", lines)
    )


def speed(_: Path | None) -> str:
    """Windows of a day, ours against pandas and a loop, in turn in this very run."""
    series = hrv.simulate(seed=1, duration="24h").series
    nn = hrv.clean(series)
    rr, t = nn.nn_ms, nn.t_s
    times: dict[str, list[float]] = {"hrv.windows": [], "pandas rolling": [], "numpy loop": []}
    for _round in range(3):
        begin = time.process_time()
        hrv.windows(nn, "5min", "1s", ["rmssd", "sdnn", "mean_hr", "pnn50"])
        times["hrv.windows"].append(time.process_time() - begin)
        begin = time.process_time()
        _rolling(rr, t)
        times["pandas rolling"].append(time.process_time() - begin)
        begin = time.process_time()
        starts = np.arange(0.0, t[-1] - 300, 60.0)
        for lo, hi in zip(np.searchsorted(t, starts), np.searchsorted(t, starts + 300),
                          strict=True):  # fmt: skip
            part = rr[lo:hi]
            d = np.diff(part)
            np.sqrt(np.mean(d * d)), part.std(ddof=1), 60000 / part.mean(), (abs(d) > 50).mean()
        times["numpy loop"].append((time.process_time() - begin) * 60)
    base = float(np.median(times["hrv.windows"]))
    rows = [
        f"| {name} | {1000 * float(np.median(v)):.0f} ms | {float(np.median(v)) / base:.1f} |"
        for name, v in times.items()
    ]
    load = os.getloadavg()[0]
    return (
        "RMSSD, SDNN, heart rate and pNN50 in 5-minute windows every second over 24 h; processor "
        f"time, median of 3 rounds, load {load:.1f}; the loop was run on every 60th window and "
        "scaled. Ours includes coverage, rules and reasons of every window. Peers: "
        "[benchmarks](benchmarks.md).\n\n" + table("who | processor time | times ours", rows)
    )


def _rolling(rr: np.ndarray, t: np.ndarray) -> None:
    frame = pd.DataFrame({"rr": rr}, index=pd.to_timedelta(t, unit="s"))
    d = frame["rr"].diff()
    (d * d).rolling("300s").mean() ** 0.5
    frame["rr"].rolling("300s").std()
    frame["rr"].rolling("300s").mean()
    (d.abs() > 50).rolling("300s").mean()


SECTIONS: dict[str, tuple[str, Callable[[Path | None], str]]] = {
    "kubios": ("Conformance with Kubios HRV", kubios),
    "neurokit2": ("Conformance with NeuroKit2", neurokit2),
    "artefacts": ("Artefact detection against truth", artefacts),
    "recovery": ("Accuracy of recovery times", recovery),
    "reliability": ("Reliability of each measure", reliability),
    "calibration": ("Calibration of the comparison", calibration),
    "speed": ("Speed", speed),
}


def main() -> None:
    """Run the sections asked for; all of them are written to the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--kubios", type=Path, help="folder with Kubios' printed values")
    asked = parser.parse_args()
    parts = []
    print("this takes about half a minute of one processor", file=sys.stderr)
    load, whole = os.getloadavg()[0], time.process_time()
    for name in asked.sections or SECTIONS:
        title, run = SECTIONS[name]
        began = time.process_time()
        text = run(asked.kubios)
        given = " --kubios DIR" if name == "kubios" and asked.kubios else ""
        cost = time.process_time() - began
        parts.append(
            f"## {title}\n\n{run.__doc__}\n\n{text}\n\n"
            f"Made by `python -m benchmarks.validate {name}{given}` ({cost:.0f} s of processor).\n"
        )
        print(parts[-1], flush=True)
    if asked.sections:
        return
    PAGE.write_text(
        "# Validation\n\nWritten by `make validate` from runs of this very software: "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, hrv-recovery {version('hrv-recovery')}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores. "
        f"The run took {time.process_time() - whole:.0f} s of processor; load average {load:.1f} "
        f"before and {os.getloadavg()[0]:.1f} after. "
        "But for times, every run gives the same figures.\n\n" + "\n".join(parts),
        encoding="utf-8",
    )
    print(f"written: {PAGE}", file=sys.stderr)


if __name__ == "__main__":
    main()
