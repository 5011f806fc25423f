"""The tables.  A change here needs a migration beside it (a test compares the two)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from api.store.types import Moment, new_id, now


class Base(DeclarativeBase):
    """Root of the tables; names of constraints are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way
        datetime: Moment(),
        UUID: Uuid(),
        str: Text(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class Resource:
    """What every addressable thing has: identity, version (its ETag) and two moments."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        # a change that meets another one fails instead of overwriting it
        return {"version_id_col": cls.version}


def _of_study() -> Mapped[UUID]:
    return mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)


def _of_subject() -> Mapped[UUID]:
    return mapped_column(ForeignKey("subject.id", ondelete="CASCADE"), index=True)


class Study(Resource, Base):
    """A study and what was declared beforehand."""

    __tablename__ = "study"
    title: Mapped[str]
    tz: Mapped[str | None]
    declared: Mapped[dict[str, Any]]


class Subject(Resource, Base):
    """A person, by pseudonym; what became of their data stays known after a withdrawal."""

    __tablename__ = "subject"
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    study_id: Mapped[UUID] = _of_study()
    name: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(default="")
    enrolled_at: Mapped[datetime | None]
    strata: Mapped[dict[str, Any]] = mapped_column(default=dict)
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(default="")
    data_deleted: Mapped[bool] = mapped_column(default=False)


class Recording(Resource, Base):
    """One recording: uploaded, or streamed in while `state` is ``"open"``."""

    __tablename__ = "recording"
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    name: Mapped[str] = mapped_column(String(200))
    condition: Mapped[str] = mapped_column(default="")
    period: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(10), default="closed", index=True)
    start: Mapped[datetime | None]
    beats: Mapped[int] = mapped_column(default=0)
    duration_s: Mapped[float] = mapped_column(default=0.0)
    provenance: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lost: Mapped[list[Any]] = mapped_column(default=list)
    beats_sha256: Mapped[str | None] = mapped_column(String(64))
    upload_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("upload.id", ondelete="SET NULL"), index=True
    )


class Upload(Base):
    """A file exactly as it was sent; its bytes lie in `UploadPart`."""

    __tablename__ = "upload"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    study_id: Mapped[UUID] = _of_study()
    name: Mapped[str]
    media_type: Mapped[str] = mapped_column(default="application/octet-stream")
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class UploadPart(Base):
    """A mebibyte of an upload, compressed."""

    __tablename__ = "upload_part"
    upload_id: Mapped[UUID] = mapped_column(
        ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes]


class Chunk(Base):
    """Up to 4096 beats, packed (see `api.store.beats`)."""

    __tablename__ = "chunk"
    recording_id: Mapped[UUID] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    beats: Mapped[int]
    next_sequence: Mapped[int] = mapped_column(BigInteger)
    begin_s: Mapped[float]
    end_s: Mapped[float]
    crc: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes]


class TailPart(Base):
    """Beats of an open recording as they came, durable before they are acknowledged."""

    __tablename__ = "tail_part"
    recording_id: Mapped[UUID] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), primary_key=True
    )
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    beats: Mapped[int]
    crc: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes]


class Event(Resource, Base):
    """A stressor, a rest or a mark; by the clock, or in seconds of one recording."""

    __tablename__ = "event"
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    recording_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recording.id", ondelete="CASCADE"), index=True
    )
    phase: Mapped[str]
    kind: Mapped[str]
    start: Mapped[datetime | None]
    end: Mapped[datetime | None]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    session: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class Phase(Resource, Base):
    """A stretch under one condition."""

    __tablename__ = "phase"
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    condition: Mapped[str]
    start: Mapped[datetime]
    stop: Mapped[datetime]
    block: Mapped[int | None]
    randomised: Mapped[bool] = mapped_column(default=False)


class Intervention(Resource, Base):
    """What someone started: a supplement, a drug, a therapy, an exercise."""

    __tablename__ = "intervention"
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    name: Mapped[str]
    kind: Mapped[str]
    start: Mapped[datetime]
    stop: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class Dose(Resource, Base):
    """One dose that was planned, taken or missed."""

    __tablename__ = "dose"
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    time: Mapped[datetime]
    substance: Mapped[str]
    form: Mapped[str] = mapped_column(default="")
    product: Mapped[str] = mapped_column(default="")
    amount: Mapped[float | None]
    unit: Mapped[str] = mapped_column(default="")
    basis: Mapped[str] = mapped_column(default="unknown")
    lot: Mapped[str] = mapped_column(default="")
    elemental_share: Mapped[float | None]
    elemental_source: Mapped[str] = mapped_column(default="")
    bioavailability: Mapped[float | None]
    bioavailability_source: Mapped[str] = mapped_column(default="")
    route: Mapped[str] = mapped_column(default="")
    status: Mapped[str]
    note: Mapped[str] = mapped_column(default="")


class Outcome(Resource, Base):
    """A score, a rating or a laboratory value."""

    __tablename__ = "outcome"
    __table_args__ = (UniqueConstraint("subject_id", "name", "utc"),)
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    time: Mapped[datetime]
    utc: Mapped[str] = mapped_column(String(40))
    name: Mapped[str]
    value: Mapped[float]
    unit: Mapped[str] = mapped_column(default="")
    assay: Mapped[str] = mapped_column(default="")


class AdverseEvent(Resource, Base):
    """Something untoward that happened to someone, whatever its cause."""

    __tablename__ = "adverse_event"
    study_id: Mapped[UUID] = _of_study()
    subject_id: Mapped[UUID] = _of_subject()
    time: Mapped[datetime]
    end: Mapped[datetime | None]
    term: Mapped[str]
    severity: Mapped[str] = mapped_column(String(10), default="")
    component: Mapped[str] = mapped_column(default="")


class Allocation(Resource, Base):
    """A drawn list of who goes where; its places are given out one by one, after enrolment."""

    __tablename__ = "allocation"
    __table_args__ = (UniqueConstraint("study_id"),)
    study_id: Mapped[UUID] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    design: Mapped[str] = mapped_column(String(12))
    strata: Mapped[dict[str, Any]]
    blinded: Mapped[bool]
    sha256: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[str] = mapped_column(String(64))
    registration: Mapped[str]


class Place(Base):
    """One place of an allocation; nobody is told its code before somebody has it."""

    __tablename__ = "place"
    __table_args__ = (UniqueConstraint("subject_id"),)
    allocation_id: Mapped[UUID] = mapped_column(
        ForeignKey("allocation.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    stratum: Mapped[str]
    code: Mapped[str] = mapped_column(String(210))
    subject_id: Mapped[UUID | None] = mapped_column(ForeignKey("subject.id", ondelete="SET NULL"))
    taken_at: Mapped[datetime | None]


class HeldKey(Base):
    """What the codes of a blinded study mean, kept shut until its planned end (null: for good)."""

    __tablename__ = "held_key"
    study_id: Mapped[UUID] = mapped_column(
        ForeignKey("study.id", ondelete="CASCADE"), primary_key=True
    )
    codes: Mapped[dict[str, Any]]
    nonce: Mapped[str] = mapped_column(String(64))
    opens_at: Mapped[datetime | None]


class Disclosure(Resource, Base):
    """Somebody was told what the codes mean, before the end or after it."""

    __tablename__ = "disclosure"
    study_id: Mapped[UUID] = _of_study()
    told: Mapped[str]
    reason: Mapped[str]


class PlanFile(Base):
    """A file that goes with a plan: calendar, sheet, registration."""

    __tablename__ = "plan_file"
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    data: Mapped[bytes]


class Plan(Resource, Base):
    """A declared plan, kept whole: the `plan.json` that `hrv plan` made."""

    __tablename__ = "plan"
    study_id: Mapped[UUID] = _of_study()
    title: Mapped[str]
    content: Mapped[dict[str, Any]]


class Job(Resource, Base):
    """Work that outlives its request; one that was cut off begins again."""

    __tablename__ = "job"
    study_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("study.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(40))
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str] = mapped_column(String(36), default="")
    seen_at: Mapped[datetime] = mapped_column(default=now)
    comparison_id: Mapped[UUID | None]
    problem: Mapped[dict[str, Any] | None]


class ComparisonResult(Base):
    """What an analysis found, under the hash of what it was computed from; can be rebuilt."""

    __tablename__ = "comparison"
    __table_args__ = (Index("ix_comparison_study_id_key", "study_id", "key", unique=True),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    study_id: Mapped[UUID] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    data: Mapped[bytes]
    report: Mapped[bytes]


class IdempotencyKey(Base):
    """The answer to a request that created something, kept to be given again."""

    __tablename__ = "idempotency_key"
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class AccessKey(Base):
    """Who may come in: an API key, or an account of an identity provider; never the secret.

    `digest` is SHA-256 of the key (256 random bits), or of issuer and subject of the account.
    """

    __tablename__ = "access_key"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(10), default="key")
    label: Mapped[str] = mapped_column(String(200), default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccessGrant(Base):
    """A role of a key in one study, or in every study (null); a participant's names the person."""

    __tablename__ = "access_grant"
    __table_args__ = (UniqueConstraint("key_id", "study_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_id: Mapped[UUID] = mapped_column(
        ForeignKey("access_key.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(String(12))
    study_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("study.id", ondelete="CASCADE"), index=True
    )
    subject_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("subject.id", ondelete="CASCADE"), index=True
    )


class WebSession(Base):
    """A browser that logged in; `digest` is SHA-256 of its cookie."""

    __tablename__ = "web_session"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_id: Mapped[UUID] = mapped_column(
        ForeignKey("access_key.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what: entries in a chain, each with the hash of the one before.

    Nothing refers to it and it refers to nothing, so it outlives what it tells of.  The database
    itself refuses to change or delete an entry (triggers of the migration).
    """

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(default=now)
    who: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    study_id: Mapped[UUID | None] = mapped_column(index=True)
    detail: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
