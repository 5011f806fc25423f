"""Look at every column of an export: what it is, and what it could become."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from hrv.instruments import Instrument, instrument
from ingest.formats._lines import NUMBER
from ingest.redcap.mapping import DoseFrom, Mapping, OutcomeFrom
from ingest.redcap.table import EVENT, INSTANCE, INSTRUMENT, STRUCTURE, Table

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")
_OTHER_DATE = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}( \d{2}:\d{2}(:\d{2})?)?")
_PERSON = re.compile(
    r"(^|_)(first|last|sur|full|given)?_?name$|e_?mail|phone|address|street|zip|postal|dob$|"
    r"date_of_birth|birth_?da(te|y)|mrn|ssn|passport",
    re.IGNORECASE,
)
_LAST = ("total", "score", "sum", "tot", "value", "result", "raw")
_UNITS = {
    "nmol_l": "nmol/L", "ug_dl": "ug/dL", "ng_ml": "ng/mL", "mmol_l": "mmol/L", "mg_dl": "mg/dL",
    "meq_l": "mEq/L", "min": "min", "pct": "%", "percent": "%", "mg": "mg", "g": "g", "mcg": "µg",
    "ug": "µg",
}  # fmt: skip
_DOSE = re.compile(r"(^|_)dose(_|$)", re.IGNORECASE)
_STATUS = re.compile(r"(taken|missed|status)", re.IGNORECASE)
_DATED = 0.5
"""Share of an outcome's rows in which a column of dates must be filled to date it."""
_NUMBERS = 0.8
"""Share of a column's cells that must be numbers; the others may be codes of missing values."""


@dataclass(frozen=True)
class Column:
    """What was understood of a column.

    Parameters
    ----------
    name : str
        Variable name.
    kind : str
        record, structure, form status, date, other date, number, text, empty or person.
    form : str
        Form it belongs to, as far as the export tells.
    filled : int
        Rows in which it is not empty.
    use : str
        What becomes of it, in a few words.
    """

    name: str
    kind: str
    form: str
    filled: int
    use: str


@dataclass(frozen=True)
class Understood:
    """What was understood of an export.

    Parameters
    ----------
    records, rows : int
        People and rows.
    events, instruments : dict of str to int
        Rows of each event and of each repeating instrument; empty if the project has none.
    columns : tuple of Column
    mapping : Mapping
        What would be taken if nobody says otherwise.
    """

    records: int
    rows: int
    events: dict[str, int]
    instruments: dict[str, int]
    columns: tuple[Column, ...]
    mapping: Mapping


def understand(table: Table) -> Understood:
    """Propose what to take: known instruments, dated in their own form; doses by their name."""
    record = table.columns[0]
    forms = _forms(table)
    kinds = {name: _kind(table, name, record) for name in table.columns}
    dates = [name for name, kind in kinds.items() if kind == "date"]
    outcomes, why = [], dict[str, str]()
    for name, kind in kinds.items():
        known = _instrument(name) if kind == "number" else None
        if known is None:
            continue
        time = _dated_by(table, name, dates, forms)
        if not time:
            why[name] = f"{known[0].label}, but no column dates its rows"
            continue
        why[name] = f"{known[0].label}{f' in {known[1]}' if known[1] else ''}, dated by {time}"
        outcomes.append(OutcomeFrom(name, known[0].name, time, known[1]))
    doses = _doses(table, kinds, dates, forms)
    for dose in doses:
        why[dose.amount] = f"amount of a dose, dated by {dose.time}"
        if dose.status:
            why[dose.status] = "whether a dose was taken"
    mapping = Mapping(record, tuple(outcomes), doses)
    used = {name: "dates what is in its rows" for name in mapping.columns() if name in dates}
    columns = tuple(
        Column(
            name, kind, forms[name], sum(bool(row[name]) for row in table.rows),
            why.get(name) or used.get(name) or _unused(kind),
        )
        for name, kind in kinds.items()
    )  # fmt: skip
    return Understood(
        len({row[record] for row in table.rows if row[record]}),
        len(table.rows),
        _counts(table, EVENT),
        _counts(table, INSTRUMENT),
        columns,
        mapping,
    )


