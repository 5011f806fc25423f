"""Group answers over a finished cohort: comparison, responders, and how good the recordings are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from hrv.compare import compare, washin_days
from hrv.compare.base import CompareSettings
from hrv.compare.design import pick_conditions
from hrv.compare.responders import Responders, responders
from hrv.endpoints import Endpoint, endpoint
from hrv.errors import InputError, NotComputableError
from hrv.study import Study, StudyResult
from hrv.study.seal import Seal, as_of, at_look, seal_of, sealed
from hrv.types import Comparison
from ingest.cohort.quality import quality_report
from ingest.cohort.results import read_settings, read_table
from ingest.events import read_phases
from ingest.registration import declared_by, with_registration


@dataclass(frozen=True, eq=False)
class Group:
    """What a cohort answers.

    Parameters
    ----------
    endpoint : Endpoint
        What was compared.
    study : Study
        How: phases, settings, registration; its outcomes are the observations.
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
    study: Study
    comparisons: Mapping[str, Comparison]
    people: pd.DataFrame
    responders: Responders | None
    why_not: str
    quality: Mapping[str, pd.DataFrame]

    @property
    def conditions(self) -> tuple[str, str]:
        """Reference first."""
        return self.study.conditions

    @property
    def result(self) -> StudyResult:
        """The comparison as the result of a study whose recordings were measured before."""
        nothing = pd.DataFrame()
        return StudyResult(
            self.study, nothing, nothing, dict(self.comparisons), {}, nothing, nothing, nothing
        )


def compare_cohort(
    out: str,
    phases: str,
    *,
    name: str | None = None,
    methods: Sequence[str] | None = None,
    washin: str | float | None = None,
    direction: str | None = None,
    swc: float | None = None,
    conditions: tuple[str, str] | None = None,
    tz: str | None = None,
    seed: int = 0,
    plan: str | Path | None = None,
    key: str | Path | None = None,
    now: datetime | None = None,
) -> Group:
    """Compare an endpoint of a finished cohort between two conditions.

    Parameters
    ----------
    out : str
        Folder or URL that `ingest.cohort.run` wrote.
    phases : str
        Table ``subject,start,stop,condition``; a cohort of several studies names people
        ``study/subject``.
    name : str, optional
        Endpoint: a recovery measure, or a metric of the summary; default: as registered, else
        ``residual_hr``.
    methods : sequence of str, optional
        Names in `hrv.METHODS`, the headline first; default: as registered, else ``default``.
    washin, direction, swc, conditions, seed
        As for `hrv.compare`; default: as registered.
    tz : str, optional
        IANA zone whose days count; default: the recordings' own if they share one, else UTC.
    plan : str or Path, optional
        The ``plan.json`` that was registered; default: the one beside `phases`, if there is one.
        Until its planned end, or a declared look, the effect stays sealed; what is not as
        registered makes the answer exploratory.
    key : str or Path, optional
        Key of a blinded study.
    now : datetime, optional
        What time it is, for the seal; default: the present.

    Returns
    -------
    Group

    Raises
    ------
    InputError
        If there is no finished cohort, or an argument is wrong.
    """
    registered = Path(plan) if plan is not None else _beside(phases)
    declared = {} if registered is None else declared_by(registered)
    observed, zone = _observed(out, name or str(declared.get("primary", "residual_hr")), tz)
    log = read_phases(phases, tz=zone if tz or "/" in zone else None)
    said: dict[str, Any] = {"direction": direction, "swc": swc}
    said["washin_days"] = None if washin is None else washin_days(washin)
    settings = {**declared, **{k: v for k, v in said.items() if v is not None}}
    study = Study(
        title="", sessions=(), phases=log, primary=observed.name,
        cleaner=read_settings(out)["clean"],
        method=(methods or (str(declared.get("method", "default")),))[0],
        settings=_settings(observed, settings),
        conditions=pick_conditions(log, conditions or declared.get("conditions")),
        seed=seed, **_only_declared(declared),
    )  # fmt: skip
    rows = _without_practice(observed.observations, study.familiarisation)
    study = replace(study, outcomes=rows[["subject", "time", "value"]])
    study = with_registration(study, registered, None if key is None else Path(key))
    quality = quality_report(out)
    return _opened(observed, study, methods or (study.method,), quality, now or datetime.now(UTC))


