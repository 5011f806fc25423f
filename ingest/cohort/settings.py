"""What a cohort's tables depend on, and the keys that say whether a table is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from hrv._units import seconds
from hrv.clean import CLEANERS
from hrv.errors import InputError
from hrv.metrics import select
from hrv.metrics.presets import preset
from hrv.tables import pick

SCHEMA = 1
"""Version of the files a cohort writes; another one makes them all anew."""
TABLES = ("recordings", "summary", "windows", "recovery")
METRICS = ("mean_nn", "mean_hr", "sdnn", "rmssd", "ln_rmssd", "nn50", "pnn50", "sd1", "sd2")
"""Metrics of summary and windows unless others are asked for: all linear in the beats."""


@dataclass(frozen=True)
class CohortSettings:
    """Everything the tables depend on beside the recordings.

    Parameters
    ----------
    clean : str
        Name in `hrv.CLEANERS`.
    metrics : tuple of str
        Names in `hrv.METRICS`, of windows and summary.
    width, step : str or float
        Width of the windows and distance of their starts.
    preset : str
        Settings of the metrics: ``"default"``, ``"kubios"``, ``"neurokit2"``.
    events : str
        Table of stressors (path or URL); "": each recording's own markers.
    events_sha256 : str
        Its content, filled in by the run.
    tz : str or None
        IANA zone of clock times in the table of stressors that carry none.

    Raises
    ------
    InputError
        If a name or a length of time is wrong.
    """

    clean: str = "lipponen_tarvainen"
    metrics: tuple[str, ...] = METRICS
    width: str | float = "5min"
    step: str | float = "1min"
    preset: str = "default"
    events: str = ""
    events_sha256: str = ""
    tz: str | None = None

    def __post_init__(self) -> None:
        pick(self.clean, CLEANERS, "cleaner")
        select(self.metrics)
        preset(self.preset)
        for name, value in (("width", self.width), ("step", self.step)):
            if not seconds(value, name) > 0:
                raise InputError(f"{name} {value!r} must be a time above zero")

    def described(self) -> dict[str, dict[str, Any]]:
        """For each table what it depends on, JSON-able; the base of `keys`."""
        base = {"schema": SCHEMA, "hrv-recovery": version("hrv-recovery"), "clean": self.clean}
        metrics = {"metrics": list(self.metrics), "preset": self.preset}
        grid = {"width_s": seconds(self.width, "width"), "step_s": seconds(self.step, "step")}
        events = {"events_sha256": self.events_sha256, "tz": self.tz}
        return {
            "recordings": {**base, **events},
            "summary": {**base, **metrics},
            "windows": {**base, **metrics, **grid},
            "recovery": {**base, **events},
        }

    def keys(self) -> dict[str, str]:
        """For each table the hash of what it depends on."""
        return {name: digest(told) for name, told in self.described().items()}


def digest(value: Mapping[str, Any] | Iterable[Any]) -> str:
    """Hash a JSON-able value, 16 hex digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
