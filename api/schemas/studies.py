"""Wire types of studies and subjects."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import Name, Resource, Text, Time, Wire

Word = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_ -]*$")
]
"""Name of an endpoint, a method or a condition."""


class Endpoint(Wire):
    """What was declared as the question."""

    primary: Word = Field("residual_hr", description="A recovery measure, metric or outcome.")
    direction: Literal["none", "higher", "lower"] = Field(
        "none", description="Direction declared beforehand as benefit."
    )
    secondary: list[Word] = Field([], max_length=50, description="Exploratory endpoints.")
    swc: float | None = Field(
        None,
        gt=0,
        le=1e9,
        strict=True,
        description="Smallest worthwhile change, in units of the primary endpoint; "
        "null: half the between-day SD.",
    )


class DesignIn(Wire):
    """How the conditions were arranged."""

    conditions: Annotated[list[Word], Field(min_length=2, max_length=2)] = Field(
        ["off", "on"], description="The reference first."
    )
    method: Word = Field("default", description="See /v1/catalogue/methods.")
    washin_days: float = Field(
        0.0, ge=0, le=3650, strict=True, description="Left out after each change, days."
    )
    familiarisation: Annotated[int, Field(ge=0, le=1000, strict=True)] | None = Field(
        None,
        description="First sessions of each person left out; "
        "null: 3 of stress tests repeated over phases, else none.",
    )
    start_reason: Literal["", "planned", "symptom_peak", "other"] = ""
    randomisation: list[Annotated[list[Word], Field(max_length=1000)]] | None = Field(
        None, max_length=100_000, description="Every order that could have been drawn."
    )

    @model_validator(mode="after")
    def _two(self) -> DesignIn:
        if self.conditions[0] == self.conditions[1]:
            raise ValueError("conditions must name two different ones, the reference first")
        return self


class Clean(Wire):
    """Artefact handling."""

    method: Word = Field("lipponen_tarvainen", description="See /v1/catalogue/cleaners.")


class StudyIn(Wire):
    """A study and what is declared beforehand; the same parts as a study.toml."""

    title: Name = Field(examples=["Magnesium glycinate and stress recovery"])
    tz: (
        Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")]
        | None
    ) = Field(None, description="IANA zone of clock times without one.", examples=["Europe/Berlin"])
    endpoint: Endpoint = Endpoint()
    design: DesignIn = DesignIn()
    clean: Clean = Clean()
    seed: int = Field(0, ge=0, le=2**53, strict=True, description="Seed of every random draw.")


class Study(StudyIn, Resource):
    """A stored study."""


class SubjectIn(Wire):
    """A person, by pseudonym."""

    name: Name | None = Field(
        None,
        description="Pseudonym, unique in the study; without one it is drawn at random "
        "(and stays as it is when the rest is replaced).",
        examples=["P01"],
    )
    note: Text = ""
    enrolled_at: Time | None = Field(None, description="When they were enrolled.")


class Subject(SubjectIn, Resource):
    """A stored subject."""

    name: Name = Field(description="Pseudonym, unique in the study.", examples=["P01"])
    study_id: UUID
    strata: dict[str, str] = Field(description="Levels they were allocated by.")
    place: str | None = Field(
        description="Where the drawn list put them: a code, or a condition if nobody is blind."
    )
    withdrawn_at: Time | None
    withdrawal_reason: str
    data_deleted: bool = Field(description="True: their data was deleted on withdrawal.")
