"""Wire types of the roster: allocation, withdrawal, and the key of a blinded study."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import Name, Resource, Text, Time, Wire
from api.schemas.results import KeyIn

Level = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f:;]+$")
]
"""Name or level of a stratum."""


class AllocationIn(Wire):
    """How the list of places is to be drawn, before anybody is enrolled."""

    design: Literal["two-arm", "crossover"] = "two-arm"
    strata: dict[Level, Annotated[list[Level], Field(min_length=2, max_length=8)]] = Field(
        {}, max_length=4, description="Levels by name.", examples=[{"sex": ["f", "m"]}]
    )
    places: int = Field(
        ge=1, le=1000, strict=True,
        description="Places of each stratum; draw more than will be needed.",
    )  # fmt: skip
    blinded: bool = Field(default=True, description="Speak of A and B; what they mean stays shut.")

    @model_validator(mode="after")
    def _different(self) -> AllocationIn:
        for name, levels in self.strata.items():
            if len(set(levels)) != len(levels):
                raise ValueError(f"the levels of {name} are not all different")
        return self


class Stratum(Wire):
    """How much of the list is used."""

    stratum: str = Field(description="Empty where nothing is stratified by.")
    given: int = Field(ge=0)
    places: int = Field(ge=0)


class Allocation(Resource):
    """A drawn list; the codes of places that nobody has yet are not shown anywhere."""

    study_id: UUID
    design: str
    strata: dict[str, list[str]]
    blinded: bool
    sha256: str = Field(description="Hash of the whole list, to deposit beforehand.")
    key_sha256: str = Field(description="Hash of what the codes mean.")
    registration: str = Field(description="Text to deposit before the first measurement.")
    given: list[Stratum]


class PlaceIn(Wire):
    """In which stratum somebody is."""

    strata: dict[Level, Level] = Field({}, max_length=4, examples=[{"sex": "f"}])


class PlaceOut(Wire):
    """The place that somebody was given."""

    subject_id: UUID
    number: int = Field(description="Number of the place on the list.")
    stratum: str
    code: str = Field(description="A or B (or A-B, B-A); a condition if nobody is blind.")
    taken_at: Time


class WithdrawalIn(Wire):
    """Somebody leaves; what was measured stays unless it is deleted afterwards."""

    at: Time
    reason: Text = Field(description="Nobody has to give one; empty if they did not.")


class DisclosureIn(Wire):
    """Somebody is told what the codes mean; it is written down for good."""

    told: Name = Field(description="Who is told.", examples=["pharmacy"])
    reason: Name = Field(examples=["packs the bottles"])


class Disclosure(DisclosureIn, Resource):
    """A stored disclosure; the key itself comes with the answer to the request only."""

    study_id: UUID


class Disclosed(Wire):
    """What was disclosed."""

    disclosure: Disclosure
    key: KeyIn
