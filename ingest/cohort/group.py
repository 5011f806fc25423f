"""Group answers over a finished cohort: comparison, responders, and how good the recordings are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hrv.compare import compare, washin_days
from hrv.compare.base import CompareSettings
from hrv.compare.responders import Responders, responders
from hrv.endpoints import Endpoint, endpoint
from hrv.errors import InputError, NotComputableError
from hrv.types import Comparison
from ingest.cohort.results import read_failures, read_table
from ingest.events import read_phases

OUTLYING = 3.5
"""Robust z (0.6745 times the distance from the median in MADs) of an outlier; Iglewicz & Hoaglin
1993, How to Detect and Handle Outliers, ASQC Quality Press."""
_LOOKED_AT = ("duration_s", "coverage", "corrected", "gaps", "mean_hr", "rmssd", "sdnn")


@dataclass(frozen=True, eq=False)
class Group:
    """What a cohort answers.

    Parameters
    ----------
    endpoint : Endpoint
        What was compared.
    conditions : tuple of str
        Reference first.
    comparisons : mapping of str to Comparison
        By method, the headline first.
    people : DataFrame
        ``subject, estimate, standard_error, df, shrunken, low, high, reason``: one row a person;
        `reason` says why there is no estimate.
    responders : Responders or None
        Mean and spread over people; None where too few have an estimate.
    why_not : str
        Why `responders` is None.
    quality : mapping of str to DataFrame
        ``distributions``, ``outliers``, ``devices``, ``missing``, ``failures``.
    """

    endpoint: Endpoint
    conditions: tuple[str, str]
    comparisons: Mapping[str, Comparison]
    people: pd.DataFrame
    responders: Responders | None
    why_not: str
    quality: Mapping[str, pd.DataFrame]


def compare_cohort(
    out: str,
    phases: str,
    *,
    name: str = "residual_hr",
    methods: Sequence[str] = ("default",),
    washin: str | float = "0d",
    direction: str = "none",
    swc: float | None = None,
    conditions: tuple[str, str] | None = None,
    tz: str | None = None,
    seed: int = 0,
) -> Group:
    """Compare an endpoint of a finished cohort between two conditions.

    Parameters
    ----------
    out : str
        Folder or URL that `ingest.cohort.run` wrote.
    phases : str
        Table ``subject,start,stop,condition``; a cohort of several studies names people
        ``study/subject``.
    name : str
        Endpoint: a recovery measure, or a metric of the summary.
    methods : sequence of str
        Names in `hrv.METHODS`, the headline first.
    washin, direction, swc, conditions, seed
        As for `hrv.compare`.
    tz : str, optional
        IANA zone whose days count; default: the recordings' own if they share one, else UTC.

    Returns
    -------
    Group

    Raises
    ------
    InputError
        If there is no finished cohort, or an argument is wrong.
    """
    observed, zone = _observed(out, name, tz)
    log = read_phases(phases, tz=zone if tz or "/" in zone else None)
    settings = CompareSettings(
        washin_days=washin_days(washin), direction=direction, swc=swc, scale=observed.scale,
        outcome=observed.label, unit=observed.unit,
    )  # fmt: skip
    rows = observed.observations[["subject", "time", "value"]]
    found = {
        method: compare(
            rows, log, method=method, conditions=conditions, covariates=(), seed=seed,
            settings=settings,
        )
        for method in methods
    }  # fmt: skip
    pair = conditions or _pair(next(iter(found.values())), log)
    people = _people(rows, log, pair, replace(settings, direction="none", swc=None))
    together, why = None, ""
    try:
        together = responders(people, settings.level)
        drawn = together.people[["subject", "shrunken", "low", "high"]]
        people = people.merge(drawn, on="subject", how="left")
    except NotComputableError as error:
        why = str(error)
        people = people.assign(shrunken=math.nan, low=math.nan, high=math.nan)
    return Group(observed, pair, found, people, together, why, quality_report(out))


def _observed(out: str, name: str, tz: str | None) -> tuple[Endpoint, str]:
    recordings = read_table(out, "recordings", ["study", "zone"])
    zones = sorted(set(recordings["zone"]) - {""})
    zone = tz or (zones[0] if len(zones) == 1 else "UTC")
    several = len(set(recordings["study"])) > 1
    tables = []
    for table, moment in (("recovery", "time"), ("summary", "start")):
        frame = read_table(out, table).rename(columns={moment: "time"})
        if several:
            frame["subject"] = frame["study"] + "/" + frame["subject"]
        tables.append(frame.assign(time=frame["time"].dt.tz_convert(zone)))
    found = endpoint(name, tables[0], tables[1], pd.DataFrame())
    rows = found.observations
    dated = rows["time"].notna()
    if not dated.any():
        raise InputError(
            f"{out}: no recording has a clock, so none falls into a phase; read them with --tz, or "
            "with start in a manifest"
        )
    return replace(found, observations=rows[dated].reset_index(drop=True)), zone


def _pair(comparison: Comparison, phases: pd.DataFrame) -> tuple[str, str]:
    told = comparison.settings.get("conditions")
    if told:
        return str(told[0]), str(told[1])
    first, second = list(dict.fromkeys(phases["condition"]))[:2]
    return str(first), str(second)


def _people(
    rows: pd.DataFrame, phases: pd.DataFrame, pair: tuple[str, str], settings: CompareSettings
) -> pd.DataFrame:
    """Each person's own comparison, by the model of one person's days."""
    made = []
    own_phases = dict(list(phases.groupby("subject")))
    for subject, own in rows.groupby("subject", sort=True):
        phase = own_phases.get(subject, own_phases.get(""))
        row = {"subject": subject, "estimate": math.nan, "standard_error": math.nan,
               "df": math.nan, "reason": ""}  # fmt: skip
        if phase is None:
            row["reason"] = "the phases do not name this person"
        else:
            found = compare(own, phase, conditions=pair, covariates=(), settings=settings)
            row["reason"] = "; ".join(refusal.why for refusal in found.refusals)
            if not found.refused:
                error = float(found.details.get("standard_error", math.nan))
                row |= {"estimate": found.estimate, "standard_error": error, "df": found.df}
        made.append(row)
    return pd.DataFrame(made)


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
