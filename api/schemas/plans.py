"""Wire types of planning: what is declared beforehand, what it can detect, what was drawn."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from api.schemas.base import Day, Name, Text, Time, Wire
from api.schemas.studies import Word

Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Time of day, such as 17:30."""
Zone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")]
Amount = Annotated[float, Field(gt=0, le=1e9, strict=True)]
Washin = Annotated[float, Field(ge=0, le=365, strict=True)]
Worthwhile = Annotated[float, Field(gt=0, le=1e9, strict=True)]
BlockDays = Annotated[int, Field(ge=1, le=365, strict=True)]


class DesignOfPlan(Wire):
    """What decides what a study can detect; the same as the options of ``hrv plan``."""

    substance: Name = Field(examples=["magnesium glycinate"])
    direction: Literal["higher", "lower", "none"] = Field(
        description="Which way the endpoint must go to be a benefit."
    )
    start_reason: Literal["planned", "symptom_peak", "other"]
    first_day: Day = Field(description="Day of the first practice test.", examples=["2026-12-07"])
    tz: Zone = Field("UTC", description="IANA zone of the calendar.", examples=["Europe/Berlin"])
    people: list[Name] = Field(["P01"], min_length=1, max_length=200)
    endpoint: Word = "residual_hr"
    secondary: list[Word] = Field([], max_length=50)
    swc: Worthwhile | None = Field(None, description="Smallest worthwhile change.")
    comparator: Literal["off", "placebo"] = "off"
    blocks: int = Field(8, ge=2, le=16, strict=True)
    block_days: BlockDays | None = Field(None, description="null: as the wash-in needs.")
    washin_days: Washin | None = Field(None, description="null: as the substance needs.")
    max_run: int = Field(2, ge=1, le=8, strict=True, description="Most blocks alike in a row.")
    familiarisation: int = Field(4, ge=0, le=100, strict=True, description="Practice tests.")
    tests_a_day: int = Field(1, ge=1, le=6, strict=True)
    looks: list[Annotated[int, Field(ge=1, le=16, strict=True)]] = Field(
        [], max_length=15, description="Blocks after which the effect may be looked at early."
    )
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming"


class ProposalIn(DesignOfPlan):
    """A design whose chances are asked for; nothing is drawn or stored."""

    simulations: int = Field(100, ge=20, le=2000, strict=True, description="Studies a design.")
    beside: bool = Field(default=True, description="Also the designs that people have in mind.")
    run_in: UUID | None = Field(
        None,
        description="A study of this person on at least 7 days before anything is started: "
        "differences are then told in units, from how much they themselves vary.",
    )


class Detects(Wire):
    """What one design can detect."""

    design: str
    days: int
    drawn: bool = Field(description="True if its order is drawn: it may speak of an effect.")
    orders: int
    detects: str = Field(description="Difference found in 80 of 100 simulated studies.")
    simulations: int


class Proposal(Wire):
    """A plan in words and what it can detect."""

    title: str
    what: str
    when: str
    opens: Time = Field(description="When the effect may be seen.")
    total_days: int
    block_days: int
    washin_days: float
    possible_orders: int
    bear_in_mind: list[str]
    variation: str = Field(description="How much the endpoint varies, and whence that is known.")
    chances: list[str] = Field(description="How sure that is; what a worthwhile change has.")
    designs: list[Detects] = Field(description="This plan first.")


class PlannedIn(DesignOfPlan):
    """A plan that is to be drawn, registered and begun."""

    blinded: bool = Field(
        default=False, description="Draw in codes; needs a placebo.  The key stays shut here."
    )
    dose_time: Hour = "08:00"
    test_time: Hour = "17:30"
    amount: Amount | None = Field(None, description="Of a dose.")
    unit: Text = ""
    basis: Literal["elemental", "compound", "unknown"] = "unknown"
    product: Text = Field("", description="Product and lot.")


class PlanFileOut(Wire):
    """A file that goes with a plan."""

    name: str
    size: int
    purpose: str


class Planned(Wire):
    """What was drawn and registered."""

    study_id: UUID
    plan_id: UUID
    title: str
    sha256: str = Field(description="Hash to deposit before the first measurement.")
    opens: Time
    blinded: bool
    files: list[PlanFileOut]
