"""Make the `Comparison` that a method returns: an answer, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hrv.compare import words
from hrv.compare.base import Design
from hrv.compare.reml import Inference
from hrv.types import Comparison, Refusal

_NAN = math.nan


def t_quantile(df: float, probability: float) -> float:
    """Quantile of Student's t distribution; `df` may be fractional."""
    from scipy import special  # lazily: costs start-up

    return float(special.stdtrit(df, probability))


def t_p_value(estimate: float, se: float, df: float) -> float:
    """Two-sided p-value of ``estimate / se`` on Student's t distribution."""
    from scipy import special  # lazily: costs start-up

    return float(2 * special.stdtr(df, -abs(estimate) / se))


def t_interval(inference: Inference, level: float) -> tuple[float, float]:
    """Confidence interval of a coefficient on Student's t distribution."""
    half = t_quantile(inference.df, (1 + level) / 2) * inference.se
    return inference.estimate - half, inference.estimate + half


def detectable(inference: Inference, level: float) -> float:
    """Difference that a study this precise finds in 80 % of repetitions (it never gates)."""
    return (t_quantile(inference.df, (1 + level) / 2) + t_quantile(inference.df, 0.8)) * (
        inference.se
    )


def hedges_g(estimate: float, sd: float, df: float) -> float:
    """Standardised difference with the small-sample factor J = 1 - 3 / (4 df - 1).

    Source: Hedges 1981, Journal of Educational Statistics 6:107-128, doi:10.2307/1164588.
    """
    if not sd > 0 or not df > 1:
        return _NAN
    return (1 - 3 / (4 * df - 1)) * estimate / sd


def settings_of(design: Design, method: str) -> dict[str, Any]:
    """Everything the numbers depend on, as plain values."""
    return {
        "method": method,
        "conditions": list(design.conditions),
        "covariates": list(design.covariates),
        "orders_logged": None if design.randomisation is None else len(design.randomisation),
        **asdict(design.settings),
    }


def answer(
    design: Design,
    method: str,
    inference: Inference,
    *,
    swc: float,
    flags: Sequence[str] = (),
    refusals: Sequence[Refusal] = (),
    details: Mapping[str, Any] | None = None,
) -> Comparison:
    """Make the Comparison of an estimate with a t interval."""
    low, high = t_interval(inference, design.settings.level)
    more = {
        "standard_error": inference.se,
        "mde80": detectable(inference, design.settings.level),
        **(details or {}),
    }
    p_value = t_p_value(inference.estimate, inference.se, inference.df)
    return comparison(
        design, method, (inference.estimate, low, high), p_value, inference.df,
        swc=swc, flags=flags, refusals=refusals, details=more,
    )  # fmt: skip


def comparison(
    design: Design,
    method: str,
    triple: tuple[float, float, float],
    p_value: float,
    df: float,
    *,
    swc: float,
    flags: Sequence[str] = (),
    refusals: Sequence[Refusal] = (),
    details: Mapping[str, Any] | None = None,
) -> Comparison:
    """Make the Comparison of an estimate with its interval, percent, verdict and sentence."""
    estimate, low, high = triple
    linear = design.settings.scale == "linear"
    percent, percent_low, percent_high = (_NAN if linear else words.percent(v) for v in triple)
    return Comparison(
        method, estimate, low, high, p_value, df, percent, percent_low, percent_high,
        verdict=words.verdict(low, high, swc),
        swc=swc,
        sentence=words.sentence(estimate, low, high, swc, design),
        flags=tuple(flags),
        refusals=tuple(refusals),
        settings=settings_of(design, method),
        details=plain(details or {}),
    )  # fmt: skip


def refused(
    design: Design,
    method: str,
    refusals: Sequence[Refusal],
    *,
    flags: Sequence[str] = (),
    details: Mapping[str, Any] | None = None,
) -> Comparison:
    """Make the Comparison that gives no estimate; the first refusal makes the sentence."""
    return Comparison(
        method, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN,
        verdict="refused",
        swc=_NAN if design.settings.swc is None else design.settings.swc,
        sentence=words.refusal(design, refusals[0].why),
        flags=tuple(flags),
        refusals=tuple(refusals),
        settings=settings_of(design, method),
        details=plain(details or {}),
    )  # fmt: skip


def plain(value: Any) -> Any:
    """Turn numpy values, tuples and mappings into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value
