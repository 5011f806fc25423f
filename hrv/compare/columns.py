"""Read single columns of outcomes and phases, or say in one sentence what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from hrv.errors import InputError
from hrv.types import Float


def censored(outcomes: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which values are known only as "at least"; none where nothing says so."""
    if "censored" not in outcomes.columns:
        return np.zeros(len(outcomes), dtype=np.bool_)
    given = outcomes["censored"]
    if given.isna().any() or not set(given.unique()) <= {True, False}:
        raise InputError("column 'censored' must hold true or false in every row")
    return given.to_numpy(dtype=np.bool_)


def upper(outcomes: pd.DataFrame, value: pd.Series) -> Float:
    """Upper end of values known only to lie between two ends; NaN where they are exact."""
    if "upper" not in outcomes.columns:
        return np.full(len(outcomes), np.nan)
    upper = numbers(outcomes, "upper")
    below = upper < value.to_numpy()
    if below.any():
        row = int(np.argmax(below))
        raise InputError(
            f"row {row + 1}: the upper end {upper[row]:g} is below the value {value.iloc[row]:g}; "
            "'value' is the lower end"
        )
    return upper


def labels(outcomes: pd.DataFrame) -> list[str]:
    """Condition of each row: as given, else its sequence's letter of the period, else its arm."""
    if "condition" in outcomes.columns:
        if outcomes["condition"].isna().any():
            raise InputError("a condition is missing in the outcomes; fill the column 'condition'")
        return [str(name) for name in outcomes["condition"]]
    if {"sequence", "period"} <= set(outcomes.columns):
        pairs = zip(texts(outcomes, "sequence"), texts(outcomes, "period"), strict=True)
        return [of_sequence(sequence, period) for sequence, period in pairs]
    return texts(outcomes, "arm")


def of_sequence(sequence: str, period: str) -> str:
    """``("placebo-drug", "2") -> "drug"``; a baseline period belongs to no condition."""
    names = re.split(r"[-/>,]", sequence) if re.search(r"[-/>,]", sequence) else list(sequence)
    if not period.isdigit() or period == "0":
        return ""
    if int(period) > len(names):
        raise InputError(f"period {period} is not in sequence {sequence!r}")
    return names[int(period) - 1].strip()


def texts(outcomes: pd.DataFrame, name: str) -> list[str]:
    """Text of a column, "" where it is empty or not there."""
    if name not in outcomes.columns:
        return [""] * len(outcomes)
    return ["" if pd.isna(v) else str(v).strip().removesuffix(".0") for v in outcomes[name]]


def need(table: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise InputError, naming what there is, if a column is missing."""
    for name in columns:
        if name not in table.columns:
            have = ", ".join(str(c) for c in table.columns) or "none"
            raise InputError(f"{what} have no column {name!r} (columns: {have})")


def subjects(table: pd.DataFrame) -> list[str]:
    """Subject of each row, "" where the table has none."""
    if "subject" not in table.columns:
        return [""] * len(table)
    if table["subject"].isna().any():
        raise InputError(
            f"row {int(np.argmax(table['subject'].isna())) + 1} names no subject; fill the column"
        )
    return [str(name) for name in table["subject"]]


def numbers(table: pd.DataFrame, name: str) -> Float:
    """Numbers of a column; NaN where empty, InputError if it holds text or an infinite one."""
    try:
        values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"column {name!r} holds text where numbers are expected; "
            "make it numeric, or leave it out with covariates=()"
        ) from error
    if np.isinf(values).any():
        raise InputError(f"column {name!r} holds an infinite number")
    return np.asarray(values, dtype=np.float64)


def truths(table: pd.DataFrame) -> list[bool]:
    """Read column ``randomised``; False where it is empty or not there."""
    if "randomised" not in table.columns:
        return [False] * len(table)
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    out = []
    for value in table["randomised"]:
        word = "false" if pd.isna(value) else str(value).strip().lower().removesuffix(".0")
        if word not in words:
            raise InputError(f"randomised is {value!r}; write true or false")
        out.append(words[word])
    return out
