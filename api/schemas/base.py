"""What every wire type shares: nothing extra, nothing non-finite, times with a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

FIRST_YEAR, LAST_YEAR = 1900, 2200
MOST_S = 1e9
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class Wire(BaseModel):
    """A value on the wire."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _text_time(value: Any) -> Any:
    """Take ISO 8601 only: a bare number would be read as a time since 1970."""
    if isinstance(value, str | datetime):
        return value
    raise ValueError("a time is text in ISO 8601 with a zone, such as 2026-03-02T08:00:00+01:00")


def _text_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("a day is text in ISO 8601, such as 2026-12-07")
    day = date.fromisoformat(value)
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError(f"the year must lie from {FIRST_YEAR} to {LAST_YEAR - 1}")
    return day


def _plain_time(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"the year must lie from {FIRST_YEAR} to {LAST_YEAR - 1}")
    offset = value.utcoffset() or timedelta(0)
    if value.tzinfo is not None and hasattr(value.tzinfo, "key"):
        return value
    return value.astimezone(timezone(offset) if offset else UTC)


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_text_time),
    AfterValidator(_plain_time),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "examples": ["2026-03-02T08:00:00+01:00"],
        }
    ),
]
"""An aware moment, ISO 8601."""

Day = Annotated[date, BeforeValidator(_text_day)]
"""A day of the calendar, ISO 8601."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""A short name, without control characters."""

Text = Annotated[str, StringConstraints(max_length=2000, pattern=_PRINTABLE)]
"""A line of text; may be empty."""

Seconds = Annotated[float, Field(strict=True, ge=-MOST_S, le=MOST_S)]
"""Seconds since a recording's start."""

Item = TypeVar("Item")


class Resource(Wire):
    """What every stored thing shows."""

    id: UUID
    version: int = Field(ge=1, description="Counts changes; it is the ETag, in quotes.")
    created_at: Time
    updated_at: Time


class Page(Wire, Generic[Item]):
    """One page of a collection."""

    items: list[Item]
    next: str | None = Field(
        None, description="Cursor of the next page; null on the last.  Also in Link, rel=next."
    )


class Column(Wire):
    """What a column of a table is."""

    name: str
    unit: str = Field(description='Unit, such as "ms"; empty for text and ratios.')


Cell = float | int | bool | str | None


class Table(Wire):
    """A table as columns; a number that was refused is null, and `reason` says why."""

    rows: int = Field(ge=0)
    units: dict[str, str] = Field(description="Unit of each column that has one.")
    settings: dict[str, Any] = Field(description="Everything the numbers depend on.")
    columns: dict[str, list[Cell]]


class ProblemDetail(Wire):
    """One wrong value of a request."""

    pointer: str = Field(description="Where it stands: a JSON pointer, or query/NAME.")
    detail: str


class Problem(BaseModel):
    """Problem details (RFC 9457); `type` is stable."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["urn:hrv-recovery:problem:not-found"])
    title: str
    status: int
    detail: str = Field(description="One sentence that names the value and the mend.")
    instance: str
    errors: list[ProblemDetail] | None = None
