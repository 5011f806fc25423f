"""The comparisons of a study: the declared endpoint by every method, the others as exploratory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from hrv.compare import METHODS, compare
from hrv.endpoints import Endpoint, endpoint
from hrv.errors import InputError, NotComputableError, StudyError
from hrv.study.covariates import OWN_BASELINE, attach, is_response
from hrv.study.types import Measured, Study
from hrv.tables import pick
from hrv.types import Comparison, Refusal

CENSORED = "censored"
"""Method that takes recovery times known only as 'at least'."""


def compare_primary(study: Study, measured: Measured) -> dict[str, Comparison]:
    """Compare the declared endpoint: by the headline method first, then by the others."""
    headline = pick(study.method, METHODS, "method")
    # a method for conditions within a session stands alone; dated phases allow the others
    unfit = "one" if len({s.subject for s in study.sessions}) > 1 else "several"
    usual = [m for m in METHODS if m.clock and m.infers and not m.censored and m.people != unfit]
    others = [m.name for m in usual if m is not headline] if headline.clock else []
    names = [headline.name, *others]
    found = study_endpoint(study.primary, measured)
    if isinstance(found, Endpoint) and found.censored:
        return {CENSORED: _run(found, study, measured, method=CENSORED)}
    return {name: _run(found, study, measured, method=name) for name in names}


def compare_secondary(study: Study, measured: Measured) -> dict[str, Comparison]:
    """Compare the other endpoints by the headline method, p-values Holm-adjusted among them.

    Neither a direction nor a smallest worthwhile change was declared for them, so their
    verdicts never speak of benefit.
    """
    bare = replace(study.settings, direction="none", swc=None)
    exploratory = replace(study, settings=bare)
    found = {
        name: _run(study_endpoint(name, measured), exploratory, measured, method=study.method)
        for name in study.secondary
    }
    adjusted = holm({name: c.p_value for name, c in found.items()})
    return {
        name: replace(c, details={**c.details, "p_holm": adjusted[name]})
        for name, c in found.items()
    }


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values for their number, step-down (Holm 1979, Scand J Stat 6:65-70).

    Parameters
    ----------
    p_values : mapping of str to float
        NaN where there is none; it stays NaN and does not count.
    """
    known = sorted((p, name) for name, p in p_values.items() if not math.isnan(p))
    adjusted = dict.fromkeys(p_values, math.nan)
    running = 0.0
    for rank, (p, name) in enumerate(known):
        running = max(running, min(1.0, (len(known) - rank) * p))
        adjusted[name] = running
    return adjusted


def study_endpoint(name: str, measured: Measured) -> Endpoint | Refusal:
    """Collect an endpoint, or keep the reason why its values cannot be compared."""
    try:
        found = endpoint(name, measured.recovery, measured.summaries, measured.outcomes)
    except NotComputableError as error:
        return Refusal(name, str(error))
    if len(found.observations):
        return found
    why = "no recording was left to measure it in"
    if len(measured.summaries):
        why = (
            "no stressor falls into a recording; name them in [data] events, with the times and "
            "the subjects of the recordings"
        )
    return Refusal(name, why)


def _run(found: Endpoint | Refusal, study: Study, measured: Measured, *, method: str) -> Comparison:
    if isinstance(found, Refusal):
        return refused_endpoint(found, method)
    if found.censored:
        return _run_censored(found, study)
    return _compared(found, study, measured, method=method)


def _compared(
    found: Endpoint, study: Study, measured: Measured, *, method: str, extra: Sequence[str] = ()
) -> Comparison:
    """Compare observations with their covariates; `extra` ones come last."""
    dated = not study.phases.empty
    names = [n for n in study.covariates if not is_response(n)]
    table, covariates = attach(found.observations, [*names, *extra], measured)
    columns = ["subject", "time", "value"]
    if not dated:
        table, columns = _allocated(table, study, pick(method, METHODS, "method").columns)
    return compare(
        table[[*columns, *covariates]],
        study.phases if dated else None,
        method=method,
        conditions=study.conditions,
        covariates=covariates,
        seed=study.seed,
        randomisation=study.randomisation,
        settings=replace(study.settings, scale=found.scale, outcome=found.label, unit=found.unit),
    )


