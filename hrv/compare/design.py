"""Turn outcomes and phases into a validated `Design`, or say in one sentence what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hrv.compare import columns
from hrv.compare.base import CompareSettings, Design
from hrv.compare.moments import DAY_NS, moments, utc_ns
from hrv.errors import InputError
from hrv.types import Int

NO_VALUE = "no value"
NO_COVARIATE = "a covariate is missing"
OUTSIDE = "outside every phase"
OTHER_CONDITION = "in a condition that is not compared"
WASHIN = "in the wash-in after a change"
CHANGEOVER = "on a day that holds both conditions"

REFERENCES = ("off", "control", "placebo", "baseline", "before", "pre", "a", "0", "false")
"""Names taken for the reference when the caller does not give the order of the conditions."""
GROUPING = ("arm", "period", "sequence", "session")
"""Columns of groups with few sessions a person; they are labels, never covariates."""
_ENDS = ("censored", "upper")
_RESERVED = ("subject", "time", "value", "se", "condition", *_ENDS, "randomised", *GROUPING)


def validate(
    outcomes: pd.DataFrame,
    phases: pd.DataFrame | None,
    *,
    settings: CompareSettings,
    by_day: bool = True,
    adjusts: bool = True,
    conditions: tuple[str, str] | None = None,
    covariates: Sequence[str] | None = None,
    randomisation: Sequence[Sequence[str]] | None = None,
) -> Design:
    """Check everything and give each observation its condition, block and fate.

    Parameters
    ----------
    outcomes, phases : DataFrame
        As `hrv.compare` takes them; without `phases`, `outcomes` names its ``condition``.
    settings : CompareSettings
        Goes into the design; its wash-in is applied here.
    by_day : bool
        False for conditions within a session: no wash-in, and a day may hold both.
    adjusts : bool
        False where covariates never enter the answer: a missing one leaves nothing out.
    conditions : tuple of str, optional
        Reference first; default: the two conditions there are, a usual name of a reference
        (`REFERENCES`) first, else the earlier one.
    covariates : sequence of str, optional
        Columns to adjust for; default every further column.
    randomisation : sequence of sequence of str, optional
        The logged design set.

    Returns
    -------
    Design
        No observation is dropped: what is not used carries its reason in ``excluded``.

    Raises
    ------
    InputError
        One sentence that names the value and the mend.
    """
    table, chosen = observations(outcomes, covariates)
    if phases is None:
        periods = no_phases()
        if not (table["condition"] != "").any():
            raise InputError("give phases, or a column 'condition' in the outcomes")
    elif "condition" in outcomes.columns:
        raise InputError(
            "outcomes have a column 'condition' and phases are given as well; give only one"
        )
    else:
        periods = _phases(phases, sorted(set(table["subject"])))
        table = _assign(table, periods)
    pair = pick_conditions(table if phases is None else periods, conditions)
    table["excluded"] = _fates(table, pair, chosen if adjusts else ())
    if by_day and len(periods):
        _leave_out_days(table, periods, settings.washin_days)
    orders = None if randomisation is None else _orders(randomisation, periods, pair)
    drawn = phases is None and "randomised" in outcomes.columns and all(columns.truths(outcomes))
    return Design(table, periods, pair, chosen, orders, settings, allocated=drawn)


def observations(
    outcomes: pd.DataFrame, covariates: Sequence[str] | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Bring the outcomes to normal form, in time order, and name the covariates."""
    columns.need(outcomes, ("value",), "outcomes")
    if not len(outcomes):
        raise InputError("outcomes hold no row; there is nothing to compare")
    subject = columns.subjects(outcomes)
    table = pd.DataFrame({"subject": subject, "value": columns.numbers(outcomes, "value")})
    table["se"] = columns.numbers(outcomes, "se") if "se" in outcomes.columns else np.nan
    if (table["se"] < 0).any():
        raise InputError("a standard error in column 'se' is negative")
    table["censored"] = columns.censored(outcomes)
    table["upper"] = columns.upper(outcomes, table["value"])
    table["condition"] = columns.labels(outcomes)
    for name in GROUPING:
        table[name] = columns.texts(outcomes, name)
    table["block"], table["since_days"] = np.int64(-1), np.nan
    if "time" in outcomes.columns:
        when = moments(outcomes["time"], "the time of observation")
        table["time"] = pd.to_datetime(when.utc_ns, utc=True)
        table["day"], table["hour"] = when.day, when.hour
        _no_duplicates(table)
    else:
        table["time"], table["day"], table["hour"] = pd.NaT, np.int64(-1), np.nan
    if covariates is None:
        names = tuple(str(c) for c in outcomes.columns if c not in _RESERVED)
    else:
        names = tuple(covariates)
        columns.need(outcomes, names, "outcomes")
    for name in names:
        if name in table.columns or name == "excluded":
            raise InputError(f"a covariate cannot be called {name!r}; rename that column")
        table[name] = columns.numbers(outcomes, name)
    return table.sort_values(["subject", "time"], kind="stable", ignore_index=True), names


