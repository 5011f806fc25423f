"""From episodes to the recovery table, one row an episode."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.recovery.flags import flags_of
from hrv.recovery.measures import MEASURES
from hrv.recovery.response import Response
from hrv.recovery.settings import RecoverySettings
from hrv.types import Episode, NNSeries, Recovery

UNKNOWN = (
    "motion, posture, speech and respiration are unknown unless the events name them; "
    "what is not measured is not known to be absent"
)


def recovery(
    nn: NNSeries, episodes: Iterable[Episode], settings: RecoverySettings | None = None
) -> pd.DataFrame:
    """Compute every recovery measure of each episode in one recording.

    Parameters
    ----------
    nn : NNSeries
        A cleaned recording (see `hrv.clean`).
    episodes : iterable of Episode
        From `hrv.mark`; `hrv.episodes.within` selects those of the recording.  One that the
        recording does not cover gives a row without numbers, and the reasons.
    settings : RecoverySettings, optional
        Default: the project's definitions.

    Returns
    -------
    DataFrame
        One row an episode in the order given: ``label, kind, onset_s, offset_s`` (s since the
        recording's start), the columns of `MEASURES`, then ``<measure>_low``, ``_high``,
        ``_se`` and ``_censored`` where a measure has them, ``flags`` and ``reason``
        (``"measure, measure: why; measure: why"``, empty if nothing was refused).  Censored
        means at least the value (tau at its lower bound: at most; then ``tau_hr_s_low`` is 0).
        An interval without an upper end has ``inf`` there.  Units, settings and the cleaner
        are in ``.attrs``.

    Raises
    ------
    InputError
        If `nn` is no NNSeries, or an episode has clock times and the recording no clock.
    """
    chosen = settings or RecoverySettings()
    rows = [_row(one, nn) for one in recover(nn, episodes, chosen)]
    table = pd.DataFrame(
        {name: np.array([row[name] for row in rows], dtype) for name, dtype in _dtypes().items()}
    )
    table.attrs = {
        "units": {m.name: m.unit for m in MEASURES},
        "settings": dataclasses.asdict(chosen),
        "clean": {"method": nn.method, "settings": dict(nn.settings)},
        "unknown": UNKNOWN,
    }
    return table


def recover(
    nn: NNSeries, episodes: Iterable[Episode], settings: RecoverySettings | None = None
) -> list[Recovery]:
    """Compute every recovery measure of each episode, as values; see `recovery`."""
    if not isinstance(nn, NNSeries):
        raise InputError(
            f"recovery needs cleaned intervals (an NNSeries), not {type(nn).__name__}; "
            "call hrv.clean first"
        )
    chosen = settings or RecoverySettings()
    results = []
    for episode in episodes:
        response = Response.of(nn, episode, chosen)
        measures = {m.name: m.compute(response) for m in MEASURES}
        results.append(Recovery(episode, measures, flags_of(response)))
    return results


def curve(nn: NNSeries, episode: Episode, settings: RecoverySettings | None = None) -> pd.DataFrame:
    """Heart rate after one stressor, for pictures and averages over episodes.

    Returns
    -------
    DataFrame
        ``t_s`` (centre of a 10 s window, s after the stressor), ``hr`` (bpm) and
        ``hr_above_baseline`` (bpm); NaN where beats or the baseline are missing.
    """
    response = Response.of(nn, episode, settings or RecoverySettings())
    y = response.recovery_curve
    return pd.DataFrame(
        {
            "t_s": y.centre_s - response.phases.offset_s,
            "hr": y.value,
            "hr_above_baseline": y.value - response.baseline_hr.level,
        }
    )


def _row(one: Recovery, nn: NNSeries) -> dict[str, Any]:
    episode, shift_s = one.episode, one.episode.seconds_after(nn.start)
    row: dict[str, Any] = {
        "label": episode.label,
        "kind": episode.kind,
        "onset_s": episode.onset_s + shift_s,
        "offset_s": episode.offset_s + shift_s,
    }
    for m in MEASURES:
        measure = one.measures[m.name]
        parts: Mapping[str, Any] = {
            "": measure.value,
            "_low": measure.low,
            "_high": measure.high,
            "_se": measure.se,
            "_censored": measure.censored,
        }
        row |= {m.name + end: value for end, value in parts.items()}
    row["flags"] = "; ".join(one.flags)
    row["reason"] = _reasons(one)
    return row


def _reasons(one: Recovery) -> str:
    """Refusals as text; measures refused for the same cause share one clause."""
    clauses: dict[str, list[str]] = {}
    for name, measure in one.measures.items():
        if measure.reason:
            clauses.setdefault(measure.reason, []).append(name)
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in clauses.items())


def _extras() -> list[str]:
    extras = []
    for m in MEASURES:
        extras += [f"{m.name}_low", f"{m.name}_high"] if m.interval else []
        extras += [f"{m.name}_se"] if m.error else []
    return extras + [f"{m.name}_censored" for m in MEASURES if m.censors]


def _columns() -> list[str]:
    names = ["label", "kind", "onset_s", "offset_s", *(m.name for m in MEASURES)]
    return [*names, *_extras(), "flags", "reason"]


def _dtypes() -> dict[str, str]:
    text = {"label", "kind", "flags", "reason"}
    return {
        name: "object" if name in text else "bool" if name.endswith("_censored") else "float64"
        for name in _columns()
    }
