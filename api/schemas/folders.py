"""Wire types of what was understood of files: one by one, or a whole folder."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from api.schemas.base import Wire


class Line(Wire):
    """One thing that was understood, as `hrv inspect` prints it."""

    what: str = Field(examples=["unit"])
    said: str


class InspectionOut(Wire):
    """What is in a file, and what a study could use it for."""

    file: str
    lines: list[Line]


class TakenRecording(Wire):
    """A recording that a folder brought."""

    id: UUID
    name: str
    file: str
    subject: str


class Unread(Wire):
    """A file, or a part of one, that could not be used."""

    file: str
    why: str


class OverlapOut(Wire):
    """Two recordings of one person that cover the same time."""

    first: str
    second: str
    seconds: float
    same: float | None = Field(description="Share of beats in common; null: not compared.")


class FolderTaken(Wire):
    """What became of a folder's files; each is brought in once, however often it is sent."""

    recordings: list[TakenRecording]
    inspections: list[InspectionOut]
    people: list[str] = Field(description="Pseudonyms that are new on the roster.")
    rows: dict[str, int] = Field(description="Rows added to each log.")
    known: list[str] = Field(description="Files that are in the study already.")
    beside: list[str] = Field(description="Files that belong to another and were read with it.")
    unread: list[Unread]
    clockless: list[str] = Field(description="Recordings without a moment: no phase fits them.")
    doubled: list[list[str]] = Field(description="Recordings with the very same beats.")
    overlapping: list[OverlapOut]