def _no_duplicates(table: pd.DataFrame) -> None:
    twice = table.duplicated(["subject", "time"])
    if twice.any():
        row = table[twice].iloc[0]
        who = f" of subject {row['subject']!r}" if row["subject"] else ""
        raise InputError(
            f"two observations{who} have the same time {row['time'].isoformat()}; "
            "remove the duplicate"
        )


def no_phases() -> pd.DataFrame:
    """Return an empty table of phases."""
    return pd.DataFrame(
        columns=["subject", "start", "stop", "condition", "block", "randomised"]
    ).astype({"randomised": bool})


def _phases(phases: pd.DataFrame, subjects: Sequence[str]) -> pd.DataFrame:
    """Bring the phases to normal form: in time order within a subject, blocks numbered."""
    columns.need(phases, ("start", "stop", "condition"), "phases")
    if not len(phases):
        raise InputError("phases hold no row; name at least one phase of each condition")
    start = moments(phases["start"], "the start of phase")
    stop = moments(phases["stop"], "the end of phase")
    backwards = stop.utc_ns <= start.utc_ns
    if backwards.any():
        i = int(np.argmax(backwards))
        raise InputError(
            f"phase {i + 1} ({phases['condition'].iloc[i]!r}) ends "
            f"({phases['stop'].iloc[i]}) before it starts ({phases['start'].iloc[i]}); "
            "swap the two times"
        )
    if phases["condition"].isna().any():
        raise InputError("a phase has no condition; fill the column 'condition'")
    table = pd.DataFrame({
        "subject": columns.subjects(phases),
        "start": pd.to_datetime(start.utc_ns, utc=True),
        "stop": pd.to_datetime(stop.utc_ns, utc=True),
        "condition": [str(c) for c in phases["condition"]],
        "label": list(phases["block"]) if "block" in phases.columns else range(len(phases)),
        "randomised": columns.truths(phases),
    })  # fmt: skip
    if "subject" not in phases.columns:
        table = pd.concat([table.assign(subject=s) for s in subjects], ignore_index=True)
    for name in subjects:
        if name not in set(table["subject"]):
            known = ", ".join(sorted(set(table["subject"])))
            raise InputError(
                f"subject {name!r} has outcomes but no phase (phases name {known}); "
                "check the spelling"
            )
    table = table[table["subject"].isin(list(subjects))]
    table = table.sort_values(["subject", "start"], kind="stable", ignore_index=True)
    _no_overlap(table)
    table["block"] = _number_blocks(table)
    return table.drop(columns="label")


def _no_overlap(phases: pd.DataFrame) -> None:
    same = phases["subject"].eq(phases["subject"].shift())
    early = same & (phases["start"] < phases["stop"].shift())
    if early.any():
        i = int(np.argmax(early))
        before, after = phases.iloc[i - 1], phases.iloc[i]
        who = f" of subject {after['subject']!r}" if after["subject"] else ""
        raise InputError(
            f"two phases{who} overlap: {after['condition']!r} starts {after['start'].isoformat()} "
            f"before {before['condition']!r} ends {before['stop'].isoformat()}; mend one of them"
        )


def _number_blocks(phases: pd.DataFrame) -> Int:
    """Blocks in time order; parts of one block (same label and condition) stay together."""
    number = np.empty(len(phases), dtype=np.int64)
    seen: dict[tuple[str, str, str], int] = {}
    counts: dict[str, int] = {}
    for i, row in enumerate(phases.itertuples(index=False)):
        key = (str(row.subject), str(row.label), str(row.condition))
        if key not in seen:
            seen[key] = counts.get(str(row.subject), 0)
            counts[str(row.subject)] = seen[key] + 1
        number[i] = seen[key]
    return number


def _assign(table: pd.DataFrame, phases: pd.DataFrame) -> pd.DataFrame:
    """Give each observation the phase it fell into; a phase is [start, stop)."""
    condition = np.full(len(table), "", dtype=object)
    block = np.full(len(table), -1, dtype=np.int64)
    since = np.full(len(table), np.nan)
    if table["time"].isna().any():
        raise InputError("outcomes have no column 'time'; phases need the time of observations")
    when = utc_ns(table["time"])
    for subject, own in phases.groupby("subject"):
        rows = np.flatnonzero((table["subject"] == subject).to_numpy())
        start, stop = utc_ns(own["start"]), utc_ns(own["stop"])
        at = np.searchsorted(start, when[rows], side="right") - 1
        inside = (at >= 0) & (when[rows] < stop[np.maximum(at, 0)])
        rows, at = rows[inside], at[inside]
        condition[rows] = own["condition"].to_numpy()[at]
        block[rows] = own["block"].to_numpy()[at]
        since[rows] = (when[rows] - start[at]) / DAY_NS
    return table.assign(condition=condition, block=block, since_days=since)


