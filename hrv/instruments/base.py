"""What every instrument states: its range, its unit, its code and where they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hrv.errors import InputError


@dataclass(frozen=True)
class Instrument:
    """One row of `hrv.instruments.INSTRUMENTS`.

    Parameters
    ----------
    name : str
        Name of the outcome in tables, and as an endpoint.
    label, unit : str
        Words for sentences; unit that values are kept in.
    low, high : float
        Least and greatest value that can be true.
    source : str
        Publication or owner.
    loinc, panel : str
        Code of the number and of the panel it belongs to; "" where none is verified.
    whole : bool
        True if only whole numbers occur (a sum of items).
    units : mapping of str to float
        Other units that are read, and the factor to `unit`.
    needs_unit : bool
        True where a number without a unit could mean two things; then it is refused.
    assayed : bool
        True for laboratory values: the report says by which assay, or that none was stated,
        and values of different assays are never compared.
    aliases : tuple of str
        Other spellings; case, blanks, hyphens and underscores never matter.
    derived : bool
        True if it is computed from others and not entered.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    source: str
    loinc: str = ""
    panel: str = ""
    whole: bool = False
    units: Mapping[str, float] = field(default_factory=dict)
    needs_unit: bool = False
    assayed: bool = False
    aliases: tuple[str, ...] = ()
    derived: bool = False

    def check(self, value: float, unit: str = "") -> float:
        """Return the value in `self.unit`, or raise one sentence.

        Raises
        ------
        InputError
            If the unit is missing or unknown, or the value cannot be true.
        """
        if self.derived:
            raise InputError(f"{self.name} is computed from its samples; enter those instead")
        factor = self._factor(unit)
        kept = value * factor
        # a factor moves the end of a range by a rounding error; that is no wrong value
        slack = 1e-9 * max(1.0, abs(self.high)) if factor != 1 else 0.0
        if not self.low - slack <= kept <= self.high + slack:
            low, high = (end / factor for end in (self.low, self.high))
            said = self.unit if factor == 1 else unit
            raise InputError(
                f"{self.label} {value:g} is outside {low:.6g} to {high:.6g}"
                f"{f' {said}' if said else ''}; mend the value"
                + (" or its unit" if self.units else "")
            )
        if self.whole and not math.isclose(kept, round(kept), abs_tol=1e-9):
            raise InputError(f"{self.label} {value:g} is not a whole number; enter the total")
        return kept

    def _factor(self, unit: str) -> float:
        known = {_folded(self.unit): 1.0, **{_folded(u): f for u, f in self.units.items()}}
        if not unit:
            if self.needs_unit:
                raise InputError(
                    f"{self.label} has no unit; write {' or '.join([self.unit, *self.units])}"
                )
            return 1.0
        if _folded(unit) not in known:
            raise InputError(
                f"{self.label} cannot be in {unit!r}; write {' or '.join([self.unit, *self.units])}"
            )
        return known[_folded(unit)]


def _folded(unit: str) -> str:
    """Fold the spellings of a unit: case, blanks, and the two letters for micro."""
    return unit.replace("µ", "u").replace("μ", "u").replace(" ", "").lower()
