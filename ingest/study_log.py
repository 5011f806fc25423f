"""The rest of a study's log: components, adverse events and the claims of others."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from hrv._units import seconds
from hrv.errors import InputError, StudyError
from hrv.regimen import Component, Regimen, default_washin_days
from hrv.regimen.log import COLUMNS as REGIMEN_COLUMNS
from ingest._doses import dose_cells
from ingest.columns import ADVERSE_COLUMNS, CLAIM_COLUMNS
from ingest.formats.base import Source
from ingest.tables import rows, times

SEVERITIES = ("", "mild", "moderate", "severe")
_TRUTH = {"no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
COMPONENT_KEYS = ("kind", "role", "washin", "half_life")


def read_regimen_log(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read when each component of a regimen was on, and how much of it.

    Parameters
    ----------
    path : str, path-like or Source
        CSV with ``component, start, stop`` and optionally ``subject, amount, unit, basis,
        elemental_share, elemental_source, randomised``; one line a stretch of one dose.
        `stop` is the moment at which it no longer holds.
    tz, subject : str, optional
        As for every table.

    Raises
    ------
    FormatError
        Naming the line.
    """
    optional = ("subject", "amount", "unit", "basis", "elemental_share", "elemental_source",
                "randomised")  # fmt: skip
    table = list(
        rows(path, required=("component", "start", "stop"), optional=optional, subject=subject)
    )
    found: dict[str, list[object]] = {column: [] for column in REGIMEN_COLUMNS}
    start, stop = [], []
    for row in table:
        row.required("component")
        begin, end = row.moment("start", tz), row.moment("stop", tz)
        if end <= begin:
            raise row.error(f"component {row['component']!r} stops before it starts; mend a time")
        start.append(begin)
        stop.append(end)
        cells: dict[str, object] = dict(row.cells)
        cells |= {"start": begin, "stop": end, **dose_cells(row)}
        cells["randomised"] = (
            bool(row["randomised"]) and _TRUTH[row.one_of("randomised", tuple(_TRUTH))]
        )
        for column, into in found.items():
            into.append(cells[column])
    frame = pd.DataFrame(found, columns=REGIMEN_COLUMNS, dtype=object)
    return frame.assign(
        start=times(start, tz), stop=times(stop, tz),
        amount=frame["amount"].astype("float64"),
        elemental_share=frame["elemental_share"].astype("float64"),
        randomised=frame["randomised"].astype(bool),
    )  # fmt: skip


def read_adverse_events(
    path: str | PathLike[str] | Source, *, tz: str | None = None, subject: str | None = None
) -> pd.DataFrame:
    """Read adverse events: ``time`` (onset), ``term`` and optionally ``end, severity, component``.

    Raises
    ------
    FormatError
        Naming the line: no term, an end before the onset, an unknown severity.
    """
    optional = ("subject", "end", "severity", "component")
    table = list(rows(path, required=("time", "term"), optional=optional, subject=subject))
    moments, ends = [], []
    for row in table:
        row.required("term")
        moments.append(row.moment("time", tz))
        ends.append(row.moment("end", tz) if row["end"] else pd.NaT)
        if row["end"] and ends[-1] < moments[-1]:
            raise row.error(f"{row['term']!r} ends before it begins; mend one of the times")
        if row["severity"].lower() not in SEVERITIES:
            raise row.error(f"severity {row['severity']!r} must be mild, moderate or severe")
    frame = pd.DataFrame({c: [row[c] for row in table] for c in ("subject", "term", "component")})
    frame = frame.assign(
        time=times(moments, tz), end=pd.Series(ends, dtype=object),
        severity=[row["severity"].lower() for row in table],
    )  # fmt: skip
    return frame[list(ADVERSE_COLUMNS)]


def read_claims(path: str | PathLike[str] | Source) -> pd.DataFrame:
    """Read what others claim: text only, each with where it is from and whether it was verified.

    Raises
    ------
    FormatError
        Naming the line: a claim without text, source, or yes or no under ``verified``.
    """
    table = list(rows(path, required=CLAIM_COLUMNS, optional=()))
    for row in table:
        row.required("claim")
        if not row["source"]:
            raise row.error("the claim has no source; say where it is from")
        row.one_of("verified", tuple(_TRUTH))
    frame = pd.DataFrame({c: [row[c] for row in table] for c in CLAIM_COLUMNS}, dtype=object)
    return frame.assign(verified=[_TRUTH[row["verified"].lower()] for row in table])


def regimen_of(
    declared: Mapping[str, Any],
    log: pd.DataFrame | None,
    washin: str | float,
    *,
    path: Path,
) -> Regimen | None:
    """Join the declared components with the log of when they were on.

    Parameters
    ----------
    declared : mapping
        ``[components.NAME]`` of the study file: ``kind, role, washin, half_life``.
    log : DataFrame or None
        From `read_regimen_log`.
    washin : str or float
        The study's wash-in, for components that are not magnesium and name none.
    path : Path
        The study file, for messages.
    """
    if log is None:
        if declared:
            raise StudyError(
                f"{path}: [components] needs [design] regimen, the log of when they were on"
            )
        return None
    names = dict.fromkeys([*declared, *log["component"]])
    try:
        parts = tuple(_component(name, declared.get(name, {}), washin) for name in names)
        return Regimen(parts, log)
    except InputError as error:
        raise StudyError(f"{path}: {error}") from None


def _component(name: str, given: Any, washin: str | float) -> Component:
    if not isinstance(given, Mapping):
        raise InputError(f"[components] {name} must be a table of keys")
    for key in given:
        if key not in COMPONENT_KEYS:
            raise InputError(
                f"unknown key {key!r} in [components.{name}]; choose from "
                f"{', '.join(COMPONENT_KEYS)}"
            )
    usual = default_washin_days(name) or seconds(washin) / 86400
    half_life = given.get("half_life")
    return Component(
        name,
        str(given.get("kind", "supplement")),
        str(given.get("role", "studied")),
        seconds(given["washin"]) / 86400 if "washin" in given else usual,
        None if half_life is None else seconds(half_life) / 86400,
    )
