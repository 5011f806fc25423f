"""Wire types of a REDCap import: what was understood, what is to be taken, what was."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas.base import Name, Text, Wire
from api.schemas.plans import Hour

Cell = Annotated[str, StringConstraints(max_length=60)]


class OutcomeFromIn(Wire):
    """One column that becomes an outcome."""

    column: Name = Field(examples=["gad7_total"])
    name: Name = Field(examples=["gad7"])
    time: Name = Field(description="Column with the date of the same row.")
    unit: Text = ""
    assay: Text = ""


class DoseFromIn(Wire):
    """Columns that become doses."""

    time: Name = Field(description="Column with the date; a row without one holds no dose.")
    substance: Text = Field(examples=["magnesium glycinate"])
    amount: Text = Field("", description="Column with the amount; may be empty.")
    unit: Text = ""
    basis: Literal["elemental", "compound", "unknown"] = "unknown"
    status: Text = Field("", description="Column with taken or missed; empty: all were taken.")


class MappingIn(Wire):
    """What is taken from a project's export."""

    record: Name = Field(examples=["record_id"])
    outcomes: list[OutcomeFromIn] = Field([], max_length=200)
    doses: list[DoseFromIn] = Field([], max_length=20)
    missing: list[Cell] = Field([], max_length=50, description="Codes of missing values.")
    hour: Hour = Field("12:00", description="Time of day of a date without one.")


class ColumnOut(Wire):
    """What was understood of a column."""

    name: str
    kind: str
    form: str
    filled: int
    use: str


class RefusedOut(Wire):
    """A cell that is not taken."""

    line: int
    record: str
    column: str
    value: str
    why: str


class RedcapUnderstood(Wire):
    """What an export holds and what would be taken from it; nothing is stored yet."""

    records: int
    rows: int
    events: dict[str, int] = Field(description="Rows of each event.")
    instruments: dict[str, int] = Field(description="Rows of each repeating instrument.")
    columns: list[ColumnOut]
    mapping: MappingIn = Field(description="As proposed, or as you gave it.")
    outcomes: dict[str, int] = Field(description="Values that would be taken, by outcome.")
    doses: int
    missing: int = Field(description="Cells that are empty or a missing code.")
    people: list[str] = Field(description="Those who are not on the roster yet.")
    refused: list[RefusedOut] = Field(description="At most 500 are listed.")
    refused_count: int


class RedcapTaken(Wire):
    """What became of an export."""

    outcomes: int
    doses: int
    known: int = Field(description="Rows that the study had already.")
    people: list[str]
    refused: list[RefusedOut]
    refused_count: int
