"""Which phase of a study a moment falls into."""

from __future__ import annotations

import pandas as pd


def phase_of(time: pd.Series, subject: pd.Series, phases: pd.DataFrame) -> dict[str, pd.Series]:
    """Look up the phase of each moment.

    Parameters
    ----------
    time, subject : Series
        Aware datetimes, and whose they are; one index.
    phases : DataFrame
        ``subject, start, stop, condition, block``; phases of a subject do not overlap.

    Returns
    -------
    dict of str to Series
        ``condition`` (empty outside any phase) and ``block`` (-1 outside any phase).
    """
    condition = pd.Series("", index=time.index, dtype=object)
    block = pd.Series(-1, index=time.index, dtype="int64")
    for phase in phases.to_dict(orient="records"):
        own = subject == phase["subject"]
        inside = own & (time >= phase["start"]) & (time < phase["stop"])
        condition[inside], block[inside] = phase["condition"], phase["block"]
    return {"condition": condition, "block": block}
