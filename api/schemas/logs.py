"""Wire types of what happened when: events, phases, interventions, doses, outcomes."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.base import Name, Resource, Seconds, Text, Time, Wire


class OfSubject(Wire):
    """Anything that belongs to one person."""

    subject: Name = Field(description="Pseudonym of a subject of the study.", examples=["P01"])


class Stored(Resource):
    """Anything that belongs to a study."""

    study_id: UUID


class EventIn(OfSubject):
    """A stressor, a rest, motion or a tag: by the clock, or in seconds of one recording."""

    phase: Name = Field(description="Its name.", examples=["mental arithmetic"])
    kind: Name = Field(
        description='"stress" makes an episode; "motion" and "exercise" bound one; '
        '"tag" is an instant.',
        examples=["stress"],
    )
    start: Time | None = None
    end: Time | None = Field(None, description="Same as start for a tag.")
    recording_id: UUID | None = Field(None, description="Needed with start_s and end_s.")
    start_s: Seconds | None = Field(None, description="s since the recording's start.")
    end_s: Seconds | None = Field(None, description="s since the recording's start.")
    session: Text = Field("", description="Which session it belongs to; default: by time.")
    note: Text = ""

    @model_validator(mode="after")
    def _one_sort(self) -> EventIn:
        clock = self.start is not None and self.end is not None
        seconds = self.start_s is not None and self.end_s is not None
        half = (self.start is None) != (self.end is None) or (self.start_s is None) != (
            self.end_s is None
        )
        if half or clock == seconds:
            raise ValueError("give either start and end, or start_s and end_s, not both")
        if seconds and self.recording_id is None:
            raise ValueError("start_s and end_s need recording_id: seconds of which recording?")
        if clock and self.recording_id is not None:
            raise ValueError("recording_id goes with start_s and end_s only")
        if not self._in_order():
            raise ValueError(
                'the event ends before it starts or at once; only a "tag" may be an instant'
            )
        return self

    def _in_order(self) -> bool:
        tag = self.kind == "tag"
        if self.start is not None and self.end is not None:
            return self.start < self.end or (tag and self.start == self.end)
        assert self.start_s is not None
        assert self.end_s is not None
        return self.start_s < self.end_s or (tag and self.start_s == self.end_s)


class Event(EventIn, Stored):
    """A stored event."""


class PhaseIn(OfSubject):
    """A stretch of time under one condition: [start, stop)."""

    condition: Name = Field(examples=["on"])
    start: Time
    stop: Time
    block: Annotated[int, Field(ge=0, le=100_000, strict=True)] | None = Field(
        None, description="Number of the block; give it to all phases or to none."
    )
    randomised: bool = Field(default=False, description="True if its place was drawn at random.")

    @model_validator(mode="after")
    def _in_order(self) -> PhaseIn:
        if self.stop <= self.start:
            raise ValueError("the phase stops before it starts; swap or mend the two times")
        return self


class Phase(PhaseIn, Stored):
    """A stored phase."""


class InterventionIn(OfSubject):
    """What someone started: a supplement, a drug, a therapy, an exercise."""

    name: Name = Field(examples=["magnesium glycinate"])
    kind: Literal["supplement", "drug", "therapy", "exercise", "breathing", "diet", "other"]
    start: Time
    stop: Time | None = Field(None, description="null while it goes on.")
    note: Text = ""

    @model_validator(mode="after")
    def _in_order(self) -> InterventionIn:
        if self.stop is not None and self.stop <= self.start:
            raise ValueError("the intervention stops before it starts; swap or mend the two times")
        return self


class Intervention(InterventionIn, Stored):
    """A stored intervention."""


Share = Annotated[float, Field(gt=0, le=1, strict=True)]


class DoseIn(OfSubject):
    """One dose."""

    time: Time
    substance: Name = Field(examples=["magnesium bisglycinate"])
    form: Text = ""
    product: Text = ""
    amount: Annotated[float, Field(ge=0, le=1e9, strict=True)] | None = None
    unit: Text = Field("", description="Unit of the amount, such as mg; needed with one.")
    basis: Literal["elemental", "compound", "unknown"] = Field(
        "unknown", description="What the amount weighs; never guessed."
    )
    lot: Text = ""
    elemental_share: Share | None = Field(
        None, description="Share of the compound that is the element, 0 to 1."
    )
    elemental_source: Text = Field("", description="Label or certificate; needed with a share.")
    bioavailability: Share | None = Field(None, description="0 to 1; there is no default.")
    bioavailability_source: Text = Field("", description="Needed with a bioavailability.")
    route: Text = ""
    status: Literal["planned", "taken", "missed"]
    note: Text = ""

    @model_validator(mode="after")
    def _with_unit(self) -> DoseIn:
        if self.amount is not None and not self.unit:
            raise ValueError("the amount has no unit; write mg, g, …")
        for name in ("elemental", "bioavailability"):
            share = "elemental_share" if name == "elemental" else name
            if getattr(self, share) is not None and not getattr(self, f"{name}_source"):
                raise ValueError(f"{share} has no source; name it in {name}_source")
        return self


class Dose(DoseIn, Stored):
    """A stored dose."""


class OutcomeIn(OfSubject):
    """A score, a rating or a laboratory value."""

    time: Time
    name: Name = Field(examples=["gad7"])
    value: Annotated[float, Field(ge=-1e12, le=1e12, strict=True)]
    unit: Text = Field("", description="Needed where an instrument knows several.")
    assay: Text = Field("", description="How a laboratory measured it.")


class Outcome(OutcomeIn, Stored):
    """A stored outcome."""


class AdverseEventIn(OfSubject):
    """Something untoward that happened, whatever its cause."""

    time: Time = Field(description="Onset.")
    end: Time | None = Field(None, description="null while it goes on, or if nobody knows.")
    term: Name = Field(examples=["headache"])
    severity: Literal["", "mild", "moderate", "severe"] = ""
    component: Text = Field("", description="What it is put down to, if anything.")

    @model_validator(mode="after")
    def _in_order(self) -> AdverseEventIn:
        if self.end is not None and self.end < self.time:
            raise ValueError("it ends before it begins; swap or mend the two times")
        return self


class AdverseEvent(AdverseEventIn, Stored):
    """A stored adverse event."""


class Imported(Wire):
    """What a table became."""

    rows: int = Field(ge=0)
    ids: list[UUID]
