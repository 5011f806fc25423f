"""A study's result as plain values: what `hrv compare --format json` and the service give alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from hrv.study import StudyResult
    from hrv.types import Comparison


def comparison_table(result: StudyResult) -> pd.DataFrame:
    """One row an endpoint and method: what was declared first, then what is exploratory."""
    import pandas as pd

    rows = [("primary", result.study.primary, c) for c in result.primary.values()]
    rows += [("exploratory", name, c) for name, c in result.secondary.items()]
    return pd.DataFrame(
        [
            {
                "role": role,
                "endpoint": name,
                "method": c.method,
                "estimate": c.estimate,
                "low": c.low,
                "high": c.high,
                "percent": c.percent,
                "p_value": c.p_value,
                "p_value_declared_direction": c.details.get("p_value_declared_direction", math.nan),
                "df": c.df,
                "verdict": c.verdict,
                "why_refused": "; ".join(r.why for r in c.refusals) if c.refused else "",
            }
            for role, name, c in rows
        ]
    )


def checklist_table(result: StudyResult) -> pd.DataFrame:
    """One row an item of the reporting checklists, filled where the data can."""
    import pandas as pd

    from hrv.report.checklist import checklist

    return pd.DataFrame([vars(item) for item in checklist(result)])


def as_mapping(result: StudyResult) -> dict[str, Any]:
    """Everything a program wants: the headline at the top, the rest below."""
    from hrv.report.figures import day_scores, half_lives
    from hrv.report.view import verdict

    return {
        "title": result.study.title,
        "endpoint": result.study.primary,
        "words": vars(verdict(result)),
        **comparison_mapping(result.headline),
        "methods": [comparison_mapping(c) for c in result.primary.values()],
        "exploratory": [
            {"endpoint": name, **comparison_mapping(c)} for name, c in result.secondary.items()
        ],
        "not_answered": [vars(r) for r in result.refusals],
        "rates": result.rates,
        "adherence": result.adherence,
        "regimen": [comparison_mapping(c) for c in result.log.comparisons.values()],
        "adverse_events": result.log.adverse,
        "dose_flags": result.log.flags,
        "outcomes": result.log.outcomes,
        "moderators": result.log.moderators,
        "external_claims": result.study.log.claims,
        "curves": result.curves,
        "half_lives": half_lives(result),
        "days": day_scores(result)[0],
        "recovery": result.recovery,
        "quality": result.quality,
        "checklist": checklist_table(result),
    }


def comparison_mapping(comparison: Comparison) -> dict[str, Any]:
    """One comparison with everything it says, as plain values."""
    values = {f.name: getattr(comparison, f.name) for f in fields(comparison)}
    values["refusals"] = [vars(r) for r in comparison.refusals]
    return values


def plain(value: Any) -> Any:
    """Turn numbers, times and tables into what JSON can say."""
    import numpy as np
    import pandas as pd

    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict(orient="records")]
    if isinstance(value, pd.Series):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if value is pd.NaT:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
