"""Recovery curves of a study: heart rate above baseline after the stressor, mean by condition."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hrv.recovery import curve
from hrv.types import Episode, NNSeries

COLUMNS = ["condition", "t_s", "mean", "low", "high", "n"]
STEP_S = 5.0
MIN_EPISODES = 3
"""Fewer episodes at a moment give no mean: an interval from two says nothing."""


def episode_curves(nn: NNSeries, episodes: tuple[Episode, ...]) -> pd.DataFrame:
    """Stack the curves of a recording's episodes on a common grid of time after the stressor.

    Returns
    -------
    DataFrame
        ``t_s`` (s after the stressor, multiples of 5 s) and ``hr_above_baseline`` (bpm).
    """
    tables = [curve(nn, episode)[["t_s", "hr_above_baseline"]] for episode in episodes]
    tables = [table.dropna() for table in tables]
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame({"t_s": [], "hr_above_baseline": []}, dtype="float64")
    stacked = pd.concat(tables, ignore_index=True)
    return stacked.assign(t_s=np.round(stacked["t_s"] / STEP_S) * STEP_S)


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Average the curves of each condition, with pointwise 95 % t intervals.

    The intervals take episodes as independent: they describe, the comparison decides.

    Parameters
    ----------
    curves : DataFrame
        ``condition, t_s, hr_above_baseline``; one row a moment of an episode.

    Returns
    -------
    DataFrame
        ``condition, t_s, mean, low, high`` (bpm) and ``n`` (episodes).
    """
    from scipy.special import stdtrit  # lazily: costs start-up

    if curves.empty or "hr_above_baseline" not in curves.columns:
        return pd.DataFrame(columns=COLUMNS)
    inside = curves[curves["condition"] != ""]
    groups = inside.groupby(["condition", "t_s"])["hr_above_baseline"]
    table = groups.agg(mean="mean", sd="std", n="count").reset_index()
    table = table[table["n"] >= MIN_EPISODES].reset_index(drop=True)
    half = stdtrit(table["n"] - 1, 0.975) * table["sd"] / np.sqrt(table["n"])
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)[COLUMNS]
