"""Wire types of jobs, comparisons, plans and the catalogue."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Name, Problem, Resource, Table, Time, Wire

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class Job(Resource):
    """Work that outlives its request; one that a shutdown cut off begins again."""

    study_id: UUID | None
    kind: str
    state: JobState
    done: int = Field(ge=0, description="Recordings analysed so far.")
    total: int = Field(ge=0, description="Recordings in all; 0 until it is known.")
    comparison_id: UUID | None = Field(description="The result, once state is done.")
    problem: Problem | None = Field(description="Why it failed.")


class KeyIn(Wire):
    """The key of a blinded study, as hrv plan wrote it."""

    codes: dict[Annotated[str, Field(max_length=100)], Name] = Field(
        max_length=100, description="Condition by code."
    )
    nonce: Name


class ComparisonIn(Wire):
    """What a comparison may need beside the study."""

    key: KeyIn | None = Field(None, description="Opens a blinded study; it must be the one.")


class ComparisonSummary(Wire):
    """A finished comparison; the whole of it is at /v1/comparisons/{id}."""

    id: UUID
    study_id: UUID
    created_at: Time
    key: str = Field(description="Hash of everything it was computed from.")
    current: bool = Field(description="False if the study changed since.")


class RefusalOut(Wire):
    """Something the data cannot support."""

    what: str
    why: str


class Answer(Wire):
    """The answer of one method; a number that was refused is null, `refusals` says why."""

    method: str
    estimate: float | None = Field(description="Second condition minus the reference.")
    low: float | None
    high: float | None
    p_value: float | None
    df: float | None
    percent: float | None
    percent_low: float | None
    percent_high: float | None
    verdict: str
    swc: float | None = Field(description="Smallest worthwhile change, units of the outcome.")
    sentence: str
    flags: list[str]
    refusals: list[RefusalOut]
    settings: dict[str, Any]
    details: dict[str, Any]


class NamedAnswer(Answer):
    """The answer for a named endpoint."""

    endpoint: str


class ComparisonOut(NamedAnswer):
    """A whole comparison: the same object that ``hrv compare --format json`` prints."""

    model_config = ConfigDict(extra="allow")
    title: str
    methods: list[Answer]
    exploratory: list[NamedAnswer]
    not_answered: list[RefusalOut]
    words: dict[str, Any] = Field(description="The verdict as the report words it.")
    days: list[dict[str, Any]] = Field(description="The endpoint by person and day.")
    curves: list[dict[str, Any]] = Field(
        description="Heart rate above baseline after the stressor, mean and interval by condition."
    )
    half_lives: list[dict[str, Any]] | None = Field(
        description="Median time to half recovery by condition; null where none was measured."
    )
    rates: list[dict[str, Any]]
    adherence: list[dict[str, Any]]
    recovery: list[dict[str, Any]]
    quality: list[dict[str, Any]]


class PlanIn(Wire):
    """A declared plan, kept whole; the last one of a study is its registration."""

    title: Name
    content: dict[Annotated[str, Field(max_length=200)], Any] = Field(
        max_length=100, description="The plan.json that hrv plan wrote."
    )


class Plan(PlanIn, Resource):
    """A stored plan."""

    study_id: UUID


class Entry(Wire):
    """One entry of a catalogue."""

    name: str
    summary: str
    unit: str | None = None
    min_s: float | None = Field(None, description="Shortest window, s.")
    suffixes: list[str] | None = None
    source: str | None = Field(None, description="Publication.")


class Summary(BaseModel):
    """Metrics over a whole recording."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    values: dict[str, float | None]
    units: dict[str, str]
    reasons: dict[str, str] = Field(description="Why a value is null.")
    flags: list[str]
    settings: dict[str, Any]


__all__ = [
    "Answer", "ComparisonOut", "ComparisonSummary", "Entry", "Job", "Plan", "PlanIn", "Summary",
    "Table",
]  # fmt: skip
