"""Compare an outcome between two conditions: `compare` and the table of its methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from hrv._threads import one_thread
from hrv.compare import (
    ancova,
    bayesian,
    block_means,
    carry_over,
    censored,
    components,
    crossover,
    dose_response,
    effect_over_time,
    mixed_ar1,
    paired,
    random_slope,
    randomisation,
    segmented,
)
from hrv.compare.base import CompareSettings, Design, Method
from hrv.compare.design import validate
from hrv.compare.regimen import regimen_design
from hrv.errors import InputError
from hrv.regimen.log import Regimen
from hrv.tables import pick
from hrv.types import Comparison

__all__ = ["METHODS", "CompareSettings", "Design", "Method", "compare"]

METHODS: tuple[Method, ...] = (
    Method(
        mixed_ar1.NAME,
        "day scores, AR(1) days with known measurement variance, REML, Kenward–Roger, trend; "
        "for a group, each person's estimate and then a t over people",
        "Kenward & Roger 1997, doi:10.2307/2533558",
        mixed_ar1.run,
    ),
    Method(
        block_means.NAME,
        "one mean a block, least squares with trend; needs four complete blocks",
        "ordinary least squares",
        block_means.run,
        people="one",
    ),
    Method(
        randomisation.NAME,
        "exact test over the orders that could have been drawn; needs the logged set",
        "Edgington & Onghena 2007, Randomization Tests, 4th ed.",
        randomisation.run,
        people="one",
    ),
    Method(
        bayesian.NAME,
        "the day model with stated priors, summed exactly over a grid; hierarchical for a group",
        "Gelman 2006, doi:10.1214/06-BA117A",
        bayesian.run,
    ),
    Method(
        segmented.NAME,
        "level and slope of each block, as a description: no interval, no p-value",
        "Wagner et al. 2002, doi:10.1046/j.1365-2710.2002.00430.x",
        segmented.run,
        people="one",
        infers=False,
    ),
    Method(
        random_slope.NAME,
        "mixed model whose condition effect varies over people, REML, t(N - 1); for a group",
        "Hartung & Knapp 2001, doi:10.1002/sim.791",
        random_slope.run,
        people="several",
    ),
    Method(
        paired.NAME,
        "conditions within a session, one pair a person, t over people; needs no clock",
        "Student 1908, doi:10.2307/2331554",
        paired.run,
        clock=False,
        people="several",
        adjusts=False,
    ),
    Method(
        ancova.NAME,
        "two arms of different people, adjusted for the baseline; 1 to 3 sessions a person",
        "Vickers & Altman 2001, doi:10.1136/bmj.323.7321.1123",
        ancova.run,
        clock=False,
        people="several",
        columns=("arm",),
    ),
    Method(
        crossover.NAME,
        "two treatments in two periods and either order, t of period differences",
        "Senn 2002, doi:10.1002/0470854596",
        crossover.run,
        clock=False,
        people="several",
        columns=("sequence", "period"),
        adjusts=False,
    ),
    Method(
        censored.NAME,
        "the day model for times known only as 'at least' or between two ends, nothing imputed",
        "Schumacher et al. 2017, doi:10.1002/cjs.11338",
        censored.run,
        censored=True,
    ),
    Method(
        components.NAME,
        "several things at once, each adjusted for the others; combined only where they always "
        "went together",
        "Kenward & Roger 1997, doi:10.2307/2533558",
        components.run,
        clock=False,
        regimen=True,
    ),
    Method(
        dose_response.NAME,
        "elemental dose: straight line beside a plateau, three levels or more, no guessed basis",
        "Kenward & Roger 1997, doi:10.2307/2533558",
        dose_response.run,
        clock=False,
        regimen=True,
    ),
    Method(
        carry_over.NAME,
        "exposure that builds up and decays by a half-life declared beforehand",
        "Kenward & Roger 1997, doi:10.2307/2533558",
        carry_over.run,
        clock=False,
        regimen=True,
    ),
    Method(
        effect_over_time.NAME,
        "change of the effect over a long log, season and covariates taken out",
        "Kenward & Roger 1997, doi:10.2307/2533558",
        effect_over_time.run,
        clock=False,
        regimen=True,
    ),
)
"""Every method of comparison; a naive t test of days or windows is deliberately absent."""

_NO_WASHIN = "0d"


def compare(
    outcomes: pd.DataFrame,
    phases: pd.DataFrame | None = None,
    method: str = "default",
    washin: str | float | timedelta = _NO_WASHIN,
    seed: int = 0,
    *,
    conditions: tuple[str, str] | None = None,
    covariates: Sequence[str] | None = None,
    randomisation: Sequence[Sequence[str]] | None = None,
    regimen: Regimen | None = None,
    settings: CompareSettings | None = None,
    **options: Any,
) -> Comparison:
    """Compare an outcome between two conditions, or say why the data cannot tell.

    Parameters
    ----------
    outcomes : DataFrame
        One row an observation: ``time`` (aware), ``value``, optional ``subject``, ``se``
        (standard error of the value) and covariates (every further column).  Methods without
        a clock take ``condition`` (`paired`), ``arm`` with ``period`` (`ancova`) or
        ``sequence`` and ``period`` (`crossover`) instead of time and phases; ``session`` tells
        the sessions of one period apart.  A column ``censored`` marks values known only as
        "at least", a column ``upper`` is the upper end of those known between two.
    phases : DataFrame
        ``start``, ``stop`` (aware), ``condition``; optional ``subject``, ``block``,
        ``randomised``.  A phase is [start, stop).
    method : str
        Name in `METHODS`.
    washin : str, number or timedelta
        Time left out after each change of condition: ``"7d"``, ``"36h"``, or days.
    seed : int
        Seed of methods that draw at random.
    conditions : tuple of str, optional
        Reference first; the estimate is second minus first.  Default: a usual name of a
        reference such as ``"off"`` first, else the condition that came first.
    covariates : sequence of str, optional
        Columns to adjust for; ``()`` for none.  Default: every further column of `outcomes`.
    randomisation : sequence of sequence of str, optional
        The logged design set: every order of conditions that could have been drawn.
    regimen : Regimen, optional
        What was taken or done, component by component, for the methods that need one; they
        take no phases and the wash-in of each component from it.
    settings : CompareSettings, optional
        All settings at once; `washin` and `options` change single ones.
    **options
        Fields of `CompareSettings`, such as ``scale="log"`` (the outcome is a logarithm:
        sentences speak in percent), ``direction="higher"``, ``swc=0.1``.

    Returns
    -------
    Comparison
        With estimate NaN and `refusals` where the data cannot support an answer.

    Raises
    ------
    InputError
        If an argument or a table is wrong; one sentence that names the value and the mend.
    """
    entry = pick(method, METHODS, "method")
    chosen = _settings(settings, washin, options)
    if not entry.censored and _intervals(outcomes):
        raise InputError(
            f"method {method!r} takes no values known only as 'at least' (column 'censored') or "
            "between two ends (column 'upper'); use method 'censored'"
        )
    if entry.regimen:
        design = _on_regimen(outcomes, regimen, entry, covariates, chosen)
        return _answer(entry, design, seed)
    if phases is None and entry.clock:
        raise InputError(f"method {method!r} needs phases: start, stop and condition of each")
    for name in entry.columns:
        if name not in outcomes.columns:
            raise InputError(f"method {method!r} needs a column {name!r} in the outcomes")
    design = validate(
        outcomes,
        phases,
        settings=chosen,
        by_day=entry.clock,
        adjusts=entry.adjusts,
        conditions=conditions,
        covariates=covariates,
        randomisation=randomisation,
    )
    return _answer(entry, design, seed)


def _answer(entry: Method, design: Design, seed: int) -> Comparison:
    with one_thread():
        answer: Comparison = entry.run(design, np.random.default_rng(seed))
    return answer


def _intervals(outcomes: pd.DataFrame) -> bool:
    """Whether some values are known only as 'at least' or between two ends."""
    late = "censored" in outcomes.columns and bool(outcomes["censored"].any())
    return late or ("upper" in outcomes.columns and bool(outcomes["upper"].notna().any()))


def _on_regimen(
    outcomes: pd.DataFrame,
    regimen: Regimen | None,
    entry: Method,
    covariates: Sequence[str] | None,
    settings: CompareSettings,
) -> Design:
    if regimen is None or not regimen.studied:
        raise InputError(f"method {entry.name!r} needs a regimen with a studied component")
    if "time" not in outcomes.columns:
        raise InputError("outcomes have no column 'time'; a regimen needs the time of observations")
    return regimen_design(outcomes, regimen, settings=settings, covariates=covariates)


def _settings(
    base: CompareSettings | None, washin: str | float | timedelta, options: dict[str, Any]
) -> CompareSettings:
    known = [f.name for f in fields(CompareSettings)]
    for name in options:
        if name not in known:
            raise InputError(f"compare has no setting {name!r}; choose from {', '.join(known)}")
    if washin != _NO_WASHIN or base is None:
        options = {"washin_days": washin_days(washin), **options}
    return replace(base or CompareSettings(), **options)


def washin_days(washin: str | float | timedelta) -> float:
    """Read a wash-in such as ``"7d"``, ``"36h"``, 2 (days) or a timedelta, as days.

    Raises
    ------
    InputError
        If it is not a length of time of zero or more.
    """
    try:
        if isinstance(washin, str) and washin.strip().lstrip("+-").replace(".", "").isdigit():
            raise ValueError("days or seconds?")
        if isinstance(washin, int | float):
            days = float(washin)
        else:
            days = pd.Timedelta(washin) / pd.Timedelta(days=1)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"wash-in {washin!r} is not a length of time; write it as '7d', '36h' or days"
        ) from error
    if not 0 <= days < float("inf"):
        raise InputError(f"wash-in {washin!r}: give zero or more days, such as '7d'")
    return days
