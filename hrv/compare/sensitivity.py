"""What the answer would be had something been left out, taken in, or not gone missing.

None of these figures replaces the headline: they show what it hangs on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hrv.compare import checks, mixed_ar1, results
from hrv.compare.base import Design
from hrv.compare.days import Days, Observed, observed, score_days
from hrv.compare.design import with_washin
from hrv.compare.reml import Inference
from hrv.errors import NotComputableError

WASHINS = (0.0, 3.0, 7.0, 14.0)
"""Days; the declared one is compared with these."""
_WEEKDAYS_FROM = 28
"""Fewest days from which each day of the week has a mean of its own."""


def with_and_without(design: Design, subject: str) -> list[dict[str, Any]]:
    """Fit one person's day model again with each adjustment left out or taken in.

    Parameters
    ----------
    design : Design
        The validated comparison.
    subject : str
        Who.

    Returns
    -------
    list of dict
        ``what, estimate, low, high, df`` of each variant (the first is the headline), or
        ``what, refused``.
    """
    own = observed(design, subject)
    days = score_days(own)
    trend = design.settings.trend is not False
    level = design.settings.level
    rows = [_row("as analysed", days, level, trend=trend)]
    rows += [
        _row(what, other, level, trend=t) for what, other, t in _variants(own, days, trend=trend)
    ]
    return rows


def _variants(own: Observed, days: Days, *, trend: bool) -> Iterator[tuple[str, Days, bool]]:
    if days.adjusted:
        flat = score_days(replace(own, hour=np.zeros_like(own.hour)))
        yield "without time of day", flat, trend
    if days.weekend.any() and not days.weekend.all():
        yield "without weekend", replace(days, weekend=np.zeros_like(days.weekend)), trend
    if len(days) >= _WEEKDAYS_FROM:
        yield "with each day of the week instead of weekend", _by_weekday(days), trend
    yield ("without trend" if trend else "with trend"), days, not trend
    for k, name in enumerate(own.names):
        kept = [j for j in range(len(own.names)) if j != k]
        less = replace(
            own, covariates=own.covariates[:, kept], names=tuple(own.names[j] for j in kept)
        )
        yield f"without {name}", score_days(less), trend
    if len(own.names) > 1:
        bare = replace(own, covariates=own.covariates[:, :0], names=())
        yield "without any covariate", score_days(bare), trend


def _by_weekday(days: Days) -> Days:
    """Return the days with a column for each weekday but Monday in place of the weekend's."""
    weekday = (days.day + 3) % 7
    present = [k for k in range(1, 7) if (weekday == k).any()]
    columns = np.column_stack([(weekday == k).astype(np.float64) for k in present])
    return replace(
        days,
        weekend=np.zeros_like(days.weekend),
        covariates=np.column_stack((days.covariates, columns)),
        names=(*days.names, *(f"weekday {k + 1}" for k in present)),
    )


def _row(what: str, days: Days, level: float, *, trend: bool) -> dict[str, Any]:
    try:
        found = mixed_ar1.day_model(days, trend=trend).inference
    except NotComputableError as error:
        return {"what": what, "refused": str(error)}
    low, high = results.t_interval(found, level)
    return {"what": what, "estimate": found.estimate, "low": low, "high": high, "df": found.df}


def other_washins(design: Design, subject: str) -> list[dict[str, Any]]:
    """Fit one person's day model with other wash-ins than the declared one.

    Each passes the same gates as the headline: a wash-in that leaves too few days is refused.
    Empty where no block begins with a change.
    """
    if len(design.phases) < 2:
        return []
    rows = []
    for washin in WASHINS:
        if washin == design.settings.washin_days:
            continue
        other = with_washin(design, washin)
        what = f"with a wash-in of {washin:g} days"
        refusals = checks.too_little(other, checks.blocks_of(other, subject))
        if refusals:
            rows.append({"what": what, "refused": refusals[0].why})
            continue
        days = score_days(observed(other, subject))
        trend = design.settings.trend is not False
        rows.append(_row(what, days, design.settings.level, trend=trend))
    return rows


def tipping_point(
    design: Design, blocks: Sequence[checks.Block], inference: Inference, between_sd: float
) -> dict[str, Any]:
    """Say how different the missing days would have to be to change the answer.

    Had the missing days of a condition been ``delta`` away from what the model expects of them,
    the difference over all planned days would be ``estimate + share * delta`` (minus, for the
    reference), with ``share`` the condition's share of missing days.  The tipping point is the
    delta at which the interval reaches zero; the bounds are those of one between-day SD, in the
    worst directions of both conditions at once.

    Source: delta adjustment, Cro et al. 2020, Statistics in Medicine 39:2815-2842,
    doi:10.1002/sim.8569.

    Returns
    -------
    dict
        ``missing_share`` by condition, ``delta`` by condition (None where no number of such
        days could change a conclusion, or there is none), ``bounds`` (None without a
        between-day SD).
    """
    share = {name: _missing(blocks, name) for name in design.conditions}
    low, high = results.t_interval(inference, design.settings.level)
    edge = low if low > 0 else high if high < 0 else None
    signs = dict(zip(design.conditions, (-1.0, 1.0), strict=True))
    delta = {
        name: None if edge is None or share[name] == 0 else -edge / (signs[name] * share[name])
        for name in design.conditions
    }
    worst = sum(share.values()) * between_sd
    bounds = [low - worst, high + worst] if np.isfinite(worst) else None
    return {"missing_share": share, "delta": delta, "bounds_at_one_between_day_sd": bounds}


def _missing(blocks: Sequence[checks.Block], name: str) -> float:
    own = [block for block in blocks if block.condition == name]
    planned = sum(max(block.planned, 0.0) for block in own)
    valid = sum(block.valid for block in own)
    return max(0.0, 1 - valid / planned) if planned > 0 else 0.0
