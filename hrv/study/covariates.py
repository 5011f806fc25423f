"""What else may differ between the conditions: declared covariates, joined to each observation.

A covariate that was settled before the response (sleep, caffeine, the kind of stressor) goes
into the model.  A measure of the response itself (reactivity) never does: it comes after
treatment began, so adjusting for it may take part of the effect away.  It is shown beside the
headline instead, which answers "did the heart recover faster, or did it merely react less?"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from hrv.compare.moments import moments
from hrv.errors import StudyError
from hrv.metrics import METRICS
from hrv.recovery import MEASURES
from hrv.study.types import Measured
from hrv.types import Float

WITHIN_H = 24.0
"""Hours before an observation in which the last entry of a rating, a night or a value counts."""
TAGS_H: Mapping[str, float] = {
    "caffeine": 6.0, "alcohol": 24.0, "nicotine": 2.0, "meal": 3.0, "exercise": 24.0,
    "illness": 24.0,
}  # fmt: skip
"""Entries that are logged when they happen: none within these hours means that there was none."""
MEASURED_H: Mapping[str, float] = {"motion_mg": 2.0, "posture_deg": 2.0}
"""Measured by the strap during the session, or entered for it: older entries do not count."""
KIND = "kind"
"""The stressor's kind: one column for every kind but the most frequent."""

OWN_BASELINE: Mapping[str, tuple[str, ...]] = {
    "baseline_hr": (
        "reactivity_hr", "reactivity_hr_percent", "residual_hr", "recovered_60_hr",
        "recovered_300_hr", "recovered_600_hr", "auc_i_hr",
    ),
    "baseline_ln_rmssd": (
        "reactivity_ln_rmssd", "reactivity_ln_rmssd_percent", "residual_ln_rmssd",
        "vagal_rebound_ln_rmssd",
    ),
}  # fmt: skip
"""Changes from each baseline: the baseline is part of them, so they are never regressed on it."""


def is_response(name: str) -> bool:
    """Tell whether it is a measure of the response, which is never adjusted for in the headline."""
    return name in {measure.name for measure in MEASURES}


def attach(
    table: pd.DataFrame, names: Sequence[str], measured: Measured
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Add a column for each covariate; NaN where nothing is known.

    Parameters
    ----------
    table : DataFrame
        Observations of an endpoint: ``subject, session, time``.
    names : sequence of str
        ``"kind"``, a recovery measure, a metric of the recording, a tag of `TAGS_H` or the name
        of another outcome.
    measured : Measured
        Where they are found.

    Returns
    -------
    tuple of DataFrame and tuple of str
        The table and the names of its new columns.

    Raises
    ------
    StudyError
        If nothing has this name.
    """
    columns: dict[str, Float] = {}
    for name in names:
        columns |= _columns(table, name, measured)
    return table.assign(**columns), tuple(columns)


def _columns(table: pd.DataFrame, name: str, measured: Measured) -> dict[str, Float]:
    metrics = {metric.name for metric in METRICS}
    outcomes = measured.outcomes
    if name == KIND:
        return _kinds(table, measured.recovery)
    if is_response(name):
        return {name: _joined(table, measured.recovery, name, ["subject", "session", "time"])}
    if name in metrics and name in measured.summaries:
        return {name: _joined(table, measured.summaries, name, ["subject", "session"])}
    known = [] if outcomes.empty else sorted(outcomes["name"].unique())
    if name in known or name in TAGS_H:
        own = outcomes[outcomes["name"] == name] if name in known else outcomes[:0]
        return {name: _latest(table, own, name)}
    raise StudyError(
        f"no covariate is called {name!r}; choose from {KIND}, "
        f"{', '.join([*(m.name for m in MEASURES), *TAGS_H, *known])}, or a metric"
    )


def _joined(table: pd.DataFrame, source: pd.DataFrame, name: str, keys: list[str]) -> Float:
    right = source[[*keys, name]].drop_duplicates(keys)
    return table[keys].merge(right, on=keys, how="left")[name].to_numpy(dtype=np.float64)


def _kinds(table: pd.DataFrame, recovery: pd.DataFrame) -> dict[str, Float]:
    keys = ["subject", "session", "time"]
    right = recovery[[*keys, KIND]].drop_duplicates(keys)
    kind = table[keys].merge(right, on=keys, how="left")[KIND].fillna("")
    names = [str(k) for k in kind[kind != ""].value_counts(sort=True).index]
    return {
        f"{KIND} {name}": np.where(kind == "", np.nan, kind == name).astype(np.float64)
        for name in names[1:]
    }


def _latest(table: pd.DataFrame, own: pd.DataFrame, name: str) -> Float:
    """Last entry of the hours before each observation; a tag that is not there is zero."""
    reach_ns = int({**TAGS_H, **MEASURED_H}.get(name, WITHIN_H) * 3600 * 10**9)
    out = np.full(len(table), 0.0 if name in TAGS_H else np.nan)
    when = moments(table["time"], "the time of observation").utc_ns
    for subject, entries in own.groupby("subject"):
        stamps = moments(entries["time"], f"the time of {name}").utc_ns
        order = np.argsort(stamps, kind="stable")
        stamps = stamps[order]
        values = entries["value"].to_numpy(dtype=np.float64)[order]
        rows = np.flatnonzero(table["subject"].eq(subject).to_numpy())
        at = np.searchsorted(stamps, when[rows], side="right") - 1
        near = (at >= 0) & (when[rows] - stamps[np.maximum(at, 0)] <= reach_ns)
        out[rows[near]] = values[at[near]]
    return out
