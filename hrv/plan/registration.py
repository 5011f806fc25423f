"""What is registered beforehand: one record, one hash, and what has changed since.

Endpoint, cleaner, window, wash-in, estimator, direction and schedule are fixed by their hash
before the first measurement (the garden of forking paths: Gelman and Loken 2014,
doi:10.1511/2014.111.460).  A comparison with other settings is shown, and labelled exploratory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from hrv.recovery import RecoverySettings

if TYPE_CHECKING:
    from hrv.study import Study

FORMAT = 1
WORDS = {
    "primary": "primary endpoint",
    "secondary": "secondary endpoints",
    "covariates": "covariates",
    "direction": "direction of benefit",
    "swc": "smallest worthwhile change",
    "cleaner": "artefact handling",
    "window": "windows of the recovery analysis",
    "washin_days": "wash-in",
    "method": "estimator",
    "familiarisation": "familiarisation tests left out",
    "start_reason": "reason for starting",
    "conditions": "conditions",
    "schedule": "schedule",
    "orders": "set of possible orders",
    "level": "confidence level",
    "trend": "trend",
}
"""Everything the hash covers of a study, with the words a reader knows it by."""


@dataclass(frozen=True)
class Look:
    """One declared look at the effect.

    Parameters
    ----------
    after_block : int
        Blocks that are over by then.
    time : datetime
        When it opens.
    level : float
        Confidence level of its intervals: 1 minus the nominal alpha of the look.
    name : str
        What it is called in a sentence.
    """

    after_block: int
    time: datetime
    level: float
    name: str = "planned end"


@dataclass(frozen=True)
class Registration:
    """A study's registration as it was written, and how the study at hand differs from it.

    Parameters
    ----------
    sha256 : str
        Hash to have deposited beforehand.
    end : datetime
        Planned end: until then the effect stays sealed, but for `looks`.
    looks : tuple of Look
        Declared looks, the end last.
    spending : str
        How alpha is spent over them.
    blinded : bool
        The schedule speaks of codes.
    unblinded : bool
        The key was given.
    changed : tuple of str
        What is not as registered, in words; empty if everything is.
    """

    sha256: str
    end: datetime
    looks: tuple[Look, ...]
    spending: str = "obrien_fleming"
    blinded: bool = False
    unblinded: bool = False
    changed: tuple[str, ...] = ()


def declared_of(study: Study) -> dict[str, Any]:
    """Return what a study declares, as plain values: what the hash is about."""
    settings = study.settings
    return {
        "primary": study.primary,
        "secondary": list(study.secondary),
        "covariates": list(study.covariates),
        "direction": settings.direction,
        "swc": settings.swc,
        "cleaner": study.cleaner,
        "window": asdict(RecoverySettings()),
        "washin_days": settings.washin_days,
        "method": study.method,
        "familiarisation": study.familiarisation,
        "start_reason": settings.start_reason,
        "conditions": list(study.conditions),
        "schedule": _schedule(study.phases),
        "orders": None if study.randomisation is None else [list(o) for o in study.randomisation],
        "level": settings.level,
        "trend": settings.trend,
    }


def _schedule(phases: pd.DataFrame) -> list[list[Any]]:
    if phases.empty:
        return []
    rows = phases.sort_values(["subject", "start"], kind="stable")
    start, stop = (pd.to_datetime(rows[name], utc=True) for name in ("start", "stop"))
    return [
        [str(subject), begin.isoformat(), end.isoformat(), str(condition)]
        for subject, begin, end, condition in zip(
            rows["subject"], start, stop, rows["condition"], strict=True
        )
    ]


def record_of(
    study: Study, looks: Sequence[Look], spending: str, key_sha256: str | None
) -> dict[str, Any]:
    """Make the record that is hashed: what is declared, the looks and the key's commitment."""
    return {
        "format": FORMAT,
        "declared": declared_of(study),
        "looks": [
            {"after_block": k.after_block, "time": k.time.isoformat(), "level": round(k.level, 12)}
            for k in looks
        ],
        "spending": spending,
        "key_sha256": key_sha256,
    }


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a record in canonical JSON: keys sorted, no spaces."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def changes(registered: Mapping[str, Any], study: Study) -> tuple[str, ...]:
    """Say in words what a study does otherwise than was registered.

    Parameters
    ----------
    registered : mapping
        ``declared`` of the record.
    study : Study
        As loaded, still in codes if it was registered in codes.
    """
    now = json.loads(json.dumps(declared_of(study)))
    told = []
    for name, words in WORDS.items():
        before, after = registered.get(name), now[name]
        if before == after or (name not in registered and not after):
            continue
        if name in ("schedule", "orders", "window"):
            told.append(f"the {words} is not the registered one")
        else:
            told.append(f"the {words} was registered as {_said(before)} and is {_said(after)}")
    return tuple(told)


def _said(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
