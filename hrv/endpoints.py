"""From the name of an endpoint to the observations that a comparison takes.

An endpoint is, in this order of search,

- a column of the recovery table (``residual_hr``): one observation an episode,
- an entry of `hrv.METRICS` (``ln_rmssd``): one observation a recording,
- the name of another outcome (``gad7``): one observation an entry,
- ``ln_`` in front of one of these: its logarithm, so that percent changes make sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hrv.errors import NotComputableError, StudyError
from hrv.instruments import instrument
from hrv.metrics import METRICS
from hrv.recovery import MEASURES

COLUMNS = ["subject", "session", "time", "condition", "value"]


_SPOKEN = {
    "nn50": "NN50", "pnn50": "pNN50", "pnn20": "pNN20", "hr": "heart rate", "nu": "n.u.",
    "sampen": "sample entropy", "apen": "approximate entropy", "alpha1": "α1", "alpha2": "α2",
} | {
    part: part.upper()
    for part in (
        "nn", "sdnn", "cvnn", "rmssd", "cvrmssd", "sdsd", "sd1", "sd2", "sdann", "tinn", "pip",
        "ials", "pss", "pas", "vlf", "lf", "hf", "dfa", "rqa",
    )
}  # fmt: skip
"""Parts of metric names as the field writes them; any other part is a plain word."""
_UNITS = {"1": "", "count": "", "ln ms": ""}
NO_ENDPOINT = ("lf_hf", "ln_lf_hf")


@dataclass(frozen=True, eq=False)
class Endpoint:
    """An endpoint with its observations.

    Parameters
    ----------
    name, label, unit : str
        Name as declared, words for sentences, unit.
    scale : str
        ``"log"`` or ``"linear"``.
    observations : DataFrame
        ``subject, session, time, condition, value``; a refused value is NaN.  A standard
        error from within one episode does not go along: it is blind to what changes from
        test to test, so the comparison learns the uncertainty from the days themselves.
    censored : bool
        True if some values are known only as "at least": a column ``censored`` says which, and
        values are logarithms of times.
    """

    name: str
    label: str
    unit: str
    scale: str
    observations: pd.DataFrame
    censored: bool = False


def title(name: str) -> tuple[str, str]:
    """Label and unit of an endpoint, for headings; an unknown one is called by its name."""
    for measure in MEASURES:
        if measure.name == name:
            return measure.label, measure.unit
    for metric in METRICS:
        if metric.name == name and not name.startswith("ln_"):
            spoken = " ".join(_SPOKEN.get(part, part) for part in name.split("_"))
            return spoken, _UNITS.get(metric.unit, metric.unit)
    if name.startswith("ln_"):
        return f"logarithm of {title(name.removeprefix('ln_'))[0]}", ""
    known = instrument(name)
    return (name.replace("_", " "), "") if known is None else (known.label, known.unit)


def metrics_of(names: Sequence[str]) -> list[str]:
    """Entries of `hrv.METRICS` that these endpoints are made of."""
    bare = {name.removeprefix("ln_") for name in names} | set(names)
    return [metric.name for metric in METRICS if metric.name in bare]


def endpoint(
    name: str, recovery: pd.DataFrame, summaries: pd.DataFrame, outcomes: pd.DataFrame
) -> Endpoint:
    """Collect the observations of one endpoint.

    Parameters
    ----------
    name : str
        Endpoint, see the module's first lines.
    recovery : DataFrame
        One row an episode: ``subject, session, time, condition`` and `hrv.recovery`'s columns.
    summaries : DataFrame
        One row a recording: ``subject, session, time, condition`` and one column a metric.
    outcomes : DataFrame
        ``subject, time, name, value``, and ``assay`` where values of a laboratory stand.

    Raises
    ------
    StudyError
        If nothing has this name, or the quantity supports no verdict (LF/HF).
    NotComputableError
        If values are not positive where a logarithm is needed, or were measured by several
        assays: a comparison of means would be wrong.
    """
    if name in NO_ENDPOINT:
        raise StudyError(
            f"{name} cannot be an endpoint: LF/HF is no measure of sympatho-vagal balance "
            "(Billman 2013, doi:10.3389/fphys.2013.00026) and enters no verdict"
        )
    found = _find(name, recovery, summaries, outcomes)
    if found is not None:
        return found
    if name.startswith("ln_"):
        base = _find(name.removeprefix("ln_"), recovery, summaries, outcomes)
        if base is not None:
            return _logarithm(name, base)
    names = [m.name for m in MEASURES] + [m.name for m in METRICS]
    names += [] if outcomes.empty else sorted(outcomes["name"].unique())
    raise StudyError(f"no endpoint is called {name!r}; choose from {', '.join(names)}")


def _find(
    name: str, recovery: pd.DataFrame, summaries: pd.DataFrame, outcomes: pd.DataFrame
) -> Endpoint | None:
    for measure in MEASURES:
        if measure.name == name:
            return _times(name, recovery) if _is_censored(name, recovery) else _made(name, recovery)
    for metric in METRICS:
        if metric.name == name:
            return _made(name, summaries)
    if not outcomes.empty and (outcomes["name"] == name).any():
        rows = outcomes[outcomes["name"] == name].assign(session="", condition="")
        _refuse_mixed_assays(name, rows)
        return _made(name, rows.rename(columns={"value": name}))
    return None


def _made(name: str, table: pd.DataFrame) -> Endpoint:
    label, unit = title(name)
    scale = "log" if "ln_rmssd" in name else "linear"
    if table.empty:
        return Endpoint(name, label, unit, scale, pd.DataFrame(columns=COLUMNS))
    rows = table.assign(value=table[name].astype("float64"))
    return Endpoint(name, label, unit, scale, rows[COLUMNS].reset_index(drop=True))


def _is_censored(name: str, recovery: pd.DataFrame) -> bool:
    late = recovery.get(f"{name}_censored")
    return late is not None and bool(late.any())


def _times(name: str, recovery: pd.DataFrame) -> Endpoint:
    """Logarithms of recovery times, with what is known only as "at least"."""
    label, _ = title(name)
    value = recovery[name].astype("float64")
    if (value <= 0).any():
        raise NotComputableError(
            f"{name} is known only as 'at least' in some episodes and is zero in others; such "
            "times have no logarithm, and a comparison of means would be biased"
        )
    late = recovery[f"{name}_censored"].astype(bool)
    rows = recovery.assign(value=np.log(value), censored=late)
    observations = rows[[*COLUMNS, "censored"]].reset_index(drop=True)
    return Endpoint(name, label, "", "log", observations, censored=True)


def _refuse_mixed_assays(name: str, rows: pd.DataFrame) -> None:
    assays = sorted(set(rows["assay"]) - {""}) if "assay" in rows.columns else []
    if len(assays) > 1:
        raise NotComputableError(
            f"{title(name)[0]} was measured by {len(assays)} assays ({', '.join(assays)}); values "
            "of different assays are not compared"
        )


def _logarithm(name: str, base: Endpoint) -> Endpoint:
    values = base.observations["value"]
    if not base.censored and (values <= 0).any():
        raise NotComputableError(
            f"{name} needs positive values, and {base.name} is zero or negative "
            f"{int((values <= 0).sum())} times"
        )
    if base.censored:
        return base
    logged = base.observations.assign(value=np.log(values))
    return Endpoint(name, title(name)[0], "", "log", logged)