def _counts(table: Table, names: tuple[str, ...]) -> dict[str, int]:
    column = table.find(names)
    if not column:
        return {}
    return dict(Counter(row[column] for row in table.rows if row[column]))


def _forms(table: Table) -> dict[str, str]:
    """Form of each column: a form's columns end with its ``_complete``."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for name in table.columns:
        waiting.append(name)
        if name.endswith("_complete"):
            found |= dict.fromkeys(waiting, name.removesuffix("_complete"))
            waiting = []
    return found | dict.fromkeys(waiting, "")


def _kind(table: Table, name: str, record: str) -> str:
    if name == record:
        return "record"
    if name in STRUCTURE or name in INSTANCE:
        return "structure"
    if name.endswith("_complete"):
        return "form status"
    cells = [row[name] for row in table.rows if row[name]]
    if not cells:
        return "empty"
    if _PERSON.search(name):
        return "person"
    if all(_ISO.fullmatch(cell) and _is_date(cell) for cell in cells):
        return "date"
    if all(_OTHER_DATE.fullmatch(cell) for cell in cells):
        return "other date"
    numbers = sum(NUMBER.fullmatch(cell) is not None and "," not in cell for cell in cells)
    return "number" if numbers >= _NUMBERS * len(cells) else "text"


def _is_date(cell: str) -> bool:
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _unused(kind: str) -> str:
    return {
        "record": "whose the row is",
        "structure": "how the rows of a record belong together",
        "form status": "not taken: whether a form is finished",
        "date": "not taken: dates nothing that is taken",
        "other date": "not taken: day and month cannot be told apart; export dates as YYYY-MM-DD",
        "number": "not taken unless you say which outcome it is",
        "text": "not taken: text",
        "empty": "not taken: empty",
        "person": "not taken: may tell who somebody is",
    }[kind]


def _instrument(name: str) -> tuple[Instrument, str] | None:
    """Find the known instrument a variable is named after, and the unit at its end."""
    parts = [p for p in re.split(r"[^a-z0-9]+", name.lower()) if p]
    unit = ""
    for length in (2, 1):
        ending = "_".join(parts[-length:])
        if len(parts) > length and ending in _UNITS:
            unit, parts = _UNITS[ending], parts[:-length]
            break
    while parts:
        known = instrument("_".join(parts))
        if known is not None:
            return None if known.derived else (known, unit)
        if parts[-1] not in _LAST:
            return None
        parts = parts[:-1]
    return None


def _dated_by(table: Table, name: str, dates: list[str], forms: dict[str, str]) -> str:
    """Choose the column that dates the rows of another: of its own form, the nearest first."""
    rows = [row for row in table.rows if row[name]]
    at = table.columns.index(name)

    def distance(date: str) -> tuple[bool, int]:
        own = bool(forms[name]) and forms[date] == forms[name]
        return not own, abs(table.columns.index(date) - at)

    for date in sorted(dates, key=distance):
        if sum(bool(row[date]) for row in rows) >= _DATED * len(rows):
            return date
    return ""


def _doses(
    table: Table, kinds: dict[str, str], dates: list[str], forms: dict[str, str]
) -> tuple[DoseFrom, ...]:
    found = []
    for name, kind in kinds.items():
        if kind != "number" or not _DOSE.search(name) or _STATUS.search(name):
            continue
        time = _dated_by(table, name, dates, forms)
        if not time:
            continue
        unit = _UNITS.get(name.lower().rpartition("_")[2], "")
        status = next(
            (
                other
                for other in table.columns
                if forms[other] == forms[name] and _STATUS.search(other)
                and kinds[other] in ("number", "text")
            ),
            "",
        )  # fmt: skip
        found.append(DoseFrom(time, "", name, unit, "unknown", status))
    return tuple(found)
