"""Counts that stand beside an answer: doses by condition, and what is missing by condition."""

from __future__ import annotations

import pandas as pd

ADHERENCE = ["condition", "substance", "planned", "taken", "missed", "unknown_basis"]
RATES = ["condition", "episodes", "valid", "no_response", "refused"]


def adherence(doses: pd.DataFrame) -> pd.DataFrame:
    """Count doses by condition and substance.

    Parameters
    ----------
    doses : DataFrame
        ``condition, substance, status, basis``; one row a dose.

    Returns
    -------
    DataFrame
        ``condition, substance, planned`` (all rows), ``taken, missed, unknown_basis``.
    """
    if doses.empty:
        return pd.DataFrame(columns=ADHERENCE)
    rows = [
        {
            "condition": condition or "outside any phase",
            "substance": substance,
            "planned": len(group),
            "taken": int((group["status"] == "taken").sum()),
            "missed": int((group["status"] == "missed").sum()),
            "unknown_basis": int((group["basis"] == "unknown").sum()),
        }
        for (condition, substance), group in doses.groupby(["condition", "substance"])
    ]
    return pd.DataFrame(rows, columns=ADHERENCE)


def missing_rates(recovery: pd.DataFrame, endpoint: str) -> pd.DataFrame:
    """Count episodes by condition: measured, without response, refused.

    Numbers that go missing more often in one condition than in the other bias what is left;
    hence this table stands in every report.

    Parameters
    ----------
    recovery : DataFrame
        One row an episode, with ``condition``, ``reason`` and the endpoint's column.
    endpoint : str
        The primary endpoint; if it is no recovery measure the table is empty.
    """
    if recovery.empty or endpoint not in recovery.columns:
        return pd.DataFrame(columns=RATES)
    rows = []
    for condition, group in recovery.groupby("condition"):
        valid = group[endpoint].notna()
        silent = group["reason"].str.contains("no response", regex=False)
        rows.append(
            {
                "condition": condition or "outside any phase",
                "episodes": len(group),
                "valid": int(valid.sum()),
                "no_response": int(silent.sum()),
                "refused": int((~valid).sum()),
            }
        )
    return pd.DataFrame(rows, columns=RATES)
