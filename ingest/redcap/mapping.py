"""Which column of a REDCap project becomes which outcome, and which become doses."""

from __future__ import annotations

from dataclasses import dataclass

from hrv.errors import InputError

HOUR = "12:00"
"""Time of day that a date without one stands for."""


@dataclass(frozen=True)
class OutcomeFrom:
    """One column that becomes an outcome.

    Parameters
    ----------
    column : str
        Holds the value.
    name : str
        Name of the outcome, such as ``gad7``.
    time : str
        Column with the date, or date and time, in the same row.
    unit, assay : str
        As for every outcome.
    """

    column: str
    name: str
    time: str
    unit: str = ""
    assay: str = ""


@dataclass(frozen=True)
class DoseFrom:
    """Columns that become doses; a row without a date in `time` holds none.

    Parameters
    ----------
    time : str
        Column with the date, or date and time.
    substance : str
        What it is; the same in every row.
    amount, status : str
        Columns with the amount and with planned, taken or missed (or yes and no); "" if the
        project has none: every dose then counts as taken.
    unit, basis : str
        Of the amount.
    """

    time: str
    substance: str
    amount: str = ""
    unit: str = ""
    basis: str = "unknown"
    status: str = ""


@dataclass(frozen=True)
class Mapping:
    """What is taken from a project's export.

    Parameters
    ----------
    record : str
        Column that names the person.
    outcomes : tuple of OutcomeFrom
    doses : tuple of DoseFrom
    missing : tuple of str
        Cells that stand for "not known", such as ``-99``; an empty cell always does.
    hour : str
        Time of day of a date without one.
    """

    record: str
    outcomes: tuple[OutcomeFrom, ...] = ()
    doses: tuple[DoseFrom, ...] = ()
    missing: tuple[str, ...] = ()
    hour: str = HOUR

    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        named = [self.record]
        for outcome in self.outcomes:
            named += [outcome.column, outcome.time]
        for dose in self.doses:
            named += [dose.time, dose.amount, dose.status]
        return tuple(dict.fromkeys(name for name in named if name))

    def check(self, columns: tuple[str, ...]) -> None:
        """Refuse a mapping that names a column the export does not have.

        Raises
        ------
        InputError
            Naming the column, or a dose without a substance.
        """
        for name in self.columns():
            if name not in columns:
                raise InputError(f"the export has no column {name!r}; choose another or leave it")
        for dose in self.doses:
            if not dose.substance.strip():
                raise InputError(f"the doses of column {dose.time!r} need a substance; name it")
