"""Take outcomes and doses from an export's rows; what cannot be taken is listed with its line."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from hrv.errors import HRVError, InputError
from hrv.instruments import instrument
from ingest import clock
from ingest.formats._lines import NUMBER, shown
from ingest.redcap.mapping import DoseFrom, Mapping, OutcomeFrom
from ingest.redcap.table import Table

_TAKEN = {
    "taken": "taken", "yes": "taken", "1": "taken", "true": "taken",
    "missed": "missed", "no": "missed", "0": "missed", "false": "missed", "planned": "planned",
}  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A cell that was not taken.

    Parameters
    ----------
    line : int
        Line of the file.
    record, column, value, why : str
        Whose, where, what, and why not.
    """

    line: int
    record: str
    column: str
    value: str
    why: str


@dataclass
class Rows:
    """What an export gives.

    Parameters
    ----------
    outcomes, doses : list of dict
        One a row, with the columns of the study's logs; ``time`` is aware.
    refused : list of Refused
        What was not taken, and why.
    missing : int
        Cells of taken columns that were empty or a missing code.
    """

    outcomes: list[dict[str, Any]] = field(default_factory=list)
    doses: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    missing: int = 0


def take(table: Table, mapping: Mapping, *, tz: str) -> Rows:
    """Take what a mapping names.

    Parameters
    ----------
    table : Table
        The export.
    mapping : Mapping
        Which columns become what.
    tz : str
        IANA zone of the project's times, which carry none.

    Raises
    ------
    InputError
        If the mapping names a column that is not there, or the zone or the hour is none.
    """
    mapping.check(table.columns)
    clock.zone(tz)
    try:
        hour = time.fromisoformat(mapping.hour)
    except ValueError:
        raise InputError(f"{mapping.hour!r} is no time of day such as 12:00") from None
    run = _Run(mapping, lambda text: _moment(text, hour, tz))
    for line, row in zip(table.lines, table.rows, strict=True):
        run.take(line, row)
    return run.found


def _moment(text: str, hour: time, tz: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{shown(text)} is no date such as 2026-03-04 or 2026-03-04 08:00"
        ) from None
    if len(text) <= 10:
        moment = datetime.combine(moment.date(), hour)
    return moment if moment.utcoffset() is not None else clock.localise(moment, tz)[0]


@dataclass
class _Run:
    mapping: Mapping
    moment: Callable[[str], datetime]
    found: Rows = field(default_factory=Rows)
    seen: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def take(self, line: int, row: dict[str, str]) -> None:
        for outcome in self.mapping.outcomes:
            if self._there(row[outcome.column]):
                work = functools.partial(self._outcome, line, row, outcome)
                self._try(line, row, outcome.column, work)
            elif row[outcome.time] or row[outcome.column]:
                self.found.missing += 1
        for dose in self.mapping.doses:
            if self._there(row[dose.time]):
                column = dose.amount or dose.time
                self._try(line, row, column, functools.partial(self._dose, line, row, dose))

    def _there(self, cell: str) -> bool:
        return bool(cell) and cell not in self.mapping.missing

    def _try(self, line: int, row: dict[str, str], column: str, work: Callable[[], None]) -> None:
        record = row[self.mapping.record]
        try:
            if not record:
                raise InputError(f"column {self.mapping.record!r} is empty: whose is it?")
            work()
        except HRVError as error:
            self.found.refused.append(Refused(line, record, column, row[column], str(error)))

    def _outcome(self, line: int, row: dict[str, str], given: OutcomeFrom) -> None:
        value = _number(row[given.column])
        if not self._there(row[given.time]):
            raise InputError(f"{given.time} is empty in this row: when was it?")
        at = self.moment(row[given.time])
        name, unit = given.name, given.unit
        known = instrument(name)
        if known is not None:
            value, name, unit = known.check(value, unit), known.name, known.unit
        subject = row[self.mapping.record]
        self._once(("outcome", subject, name, at.astimezone(UTC)), line, name)
        self.found.outcomes.append(
            {"subject": subject, "time": at, "name": name, "value": value, "unit": unit,
             "assay": given.assay}
        )  # fmt: skip

    def _dose(self, line: int, row: dict[str, str], given: DoseFrom) -> None:
        at = self.moment(row[given.time])
        amount = None
        if given.amount and self._there(row[given.amount]):
            amount = _number(row[given.amount])
            if amount < 0:
                raise InputError(f"an amount of {amount:g} cannot be")
            if not given.unit:
                raise InputError(f"the amount has no unit; say which one {given.amount} is in")
        subject = row[self.mapping.record]
        self._once(("dose", subject, given.substance, at.astimezone(UTC)), line, given.substance)
        self.found.doses.append(
            {"subject": subject, "time": at, "substance": given.substance, "amount": amount,
             "unit": given.unit if amount is not None else "", "basis": given.basis,
             "status": self._status(row, given)}
        )  # fmt: skip

    def _status(self, row: dict[str, str], given: DoseFrom) -> str:
        if not given.status:
            return "taken"
        said = row[given.status]
        if said.lower() not in _TAKEN:
            raise InputError(
                f"{given.status} is {shown(said)}: taken or missed? (yes, no, 1 and 0 are known)"
            )
        return _TAKEN[said.lower()]

    def _once(self, key: tuple[Any, ...], line: int, name: str) -> None:
        if key in self.seen:
            raise InputError(
                f"{name} of this person at this moment is in line {self.seen[key]} already; "
                "export the time of day as well"
            )
        self.seen[key] = line


def _number(cell: str) -> float:
    if not NUMBER.fullmatch(cell) or "," in cell or not math.isfinite(float(cell)):
        raise InputError(
            f"{shown(cell)} is not a number with a decimal point; if it stands for a missing "
            "value, name it among the missing codes"
        )
    return float(cell)


def people(rows: Rows) -> Iterator[str]:
    """Everyone who has a row, each once."""
    yield from dict.fromkeys(row["subject"] for row in (*rows.outcomes, *rows.doses))
