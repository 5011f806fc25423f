"""Measure every cleaner against simulated truth; write hrv/clean/scores.py and docs/cleaners.md.

python -m benchmarks.cleaner_scores
"""

from __future__ import annotations

import re
import warnings
from itertools import product
from pathlib import Path

import numpy as np

from hrv.clean import CLEANERS
from hrv.clean.base import CleanSettings
from hrv.clean.evaluation import HEARTS, LENGTH, SCENARIOS, Score, score
from hrv.clean.lipponen_tarvainen import apply
from hrv.simulate import simulate
from hrv.types import RRSeries

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "hrv" / "clean" / "scores.py"
PAGE = ROOT / "docs" / "cleaners.md"
NEAR_S = 0.05
PEER_SCENARIOS = ("ectopic", "missed", "extra", "bursts")
PEER_SEEDS = 3


def main() -> None:
    scores = [score(cleaner, scenario) for cleaner, scenario in product(CLEANERS, SCENARIOS)]
    MODULE.write_text(module_text(scores))
    page = PAGE.read_text()
    page = between(page, "scores", markdown(scores))
    page = between(page, "neurokit2", peer_markdown())
    PAGE.write_text(page)


def module_text(scores: list[Score]) -> str:
    rows = "".join(
        f'    Score("{s.cleaner}", "{s.scenario}", {s.sensitivity!r}, {s.specificity!r}, '
        f"{s.rmssd_error!r}, {s.rmssd_worst!r}, {s.refused!r}),\n"
        for s in scores
    )
    return (
        '"""What `hrv.clean.evaluation` measured: by '
        '`python -m benchmarks.cleaner_scores`, not by hand."""\n\n'
        "from __future__ import annotations\n\n"
        "from hrv.clean.evaluation import Score\n\n"
        "# fmt: off\n"
        f"SCORES: tuple[Score, ...] = (\n{rows})\n"
        "# fmt: on\n"
    )


def markdown(scores: list[Score]) -> str:
    head = (
        "| cleaner | scenario | sensitivity | specificity | RMSSD error, median % "
        "| RMSSD error, 95th percentile % | windows refused |\n|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| {s.cleaner} | {s.scenario} | {s.sensitivity:.4f} | {s.specificity:.4f} | "
        f"{s.rmssd_error:.2f} | {s.rmssd_worst:.2f} | {100 * s.refused:.1f} % |\n"
        for s in scores
    )


# the correction beside NeuroKit2's ---------------------------------------------------------------


def peer_markdown() -> str:
    """Where the corrected beats lie, ours and NeuroKit2's, against the true ones."""
    lines = [
        "| scenario | series | true beats without a corrected one within 50 ms | "
        "beats too many | RMSSD error of the corrected beats, median % |",
        "|---|---|---|---|---|",
    ]
    for scenario in PEER_SCENARIOS:
        found: dict[str, list[tuple[float, float, float]]] = {}
        for heart, seed in product(HEARTS, range(PEER_SEEDS)):
            spoiled = simulate(seed, duration=LENGTH, heart=heart, artefacts=SCENARIOS[scenario])
            true_s = beats(simulate(seed, duration=LENGTH, heart=heart).series)
            raw_s = beats(spoiled.series)
            for name, corrected_s in (
                ("as recorded", raw_s),
                ("NeuroKit2, iterative", theirs(raw_s, iterative=True)),
                ("NeuroKit2, one pass", theirs(raw_s, iterative=False)),
                ("hrv", ours(spoiled.series)),
            ):
                found.setdefault(name, []).append(against(corrected_s, true_s))
        for name, rows in found.items():
            away, extra, error = np.mean([r[0] for r in rows]), sum(r[1] for r in rows), rows
            middle = float(np.median([r[2] for r in error]))
            lines.append(
                f"| {scenario} | {name} | {100 * away:.2f} % | {extra:+.0f} | {middle:.2f} |"
            )
    return "\n".join(lines) + "\n"


def beats(series: RRSeries) -> np.ndarray:
    return np.concatenate((series.begin_s[:1], series.t_s))


def ours(series: RRSeries) -> np.ndarray:
    nn = apply(series, CleanSettings())
    return np.sort(np.concatenate((series.begin_s[:1], nn.t_s, nn.filled_t_s)))


def theirs(beat_s: np.ndarray, *, iterative: bool) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from neurokit2 import signal_fixpeaks

        peaks = np.rint(1024 * beat_s).astype(int)
        _, clean = signal_fixpeaks(peaks, 1024, iterative=iterative, method="Kubios")
    return np.asarray(clean) / 1024


def against(corrected_s: np.ndarray, true_s: np.ndarray) -> tuple[float, float, float]:
    at = np.clip(np.searchsorted(corrected_s, true_s), 1, corrected_s.size - 1)
    near = np.minimum(np.abs(corrected_s[at] - true_s), np.abs(corrected_s[at - 1] - true_s))
    error = 100 * abs(rmssd_ms(corrected_s) / rmssd_ms(true_s) - 1)
    return float((near > NEAR_S).mean()), float(corrected_s.size - true_s.size), error


def rmssd_ms(beat_s: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.diff(1000 * beat_s, 2) ** 2)))


def between(page: str, name: str, text: str) -> str:
    """Put `text` between the marks of `name` in a page."""
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"docs/cleaners.md lacks the marks <!-- {name} --> … <!-- /{name} -->")
    return pattern.sub(lambda m: m[1] + text + m[2], page)


if __name__ == "__main__":
    main()
