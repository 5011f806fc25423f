"""Does a baseline value go with how much people respond?  In groups only, exploratory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hrv.compare.results import t_p_value, t_quantile
from hrv.errors import NotComputableError

MIN_PEOPLE = 10
"""Fewest people from which a slope over people is told."""


def moderate(
    differences: Mapping[str, float], baseline: Mapping[str, float], *, level: float = 0.95
) -> dict[str, Any]:
    """Regress people's differences on a value measured before treatment began.

    ``difference = a + b (value - mean)``, least squares, t with N - 2 degrees of freedom.  It
    is exploratory whatever it finds, and says nothing of one person.

    Parameters
    ----------
    differences, baseline : mapping of str to float
        By subject; people with both count.
    level : float
        Of the interval.

    Returns
    -------
    dict
        ``people, slope, low, high, p_value`` (per unit of the baseline value).

    Raises
    ------
    NotComputableError
        With fewer than ten people, or if the values do not differ.
    """
    both = [s for s in differences if s in baseline]
    y = np.array([differences[s] for s in both], dtype=np.float64)
    x = np.array([baseline[s] for s in both], dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if x.size < MIN_PEOPLE:
        raise NotComputableError(
            f"a moderator is looked at in groups only: {x.size} people have a baseline value and "
            f"a difference, and at least {MIN_PEOPLE} are needed"
        )
    centred = x - x.mean()
    spread = float(centred @ centred)
    if not spread > 0:
        raise NotComputableError("everyone has the same baseline value, so it moderates nothing")
    slope = float(centred @ y) / spread
    rest = y - y.mean() - slope * centred
    df = x.size - 2
    se = float(np.sqrt(rest @ rest / df / spread))
    half = t_quantile(df, (1 + level) / 2) * se
    p_value = t_p_value(slope, se, df) if se > 0 else 0.0
    return {
        "people": int(x.size), "slope": slope, "low": slope - half, "high": slope + half,
        "p_value": p_value,
    }  # fmt: skip
