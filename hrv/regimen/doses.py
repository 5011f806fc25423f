"""Elemental doses: what a stated amount holds of the element, and never a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hrv.errors import NotComputableError

BISGLYCINATE_SHARE = 24.305 / 172.42
"""Elemental share of pure anhydrous magnesium bisglycinate, and of nothing else: a product's
own share stands on its label or certificate and is entered from there."""
MG_PER = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001}
"""Mass units (UCUM codes, and the usual spelling of micrograms) in mg."""


@dataclass(frozen=True)
class UpperLevel:
    """An upper level of intake from supplements, mg of the element a day."""

    element: str
    mg_per_day: float
    region: str
    source: str


UPPER_LEVELS = (
    UpperLevel("magnesium", 250.0, "EFSA", "Scientific Committee on Food 2001, opinion on Mg"),
    UpperLevel("magnesium", 350.0, "US", "Institute of Medicine 1997, doi:10.17226/5776"),
)
"""Levels for supplements; exceeding one is flagged, and that is all that is said."""


def elemental_mg(
    amount: float, unit: str, basis: str, share: float = math.nan, *, what: str = "the dose"
) -> float:
    """Return the element in a dose, mg.

    Parameters
    ----------
    amount, unit
        As entered.
    basis : str
        ``"elemental"``, ``"compound"`` or ``"unknown"``.
    share : float
        Elemental share of the compound (0 to 1) from its label or certificate; NaN if not given.
    what : str
        Which dose, for the sentence.

    Raises
    ------
    NotComputableError
        If the basis is unknown, a compound has no stated share, or the unit is no mass.
    """
    if basis == "unknown":
        raise NotComputableError(
            f"the basis of {what} is unknown (elemental or compound), so no dose–response is "
            "computed"
        )
    factor = MG_PER.get(unit.replace("µ", "u").replace("μ", "u").strip().lower())
    if factor is None:
        raise NotComputableError(f"the unit {unit!r} of {what} is no mass, so it has no mg")
    if not math.isfinite(amount):
        raise NotComputableError(f"{what} has no amount")
    if basis == "elemental":
        return amount * factor
    if not 0 < share <= 1:
        raise NotComputableError(
            f"{what} is an amount of compound without an elemental share from its label or "
            "certificate, so no dose–response is computed"
        )
    return amount * factor * share


def upper_level_flags(doses: pd.DataFrame) -> list[str]:
    """Flag days above an upper level; no advice goes with it.

    Parameters
    ----------
    doses : DataFrame
        ``subject, time, substance, amount, unit, basis, elemental_share, status``.

    Returns
    -------
    list of str
        One sentence an element and level.  Doses whose elemental amount is not known do not
        count, and a sentence says how many.
    """
    flags = []
    for element in dict.fromkeys(level.element for level in UPPER_LEVELS):
        if doses.empty:
            continue
        own = doses[
            doses["substance"].str.contains(element, case=False, regex=False)
            & (doses["status"] == "taken")
        ]
        by_day, unknown = _per_day(own)
        for level in UPPER_LEVELS:
            above = [mg for mg in by_day.values() if mg > level.mg_per_day * (1 + 1e-9)]
            if level.element == element and above:
                flags.append(
                    f"{len(above)} of {len(by_day)} days with {element} from supplements were "
                    f"above the {level.region} upper level of {level.mg_per_day:g} mg a day "
                    f"(highest {max(above):.0f} mg elemental)"
                )
        if unknown:
            flags.append(
                f"{unknown} of {len(own)} taken doses of {element} have no known elemental amount "
                "and are not held against an upper level"
            )
    return flags


def _per_day(doses: pd.DataFrame) -> tuple[dict[tuple[str, str], float], int]:
    total: dict[tuple[str, str], float] = {}
    unknown = 0
    for dose in doses.to_dict(orient="records"):
        share, amount = (_number(dose.get(name)) for name in ("elemental_share", "amount"))
        try:
            mg = elemental_mg(amount, str(dose["unit"] or ""), dose["basis"], share)
        except NotComputableError:
            unknown += 1
            continue
        key = (dose["subject"], f"{dose['time']:%Y-%m-%d}")
        total[key] = total.get(key, 0.0) + mg
    return total, unknown


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
