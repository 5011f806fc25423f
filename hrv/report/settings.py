"""Every setting that the numbers depend on, flattened to name and text; and the versions."""

from __future__ import annotations

import dataclasses
import math
import platform
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

import pandas as pd

from hrv.report import numbers, words
from hrv.report.table import Table, cell, columns
from hrv.study import StudyResult

LABELS = {
    "washin_days": "wash-in, days left out after each change",
    "direction": "benefit declared beforehand",
    "swc": "smallest worthwhile change",
    "level": "level of intervals",
    "start_reason": "why it was started",
    "trend": "linear trend",
    "mde80": "detectable difference (power 80 %)",
    "phi": "correlation of neighbouring days (φ)",
    "hedges_g": "Hedges g",
    "p_value": "p",
    "smallest_p_value": "smallest p these orders allow",
    "p_value_declared_direction": "p in the declared direction",
}
"""Settings and figures whose names in the code are no words; the others read as they stand."""
_SERIES = (
    "days", "blocks", "block_means", "people", "assumptions", "with_and_without", "missing_days",
    "segments", "steps", "weights",
)  # fmt: skip
"""Details that pictures and tables of their own show."""


def declared(result: StudyResult) -> Table:
    """Return what the study file fixed: endpoint, method, wash-in, direction and the rest."""
    study = result.study
    pairs: dict[str, Any] = {
        "title": study.title,
        "conditions": " against ".join(reversed(study.conditions)),
        "primary endpoint": study.primary,
        "exploratory endpoints": study.secondary,
        "headline method": study.method,
        "cleaner": study.cleaner,
        "familiarisation sessions left out": study.familiarisation,
        "seed": study.seed,
        "logged randomisation": _orders(study.randomisation),
        "phases": _phases(result),
    }
    return _table("declared", "Declared by the study", {**pairs, **_chosen(result)})


def _chosen(result: StudyResult) -> dict[str, Any]:
    """Return the study's comparison settings; outcome, unit and scale come from the endpoint."""
    chosen = dataclasses.asdict(result.study.settings)
    return {k: v for k, v in chosen.items() if k not in ("outcome", "unit", "scale")}


def used(result: StudyResult) -> tuple[Table, ...]:
    """Return what each method of the primary endpoint used and found beyond what was declared."""
    tables, said = [], _chosen(result)
    for k, (name, comparison) in enumerate(result.primary.items()):
        new = {
            key: v for key, v in comparison.settings.items() if key not in said or said[key] != v
        }
        said |= new
        details = {key: v for key, v in comparison.details.items() if key not in _SERIES}
        if new or details:
            title = f"Used and found by: {words.method(name).title}"
            tables.append(_table(f"used-{k}", title, {**new, **details}))
    measured = {str(key): v for key, v in result.recovery.attrs.items()}
    if measured:
        tables.append(_table("used-recovery", "Used for the recovery measures", measured))
    return tuple(tables)


def _table(ident: str, caption: str, pairs: Mapping[str, Any]) -> Table:
    rows = tuple((cell(_label(name)), cell(text)) for name, text in flat(pairs))
    return Table(ident, caption, columns("Setting", "Value"), rows, fold=len(rows) > 12)


def _label(name: str) -> str:
    *prefix, last = name.split(" · ")
    return " · ".join(
        [*(p.replace("_", " ") for p in prefix), LABELS.get(last, last.replace("_", " "))]
    )


def flat(pairs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and text of every setting; nested mappings get joined names."""
    for name, value in pairs.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name} · ")
        else:
            yield f"{prefix}{name}", text_of(value)


def text_of(value: Any) -> str:
    """Return one setting as text: no Python spelling, no "nan"."""
    if value is None:
        return "default"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return numbers.NO_VALUE if math.isnan(value) else f"{value:.6g}".replace("-", "−")
    if isinstance(value, list | tuple):
        return ", ".join(text_of(v) for v in value) or "none"
    if hasattr(value, "tolist"):
        return text_of(value.tolist())
    return str(value) if str(value) else "not stated"


def _orders(orders: tuple[tuple[str, ...], ...] | None) -> str:
    if orders is None:
        return "none"
    return f"one of {numbers.count(len(orders), 'order')} could have been drawn"


def _phases(result: StudyResult) -> str:
    phases = result.study.phases
    if phases.empty:
        return "none: conditions are those of the recordings"
    return f"{len(phases)}, {phase_words(result)}"


def phase_words(result: StudyResult) -> str:
    """Return the calendar span of the phases and whether all were randomised."""
    phases = result.study.phases
    drawn = "randomised" in phases and bool(phases["randomised"].all())
    last = phases["stop"].max() - pd.Timedelta(seconds=1)  # a phase ends before its stop
    span = f"{numbers.day(phases['start'].min())} to {numbers.day(last)}"
    return f"{span}, {'randomised' if drawn else 'not randomised'}"


def versions() -> tuple[tuple[str, str], ...]:
    """Return the software that made the report, by name and version."""
    found = [("Python", platform.python_version())]
    for name in ("hrv-recovery", "numpy", "scipy", "pandas", "matplotlib"):
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed as a package"))
    return tuple(found)
