"""Cortisol samples of a study become one response a stressor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError
from hrv.instruments.cortisol import (
    AFTER_MIN,
    AUCG,
    AUCI,
    BEFORE_MIN,
    CORTISOL,
    PEAK_CHANGE,
    UNEQUAL_MIN,
    Response,
    response,
)
from hrv.types import Refusal

COLUMNS = ["subject", "time", "first_min", "last_min", "samples", "reason"]


def cortisol_responses(
    outcomes: pd.DataFrame, onsets: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Refusal, ...]]:
    """Sort cortisol samples to the stressor they were taken around and sum each up.

    Parameters
    ----------
    outcomes : DataFrame
        ``subject, time, name, value, unit, assay``; rows called ``cortisol`` count.
    onsets : DataFrame
        ``subject, time``: onset of every stressor.

    Returns
    -------
    DataFrame, tuple of Refusal
        Outcomes ``cortisol_aucg``, ``cortisol_auci`` and ``cortisol_peak_change`` at the time
        of the onset, with the columns of `outcomes`; and what was refused, with the reason.
        Areas count only where they are as long as most others, within 5 min.
    """
    samples = outcomes[outcomes["name"] == CORTISOL.name] if len(outcomes) else outcomes
    if samples.empty:
        return samples.iloc[:0], ()
    found: list[tuple[str, pd.Timestamp, str, Response]] = []
    refusals = []
    used = np.zeros(len(samples), dtype=np.bool_)
    for subject, onset in onsets[["subject", "time"]].itertuples(index=False):
        minutes = (samples["time"] - onset).dt.total_seconds().to_numpy(dtype=np.float64) / 60
        near = (samples["subject"] == subject).to_numpy() & ~used
        near &= (minutes >= BEFORE_MIN) & (minutes <= AFTER_MIN)
        if not near.any():
            continue
        used |= near
        order = np.argsort(minutes[near], kind="stable")
        values = samples["value"].to_numpy(dtype=np.float64)[near][order]
        try:
            one = response(minutes[near][order], values)
        except NotComputableError as error:
            refusals.append(Refusal(f"cortisol response of {onset:%Y-%m-%d %H:%M}", str(error)))
            continue
        found.append((subject, onset, str(samples["assay"].to_numpy()[near][0]), one))
    if not used.all():
        left = int((~used).sum())
        refusals.append(
            Refusal(
                "cortisol",
                f"{left} of {len(samples)} samples lie farther than {-BEFORE_MIN:.0f} min before "
                f"or {AFTER_MIN:.0f} min after any stressor and belong to none",
            )
        )
    table, unequal = _as_outcomes(found)
    return table, (*refusals, *unequal)


def _as_outcomes(
    found: list[tuple[str, pd.Timestamp, str, Response]],
) -> tuple[pd.DataFrame, list[Refusal]]:
    usual = float(np.median([r.last_min - r.first_min for *_, r in found])) if found else 0.0
    rows, refusals = [], []
    for subject, onset, assay, one in found:
        head = {"subject": subject, "time": onset, "assay": assay}
        rows.append(
            {**head, "name": PEAK_CHANGE.name, "value": one.peak_change, "unit": PEAK_CHANGE.unit}
        )
        length = one.last_min - one.first_min
        if abs(length - usual) > UNEQUAL_MIN:
            refusals.append(
                Refusal(
                    f"cortisol areas of {onset:%Y-%m-%d %H:%M}",
                    f"its samples span {length:.0f} min where most span {usual:.0f}; areas of "
                    "unequal length are not compared",
                )
            )
            continue
        rows.append({**head, "name": AUCG.name, "value": one.aucg, "unit": AUCG.unit})
        rows.append({**head, "name": AUCI.name, "value": one.auci, "unit": AUCI.unit})
    columns = ["subject", "time", "name", "value", "unit", "assay"]
    return pd.DataFrame(rows, columns=columns), refusals
