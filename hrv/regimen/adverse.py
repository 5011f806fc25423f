"""Adverse events per dose-day, each condition with its exact interval, beside the verdict."""

from __future__ import annotations

import pandas as pd

RATES = [
    "condition", "term", "events", "days", "dose_days", "per_dose_day", "low", "high",
]  # fmt: skip


def exact_rate(events: int, days: float, level: float = 0.95) -> tuple[float, float, float]:
    """Rate of events with its exact Poisson interval.

    ``chi2(a/2; 2 n) / 2`` to ``chi2(1 - a/2; 2 n + 2) / 2`` events, divided by the days.

    Parameters
    ----------
    events : int
        Number seen, zero included: the upper end is then about 3.7 / days.
    days : float
        Days watched; with none all three are NaN.
    level : float
        Of the interval.

    References
    ----------
    Garwood 1936, Biometrika 28:437-442, doi:10.1093/biomet/28.3-4.437.
    """
    from scipy.special import chdtri  # lazily: costs start-up

    if not days > 0:
        return float("nan"), float("nan"), float("nan")
    tail = (1 - level) / 2
    low = float(chdtri(2 * events, 1 - tail)) / 2 if events else 0.0
    high = float(chdtri(2 * events + 2, tail)) / 2
    return events / days, low / days, high / days


def tally_adverse_events(
    events: pd.DataFrame, doses: pd.DataFrame, days: dict[str, int], level: float = 0.95
) -> pd.DataFrame:
    """Count adverse events by condition and term.

    Parameters
    ----------
    events : DataFrame
        ``subject, time, term, condition``; one row an event.
    doses : DataFrame
        ``subject, time, status, condition``; a day with a taken dose is a dose-day.
    days : dict of str to int
        Days of each condition.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        Columns of `RATES`; per dose-day where doses (placebo included) were taken, else per day
        of the condition, and ``dose_days`` is then 0.
    """
    if events.empty:
        return pd.DataFrame(columns=RATES)
    rows = []
    taken = doses[doses["status"] == "taken"] if len(doses) else doses
    for term in sorted(set(events["term"])):
        for condition, total in days.items():
            dosed = _dose_days(taken, condition)
            own = events[(events["term"] == term) & (events["condition"] == condition)]
            dosed = 0
            if len(taken):
                inside = taken[taken["condition"] == condition]
                dosed = len(
                    {
                        (s, f"{t:%Y-%m-%d}")
                        for s, t in zip(inside["subject"], inside["time"], strict=True)
                    }
                )
            rate, low, high = exact_rate(len(own), dosed or total, level)
            rows.append((condition, term, len(own), total, dosed, rate, low, high))
    return pd.DataFrame(rows, columns=RATES)


def _dose_days(taken: pd.DataFrame, condition: str) -> int:
    """Days with a taken dose in one condition, over everyone."""
    if taken.empty:
        return 0
    own = taken[taken["condition"] == condition]
    return len({(s, f"{t:%Y-%m-%d}") for s, t in zip(own["subject"], own["time"], strict=True)})
