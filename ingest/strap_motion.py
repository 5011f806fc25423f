"""Motion and posture of a recording, where its strap measured acceleration: covariates of a study.

What no strap measured may be entered by hand, under the same names in ``outcomes.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from hrv.types import Float
from ingest.ble.polar import Stream
from ingest.ble.polar_samples import samples
from ingest.journal import records
from ingest.journal.record import MAGIC

MOTION, POSTURE = "motion_mg", "posture_deg"
NAMES = (MOTION, POSTURE)
_GRAVITY_MG = 1000.0
_LEAST = 250
"""Fewest samples (ten seconds at the lowest rate) that say anything."""


def acceleration(path: Path) -> Float:
    """Return the acceleration a journal holds, float64[n, 3] in milli-g; none from other files."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return np.empty((0, 3))
    rows = [row[2:] for row in samples(records(path), Stream.ACC)]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3)


def motion_and_posture(
    recordings: Iterable[tuple[str, pd.Timestamp, Path]],
) -> pd.DataFrame:
    """Give each recording's motion and posture as outcomes at its start.

    ``motion_mg`` is the mean of ENMO, ``max(|a| - 1 g, 0)`` in milli-g (van Hees et al. 2013,
    doi:10.1371/journal.pone.0061691).  ``posture_deg`` is the angle between the mean acceleration
    and that of the person's first recording with any: how far the trunk leant from where it was
    then, whichever way round the strap is worn.

    Parameters
    ----------
    recordings : iterable of (str, Timestamp, Path)
        Subject, start and file of each, in order of time.

    Returns
    -------
    DataFrame
        ``subject, time, name, value``; no row for a recording without acceleration.
    """
    upright: dict[str, Float] = {}
    rows = []
    for subject, start, path in recordings:
        a = acceleration(path)
        if len(a) < _LEAST:
            continue
        mean = a.mean(axis=0)
        first = upright.setdefault(subject, mean)
        size = float(np.linalg.norm(mean) * np.linalg.norm(first))
        angle = np.degrees(np.arccos(np.clip(mean @ first / size, -1, 1))) if size else np.nan
        enmo = np.maximum(np.linalg.norm(a, axis=1) - _GRAVITY_MG, 0).mean()
        rows += [(subject, start, MOTION, float(enmo)), (subject, start, POSTURE, float(angle))]
    return pd.DataFrame(rows, columns=["subject", "time", "name", "value"])
