"""What stands beside the headline: regimen, adverse events, doses too high."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hrv.compare import METHODS, compare
from hrv.compare.moderators import moderate
from hrv.endpoints import Endpoint
from hrv.errors import NotComputableError
from hrv.instruments.magnesium import RBC, SERUM
from hrv.phases import phase_of
from hrv.regimen import Regimen, tally_adverse_events, upper_level_flags
from hrv.regimen.log import background_flags
from hrv.study.answers import refused_endpoint, study_endpoint
from hrv.study.types import LogResult, Measured, Study
from hrv.types import Comparison, Refusal

ALL_CONDITIONS = "all"
MODERATORS = ["moderator", "people", "slope", "low", "high", "p_value", "reason"]


def look_at_log(study: Study, measured: Measured, headline: Comparison) -> LogResult:
    """Answer from the regimen and count what the log holds."""
    comparisons = _by_regimen(study, measured)
    told = [
        Refusal(f"{study.primary} by {name}" if r.what == "estimate" else r.what, r.why)
        for name, comparison in comparisons.items()
        for r in comparison.refusals
    ]
    return LogResult(
        comparisons,
        _adverse(study),
        (*upper_level_flags(study.doses), *_background(study)),
        measured.outcomes,
        tuple(dict.fromkeys(told)),
        moderators(study, headline),
    )


def sealed_log(study: Study) -> LogResult:
    """Show what a sealed study may show: adverse events of all conditions together, and doses."""
    pooled = replace(study, phases=study.phases.assign(condition=ALL_CONDITIONS))
    adverse = _adverse(pooled) if len(study.phases) else pd.DataFrame()
    return LogResult({}, adverse, tuple(upper_level_flags(study.doses)), study.outcomes)


def moderators(study: Study, headline: Comparison) -> pd.DataFrame:
    """Ask of serum and red cell magnesium whether the baseline goes with the response.

    The baseline is a person's last value before their first phase of the second condition.

    Returns
    -------
    DataFrame
        ``moderator, people, slope, low, high, p_value, reason``; NaN and a reason where the
        group is too small, as it is for one person.
    """
    people = {p["subject"]: p["difference"] for p in headline.details.get("people", ())}
    rows = []
    for one in (SERUM, RBC):
        values = _baseline(study, one.name)
        if not values:
            continue
        try:
            found = {**moderate(people, values, level=study.settings.level), "reason": ""}
        except NotComputableError as error:
            found = {"people": len(set(people) & set(values)), "reason": str(error)}
        rows.append({"moderator": one.name, **found})
    return pd.DataFrame(rows, columns=MODERATORS)


def _baseline(study: Study, name: str) -> dict[str, float]:
    if study.outcomes.empty or study.phases.empty:
        return {}
    own, values = study.outcomes[study.outcomes["name"] == name], dict[str, float]()
    on = study.phases[study.phases["condition"] == study.conditions[1]]
    for subject, start in on.groupby("subject")["start"].min().items():
        before = own[(own["subject"] == subject) & (own["time"] < start)]
        if len(before):
            values[str(subject)] = float(before.sort_values("time")["value"].iloc[-1])
    return values


def _background(study: Study) -> list[str]:
    """Flag each change of a background component while something was measured."""
    regimen, phases, flags = study.log.regimen, study.phases, list[str]()
    if regimen is None or phases.empty:
        return flags
    for subject, own in phases.groupby("subject"):
        flags += background_flags(regimen, str(subject), own["start"].min(), own["stop"].max())
    return flags


def _by_regimen(study: Study, measured: Measured) -> dict[str, Comparison]:
    regimen = study.log.regimen
    if regimen is None:
        return {}
    found = study_endpoint(study.primary, measured)
    entries = [m for m in METHODS if m.regimen and _asked(m.name, regimen)]
    if isinstance(found, Refusal):
        return {m.name: refused_endpoint(found, m.name) for m in entries}
    table = _with_device(found, study)
    settings = replace(
        study.settings, scale=found.scale, outcome=found.label, unit=found.unit, washin_days=0.0
    )
    return {
        m.name: compare(table, method=m.name, regimen=regimen, seed=study.seed, settings=settings)
        for m in entries
    }


def _asked(name: str, regimen: Regimen) -> bool:
    """Tell whether a regimen asks for a method: amounts for doses, a half-life for carry-over."""
    names = [c.name for c in regimen.studied]
    if name == "dose_response":
        return bool(regimen.log.loc[regimen.log["component"].isin(names), "amount"].notna().any())
    if name == "carry_over":
        return regimen.studied[0].half_life_days is not None
    return True


def _with_device(found: Endpoint, study: Study) -> pd.DataFrame:
    """Observations with an indicator for each device after the first, where there are several."""
    table = found.observations[["subject", "time", "value"]].copy()
    device = {s.name: s.rr.provenance.device for s in study.sessions}
    used = [device.get(name, "") for name in found.observations["session"]]
    for other in list(dict.fromkeys(used))[1:]:
        table[f"device {other or 'unknown'}"] = np.array([1.0 * (d == other) for d in used])
    return table


def _adverse(study: Study) -> pd.DataFrame:
    events, doses = study.log.adverse_events, study.doses
    if events.empty:
        return pd.DataFrame()
    if study.phases.empty:
        days = {"": _days(study)}
        return tally_adverse_events(
            events.assign(condition=""), doses.assign(condition="") if len(doses) else doses, days
        )
    events = events.assign(**phase_of(events["time"], events["subject"], study.phases))
    if len(doses):
        doses = doses.assign(**phase_of(doses["time"], doses["subject"], study.phases))
    days = {}
    for condition, own in study.phases.groupby("condition", sort=False):
        length = (own["stop"] - own["start"]).dt.total_seconds() / 86400
        days[str(condition)] = round(float(length.sum()))
    return tally_adverse_events(events, doses, days)


def _days(study: Study) -> int:
    times = pd.concat([t["time"] for t in (study.doses, study.outcomes) if len(t)], axis=0)
    return int((times.max() - times.min()).days) + 1 if len(times) else 0