def _opened(
    observed: Endpoint,
    study: Study,
    methods: Sequence[str],
    quality: Mapping[str, pd.DataFrame],
    now: datetime,
) -> Group:
    """Compare as far as the registration lets what is known by `now` be seen."""
    if study.registration is None:
        found = {method: _compared(study, method) for method in methods}
        return Group(observed, study, found, *_everybody(study), quality)
    seal = seal_of(study.registration, now)
    if seal.look is None:
        return _closed(observed, study, seal, quality)
    study = as_of(study, seal.look)
    found = at_look({method: _compared(study, method) for method in methods}, study, seal)
    return Group(observed, study, found, *_everybody(study), quality)


def _beside(phases: str) -> Path | None:
    """Return the registration that `hrv plan` wrote beside a table of phases."""
    path = Path(phases).parent / "plan.json"
    return path if "://" not in phases and path.is_file() else None


def _settings(observed: Endpoint, said: Mapping[str, Any]) -> CompareSettings:
    known = ("washin_days", "direction", "swc", "level", "start_reason", "trend")
    return CompareSettings(
        scale=observed.scale, outcome=observed.label, unit=observed.unit,
        **{name: said[name] for name in known if name in said},
    )  # fmt: skip


def _only_declared(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what only the registration says of a cohort's comparison."""
    orders = declared.get("orders")
    return {
        "secondary": tuple(declared.get("secondary", ())),
        "covariates": tuple(declared.get("covariates", ())),
        "familiarisation": int(declared.get("familiarisation", 0)),
        "randomisation": None if orders is None else tuple(tuple(order) for order in orders),
    }


def _without_practice(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Leave out each person's first recordings: a stress test loses its sting with practice."""
    if not count:
        return rows
    first = rows.groupby(["subject", "session"])["time"].transform("min")
    rank = first.groupby(rows["subject"]).rank(method="dense")
    return rows[rank > count].reset_index(drop=True)


def _compared(study: Study, method: str) -> Comparison:
    return compare(
        study.outcomes, study.phases, method=method, conditions=study.conditions, covariates=(),
        seed=study.seed, settings=study.settings,
    )  # fmt: skip


def _closed(
    observed: Endpoint, study: Study, seal: Seal, quality: Mapping[str, pd.DataFrame]
) -> Group:
    """Show what a sealed cohort may show: who was measured, and how well."""
    told = sealed(study.method, seal)
    why = told.refusals[0].why
    people = pd.DataFrame({"subject": sorted(set(study.outcomes["subject"]))})
    numbers = ("estimate", "standard_error", "df", "shrunken", "low", "high")
    people = people.assign(**dict.fromkeys(numbers, math.nan), reason=why)
    nothing = replace(observed, observations=observed.observations.iloc[:0])
    return Group(nothing, study, {study.method: told}, people, None, why, quality)


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


def _everybody(study: Study) -> tuple[pd.DataFrame, Responders | None, str]:
    """Everyone's effect, alone and drawn towards the group's; why there is no group, if not."""
    people = _people(study)
    try:
        together = responders(people, study.settings.level)
    except NotComputableError as error:
        nothing = dict.fromkeys(("shrunken", "low", "high"), math.nan)
        return people.assign(**nothing), None, str(error)
    drawn = together.people[["subject", "shrunken", "low", "high"]]
    return people.merge(drawn, on="subject", how="left"), together, ""


def _people(study: Study) -> pd.DataFrame:
    """Each person's own comparison, by the model of one person's days."""
    settings = replace(study.settings, direction="none", swc=None)
    made = []
    own_phases = dict(list(study.phases.groupby("subject")))
    for subject, own in study.outcomes.groupby("subject", sort=True):
        phase = own_phases.get(subject, own_phases.get(""))
        row = {"subject": subject, "estimate": math.nan, "standard_error": math.nan,
               "df": math.nan, "reason": ""}  # fmt: skip
        if phase is None:
            row["reason"] = "the phases do not name this person"
        else:
            found = compare(
                own, phase, conditions=study.conditions, covariates=(), settings=settings
            )
            row["reason"] = "; ".join(refusal.why for refusal in found.refusals)
            if not found.refused:
                error = float(found.details.get("standard_error", math.nan))
                row |= {"estimate": found.estimate, "standard_error": error, "df": found.df}
        made.append(row)
    return pd.DataFrame(made)