def adjusted_row(
    what: str, study: Study, measured: Measured, found: Endpoint, extra: Sequence[str] = ()
) -> dict[str, Any]:
    """Return one row of the table "with and without" for the headline made otherwise.

    Parameters
    ----------
    what : str
        Words for the row.
    study, measured, found
        As for the headline; `found` may hold fewer observations.
    extra : sequence of str
        Covariates beyond those of the headline.
    """
    try:
        result = _compared(found, study, measured, method=study.method, extra=extra)
    except InputError as error:
        return {"what": what, "refused": str(error)}
    if result.refused:
        return {"what": what, "refused": result.refusals[0].why}
    if extra and not pick(study.method, METHODS, "method").adjusts:
        # such a method leaves covariates out of its answer, and tells each in a row of its own
        return {**result.details["with_and_without"][-1], "what": what}
    return {
        "what": what, "estimate": result.estimate, "low": result.low, "high": result.high,
        "df": result.df,
    }  # fmt: skip


def beside_responses(
    head: Comparison, study: Study, measured: Measured, found: Endpoint
) -> Comparison:
    """Put the headline adjusted for each declared response measure beside it, as secondary."""
    extra = [name for name in study.covariates if is_response(name) and name != study.primary]
    if not extra or head.refused or found.censored:
        return head
    rows = [_beside(name, study, measured, found) for name in extra]
    table = [*head.details.get("with_and_without", ()), *rows]
    return replace(head, details={**head.details, "with_and_without": table})


def _beside(name: str, study: Study, measured: Measured, found: Endpoint) -> dict[str, Any]:
    if study.primary in OWN_BASELINE.get(name, ()):
        why = (
            f"{study.primary} is a change from {name}; regressing a change on its own baseline "
            "finds regression to the mean"
        )
        return {"what": f"with {name}", "refused": why}
    what = f"with {name}, which came after treatment began (secondary)"
    return adjusted_row(what, study, measured, found, [name])


def _allocated(
    table: pd.DataFrame, study: Study, needed: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Give each observation its condition, or what the method asks of a group's allocation."""
    if not needed:
        return table, ["subject", "condition", "value"]
    labels = {
        (s.subject, s.name): {"arm": s.arm, "period": s.period, "sequence": s.sequence}
        for s in study.sessions
    }
    for name in needed:
        if not all(label[name] for label in labels.values()):
            raise StudyError(
                f"method {study.method!r} needs the column {name!r} for every recording of the "
                "manifest"
            )
    keys = list(zip(table["subject"], table["session"], strict=True))
    names = list(dict.fromkeys([*needed, "period"]))
    given = {name: [labels[key][name] for key in keys] for name in names}
    drawn = table.assign(**given, randomised=study.allocated)
    return drawn, ["subject", "value", "randomised", *given]


def _run_censored(found: Endpoint, study: Study) -> Comparison:
    """Compare recovery times of which some are known only as "at least"."""
    if study.phases.empty:
        late = int(found.observations["censored"].sum())
        why = (
            f"{found.name} is known only as 'at least' in {late} of {len(found.observations)} "
            "episodes, and without dated phases no method takes that into account"
        )
        return refused_endpoint(Refusal(found.name, why), CENSORED)
    # a declared smallest change is in seconds, these values are logarithms
    settings = replace(study.settings, scale="log", outcome=found.label, unit="", swc=None)
    return compare(
        found.observations[["subject", "time", "value", "censored"]],
        study.phases,
        method=CENSORED,
        conditions=study.conditions,
        covariates=(),
        seed=study.seed,
        settings=settings,
    )


def refused_endpoint(refusal: Refusal, method: str) -> Comparison:
    """Make the comparison that stands where an endpoint could not be collected."""
    nan = math.nan
    return Comparison(
        method, nan, nan, nan, nan, nan, nan, nan, nan, "refused", nan,
        sentence=f"There is no answer for {refusal.what}: {refusal.why}.",
        refusals=(refusal,),
    )  # fmt: skip
