"""How good a cohort's recordings are: distributions, outliers, devices, what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ingest.cohort.results import read_failures, read_table

OUTLYING = 3.5
"""Robust z (0.6745 times the distance from the median in MADs) of an outlier; Iglewicz & Hoaglin
1993, How to Detect and Handle Outliers, ASQC Quality Press."""
_LOOKED_AT = ("duration_s", "coverage", "corrected", "gaps", "mean_hr", "rmssd", "sdnn")


def quality_report(out: str) -> dict[str, pd.DataFrame]:
    """Describe the recordings of a cohort.

    Returns
    -------
    dict of str to DataFrame
        ``distributions`` (``quantity, recordings, missing`` and quantiles), ``outliers``
        (``file, subject, quantity, value, robust_z``), ``devices`` (``device, format,
        recordings, coverage, corrected``: medians), ``missing`` (``subject, recordings, unread,
        episodes, unmeasured``) and ``failures`` (``table, kind, count``).
    """
    recordings, summary = read_table(out, "recordings"), read_table(out, "summary")
    failures, recovery = read_failures(out), read_table(out, "recovery", ["subject", "residual_hr"])
    own = [name for name in _LOOKED_AT if name in summary and name not in recordings]
    whole = recordings.merge(summary[["file", *own]], on="file", how="left")
    names = [name for name in _LOOKED_AT if name in whole]
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    heads = ("least", "p5", "p25", "median", "p75", "p95", "most")
    spread = [
        {"quantity": name, "recordings": int(whole[name].notna().sum()),
         "missing": int(whole[name].isna().sum()),
         **dict(zip(heads, whole[name].quantile(list(shares)), strict=True))}
        for name in names
    ]  # fmt: skip
    devices = whole.groupby(["device", "format"], as_index=False).agg(
        recordings=("file", "size"), coverage=("coverage", "median"),
        corrected=("corrected", "median"),
    )  # fmt: skip
    unread = failures[failures["table"] == "recordings"]
    missing = pd.DataFrame(
        {
            "recordings": recordings.groupby("subject").size(),
            "unread": unread.groupby("subject").size(),
            "episodes": recovery.groupby("subject").size(),
            "unmeasured": recovery["residual_hr"].isna().groupby(recovery["subject"]).sum(),
        }
    )
    missing = missing.fillna(0).astype("int64").rename_axis("subject").reset_index()
    counted = failures.groupby(["table", "kind"], as_index=False).agg(count=("file", "size"))
    return {
        "distributions": pd.DataFrame(spread),
        "outliers": _outliers(whole, names),
        "devices": devices,
        "missing": missing,
        "failures": counted,
    }


def _outliers(whole: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    found = []
    for name in names:
        values = whole[name].to_numpy(dtype=np.float64)
        known = values[np.isfinite(values)]
        if not known.size:
            continue
        middle = np.median(known)
        mad = np.median(np.abs(known - middle))
        if not mad > 0:  # over half are the same: no scale to judge the others by
            continue
        z = 0.6745 * (values - middle) / mad
        far = whole.loc[np.abs(z) > OUTLYING, ["file", "subject"]]
        found.append(far.assign(quantity=name, value=values[far.index], robust_z=z[far.index]))
    columns = ["file", "subject", "quantity", "value", "robust_z"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
