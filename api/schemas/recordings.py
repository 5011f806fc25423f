"""Wire types of recordings and live sessions."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import MOST_S, Name, Resource, Seconds, Text, Time, Wire
from api.schemas.live import SessionOut

MOST_SEQUENCE = 2**53


class ProvenanceOut(Wire):
    """Where every value came from."""

    source: str
    format: str
    unit: str
    clock: str
    device: str
    notes: list[str]


class Lost(Wire):
    """Beats that were sent and never arrived, by sequence number."""

    first: int
    last: int


class Recording(Resource):
    """A recording; its beats are at /v1/recordings/{id}/beats."""

    study_id: UUID
    subject: str
    name: str
    condition: str
    period: str
    state: Literal["open", "closed"]
    start: Time | None = Field(description="Moment of t_s = 0; null: only the order is known.")
    beats: int = Field(ge=0, description="RR intervals; 0 while it is open.")
    duration_s: float = Field(ge=0, description="From the first beat to the last, s.")
    lost: list[Lost]
    provenance: ProvenanceOut
    beats_sha256: str | None = Field(description="Hash of the very bits of the beats.")
    upload_sha256: str | None = Field(description="Hash of the file it came from.")


class RecordingEdit(Wire):
    """What can be changed of a recording: never its beats."""

    name: Name
    condition: Text = Field("", description="Only for studies without dated phases.")
    period: Text = Field("", description="Only for people drawn to arms or sequences.")


class LiveIn(Wire):
    """A recording that is about to be streamed in."""

    subject: Name = Field(description="Pseudonym of a subject of the study.")
    name: Name | None = Field(None, description="Default: the moment it starts.")
    condition: Text = ""
    start: Time | None = Field(None, description="Moment of t_s = 0; default: now.")
    device: Text = ""


class Live(Wire):
    """A live session: an open recording and where it stands."""

    recording_id: UUID
    study_id: UUID
    subject: str
    name: str
    state: Literal["open", "closed"]
    start: Time | None
    next_sequence: int = Field(ge=0, description="Send on from this beat.")
    end_s: float = Field(ge=0, description="Last beat stored, s since start.")
    lost: list[Lost]
    session: SessionOut | None = Field(
        None, description="null where beats are sent to the service."
    )


RR = Annotated[float, Field(gt=0, le=10_000, strict=True)]


class BeatsIn(Wire):
    """Beats in the order of time; a number that was stored is absorbed when it comes again."""

    first: int = Field(
        ge=0, le=MOST_SEQUENCE, strict=True, description="Sequence number of the first beat."
    )
    rr_ms: list[RR] = Field(
        min_length=1, max_length=4096, description="RR intervals, ms.", examples=[[812.0, 790.5]]
    )
    begin_s: Annotated[Seconds, Field(ge=0, le=MOST_S)] | None = Field(
        None,
        description="When the beat that begins the first interval came, s since start; "
        "null: it is the last beat stored.  Must be given after beats were lost.",
    )


class BeatsTaken(Wire):
    """What became of a batch; it is on the disk."""

    stored: int = Field(ge=0)
    duplicates: int = Field(ge=0, description="Beats that had been stored before.")
    lost: Lost | None = Field(description="Beats that are missing before this batch.")
    next_sequence: int = Field(ge=0)
    end_s: float


class MarkIn(Wire):
    """A marker set while a session runs."""

    phase: Name = Field(examples=["mental arithmetic"])
    kind: Name = Field("tag", examples=["stress", "rest", "motion", "tag"])
    edge: Literal["now", "start", "end"] = Field(
        "now", description="`start` begins a stretch that an `end` of the same phase and kind ends."
    )
    start: Time | None = Field(None, description="When it happened; default: now.")
    end: Time | None = Field(
        None, description="A whole stretch at once, from start to end; only with edge `now`."
    )
    note: Text = ""