def pick_conditions(table: pd.DataFrame, given: tuple[str, str] | None) -> tuple[str, str]:
    """Return the two conditions to compare, reference first: as given, else by their names."""
    names = list(dict.fromkeys(name for name in table["condition"] if name))
    if given is not None:
        for name in given:
            if name not in names:
                raise InputError(
                    f"no phase has the condition {name!r}; there are {', '.join(names)}"
                )
        if given[0] == given[1]:
            raise InputError(f"condition {given[0]!r} cannot be compared with itself")
        return str(given[0]), str(given[1])
    if len(names) < 2:
        raise InputError(
            f"there is only one condition ({names[0]!r}); a comparison needs two, "
            "such as 'off' and 'on'"
        )
    if len(names) > 2:
        raise InputError(
            f"there are {len(names)} conditions ({', '.join(names)}); name the two to compare, "
            f"reference first: conditions=({names[0]!r}, {names[1]!r})"
        )
    usual = [name for name in names if name.strip().lower() in REFERENCES]
    first = usual[0] if len(usual) == 1 else names[0]
    return first, next(name for name in names if name != first)


def changes(conditions: Sequence[str]) -> list[bool]:
    """Whether each block begins with a change of condition; the first has nothing before it."""
    return [i > 0 and now != conditions[i - 1] for i, now in enumerate(conditions)]


def _fates(
    table: pd.DataFrame, pair: tuple[str, str], covariates: tuple[str, ...]
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Why each observation is not used ("" if it is); the first reason counts."""
    fate = np.full(len(table), "", dtype=object)

    def mark(wrong: pd.Series, reason: str) -> None:
        fate[wrong.to_numpy(dtype=bool) & (fate == "")] = reason

    mark(table["value"].isna(), NO_VALUE)
    mark(table["condition"] == "", OUTSIDE)
    mark(~table["condition"].isin(list(pair)), OTHER_CONDITION)
    for name in covariates:
        mark(table[name].isna(), NO_COVARIATE)
    return fate


def unusable(
    table: pd.DataFrame, covariates: tuple[str, ...]
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Why an observation cannot be used whatever the design ("" if it can)."""
    fate = np.full(len(table), "", dtype=object)
    for name in covariates:
        fate[table[name].isna().to_numpy()] = NO_COVARIATE
    fate[table["value"].isna().to_numpy()] = NO_VALUE
    return fate


def _leave_out_days(table: pd.DataFrame, phases: pd.DataFrame, washin_days: float) -> None:
    """Mark what lies in a wash-in, then the days that hold both conditions."""
    changed = pd.Series(data=False, index=table.index)
    for subject, own in phases.groupby("subject"):
        order = own.drop_duplicates("block")
        after = order["block"][changes(list(order["condition"]))]
        changed |= (table["subject"] == subject) & table["block"].isin(list(after))
    early = changed & (table["since_days"] < washin_days) & table["excluded"].eq("")
    table.loc[early, "excluded"] = WASHIN
    used = table[table["excluded"].eq("")]
    mixed = used.groupby(["subject", "day"])["condition"].transform("nunique") > 1
    table.loc[mixed[mixed].index, "excluded"] = CHANGEOVER


def with_washin(design: Design, washin_days: float) -> Design:
    """Return the same comparison with another wash-in; every observation is judged anew."""
    table = design.outcomes.copy()
    again = table["excluded"].isin([WASHIN, CHANGEOVER])
    table.loc[again, "excluded"] = ""
    _leave_out_days(table, design.phases, washin_days)
    settings = replace(design.settings, washin_days=washin_days)
    return replace(design, outcomes=table, settings=settings)


def _orders(
    randomisation: Sequence[Sequence[str]], phases: pd.DataFrame, pair: tuple[str, str]
) -> tuple[tuple[str, ...], ...]:
    """Check the logged design set against the order that was carried out."""
    orders = tuple(dict.fromkeys(tuple(str(c) for c in order) for order in randomisation))
    if not orders:
        raise InputError("the randomisation log holds no order; leave it out if none was logged")
    for order in orders:
        strange = [c for c in order if c not in pair]
        if strange:
            raise InputError(
                f"the randomisation log names a condition {strange[0]!r} that is not compared"
            )
    lengths = {len(order) for order in orders}
    if len(lengths) > 1:
        raise InputError(
            f"orders in the randomisation log have {min(lengths)} to {max(lengths)} blocks; "
            "all must have the same number"
        )
    for subject, own in phases.groupby("subject"):
        done = tuple(own.drop_duplicates("block")["condition"])
        if done not in orders:
            who = f" of subject {subject!r}" if subject else ""
            raise InputError(
                f"the order carried out{who} ({'-'.join(done)}) is not in the randomisation log"
            )
    return orders
