"""Wire types of sessions that the service records itself, and of what is marked in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import Name, Text, Time, Wire
from api.schemas.logs import Share

Duration = Annotated[str, Field(min_length=1, max_length=40, examples=["5min"])]


class ProtocolPhaseIn(Wire):
    """One timed part of a guided protocol."""

    name: Name = Field(examples=["baseline"])
    duration: Duration
    kind: Name = Field("rest", description='"stress" makes it an episode.')
    say: Text = Field("", description="What the person is told.")
    check: bool = Field(
        default=False, description="The signal must be good before it begins; then it is asked for."
    )


class ProtocolIn(Wire):
    """A guided protocol: timed phases, one after the other."""

    title: Name = Field("protocol", examples=["Mental arithmetic"])
    phases: list[ProtocolPhaseIn] = Field(min_length=1, max_length=100)


class SessionIn(Wire):
    """A session that the service is to record."""

    study_id: UUID
    subject: Name = Field(description="Pseudonym of a subject of the study.")
    source: Name = Field(
        description="ble:NAME-or-ADDRESS (this machine's Bluetooth), sim:?seed=1 (the simulator), "
        "or replay:RECORDING?speed=1 (name or identity of a recording of the study; files and "
        "addresses are not opened).",
        examples=["ble:H10", "sim:?seed=1"],
    )
    name: Name | None = Field(None, description="Default: the moment it starts.")
    condition: Text = ""
    duration: Duration | None = Field(None, description="Ends by itself after so long.")
    protocol: ProtocolIn | None = None
    attended: bool = Field(
        default=True,
        description="Whether a phase with a check waits for the action `go`; else it begins by "
        "itself once the signal is good.",
    )


class Vitals(Wire):
    """How a running session stands at this moment; a number that there is not is null."""

    state: Literal["waiting", "connecting", "connected", "lost", "ended"]
    device: str
    elapsed_s: float = Field(description="Since the first packet, s.")
    hr_bpm: float | None
    rmssd_ms: float | None = Field(description="Of the last minute, cleaned as in analysis, ms.")
    why_no_rmssd: str
    artefact_share: float | None = Field(description="Of that minute's intervals, 0 to 1.")
    beats: int = Field(description="Intervals received; the store has those that are placed.")
    packets: int
    contact: str
    battery_percent: int | None
    gaps: int
    lost_s: float
    suspects: int
    malformed: int
    recent_rr_ms: list[float] = Field(description="The last intervals, oldest first, ms.")
    notified_at_ms: float | None = Field(
        description="Moment of the notification that this tells of, ms since 1970; null: none."
    )
    go: bool = Field(description="Whether the signal is good enough for a stressor.")
    objections: list[str]
    stressor: str
    stressor_s: float
    protocol: dict[str, Any] | None = Field(description="Where a guided protocol stands.")
    news: list[dict[str, Any]]
    trouble: str = Field(description="What keeps beats from the store; the journal has them.")


class SessionOut(Wire):
    """A session of the service's own: what it was ordered to do, and how it stands."""

    source: str
    state: Literal["starting", "running", "ended", "failed", "interrupted"]
    says: str = Field(description="Why it failed or was interrupted.")
    begun_at: Time
    ended_at: Time | None
    protocol: dict[str, Any] | None
    vitals: Vitals | None = Field(description="While it runs on this server.")


class Mark(Wire):
    """A mark of a live recording."""

    number: int = Field(description="Counts what happens in the recording.")
    at: Time
    phase: str
    kind: str
    edge: Literal["start", "end", "now"]
    origin: str
    note: str
    event_id: UUID | None = Field(description="Event of the study that it completed.")


class LiveDoseIn(Wire):
    """A dose taken while a session runs."""

    substance: Name = Field(examples=["magnesium bisglycinate"])
    time: Time | None = Field(None, description="Default: now.")
    form: Text = ""
    product: Text = ""
    amount: Annotated[float, Field(ge=0, le=1e9, strict=True)] | None = None
    unit: Text = Field("", description="Unit of the amount, such as mg; needed with one.")
    basis: Literal["elemental", "compound", "unknown"] = "unknown"
    lot: Text = ""
    elemental_share: Share | None = None
    elemental_source: Text = ""
    route: Text = ""
    note: Text = ""


class ActionIn(Wire):
    """What a key would do at the live display."""

    action: Literal["go", "skip", "check", "stress"] = Field(
        description="`go` begins the phase that waits, `skip` ends the one that runs, `check` "
        "judges the signal, `stress` begins or ends a stressor after that check."
    )


class Strap(Wire):
    """A strap in sight of the server's Bluetooth."""

    name: str
    address: str
    rssi_dbm: int | None
    connected: bool
    source: str = Field(description="To begin a session with.")


class Straps(Wire):
    """What a scan heard."""

    straps: list[Strap]
